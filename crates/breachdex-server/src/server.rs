//! Prepares a server from its options: indexes, sockets, and what answers on them.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use breachdex::{Index, LogThrottle};
use breachdex_http::{HostNames, Inherited, Listen, Plan, Pressure, Services, Shutdown, Surface, Transport};

use crate::announce::announce;
use crate::body::{self, BufferPool};
use crate::cache::BodyCache;
use crate::error::ServeError;
use crate::http::app::App;
use crate::http::routes::Routes;
use crate::http::state::AppState;
use crate::indexes::catalogue::Catalogue;
use crate::indexes::permission::OverlayRule;
use crate::indexes::served::{self, Part, Rules, Served};
use crate::indexes::watcher::Watcher;
use crate::metrics::Metrics;
use crate::options::ServeOptions;
use crate::running::RunningServer;

/// A server that listens and does not answer yet; [`Server::run`] and [`Server::start`] start it.
///
/// ```no_run
/// use breachdex_server::{ServeOptions, Server, Shutdown};
/// let options = ServeOptions { indexes: vec!["pwned.bdx".into()], ..ServeOptions::default() };
/// let server = Server::bind(&options)?;
/// println!("listening on {}", server.urls().join(", "));
/// server.run(&Shutdown::new())?;
/// # Ok::<(), breachdex_server::ServeError>(())
/// ```
#[derive(Debug)]
pub struct Server {
    transport: Transport,
    state: Arc<AppState>,
    rules: Rules,
    options: ServeOptions,
    has_status: bool,
}

impl Server {
    /// Opens the indexes, checks that they can be served, and listens. This takes some milliseconds for any size.
    /// Damage that appears only when a range is read causes 503 for that range.
    ///
    /// # Errors
    /// Returns a [`ServeError`] that says how to fix it.
    pub fn bind(options: &ServeOptions) -> Result<Self, ServeError> {
        Self::bind_with(options, Vec::new())
    }

    /// [`Server::bind`], with further sockets that a service manager opened.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_with(options: &ServeOptions, inherited: Vec<Inherited>) -> Result<Self, ServeError> {
        let indexes = options.indexes.len() + options.overlays.len();
        let plan = Plan::new(&options.transport(), inherited, indexes)?;
        let rules = Rules {
            allow_partial: options.allow_partial,
            overlays: OverlayRule::of(options, plan.main_addresses()),
            residency: options.residency,
            trust: options.trust.clone(),
            test_password: options.test_password,
        };
        let metrics = Arc::new(Metrics::new());
        let cache = BodyCache::new(options.cache_bytes, metrics.cache.clone());
        let catalogue = Arc::new(Catalogue::new(open(options, &rules)?, cache)?);
        let has_status = plan.has_status();
        let transport = plan.open()?;
        body::prepare();
        let state = Arc::new(AppState {
            catalogue,
            buffers: BufferPool::new(options.limits.waiting_bytes),
            metrics,
            throttle: log_throttle(),
            health_details: options.health_details,
            log_prefixes: options.log_prefixes,
            allow_host_remedy: options.allow_host_remedy.clone(),
        });
        let server = Self { transport, state, rules, options: options.clone(), has_status };
        server.announce();
        Ok(server)
    }

    fn announce(&self) {
        self.state.catalogue.all().iter().for_each(|served| announce(served));
        let most = self.transport.most_connections();
        if let Some(asked) = self.options.limits.connections.filter(|asked| *asked > most) {
            tracing::warn!(
                "{asked} connections were asked for, and the limit on open files allows {most}; raise it (ulimit -n, \
                 LimitNOFILE=)"
            );
        }
    }

    /// Returns the first address it listens on, with the actual port if port 0 was requested; `None` if it has Unix
    /// sockets only.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.transport.local_addr()
    }

    /// Returns the URLs for clients, such as `http://127.0.0.1:8080`; a Unix socket is `unix:/path`.
    pub fn urls(&self) -> Vec<String> {
        self.transport.urls(Surface::Main)
    }

    /// Returns the URLs of status pages that have sockets of their own.
    pub fn status_urls(&self) -> Vec<String> {
        self.transport.urls(Surface::Status)
    }

    /// Answers requests until `shutdown` is triggered, then finishes running requests and returns.
    ///
    /// # Errors
    /// As [`Server::start`] and [`RunningServer::wait`].
    pub fn run(self, shutdown: &Shutdown) -> Result<(), ServeError> {
        self.start(shutdown)?.wait()
    }

    /// Starts to answer requests.
    ///
    /// # Errors
    /// [`ServeError::Http`] if the system refuses a thread.
    pub fn start(self, shutdown: &Shutdown) -> Result<RunningServer, ServeError> {
        let watcher = Watcher {
            catalogue: Arc::clone(&self.state.catalogue),
            metrics: Arc::clone(&self.state.metrics),
            tls: self.transport.tls(),
            rules: self.rules.clone(),
            every: self.options.reload_every,
            shutdown: shutdown.clone(),
        };
        let services = self.services();
        RunningServer::start(self.transport, services, watcher, shutdown)
    }

    /// What is answered on which socket.
    fn services(&self) -> Services<App> {
        let options = &self.options;
        let named = options.listen.iter().chain(&options.status_listen).filter_map(|listen| match listen {
            Listen::Host(name, _) => name.parse().ok(),
            _ => None,
        });
        let hosts = Arc::new(HostNames::new(options.allow_hosts.iter().cloned().chain(named)));
        let app = |routes| App::new(&self.state, &hosts, routes);
        let buffers = &self.state.buffers;
        Services {
            main: app(if self.has_status { Routes::Ranges } else { Routes::RangesAndStatus }),
            status: app(Routes::Status),
            pressure: Arc::clone(buffers) as Arc<dyn Pressure>,
            most_answers: buffers.most_answers(),
            metrics: self.state.metrics.connections.clone(),
        }
    }
}

/// Allows one line a second about a fault that every request may meet.
pub(crate) fn log_throttle() -> LogThrottle {
    LogThrottle::new(Duration::from_secs(1))
}

/// The indexes, each under the overlays of its kind.
pub(crate) fn open(options: &ServeOptions, rules: &Rules) -> Result<Vec<Served>, ServeError> {
    let base = |path: &PathBuf| Ok((served::open(path, Part::Base, rules)?, Vec::new()));
    let mut all: Vec<(Index, Vec<Index>)> =
        options.indexes.iter().map(base).collect::<Result<_, ServeError>>()?;
    for (number, path) in options.overlays.iter().enumerate() {
        let overlay = served::open(path, Part::Overlay(number), rules)?;
        let kind = overlay.metadata().kind;
        match all.iter_mut().find(|(base, _)| base.metadata().kind == kind) {
            Some((_, overlays)) => overlays.push(overlay),
            None => return Err(ServeError::OverlayWithoutBase { path: path.clone(), kind }),
        }
    }
    all.into_iter().map(|(base, overlays)| Served::new(base, overlays, rules)).collect()
}
