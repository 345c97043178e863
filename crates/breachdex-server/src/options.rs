//! Defines the options and limits of a server.

#![forbid(unsafe_code)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use breachdex::Residency;
use breachdex::trust::Trust;

use crate::http::host::HostPattern;
use crate::listen::Listen;
use crate::quota::TrustedProxy;

/// Options of a server: what to serve, and where.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Indexes to serve, at most one per kind; the file states its kind.
    pub indexes: Vec<PathBuf>,
    /// Overlays to serve with the index of their kind, any number. Needs `serve_overlays`.
    pub overlays: Vec<PathBuf>,
    /// Allows overlays, and indexes that one was merged into, on a loopback address. They hold unsalted digests of
    /// passwords in use, which every client can list.
    pub serve_overlays: bool,
    /// Allows them on other addresses too.
    pub serve_overlays_to_the_network: bool,
    /// Addresses to listen on. May be empty if sockets are inherited.
    pub listen: Vec<Listen>,
    /// Addresses for `/healthz` and `/metrics` alone, without https. If there is one, `listen` serves ranges only.
    pub status_listen: Vec<Listen>,
    /// Host names that clients may use, beside addresses, `localhost`, this machine's name and the names in `listen`.
    /// Checked for `/metrics`, for health details, and for everything if digests from an overlay are served: a page in
    /// a browser can reach this server under a name of its own (DNS rebinding), but not under these.
    pub allow_hosts: Vec<HostPattern>,
    /// Proxies whose `X-Forwarded-For` names the client for the limits per address.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Has `/healthz` name the indexes with their paths and content ids.
    pub health_details: bool,
    /// Certificate and key for https; plain http if `None`.
    pub tls: Option<TlsFiles>,
    /// Whose signature an index must have, how old it may be, and whether one may replace a newer one, at start and
    /// when the file is replaced. Does not apply to overlays, which change often and can only forbid more.
    pub trust: Trust,
    /// How much of the indexes is in memory; overlays are read on demand.
    pub residency: Residency,
    /// Number of worker threads; 0 means one per processor.
    pub workers: usize,
    /// Allows indexes that cover only some prefixes; other prefixes are answered with 503.
    pub allow_partial: bool,
    /// How often to check whether an index file was replaced.
    pub reload_every: Duration,
    /// Logs the requested prefixes.
    pub log_prefixes: bool,
    /// Bytes of bodies that are kept ready because they are asked for often; 0 keeps none.
    pub cache_bytes: usize,
    /// Limits that apply to every client.
    pub limits: Limits,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            indexes: Vec::new(),
            overlays: Vec::new(),
            serve_overlays: false,
            serve_overlays_to_the_network: false,
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)).into()],
            status_listen: Vec::new(),
            allow_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            health_details: false,
            tls: None,
            trust: Trust::default(),
            residency: Residency::OnDemand,
            workers: 0,
            allow_partial: false,
            reload_every: Duration::from_secs(1),
            log_prefixes: false,
            cache_bytes: 32 << 20,
            limits: Limits::default(),
        }
    }
}

/// PEM files for https.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, followed by its chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Limits that apply to every client.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Maximum number of open connections; `None` derives it from the limit on open files, which is raised to the hard
    /// limit first. A connection beyond it is answered with 503 and closed.
    pub connections: Option<usize>,
    /// Maximum number of open connections of one address (an IPv6 network of 64 bits counts as one); `None` means a
    /// quarter of `connections`, and 64 at least. Trusted proxies and Unix sockets have no such limit.
    pub connections_per_address: Option<usize>,
    /// Maximum number of answers that one connection may leave unread; further requests on it wait. At least 1.
    pub answers_per_connection: usize,
    /// Maximum bytes of a request's head; at least 8 KiB.
    pub header_bytes: usize,
    /// Time from accepting a connection to its first request, including the TLS handshake.
    pub header_timeout: Duration,
    /// Time from the end of an answer to the next request. Reduced to `header_timeout` while three quarters of the
    /// connections are in use.
    pub idle_timeout: Duration,
    /// Time for a client to read an answer completely. No further request extends it.
    pub send_timeout: Duration,
    /// Bytes of answers buffered for slow clients before other requests get 503. A quarter of it is for one address.
    pub waiting_bytes: usize,
    /// Time for running requests to finish after a shutdown was triggered.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: None,
            connections_per_address: None,
            answers_per_connection: 16,
            header_bytes: 16 << 10,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            send_timeout: Duration::from_secs(30),
            waiting_bytes: 256 << 20,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}
