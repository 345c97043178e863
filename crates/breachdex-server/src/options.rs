//! Defines the options of a server.

#![forbid(unsafe_code)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use breachdex::Residency;
use breachdex::trust::Trust;
use breachdex_http::{HostPattern, Limits, Listen, TlsFiles, TransportOptions, TrustedProxy};

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
    /// Has ranges contain [`TEST_PASSWORD`](breachdex::TEST_PASSWORD) with a count of 1, for trying clients.
    pub test_password: bool,
    /// Addresses to listen on. May be empty if sockets are inherited.
    pub listen: Vec<Listen>,
    /// Addresses for `/healthz` and `/metrics` alone, without https. If there is one, `listen` serves ranges only.
    pub status_listen: Vec<Listen>,
    /// Host names that clients may use, beside addresses, `localhost`, this machine's name and the names in `listen`.
    /// Checked for `/metrics`, for health details, and for everything if digests from an overlay are served: a page in
    /// a browser can reach this server under a name of its own (DNS rebinding), but not under these.
    pub allow_hosts: Vec<HostPattern>,
    /// How the operator allows a name, as the answer to another one says it, such as `with --allow-host`.
    pub allow_host_remedy: Option<String>,
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
            test_password: false,
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)).into()],
            status_listen: Vec::new(),
            allow_hosts: Vec::new(),
            allow_host_remedy: None,
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

impl ServeOptions {
    /// Where it listens, and within which limits.
    pub(crate) fn transport(&self) -> TransportOptions {
        TransportOptions {
            listen: self.listen.clone(),
            status_listen: self.status_listen.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            tls: self.tls.clone(),
            workers: self.workers,
            limits: self.limits.clone(),
        }
    }
}
