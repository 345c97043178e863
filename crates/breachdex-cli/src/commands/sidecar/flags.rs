//! The flags of `sidecar`.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex::Residency;
use breachdex_http::Listen;
use breachdex_messages::Language;
use breachdex_radar::{Advice, RadarOptions};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::commands::policy::PolicySource;
use crate::flags::language::LanguageParser;
use crate::flags::values::{parse_residency, parse_seconds};
use crate::flags::{OnErrorName, PairFlags, UsualFlags};
use crate::service::{LimitFlags, LogFlags, ReplacedTrustFlags, ServiceFlags, SocketFlags};

/// Answer other programs on this machine: checks, verdicts, radar
///
/// Takes JSON over HTTP on a Unix socket or a loopback address: POST /v1/check (is this password exposed?), POST /v1/verdict
/// (may it be used?), POST /v1/attempt (a log-in attempt, for the radar), POST /v1/advice (what to do about the next one), GET
/// /v1/radar, /healthz, /metrics and /openapi.json.
/// Prints the addresses that it listens on, then answers until it is told to stop (Ctrl-C or SIGTERM) and finishes what
/// runs. An index file that is replaced by rename is checked and takes over while requests run, and so does a changed policy;
/// SIGHUP reloads at once, with tokens and certificates.
#[derive(Args)]
#[command(after_long_help = "\
docs/sidecar.md has examples in PHP, Ruby, JavaScript, Go and Java.

Examples:
  On a Unix socket, with a policy of your own:
      breachdex sidecar --index pwned.bdx --policy policy.toml \\
          --listen unix:/run/breachdex/sidecar.sock
  On a loopback address, with a radar that survives restarts:
      breachdex sidecar --index pwned.bdx --profile nist --mfa \\
          --radar-state /var/lib/breachdex/radar
  Ask it:
      curl --json '{\"event\": \"sign_up\", \"password\": \"iloveyou\"}' http://127.0.0.1:8070/v1/verdict")]
pub(crate) struct Flags {
    #[command(flatten)]
    pub(crate) service: ServiceFlags,
    /// Index to ask; repeatable [default: the policy's, else $BREACHDEX_INDEX, else the starter index]
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Vec<PathBuf>,
    /// Your own list of banned passwords; repeatable [default: the policy's]
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    #[command(flatten)]
    pub(crate) trust: ReplacedTrustFlags,
    #[command(flatten)]
    pub(crate) policy: PolicySource,
    /// If a password cannot be checked: accept, reject or raise [default: the policy's]
    ///
    /// For verdicts of every event. raise answers with 503; so does it for /v1/check, which otherwise answers "exposed": null.
    #[arg(long, value_name = "RULE", hide_possible_values = true)]
    pub(crate) on_error: Option<OnErrorName>,
    /// Language of messages if a request names none [default: the policy's]
    #[arg(long, value_name = "LANGUAGE", value_parser = LanguageParser)]
    pub(crate) lang: Option<Language>,
    /// Treat the test password Breachdex-Test-Password-4711 as exposed
    #[arg(long)]
    pub(crate) test_password: bool,
    /// Address to listen on; repeatable [default: 127.0.0.1:8070]
    ///
    /// ADDR:PORT, [IPV6]:PORT, HOST:PORT (all addresses of the name), PORT (on 127.0.0.1), or unix:/path, also as
    /// unix:/path,mode=0666 (default 0660). Port 0 takes a free one. Without this flag, sockets that systemd passes
    /// replace the default. An address that other machines reach needs --token-file or --tls-client-ca.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<Listen>,
    /// Ask for a bearer token from this file, on every address
    ///
    /// One token a line, at least 32 characters, readable by its owner alone. Two tokens are valid while one replaces the other.
    /// /healthz needs none. Read at start, and again at SIGHUP.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Ask clients for a certificate of these authorities, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sockets: SocketFlags,
    #[command(flatten)]
    pub(crate) radar: RadarFlags,
    /// How much of each index is in memory before the first request
    ///
    /// on-demand reads what is asked for. populate reads the whole file into the page cache, locked keeps it there
    /// (needs LimitMEMLOCK=), huge-pages answers from a copy of its own. Refused where memory is too small.
    #[arg(long, value_name = "RESIDENCY", default_value = "on-demand", value_parser = parse_residency())]
    pub(crate) residency: Residency,
    /// How often to look whether an index file was replaced
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    pub(crate) reload_every: Duration,
    /// How long the body of a request may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub(crate) body_timeout: Duration,
    #[command(flatten)]
    pub(crate) limits: LimitFlags,
    #[command(flatten)]
    pub(crate) log: LogFlags,
}

/// The radar.
#[derive(Args)]
pub(crate) struct RadarFlags {
    /// Keep the radar's state in this file over restarts
    ///
    /// Written at intervals and at the end, for its owner alone (mode 0600): it has the key under which sources and accounts
    /// are hashed. One file for each sidecar.
    #[arg(long, value_name = "FILE")]
    pub(crate) radar_state: Option<PathBuf>,
    /// How often to save it
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds, requires = "radar_state")]
    pub(crate) radar_save_every: Duration,
    /// Advice about sources that attack: allow, delay, challenge or deny
    #[arg(long, value_name = "ADVICE", default_value = "challenge", value_parser = parse_advice(), hide_possible_values = true)]
    pub(crate) radar_on_attack: Advice,
    /// Advice about suspected sources: allow, delay or challenge
    #[arg(long, value_name = "ADVICE", default_value = "delay", value_parser = parse_advice(), hide_possible_values = true)]
    pub(crate) radar_on_suspicion: Advice,
    #[command(flatten)]
    pub(crate) usual: UsualFlags,
    /// Minutes by which local time is ahead of UTC, for the hours of the week
    #[arg(long, value_name = "MINUTES", default_value = "0", allow_negative_numbers = true)]
    pub(crate) radar_utc_offset: i32,
    /// Sources to remember, a power of two; 68 bytes each
    #[arg(long, value_name = "N", default_value = "262144")]
    pub(crate) radar_sources: usize,
}

impl RadarFlags {
    /// The radar that they describe.
    pub(crate) fn options(&self) -> RadarOptions {
        RadarOptions {
            utc_offset: self.radar_utc_offset,
            sources: self.radar_sources,
            on_attack: self.radar_on_attack,
            on_suspicion: self.radar_on_suspicion,
            ..self.usual.options()
        }
    }
}

fn parse_advice() -> impl TypedValueParser<Value = Advice> {
    let names = PossibleValuesParser::new(Advice::ALL.map(Advice::name));
    names.try_map(|name| Advice::named(&name).ok_or("allow, delay, challenge or deny"))
}
