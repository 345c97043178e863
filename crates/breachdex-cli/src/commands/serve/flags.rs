//! The flags of `serve`.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex::Residency;
use breachdex_server::{HostPattern, Listen, TrustedProxy};
use clap::{Args, ValueEnum};

use crate::flags::TrustFlags;
use crate::flags::values::{parse_residency, parse_seconds, parse_size, parse_size_or_zero};

/// Serve ranges to every Pwned Passwords client
///
/// Answers GET /range/{prefix} as api.pwnedpasswords.com does, from index files: SHA-1, NTLM with ?mode=ntlm,
/// padding, gzip, entity tags. Prints the addresses that it listens on, then answers until it is told to stop
/// (Ctrl-C or SIGTERM) and finishes what runs. An index file that is replaced by rename is checked and takes
/// over while requests run; SIGHUP reloads at once, with the certificate.
#[derive(Args)]
#[command(after_long_help = "\
/healthz answers while the server runs, /metrics is for Prometheus. docs/serve.md says how to point Django,
Laravel, Symfony, Spring, Kratos and others at it.

Examples:
  For this machine:
      breachdex serve --index pwned.bdx
  SHA-1 and NTLM, https, on all addresses:
      breachdex serve --index pwned.bdx --index ntlm.bdx --listen 0.0.0.0:443 \\
          --tls-cert server.pem --tls-key server.key")]
pub(crate) struct Flags {
    /// TOML file with the names of these flags as keys; flags on the command line win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Ask a running server whether it answers, and exit with 0 or 2
    ///
    /// For health checks of containers. URL is http://ADDR:PORT or unix:/path.
    #[arg(long, value_name = "URL")]
    pub(crate) health: Option<String>,
    /// Exact index with counts; repeatable, once for each kind [default: $BREACHDEX_INDEX]
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Vec<PathBuf>,
    /// Overlay over the index of its kind; repeatable, needs --serve-overlays
    ///
    /// Its rows are in the ranges, and a change is seen within two seconds.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustFlags,
    /// Let a replaced index have an older corpus date, with --trusted-key
    ///
    /// Otherwise it is refused: an old signature stays valid, and an old index lacks what leaked since.
    #[arg(long)]
    pub(crate) allow_rollback: bool,
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
    /// Address to listen on; repeatable [default: 127.0.0.1:8080]
    ///
    /// ADDR:PORT, [IPV6]:PORT, HOST:PORT (all addresses of the name), PORT (on 127.0.0.1), or unix:/path, also as
    /// unix:/path,mode=0666 (default 0660). Port 0 takes a free one. Without this flag, sockets that systemd passes
    /// replace the default.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<Listen>,
    /// Answer /healthz and /metrics on this address only; repeatable
    ///
    /// As --listen, and always plain http. --listen then serves ranges only.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) status_listen: Vec<Listen>,
    /// Host name that clients may use; repeatable
    ///
    /// Addresses, localhost, this machine's name and names in --listen are always allowed. *.example allows every name
    /// below example, * any. Checked for /metrics, for /healthz with details, and for everything if overlays are
    /// served, because a web page can reach this server under a name of its own (DNS rebinding).
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<HostPattern>,
    /// Show kind, path, entries and content id of each index in /healthz
    #[arg(long)]
    pub(crate) health_details: bool,
    /// Proxy whose X-Forwarded-For names clients; repeatable
    ///
    /// An address, a network such as 10.0.0.0/8, or unix for every Unix socket. Limits per address then apply to the
    /// clients behind it.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) trusted_proxy: Vec<TrustedProxy>,
    /// The certificate for https and those that it was signed with, PEM
    ///
    /// Read at start, and again at SIGHUP.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
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
    /// Threads that answer [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    /// How often to look whether an index file was replaced
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    pub(crate) reload_every: Duration,
    /// Connections that may be open at once [default: what the limit on open files leaves]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: Option<u32>,
    /// Connections that one address may open [default: a quarter of all, at least 64]
    ///
    /// An IPv6 network of 64 bits is one address. Trusted proxies and Unix sockets have no such limit.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections_per_address: Option<u32>,
    /// Unread answers of a connection; further requests on it wait
    #[arg(long, value_name = "N", default_value = "16", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_unread: u32,
    /// Memory for answers that wait to be read
    ///
    /// A quarter of it is for one address.
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = parse_size)]
    pub(crate) max_unread_bytes: u64,
    /// How large the head of a request may be
    #[arg(long, value_name = "SIZE", default_value = "16KiB", value_parser = parse_size)]
    pub(crate) max_header: u64,
    /// How long a new connection may take to its first request
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub(crate) header_timeout: Duration,
    /// Close idle connections after this time
    ///
    /// Reduced to --header-timeout while three quarters of --max-connections are open.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds)]
    pub(crate) idle_timeout: Duration,
    /// How long a client may take to read an answer completely
    ///
    /// Further requests on the connection do not extend it.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) send_timeout: Duration,
    /// How long requests that run may go on when the server is to stop
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) shutdown_timeout: Duration,
    /// What to log: error, warn, info or debug (every request)
    #[arg(long, value_name = "LEVEL", default_value = "info", hide_possible_values = true)]
    pub(crate) log_level: LogLevelName,
    /// How to log, on standard error: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub(crate) log_format: LogFormatName,
    /// Let log lines say which prefix was asked for
    ///
    /// A prefix is part of a password's digest: together with who asked and when it can tell a password.
    #[arg(long)]
    pub(crate) log_prefixes: bool,
}

/// How much is logged.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogLevelName {
    Error,
    Warn,
    Info,
    Debug,
}

/// How it is logged.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogFormatName {
    Text,
    Json,
}
