//! What a server is asked to do, and the limits that it keeps.

#![forbid(unsafe_code)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use breachdex::Residency;

/// What to serve, and where.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The indexes, one for a kind at most; the kind is read from the file.
    pub indexes: Vec<PathBuf>,
    /// Overlays, laid over the index of their kind: any number. Served only where `serve_overlays` says so.
    pub overlays: Vec<PathBuf>,
    /// Serve overlays, and indexes that one was merged into, to this machine: unsalted digests of passwords that
    /// people use, which whoever can ask can list.
    pub serve_overlays: bool,
    /// Serve them to other machines as well.
    pub serve_overlays_to_the_network: bool,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and key for https; plain http without them.
    pub tls: Option<TlsFiles>,
    /// How much of the indexes is in memory; overlays are read on demand.
    pub residency: Residency,
    /// Threads that answer; 0 is one for each processor.
    pub workers: usize,
    /// Serve indexes that cover a part of the prefixes, with 503 outside.
    pub allow_partial: bool,
    /// How often to look whether an index file was replaced.
    pub reload_every: Duration,
    /// Let log lines say which prefix was asked for.
    pub log_prefixes: bool,
    /// What no client may exceed.
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
    /// The certificate and those that it was signed with, the server's own first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What no client may exceed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections that may be open at once; `None` is what the limit on open files leaves, once it was raised
    /// as far as it goes. One beyond it is answered with 503 and closed.
    pub connections: Option<usize>,
    /// Bytes of a request's head; 8 KiB at least.
    pub header_bytes: usize,
    /// From accepting a connection to its first request, a TLS handshake included.
    pub header_timeout: Duration,
    /// From a request to the next one, so this is also how long a client may take to read an answer or to send
    /// a head.
    pub idle_timeout: Duration,
    /// Bytes of answers that may wait for slow clients before others get 503.
    pub waiting_bytes: usize,
    /// How long requests that run may go on when the server is asked to stop.
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
