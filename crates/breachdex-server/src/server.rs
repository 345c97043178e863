//! Prepares a server from its options: indexes, sockets, workers.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::Duration;

use breachdex::{Index, LogThrottle};
use tokio::runtime::Runtime;

use crate::announce::announce;
use crate::body::{self, BufferPool};
use crate::cache::BodyCache;
use crate::connection::Protocols;
use crate::error::ServeError;
use crate::http::app::App;
use crate::http::host::HostNames;
use crate::http::routes::Routes;
use crate::http::state::AppState;
use crate::indexes::catalogue::Catalogue;
use crate::indexes::permission::OverlayRule;
use crate::indexes::served::{self, Part, Rules, Served};
use crate::indexes::watcher::Watcher;
use crate::listen::descriptors::Needs;
use crate::listen::{Inherited, Listen, Opened, Plan, Surface};
use crate::metrics::Metrics;
use crate::options::ServeOptions;
use crate::quota::{AnswerLimits, Connections, Pressure};
use crate::running::RunningServer;
use crate::shutdown::Shutdown;
use crate::tls::Tls;
use crate::worker::{self, Endpoint, WAITING_THREADS, Worker};

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
    sockets: Vec<Opened>,
    tls: Option<Arc<Tls>>,
    state: Arc<AppState>,
    rules: Rules,
    options: ServeOptions,
    has_status: bool,
    /// One for each worker.
    runtimes: Vec<Runtime>,
    most_connections: usize,
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
        let plan = Plan::new(&options.listen, &options.status_listen, inherited)?;
        let workers = match options.workers {
            0 => thread::available_parallelism().map_or(1, std::num::NonZero::get),
            workers => workers,
        };
        let indexes = options.indexes.len() + options.overlays.len();
        let most_connections = Needs { workers, sockets: plan.sockets(), indexes }.most_connections()?;
        let rules = Rules {
            allow_partial: options.allow_partial,
            overlays: OverlayRule::of(options, plan.range_addresses()),
            residency: options.residency,
            trust: options.trust.clone(),
        };
        let metrics = Arc::new(Metrics::new());
        let cache = BodyCache::new(options.cache_bytes, metrics.cache.clone());
        let catalogue = Arc::new(Catalogue::new(open(options, &rules)?, cache)?);
        let tls = options.tls.as_ref().map(Tls::new).transpose()?.map(Arc::new);
        let runtimes = (0..workers).map(|_| worker::runtime()).collect::<Result<_, _>>()?;
        let has_status = plan.has_status();
        let sockets = plan.open()?;
        body::prepare();
        let state = Arc::new(AppState {
            catalogue,
            buffers: BufferPool::new(options.limits.waiting_bytes),
            metrics,
            throttle: log_throttle(),
            health_details: options.health_details,
            log_prefixes: options.log_prefixes,
        });
        let options = options.clone();
        let server = Self { sockets, tls, state, rules, options, has_status, runtimes, most_connections };
        server.announce();
        Ok(server)
    }

    fn announce(&self) {
        self.state.catalogue.all().iter().for_each(|served| announce(served));
        if let Some(asked) = self.options.limits.connections.filter(|asked| *asked > self.most_connections) {
            tracing::warn!(
                "{asked} connections were asked for, and the limit on open files allows {}; raise it (ulimit -n, \
                 LimitNOFILE=)",
                self.most_connections
            );
        }
    }

    /// Returns the first address it listens on, with the actual port if port 0 was requested; `None` if it has Unix
    /// sockets only.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.sockets.iter().find_map(|socket| socket.address)
    }

    /// Returns the URLs for clients, such as `http://127.0.0.1:8080`; a Unix socket is `unix:/path`.
    pub fn urls(&self) -> Vec<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.urls_of(Surface::Ranges, scheme)
    }

    /// Returns the URLs of status pages that have sockets of their own.
    pub fn status_urls(&self) -> Vec<String> {
        self.urls_of(Surface::Status, "http")
    }

    fn urls_of(&self, surface: Surface, scheme: &str) -> Vec<String> {
        let sockets = self.sockets.iter().filter(|socket| socket.surface == surface);
        let url = |socket: &Opened| match socket.address {
            Some(address) => format!("{scheme}://{address}"),
            None => socket.name.clone(),
        };
        sockets.map(url).collect()
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
    /// [`ServeError::Thread`] if the system refuses a thread, [`ServeError::System`].
    pub fn start(mut self, shutdown: &Shutdown) -> Result<RunningServer, ServeError> {
        let watcher = Watcher {
            catalogue: Arc::clone(&self.state.catalogue),
            metrics: Arc::clone(&self.state.metrics),
            tls: self.tls.clone(),
            rules: self.rules.clone(),
            every: self.options.reload_every,
            shutdown: shutdown.clone(),
        };
        let runtimes = std::mem::take(&mut self.runtimes);
        // One more, which reads the signals, and the main one.
        let threads = runtimes.len() * (1 + WAITING_THREADS) + 3;
        let workers = self.workers(runtimes, shutdown)?;
        RunningServer::start(workers, watcher, self.sockets, shutdown, threads)
    }

    fn workers(&self, runtimes: Vec<Runtime>, shutdown: &Shutdown) -> Result<Vec<Worker>, ServeError> {
        let limits = &self.options.limits;
        let most = limits.connections.unwrap_or(self.most_connections).min(self.most_connections);
        let connections = Connections::new(
            most,
            limits.connections_per_address,
            self.options.trusted_proxies.clone(),
            Arc::clone(&self.state.metrics),
        );
        let protocols = AllProtocols::new(self);
        let throttle = Arc::new(log_throttle());
        let worker = |runtime| {
            let endpoint = |socket: &Opened| {
                let protocols = protocols.of(socket);
                let socket =
                    socket.socket.try_clone().map_err(ServeError::system("share a listening socket"))?;
                Ok(Endpoint { socket, protocols })
            };
            Ok(Worker {
                runtime,
                endpoints: self.sockets.iter().map(endpoint).collect::<Result<_, ServeError>>()?,
                connections: Arc::clone(&connections),
                throttle: Arc::clone(&throttle),
                stop: shutdown.listener(),
                heartbeat: Arc::new(AtomicU64::new(0)),
                shutdown_timeout: limits.shutdown_timeout,
            })
        };
        runtimes.into_iter().map(worker).collect()
    }
}

