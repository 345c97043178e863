//! The flags of `serve`.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex::Residency;
use breachdex_http::Listen;
use clap::Args;

use crate::flags::values::{parse_residency, parse_seconds, parse_size_or_zero};
use crate::service::{LimitFlags, LogFlags, ReplacedTrustFlags, ServiceFlags, SocketFlags};

/// Run a range server compatible with Pwned Passwords
///
/// Answers GET /range/{prefix} as api.pwnedpasswords.com does, from index files: SHA-1, NTLM with ?mode=ntlm,
/// padding, gzip, entity tags. Prints the addresses that it listens on, then answers until it is told to stop
/// (Ctrl-C or SIGTERM) and finishes what runs. An index file that is replaced by rename is checked and takes
/// over while requests run; SIGHUP reloads at once, with the certificate.
#[derive(Args)]
#[command(after_long_help = "\
/healthz answers while the server runs, /metrics is for Prometheus. docs/serve.md says how to point
Django, Laravel, Symfony, Spring, Kratos and others at it.

Examples:
  For this machine:
      breachdex serve --index pwned.bdx
  SHA-1 and NTLM, https, on all addresses:
      breachdex serve --index pwned.bdx --index ntlm.bdx --listen 0.0.0.0:443 \\
          --tls-cert server.pem --tls-key server.key")]
pub(crate) struct Flags {
    #[command(flatten)]
    pub(crate) service: ServiceFlags,
    /// Exact index with counts; repeatable, once for each kind [default: $BREACHDEX_INDEX]
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Vec<PathBuf>,
    /// Overlay over the index of its kind; repeatable, needs --serve-overlays
    ///
    /// Its rows are in the ranges, and a change is seen within two seconds.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: ReplacedTrustFlags,
    /// Serve digests from overlays to this machine
    ///
    /// They are unsalted digests of passwords that people use, and every client can list them all. Also needed for
    /// an index that an overlay was merged into. Without the next flag, --listen must be a loopback address; a proxy in front
    /// of it publishes them.
    #[arg(long)]
    pub(crate) serve_overlays: bool,
    /// Serve them to other machines as well: these can list them
    #[arg(long, requires = "serve_overlays")]
    pub(crate) serve_overlays_to_the_network: bool,
    /// Put the test password into its range, with a count of 1
    ///
    /// That is "Breachdex-Test-Password-4711", which is in no leak: try with it what clients do about an exposed password.
    /// $BREACHDEX_TEST_PASSWORD=1 says the same.
    #[arg(long)]
    pub(crate) test_password: bool,
    /// Address to listen on; repeatable [default: 127.0.0.1:8080]
    ///
    /// ADDR:PORT, [IPV6]:PORT, HOST:PORT (all addresses of the name), PORT (on 127.0.0.1), or unix:/path, also as
    /// unix:/path,mode=0666 (default 0660). Port 0 takes a free one. Without this flag, sockets that systemd passes
    /// replace the default.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<Listen>,
    #[command(flatten)]
    pub(crate) sockets: SocketFlags,
    /// Show kind, path, entries and content id of each index in /healthz
    #[arg(long)]
    pub(crate) health_details: bool,
    /// Serve an index that covers a part of the prefixes
    ///
    /// Questions outside it are answered with 503, for what is exposed there is not known.
    #[arg(long)]
    pub(crate) partial: bool,
    /// How much of each index is in memory before the first request
    ///
    /// on-demand reads what is asked for. populate reads the whole file into the page cache, locked keeps it there
    /// (needs LimitMEMLOCK=), huge-pages answers from a copy of its own. Refused where memory is too small.
    #[arg(long, value_name = "RESIDENCY", default_value = "on-demand", value_parser = parse_residency())]
    pub(crate) residency: Residency,
    /// Memory for bodies that are asked for often; 0 for none
    ///
    /// They are sent again without reading and rendering their range, until the index is replaced.
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = parse_size_or_zero)]
    pub(crate) cache: u64,
    /// How often to look whether an index file was replaced
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    pub(crate) reload_every: Duration,
    #[command(flatten)]
    pub(crate) limits: LimitFlags,
    #[command(flatten)]
    pub(crate) log: LogFlags,
    /// Let log lines say which prefix was asked for
    ///
    /// A prefix is part of a password's digest: together with who asked and when it can tell a password.
    #[arg(long)]
    pub(crate) log_prefixes: bool,
}
