//! Sockets that are open, and what answers on them.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use breachdex::LogThrottle;
use tokio::runtime::Runtime;

use crate::connection::Protocols;
use crate::error::HttpError;
use crate::limits::{Limits, TlsFiles};
use crate::listen::{Listen, Opened, Surface};
use crate::quota::{AnswerLimits, Connections, TrustedProxy};
use crate::service::{Service, Services};
use crate::shutdown::Shutdown;
use crate::tls::Tls;
use crate::worker::{Endpoint, WAITING_THREADS, Worker};
use crate::workers::Workers;

/// Where a server listens, and within which limits.
#[derive(Clone, Debug, Default)]
pub struct TransportOptions {
    /// Addresses to listen on. May be empty if sockets are inherited.
    pub listen: Vec<Listen>,
    /// Addresses for status pages alone, without https.
    pub status_listen: Vec<Listen>,
    /// Proxies whose `X-Forwarded-For` names the client for the limits per address.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Certificate and key for https on `listen`; plain http if `None`. Unix sockets never have it.
    pub tls: Option<TlsFiles>,
    /// Number of worker threads; 0 means one per processor.
    pub workers: usize,
    /// Limits that apply to every client.
    pub limits: Limits,
}

/// Sockets that listen and are not answered on yet. Made by [`Plan::open`](crate::Plan::open).
#[derive(Debug)]
pub struct Transport {
    pub(crate) sockets: Vec<Opened>,
    pub(crate) tls: Option<Arc<Tls>>,
    /// One for each worker.
    pub(crate) runtimes: Vec<Runtime>,
    pub(crate) most_connections: usize,
    pub(crate) trusted_proxies: Vec<TrustedProxy>,
    pub(crate) limits: Limits,
}

impl Transport {
    /// Returns the first address it listens on, with the actual port if port 0 was requested; `None` if it has Unix
    /// sockets only.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.sockets.iter().find_map(|socket| socket.address)
    }

    /// Returns the URLs of a surface, such as `http://127.0.0.1:8080`; a Unix socket is `unix:/path`.
    pub fn urls(&self, surface: Surface) -> Vec<String> {
        let scheme = if self.tls.is_some() && surface == Surface::Main { "https" } else { "http" };
        let sockets = self.sockets.iter().filter(|socket| socket.surface == surface);
        let url = |socket: &Opened| match socket.address {
            Some(address) => format!("{scheme}://{address}"),
            None => socket.name.clone(),
        };
        sockets.map(url).collect()
    }

    /// Returns the certificate in use, which can be read again.
    pub fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// Returns how many connections the limit on open files allows.
    pub fn most_connections(&self) -> usize {
        self.most_connections
    }

    /// Returns how many threads the process may become, with the main one and two more.
    pub fn threads(&self) -> usize {
        // One more, which reads the signals, and the main one.
        self.runtimes.len() * (1 + WAITING_THREADS) + 3
    }

    /// Starts to answer.
    ///
    /// # Errors
    /// [`HttpError::Thread`] if the system refuses a thread, [`HttpError::System`].
    pub fn start<S: Service>(
        mut self,
        services: Services<S>,
        shutdown: &Shutdown,
    ) -> Result<Workers, HttpError> {
        let needed = self.threads();
        let runtimes = std::mem::take(&mut self.runtimes);
        let most = self.limits.connections.unwrap_or(self.most_connections).min(self.most_connections);
        let connections = Connections::new(
            most,
            self.limits.connections_per_address,
            std::mem::take(&mut self.trusted_proxies),
            services.metrics.clone(),
        );
        let protocols = AllProtocols::new(&self, &services, shutdown);
        let throttle = Arc::new(LogThrottle::new(Duration::from_secs(1)));
        let worker = |runtime| {
            let endpoint = |socket: &Opened| {
                let protocols = protocols.of(socket);
                let file = Arc::clone(&socket.file);
                let socket =
                    socket.socket.try_clone().map_err(HttpError::system("share a listening socket"))?;
                Ok(Endpoint { socket, protocols, file })
            };
            Ok(Worker {
                runtime,
                endpoints: self.sockets.iter().map(endpoint).collect::<Result<_, HttpError>>()?,
                connections: Arc::clone(&connections),
                throttle: Arc::clone(&throttle),
                stop: shutdown.listener(),
                heartbeat: Arc::new(AtomicU64::new(0)),
                shutdown_timeout: self.limits.shutdown_timeout,
            })
        };
        let workers = runtimes.into_iter().map(worker).collect::<Result<_, HttpError>>()?;
        // The workers have copies of their own, so that a socket is closed when none of them accepts from it.
        drop(self.sockets);
        Workers::start(workers, shutdown, needed)
    }
}

/// How the connections of each socket are served.
struct AllProtocols<S> {
    tcp: Arc<Protocols<S>>,
    unix: Arc<Protocols<S>>,
    status: Arc<Protocols<S>>,
}

impl<S: Service> AllProtocols<S> {
    fn new(transport: &Transport, services: &Services<S>, shutdown: &Shutdown) -> Self {
        let answers = AnswerLimits::new(&transport.limits, services.most_answers);
        let protocols = |service: &Arc<S>, tls: Option<&Arc<Tls>>| {
            let (pressure, metrics) = (Arc::clone(&services.pressure), services.metrics.clone());
            Arc::new(Protocols::new(
                Arc::clone(service),
                tls.cloned(),
                &transport.limits,
                answers,
                pressure,
                metrics,
                shutdown.clone(),
            ))
        };
        Self {
            tcp: protocols(&services.main, transport.tls.as_ref()),
            unix: protocols(&services.main, None),
            status: protocols(&services.status, None),
        }
    }

    fn of(&self, socket: &Opened) -> Arc<Protocols<S>> {
        Arc::clone(match (socket.surface, socket.address) {
            (Surface::Status, _) => &self.status,
            (Surface::Main, Some(_)) => &self.tcp,
            (Surface::Main, None) => &self.unix,
        })
    }
}
