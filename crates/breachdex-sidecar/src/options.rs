//! The options of a sidecar.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex::{Corpus, OnError};
use breachdex_http::{HostPattern, TransportOptions};
use breachdex_policy::Rules;
use breachdex_radar::RadarOptions;

use crate::policy_file::PolicyFile;

/// What a sidecar asks, where it listens, and what it keeps.
#[derive(Clone, Debug)]
pub struct SidecarOptions {
    /// The sources that are asked. Indexes among them should not look at their files by themselves: the sidecar does, on a
    /// thread of its own.
    pub corpus: Corpus,
    /// The policy of verdicts. Its forms, its `min_count` and its test password hold for checks too.
    pub rules: Rules,
    /// The file that `rules` are of, to be followed; they stay as they are if `None`.
    pub policy: Option<PolicyFile>,
    /// What a check is answered with if the index cannot be read: [`OnError::Raise`] is 503, the others are 200 with
    /// `"exposed": null`. Verdicts have the policy's.
    pub on_error: OnError,
    /// How the radar works.
    pub radar: RadarOptions,
    /// Where the radar's state is kept over restarts; nowhere if `None`.
    pub radar_state: Option<PathBuf>,
    /// How often it is saved.
    pub save_every: Duration,
    /// Where to listen, and within which limits.
    pub transport: TransportOptions,
    /// Bearer tokens that requests need; none if `None`.
    pub token_file: Option<PathBuf>,
    /// Host names that clients may use, beside addresses, `localhost`, this machine's name and the names in
    /// [`TransportOptions::listen`].
    pub allow_hosts: Vec<HostPattern>,
    /// How often to check whether an index file was replaced, or the policy was changed.
    pub reload_every: Duration,
    /// How long the body of a request may take to arrive.
    pub body_timeout: Duration,
}

impl SidecarOptions {
    /// Default options for a corpus and a policy: a free port on 127.0.0.1.
    pub fn new(corpus: Corpus, rules: Rules) -> Self {
        Self {
            corpus,
            rules,
            policy: None,
            on_error: OnError::Accept,
            radar: RadarOptions::default(),
            radar_state: None,
            save_every: Duration::from_secs(60),
            transport: TransportOptions {
                listen: vec![std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()],
                ..TransportOptions::default()
            },
            token_file: None,
            allow_hosts: Vec::new(),
            reload_every: Duration::from_secs(1),
            body_timeout: Duration::from_secs(10),
        }
    }
}
