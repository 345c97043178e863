//! Runs a worker: a thread with its own runtime that accepts connections and serves them until they close.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use breachdex::LogThrottle;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::connection::Protocols;
use crate::error::ServeError;
use crate::metrics::Metrics;

/// Threads that wait for a cold disk, for each worker.
const WAITING_THREADS: usize = 4;

/// How long to leave a listener alone that has just refused.
const PAUSE: Duration = Duration::from_millis(50);

const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    retry-after: 1\r\ncache-control: no-store\r\nconnection: close\r\ncontent-length: 49\r\n\r\n\
    Too many connections are open; try again shortly\n";

/// What all workers share about connections.
pub(crate) struct Connections {
    pub(crate) most: usize,
    pub(crate) open: AtomicUsize,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) throttle: LogThrottle,
}

/// A worker that is ready to run.
pub(crate) struct Worker {
    pub(crate) runtime: Runtime,
    pub(crate) listener: std::net::TcpListener,
    pub(crate) protocols: Arc<Protocols>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) stop: watch::Receiver<bool>,
    /// How long connections may go on after the end was asked for.
    pub(crate) shutdown_timeout: Duration,
}

/// A runtime for one worker.
///
/// # Errors
/// [`ServeError::System`].
pub(crate) fn runtime() -> Result<Runtime, ServeError> {
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(WAITING_THREADS)
        .thread_name("breachdex-waiting")
        .build()
        .map_err(ServeError::system("start an event loop"))
}

impl Worker {
    /// Serves until the end is asked for and all of its connections are done, or their time is over.
    ///
    /// # Errors
    /// [`ServeError::System`].
    pub(crate) fn run(self) -> Result<(), ServeError> {
        let Self { runtime, listener, protocols, connections, stop, shutdown_timeout } = self;
        let served = runtime.block_on(async {
            let listener =
                TcpListener::from_std(listener).map_err(ServeError::system("wait for connections"))?;
            let (alive, mut all_done) = mpsc::channel::<Infallible>(1);
            accept(&listener, &protocols, &connections, &stop, &alive).await;
            drop((listener, alive));
            // A connection ends itself when its time is over; this is for the unforeseen.
            let _ = timeout(shutdown_timeout + Duration::from_secs(1), all_done.recv()).await;
            Ok(())
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        served
    }
}

/// Accepts until the end is asked for. `alive` is held by every connection.
async fn accept(
    listener: &TcpListener,
    protocols: &Arc<Protocols>,
    connections: &Arc<Connections>,
    stop: &watch::Receiver<bool>,
    alive: &mpsc::Sender<Infallible>,
) {
    let mut stopped = stop.clone();
    let mut stopped = pin!(stopped.wait_for(|stopped| *stopped));
    loop {
        let mut accepted = pin!(listener.accept());
        let next = poll_fn(|context| match stopped.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => accepted.as_mut().poll(context).map(Some),
        });
        let stream = match next.await {
            None => return,
            Some(Ok((stream, _))) => stream,
            Some(Err(error)) => {
                after_failure(connections, &error).await;
                continue;
            }
        };
        let Some(slot) = Slot::take(connections) else {
            refuse(stream, protocols.is_tls());
            continue;
        };
        let (protocols, stop, alive) = (Arc::clone(protocols), stop.clone(), alive.clone());
        tokio::spawn(async move {
            protocols.serve(stream, stop).await;
            drop((slot, alive));
        });
    }
}

/// Most failures are a connection's own, gone before it was accepted. Where there are no descriptors left,
/// asking again at once would only burn the processor.
async fn after_failure(connections: &Connections, error: &io::Error) {
    let is_own = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    );
    if !is_own {
        if let Some(suppressed) = connections.throttle.allow() {
            tracing::error!(suppressed, "cannot accept a connection: {error}");
        }
        sleep(PAUSE).await;
    }
}

/// Says why and closes. Whoever expects TLS could not read it.
fn refuse(stream: TcpStream, is_tls: bool) {
    if !is_tls {
        // What was just accepted has room for this; where it has not, closing has to do.
        let _ = stream.try_write(TOO_MANY);
    }
}

/// A place among the connections, given back when it is dropped.
struct Slot(Arc<Connections>);

impl Slot {
    fn take(connections: &Arc<Connections>) -> Option<Self> {
        if connections.open.fetch_add(1, Ordering::Relaxed) >= connections.most {
            connections.open.fetch_sub(1, Ordering::Relaxed);
            connections.metrics.refused.inc();
            return None;
        }
        connections.metrics.accepted.inc();
        connections.metrics.connections.inc();
        Some(Self(Arc::clone(connections)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.metrics.connections.dec();
    }
}
