//! Defines the options and limits of a server.

#![forbid(unsafe_code)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use breachdex::Residency;

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
    /// Address to listen on; with port 0 the system chooses a free port.
    pub listen: SocketAddr,
    /// Certificate and key for https; plain http if `None`.
    pub tls: Option<TlsFiles>,
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
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            tls: None,
            residency: Residency::OnDemand,
            workers: 0,
            allow_partial: false,
            reload_every: Duration::from_secs(1),
            log_prefixes: false,
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
    /// Maximum bytes of a request's head; at least 8 KiB.
    pub header_bytes: usize,
    /// Time from accepting a connection to its first request, including the TLS handshake.
    pub header_timeout: Duration,
    /// Time from one request to the next, which is also the time to read an answer or to send a head.
    pub idle_timeout: Duration,
    /// Bytes of answers buffered for slow clients before other requests get 503.
    pub waiting_bytes: usize,
    /// Time for running requests to finish after a shutdown was triggered.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: None,
            header_bytes: 16 << 10,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            waiting_bytes: 256 << 20,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}
