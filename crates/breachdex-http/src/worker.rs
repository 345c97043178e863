//! Runs a worker: a thread with its own runtime that accepts connections and serves them until they close.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use breachdex::LogThrottle;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{interval, sleep, timeout};

use crate::connection::Protocols;
use crate::error::HttpError;
use crate::listen::SocketName;
use crate::listen::socket::{AsyncSocket, Socket, Stream};
use crate::quota::{Connections, TooMany};
use crate::service::Service;

/// Threads that wait for a cold disk, for each worker.
pub(crate) const WAITING_THREADS: usize = 4;

/// How long to leave a socket alone that has just refused.
const PAUSE: Duration = Duration::from_millis(50);

/// How often a worker shows that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(1);

const EVERYBODY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    retry-after: 1\r\ncache-control: no-store\r\nconnection: close\r\ncontent-length: 49\r\n\r\n\
    Too many connections are open; try again shortly\n";

const ADDRESS: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    retry-after: 1\r\ncache-control: no-store\r\nconnection: close\r\ncontent-length: 67\r\n\r\n\
    Too many connections are open from your address; try again shortly\n";

/// A socket that a worker accepts from, and how its connections are served.
pub(crate) struct Endpoint<S> {
    pub(crate) socket: Socket,
    pub(crate) protocols: Arc<Protocols<S>>,
    pub(crate) file: Arc<SocketName>,
}

/// A worker that is ready to run.
pub(crate) struct Worker<S> {
    pub(crate) runtime: Runtime,
    pub(crate) endpoints: Vec<Endpoint<S>>,
    pub(crate) connections: Arc<Connections>,
    /// Allows lines about connections that cannot be accepted.
    pub(crate) throttle: Arc<LogThrottle>,
    pub(crate) stop: watch::Receiver<bool>,
    /// Counts up while the worker is alive.
    pub(crate) heartbeat: Arc<AtomicU64>,
    /// How long connections may go on after the end was asked for.
    pub(crate) shutdown_timeout: Duration,
}

/// A runtime for one worker.
///
/// # Errors
/// [`HttpError::System`].
pub(crate) fn runtime() -> Result<Runtime, HttpError> {
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(WAITING_THREADS)
        .thread_name("breachdex-waiting")
        .build()
        .map_err(HttpError::system("start an event loop"))
}

impl<S: Service> Worker<S> {
    /// Serves until the end is asked for and all of its connections are done, or their time is over.
    ///
    /// # Errors
    /// [`HttpError::System`].
    pub(crate) fn run(self) -> Result<(), HttpError> {
        let Self { runtime, endpoints, connections, throttle, stop, heartbeat, shutdown_timeout } = self;
        let served = runtime.block_on(async {
            let (alive, mut all_done) = mpsc::channel::<Infallible>(1);
            let mut accepting = Vec::with_capacity(endpoints.len());
            for Endpoint { socket, protocols, file } in endpoints {
                let socket = socket.into_async().map_err(HttpError::system("wait for connections"))?;
                let context = Accepting {
                    protocols,
                    connections: Arc::clone(&connections),
                    throttle: Arc::clone(&throttle),
                    stop: stop.clone(),
                    alive: alive.clone(),
                };
                accepting.push(tokio::spawn(context.run(socket, file)));
            }
            drop(alive);
            tokio::spawn(beat(heartbeat));
            for accepting in accepting {
                accepting.await.map_err(|_| HttpError::WorkerPanicked)?;
            }
            // A connection ends itself when its time is over; this is for the unforeseen.
            let _ = timeout(shutdown_timeout + Duration::from_secs(1), all_done.recv()).await;
            Ok(())
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        served
    }
}

async fn beat(heartbeat: Arc<AtomicU64>) {
    let mut ticks = interval(HEARTBEAT);
    loop {
        ticks.tick().await;
        heartbeat.fetch_add(1, Ordering::Relaxed);
    }
}

/// What accepting from one socket needs.
struct Accepting<S> {
    protocols: Arc<Protocols<S>>,
    connections: Arc<Connections>,
    throttle: Arc<LogThrottle>,
    stop: watch::Receiver<bool>,
    /// Held by every connection.
    alive: mpsc::Sender<Infallible>,
}

impl<S: Service> Accepting<S> {
    /// Accepts until the end is asked for. Then the socket is closed, and clients are refused at once.
    async fn run(self, socket: AsyncSocket, file: Arc<SocketName>) {
        let mut stopped = self.stop.clone();
        let mut stopped = pin!(stopped.wait_for(|stopped| *stopped));
        loop {
            let mut accepted = pin!(socket.accept());
            let next = poll_fn(|context| match stopped.as_mut().poll(context) {
                Poll::Ready(_) => Poll::Ready(None),
                Poll::Pending => accepted.as_mut().poll(context).map(Some),
            });
            match next.await {
                None => break,
                Some(Ok((stream, peer))) => self.serve(stream, peer),
                Some(Err(error)) => self.after_failure(&error).await,
            }
        }
        // Before the socket is closed: afterwards the name may be another server's.
        drop(file);
        self.serve_waiting(&socket).await;
    }

    /// Serves what the system has accepted for us already: closing the socket would reset these connections.
    async fn serve_waiting(&self, socket: &AsyncSocket) {
        // The event loop looks at the socket once more.
        yield_now().await;
        loop {
            let mut accepted = pin!(socket.accept());
            match poll_fn(|context| Poll::Ready(accepted.as_mut().poll(context))).await {
                Poll::Ready(Ok((stream, peer))) => self.serve(stream, peer),
                Poll::Ready(Err(_)) | Poll::Pending => return,
            }
        }
    }

    /// Starts to serve a connection, if it is within the limits.
    fn serve(&self, stream: Stream, peer: Option<IpAddr>) {
        let slot = match self.connections.take(peer) {
            Ok(slot) => slot,
            Err(which) => return refuse(&stream, which, self.protocols.is_tls()),
        };
        let (protocols, stop) = (Arc::clone(&self.protocols), self.stop.clone());
        let alive = self.alive.clone();
        tokio::spawn(async move {
            protocols.serve(stream, slot, stop).await;
            drop(alive);
        });
    }

    /// Most failures are a connection's own, gone before it was accepted. Where there are no descriptors left,
    /// asking again at once would only burn the processor.
    async fn after_failure(&self, error: &io::Error) {
        let is_own = matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
        );
        if !is_own {
            if let Some(suppressed) = self.throttle.allow() {
                tracing::error!(suppressed, "cannot accept a connection: {error}");
            }
            sleep(PAUSE).await;
        }
    }
}

/// Says why and closes. A client that expects TLS could not read it.
fn refuse(stream: &Stream, which: TooMany, is_tls: bool) {
    if !is_tls {
        let answer = match which {
            TooMany::Everybody => EVERYBODY,
            TooMany::Address => ADDRESS,
        };
        // What was just accepted has room for this; where it has not, closing has to do.
        let _ = stream.try_write(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_say_how_long_they_are() {
        for answer in [EVERYBODY, ADDRESS] {
            let text = std::str::from_utf8(answer).expect("text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a head");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            assert_eq!(length.map(str::parse), Some(Ok(body.len())));
        }
    }
}