/// How the connections of each socket are served.
struct AllProtocols {
    tcp: Arc<Protocols>,
    unix: Arc<Protocols>,
    status: Arc<Protocols>,
}

impl AllProtocols {
    fn new(server: &Server) -> Self {
        let options = &server.options;
        let named = options.listen.iter().chain(&options.status_listen).filter_map(|listen| match listen {
            Listen::Host(name, _) => name.parse().ok(),
            _ => None,
        });
        let hosts = Arc::new(HostNames::new(options.allow_hosts.iter().cloned().chain(named)));
        let buffers = &server.state.buffers;
        let answers = AnswerLimits::new(&options.limits, buffers.most_answers());
        let protocols = |routes, tls: Option<&Arc<Tls>>| {
            let app = App::new(&server.state, &hosts, routes);
            let pressure = Arc::clone(buffers) as Arc<dyn Pressure>;
            Arc::new(Protocols::new(app, tls.cloned(), &options.limits, answers, pressure))
        };
        let routes = if server.has_status { Routes::Ranges } else { Routes::RangesAndStatus };
        Self {
            tcp: protocols(routes, server.tls.as_ref()),
            unix: protocols(routes, None),
            status: protocols(Routes::Status, None),
        }
    }

    fn of(&self, socket: &Opened) -> Arc<Protocols> {
        Arc::clone(match (socket.surface, socket.address) {
            (Surface::Status, _) => &self.status,
            (Surface::Ranges, Some(_)) => &self.tcp,
            (Surface::Ranges, None) => &self.unix,
        })
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
    all.into_iter().map(|(base, overlays)| Served::new(base, overlays)).collect()
}
