//! Runs a server from its options to its shutdown.

#![forbid(unsafe_code)]

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use breachdex::{Index, LogThrottle};
use tokio_rustls::TlsAcceptor;

use crate::body::{self, BufferPool};
use crate::connection::Protocols;
use crate::error::ServeError;
use crate::http::routes;
use crate::http::state::AppState;
use crate::indexes::catalogue::Catalogue;
use crate::indexes::permission::OverlayRule;
use crate::indexes::served::{self, Part, Rules, Served};
use crate::indexes::watcher::Watcher;
use crate::metrics::Metrics;
use crate::options::{Limits, ServeOptions};
use crate::shutdown::Shutdown;
use crate::worker::{self, Connections, Worker};
use crate::{listener, tls};

/// A server that listens and does not answer yet; [`Server::run`] starts it.
///
/// ```no_run
/// use breachdex_server::{ServeOptions, Server, Shutdown};
/// let options = ServeOptions { indexes: vec!["pwned.bdx".into()], ..ServeOptions::default() };
/// let server = Server::bind(&options)?;
/// println!("listening on {}", server.url());
/// server.run(&Shutdown::new())?;
/// # Ok::<(), breachdex_server::ServeError>(())
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    state: Arc<AppState>,
    options: ServeOptions,
    workers: usize,
}

/// Something whose `Debug` is not ours to give.
struct Tls(TlsAcceptor);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(..)")
    }
}

impl Server {
    /// Opens the indexes, checks that they can be served, and listens. This takes some milliseconds for any size.
    /// Damage that appears only when a range is read causes 503 for that range.
    ///
    /// # Errors
    /// Returns a [`ServeError`] that says how to fix it.
    pub fn bind(options: &ServeOptions) -> Result<Self, ServeError> {
        let catalogue = Arc::new(Catalogue::new(open(options, rules(options))?)?);
        catalogue.all().iter().for_each(|served| announce(served));
        let tls = options.tls.as_ref().map(tls::acceptor).transpose()?.map(Tls);
        let listener = listener::listen(options.listen)?;
        let address = listener.local_addr().map_err(ServeError::system("ask for the port"))?;
        body::prepare();
        let state = Arc::new(AppState {
            catalogue,
            buffers: BufferPool::new(options.limits.waiting_bytes),
            metrics: Arc::new(Metrics::new()),
            throttle: log_throttle(),
            log_prefixes: options.log_prefixes,
        });
        let workers = match options.workers {
            0 => thread::available_parallelism().map_or(1, std::num::NonZero::get),
            workers => workers,
        };
        Ok(Self { listener, address, tls, state, options: options.clone(), workers })
    }

    /// Returns the address it listens on, with the actual port if port 0 was requested.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL for clients, such as `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Answers requests until `shutdown` is triggered, then finishes running requests and returns.
    ///
    /// # Errors
    /// [`ServeError::System`] if the system refuses a thread, [`ServeError::WorkerPanicked`] if a worker panics.
    pub fn run(self, shutdown: &Shutdown) -> Result<(), ServeError> {
        let watcher = Watcher {
            catalogue: Arc::clone(&self.state.catalogue),
            metrics: Arc::clone(&self.state.metrics),
            rules: rules(&self.options),
            every: self.options.reload_every,
            shutdown: shutdown.clone(),
        };
        let (ending, ended) = mpsc::channel::<()>();
        let watcher = spawn("breachdex-watcher", move || watcher.run(&ended))?;
        let served = self.run_workers(shutdown);
        // No worker is left; without this the watcher would go on with what it is verifying.
        shutdown.trigger();
        drop(ending);
        let _ = watcher.join();
        served
    }

    fn run_workers(self, shutdown: &Shutdown) -> Result<(), ServeError> {
        let mut running = Vec::new();
        let mut outcome = Ok(());
        match self.workers(shutdown) {
            Err(error) => outcome = Err(error),
            Ok(workers) => {
                for (number, worker) in workers.into_iter().enumerate() {
                    let end = ShutdownOnDrop(shutdown.clone());
                    let work = move || {
                        let served = worker.run();
                        drop(end);
                        served
                    };
                    match spawn(&format!("breachdex-worker-{number}"), work) {
                        Ok(thread) => running.push(thread),
                        Err(error) => outcome = outcome.and(Err(error)),
                    }
                }
            }
        }
        for thread in running {
            let served = thread.join().unwrap_or(Err(ServeError::WorkerPanicked));
            outcome = outcome.and(served);
        }
        outcome
    }

    fn workers(self, shutdown: &Shutdown) -> Result<Vec<Worker>, ServeError> {
        let Self { listener, tls, state, options, workers, .. } = self;
        let limits: Limits = options.limits;
        let most = listener::most_connections();
        let connections = Arc::new(Connections {
            most: limits.connections.unwrap_or(most).min(most),
            open: AtomicUsize::new(0),
            metrics: Arc::clone(&state.metrics),
            throttle: log_throttle(),
        });
        let shutdown_timeout = limits.shutdown_timeout;
        let protocols = Arc::new(Protocols::new(routes::router(state), tls.map(|tls| tls.0), limits));
        let worker = |listener| -> Result<Worker, ServeError> {
            Ok(Worker {
                runtime: worker::runtime()?,
                listener,
                protocols: Arc::clone(&protocols),
                connections: Arc::clone(&connections),
                stop: shutdown.listener(),
                shutdown_timeout,
            })
        };
        let mut all = Vec::with_capacity(workers);
        for _ in 1..workers {
            all.push(worker(
                listener.try_clone().map_err(ServeError::system("share the listening socket"))?,
            )?);
        }
        all.push(worker(listener)?);
        Ok(all)
    }
}

fn rules(options: &ServeOptions) -> Rules {
    Rules {
        allow_partial: options.allow_partial,
        overlays: OverlayRule::of(options),
        residency: options.residency,
    }
}

/// Allows one line a second about a fault that every request may meet.
fn log_throttle() -> LogThrottle {
    LogThrottle::new(Duration::from_secs(1))
}

/// The indexes, each under the overlays of its kind.
fn open(options: &ServeOptions, rules: Rules) -> Result<Vec<Served>, ServeError> {
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

/// A worker that ends, for whatever reason, ends the server: half of one would answer half of the clients.
struct ShutdownOnDrop(Shutdown);

impl Drop for ShutdownOnDrop {
    fn drop(&mut self) {
        self.0.trigger();
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, ServeError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(ServeError::system("start a thread"))
}

/// Says what is served, and what its clients should know.
fn announce(served: &Served) {
    let metadata = served.index().metadata();
    let kind = metadata.kind.name();
    tracing::info!(
        kind,
        entries = metadata.entries,
        corpus_date = metadata.corpus_date,
        content_id = %served.index().content_id(),
        "serving {}",
        served.index().name()
    );
    for overlay in served.overlays() {
        tracing::info!(kind, entries = overlay.metadata().entries, "over it {}", overlay.name());
    }
    if served.holds_overlay() {
        tracing::warn!(
            kind,
            "serving digests from an overlay: every client of this server, through a proxy too, can list them"
        );
    }
    if metadata.floor > 1 || metadata.is_cut {
        tracing::warn!(
            kind,
            "{} leaves rare passwords out: one seen fewer than {} times may be missing, and clients will take it \
             for not exposed",
            served.index().name(),
            metadata.floor
        );
    }
}
