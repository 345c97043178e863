//! Prepares a proxy from its options, starts its threads and ends them.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use breachdex::{LiveIndex, Monitor, Reload};
use breachdex_http::{
    HostNames, Inherited, Listen, NoPressure, Plan, Pulse, Services, Shutdown, Surface as Sockets, Tls,
    Transport, Workers, spawn,
};

use crate::error::ProxyError;
use crate::metrics::Metrics;
use crate::options::ProxyOptions;
use crate::proxy::Proxy;
use crate::service::Surface;

/// How often the radar's time moves on and replaced files are looked for.
const TICK: Duration = Duration::from_secs(1);

/// How often the state of the radar is saved.
const SAVE: Duration = Duration::from_secs(300);

/// Answers of everybody that may wait to be read: no limit, for each is a piece of the site's at a time.
const MOST_ANSWERS: usize = usize::MAX;

/// A proxy that listens and does not answer yet.
#[derive(Debug)]
pub struct ProxyServer {
    transport: Transport,
    proxy: Arc<Proxy>,
    metrics: Arc<Metrics>,
    options: ProxyOptions,
}

impl ProxyServer {
    /// Prepares a proxy and listens. The site need not be there yet.
    ///
    /// # Errors
    /// Returns a [`ProxyError`] that says how to fix it.
    pub fn bind(options: &ProxyOptions, inherited: Vec<Inherited>) -> Result<Self, ProxyError> {
        let indexes = options.check.corpus.followed().count();
        let plan = Plan::new(&options.transport, inherited, indexes)?;
        let metrics = Arc::new(Metrics::new());
        let proxy = Arc::new(Proxy::new(options, Arc::clone(&metrics))?);
        let transport = plan.open()?;
        Ok(Self { transport, proxy, metrics, options: options.clone() })
    }

    /// Returns the first address it listens on; `None` if it has Unix sockets only.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.transport.local_addr()
    }

    /// Returns the URLs for clients.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.transport.urls(Sockets::Main)
    }

    /// Returns the URLs of status pages.
    #[must_use]
    pub fn status_urls(&self) -> Vec<String> {
        self.transport.urls(Sockets::Status)
    }

    /// Starts to answer.
    ///
    /// # Errors
    /// [`ProxyError::Http`] if the system refuses a thread.
    pub fn start(self, shutdown: &Shutdown) -> Result<RunningProxy, ProxyError> {
        let (commands, received) = mpsc::channel();
        let tls = self.transport.tls();
        let upkeep = Upkeep { proxy: Arc::clone(&self.proxy), tls, shutdown: shutdown.clone() };
        let upkeep = spawn("breachdex-upkeep", self.transport.threads(), move || upkeep.run(&received))?;
        let services = Services {
            main: Arc::new(Surface::Proxy(self.proxy)),
            status: Arc::new(Surface::Status {
                metrics: Arc::clone(&self.metrics),
                hosts: hosts(&self.options),
            }),
            pressure: Arc::new(NoPressure),
            most_answers: MOST_ANSWERS,
            metrics: self.metrics.connections.clone(),
        };
        let upkeep = RunningUpkeep { commands, thread: upkeep };
        match self.transport.start(services, shutdown) {
            Ok(workers) => Ok(RunningProxy { workers, upkeep }),
            Err(error) => {
                upkeep.end();
                Err(error.into())
            }
        }
    }
}

/// The names under which status pages are answered.
fn hosts(options: &ProxyOptions) -> HostNames {
    let transport = &options.transport;
    let named = transport.listen.iter().chain(&transport.status_listen).filter_map(|listen| match listen {
        Listen::Host(name, _) => name.parse().ok(),
        _ => None,
    });
    HostNames::new(options.allow_hosts.iter().cloned().chain(named))
}

/// A proxy that answers. Dropping it does not stop it; [`Shutdown`] does.
#[derive(Debug)]
pub struct RunningProxy {
    workers: Workers,
    upkeep: RunningUpkeep,
}

impl RunningProxy {
    /// Returns a handle that reads replaced indexes and the certificate again.
    #[must_use]
    pub fn reload(&self) -> ProxyReload {
        ProxyReload(self.upkeep.commands.clone())
    }

    /// Returns a handle that tells whether all workers respond.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.workers.pulse()
    }

    /// Waits until the shutdown is triggered and running requests are finished, or their time is over; then saves the
    /// state of the radar.
    ///
    /// # Errors
    /// [`ProxyError::Http`].
    pub fn wait(self) -> Result<(), ProxyError> {
        let outcome = self.workers.wait();
        self.upkeep.end();
        outcome.map_err(ProxyError::from)
    }
}

/// Reads indexes that were replaced, and the certificate, again.
#[derive(Clone, Debug)]
pub struct ProxyReload(Sender<Command>);

impl ProxyReload {
    /// Does it; returns when it is done.
    pub fn run(&self) {
        let (done, is_done) = mpsc::channel();
        // It fails where the proxy has ended.
        if self.0.send(Command::Reload(done)).is_ok() {
            let _ = is_done.recv();
        }
    }
}

#[derive(Debug)]
enum Command {
    Reload(Sender<()>),
    End,
}

#[derive(Debug)]
struct RunningUpkeep {
    commands: Sender<Command>,
    thread: JoinHandle<()>,
}

impl RunningUpkeep {
    fn end(self) {
        let _ = self.commands.send(Command::End);
        let _ = self.thread.join();
    }
}

/// What is done beside the requests: the radar's time moves on, its state is saved, replaced files are taken over.
struct Upkeep {
    proxy: Arc<Proxy>,
    tls: Option<Arc<Tls>>,
    shutdown: Shutdown,
}

impl Upkeep {
    fn run(&self, commands: &Receiver<Command>) {
        let mut saved = Instant::now();
        loop {
            match commands.recv_timeout(TICK) {
                Ok(Command::Reload(done)) => {
                    self.reload();
                    drop(done);
                }
                Ok(Command::End) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.tick(),
            }
            if saved.elapsed() >= SAVE {
                self.save();
                saved = Instant::now();
            }
        }
        self.save();
    }

    fn tick(&self) {
        if let Some(radar) = &self.proxy.radar {
            radar.advance();
        }
        self.take_over(LiveIndex::reload_if_new);
    }

    /// Takes over files that were replaced; the library verifies them first.
    fn take_over(&self, reload: fn(&LiveIndex, &dyn Monitor) -> breachdex::Result<bool>) {
        for index in self.proxy.checker.corpus().followed() {
            if matches!(reload(index, &self.shutdown), Ok(true)) {
                tracing::info!("took over {}", index.name());
            }
            match index.unreported() {
                Some(reload @ Reload::Older { .. }) => tracing::warn!("{reload}"),
                Some(reload) => tracing::error!("{reload}"),
                None => {}
            }
        }
    }

    fn save(&self) {
        if let Some(radar) = &self.proxy.radar {
            radar.save();
        }
    }

    fn reload(&self) {
        if let Some(tls) = &self.tls {
            match tls.reload() {
                Ok(()) => tracing::info!("read the certificate and its key again"),
                Err(error) => tracing::error!("still using the certificate before: {error}"),
            }
        }
        self.take_over(LiveIndex::reload_if_changed);
    }
}
