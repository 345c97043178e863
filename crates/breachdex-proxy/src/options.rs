//! The options of a proxy.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex::Corpus;
use breachdex_http::{HostPattern, Limits, TransportOptions};
use breachdex_radar::RadarOptions;
use hyper::StatusCode;

use crate::failed_when::{FailedWhen, default_conditions};
use crate::rule::Rule;
use crate::upstream::{UpstreamAddress, UpstreamOptions};

/// What becomes of a request whose credentials could not be checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailMode {
    /// It is passed on without a header.
    #[default]
    Accept,
    /// It is answered with 503.
    Reject,
}

/// What a proxy does with credentials.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// What is asked about passwords.
    pub corpus: Corpus,
    /// How often a password must have been seen to be exposed.
    pub min_count: u64,
    /// Time for the corpus to answer.
    pub timeout: Duration,
    /// Which requests carry credentials.
    pub rules: Vec<Rule>,
    /// What becomes of a request whose credentials could not be checked.
    pub on_error: FailMode,
    /// Bytes of the largest body that is read.
    pub most_body: usize,
    /// Bytes of all bodies that are being read.
    pub most_bodies: usize,
    /// Time for a body that is read to come.
    pub body_timeout: Duration,
}

/// How the radar is fed and what is done about its advice.
#[derive(Clone, Debug)]
pub struct RadarFeedOptions {
    /// The radar. [`deny`](Self::deny) has its alarms advise to deny.
    pub radar: RadarOptions,
    /// Keeps what it has learned over a restart.
    pub state: Option<PathBuf>,
    /// When an answer says that the log-in failed, for rules that do not say it themselves.
    pub failed_when: Vec<FailedWhen>,
    /// Tells the site how the radar sees a client, in a header.
    pub tells_site: bool,
    /// Answers log-ins of sources that the alarm was raised for with this status.
    pub deny: Option<StatusCode>,
}

impl RadarFeedOptions {
    /// A status for [`deny`](Self::deny): 429 or 403.
    #[must_use]
    pub fn deny_status(status: u16) -> Option<StatusCode> {
        StatusCode::from_u16(status).ok().filter(|_| matches!(status, 403 | 429))
    }
}

impl Default for RadarFeedOptions {
    fn default() -> Self {
        Self {
            radar: RadarOptions::default(),
            state: None,
            failed_when: default_conditions(),
            tells_site: false,
            deny: None,
        }
    }
}

/// The options of a proxy.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// Where it listens.
    pub transport: TransportOptions,
    /// Names under which status pages are answered, beside addresses and the names that it listens on.
    pub allow_hosts: Vec<HostPattern>,
    /// How the site is reached.
    pub upstream: UpstreamOptions,
    /// What is done with credentials.
    pub check: CheckOptions,
    /// The radar; `None` for none.
    pub radar: Option<RadarFeedOptions>,
    /// Time that a body, or a WebSocket, may go without a byte.
    pub stream_timeout: Duration,
}

impl ProxyOptions {
    /// Checks the requests of `rules` on their way to a site, with defaults for everything else.
    #[must_use]
    pub fn new(address: UpstreamAddress, corpus: Corpus, rules: Vec<Rule>) -> Self {
        Self {
            transport: TransportOptions { limits: default_limits(), ..TransportOptions::default() },
            allow_hosts: Vec::new(),
            upstream: UpstreamOptions {
                address,
                ca: None,
                connect_timeout: Duration::from_secs(5),
                answer_timeout: Duration::from_secs(60),
                idle_timeout: Duration::from_secs(4),
                idle_connections: 64,
            },
            check: CheckOptions {
                corpus,
                min_count: 1,
                timeout: Duration::from_secs(2),
                rules,
                on_error: FailMode::Accept,
                most_body: 64 << 10,
                most_bodies: 64 << 20,
                body_timeout: Duration::from_secs(30),
            },
            radar: Some(RadarFeedOptions::default()),
            stream_timeout: Duration::from_secs(300),
        }
    }
}

/// Limits of clients that suit a site: browsers ask for many things at once over HTTP/2, and upload.
#[must_use]
pub fn default_limits() -> Limits {
    Limits {
        answers_per_connection: 100,
        upload_window: 1 << 20,
        answer_timeout: Duration::from_secs(300),
        send_timeout: Duration::from_secs(60),
        ..Limits::default()
    }
}
