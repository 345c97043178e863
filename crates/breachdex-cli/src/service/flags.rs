//! The flags that all services have.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex::trust::Trust;
use breachdex_http::{HostPattern, Limits, Listen, TlsFiles, TransportOptions, TrustedProxy};
use clap::{Args, ValueEnum};

use super::signals::Ending;
use crate::failure::Failure;
use crate::flags::TrustFlags;
use crate::flags::values::{parse_seconds, parse_size};
use crate::trust;

/// The file of flags, health checks, and the end.
#[derive(Args, Clone)]
pub(crate) struct ServiceFlags {
    /// TOML file with the names of these flags as keys; flags on the command line win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Ask a running server whether it answers, and exit with 0 or 2
    ///
    /// For health checks of containers. URL is http://ADDR:PORT or unix:/path.
    #[arg(long, value_name = "URL")]
    pub(crate) health: Option<String>,
    /// How long to go on answering after SIGTERM, with 503 for /healthz
    ///
    /// For load balancers: give a little longer than they take to notice. Connections meanwhile end with their next
    /// answer. --shutdown-timeout begins after it.
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    drain: Option<Duration>,
}

impl ServiceFlags {
    /// How the service ends.
    pub(crate) fn ending(&self, limits: &Limits) -> Ending {
        Ending { drain: self.drain.unwrap_or_default(), shutdown_timeout: limits.shutdown_timeout }
    }
}

/// Which indexes are accepted, at start and when one is replaced.
#[derive(Args)]
pub(crate) struct ReplacedTrustFlags {
    #[command(flatten)]
    trust: TrustFlags,
    /// Let a replaced index have an older corpus date, with --trusted-key
    ///
    /// Otherwise it is refused: an old signature stays valid, and an old index lacks what leaked since.
    #[arg(long)]
    allow_rollback: bool,
}

impl ReplacedTrustFlags {
    /// What the flags and the environment ask for.
    pub(crate) fn trust(&self) -> Result<Trust, Failure> {
        Ok(trust::of(&self.trust)?.with_rollback(self.allow_rollback))
    }
}

/// Sockets beside `--listen`, and who may use them.
#[derive(Args)]
pub(crate) struct SocketFlags {
    /// Answer /healthz and /metrics on this address only; repeatable
    ///
    /// As --listen, and always plain http. --listen then does not answer them.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) status_listen: Vec<Listen>,
    /// Host name that clients may use; repeatable
    ///
    /// Addresses, localhost, this machine's name and names in --listen are always allowed. *.example allows every name
    /// below example, * any. Checked for everything that no web page is to read: a page can reach this server under a
    /// name of its own (DNS rebinding).
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<HostPattern>,
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
    /// Threads that answer [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
}

impl SocketFlags {
    /// The transport of a service that listens on `listen`.
    pub(crate) fn transport(self, listen: Vec<Listen>, limits: LimitFlags) -> TransportOptions {
        TransportOptions {
            listen,
            status_listen: self.status_listen,
            trusted_proxies: self.trusted_proxy,
            tls: self.tls_cert.zip(self.tls_key).map(|(certificate, key)| TlsFiles {
                certificate,
                key,
                client_ca: None,
            }),
            workers: self.workers.map_or(0, usize::from),
            limits: limits.limits(),
        }
    }
}

/// Limits that apply to every client.
#[derive(Args)]
pub(crate) struct LimitFlags {
    /// Connections that may be open at once [default: what the limit on open files leaves]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: Option<u32>,
    /// Connections that one address may open [default: a quarter of all, at least 64]
    ///
    /// An IPv6 network of 64 bits is one address. Trusted proxies and Unix sockets have no such limit.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections_per_address: Option<u32>,
    /// Unread answers of a connection; further requests on it wait [default: 16; for proxy 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_unread: Option<u32>,
    /// Memory for answers that wait to be read
    ///
    /// A quarter of it is for one address.
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = parse_size)]
    max_unread_bytes: u64,
    /// How large the head of a request may be
    #[arg(long, value_name = "SIZE", default_value = "16KiB", value_parser = parse_size)]
    max_header: u64,
    /// How long a new connection may take to its first request
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    header_timeout: Duration,
    /// Close idle connections after this time
    ///
    /// Reduced to --header-timeout while three quarters of --max-connections are open.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds)]
    idle_timeout: Duration,
    /// How long a client may take to read an answer completely
    ///
    /// Further requests on the connection do not extend it.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    send_timeout: Duration,
    /// How long requests that run may go on when the server is to stop
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    shutdown_timeout: Duration,
}

impl LimitFlags {
    fn limits(self) -> Limits {
        let defaults = Limits::default();
        Limits {
            connections: self.max_connections.map(|most| most as usize),
            connections_per_address: self.max_connections_per_address.map(|most| most as usize),
            answers_per_connection: self
                .max_unread
                .map_or(defaults.answers_per_connection, |most| most as usize),
            waiting_bytes: usize::try_from(self.max_unread_bytes).unwrap_or(usize::MAX),
            header_bytes: usize::try_from(self.max_header).unwrap_or(usize::MAX),
            header_timeout: self.header_timeout,
            idle_timeout: self.idle_timeout,
            send_timeout: self.send_timeout,
            shutdown_timeout: self.shutdown_timeout,
            ..defaults
        }
    }
}

/// The log.
#[derive(Args)]
pub(crate) struct LogFlags {
    /// What to log: error, warn, info or debug (every request)
    #[arg(long, value_name = "LEVEL", default_value = "info", hide_possible_values = true)]
    pub(super) log_level: LogLevelName,
    /// How to log, on standard error: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub(super) log_format: LogFormatName,
}

impl LogFlags {
    /// Has events written to standard error.
    pub(crate) fn start(&self) {
        super::log::start(self.log_level, self.log_format);
    }
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
