//! Serves one connection: optional TLS, HTTP/1.1 or HTTP/2, and timeouts.
//!
//! A connection is closed if no request has started on it for some time, whether it is idle, sends a head byte by
//! byte, or reads an answer byte by byte. One timer limits all three.

#![forbid(unsafe_code)]

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use crate::options::Limits;

/// Streams that one HTTP/2 connection may have at once.
const STREAMS: u32 = 100;

/// How long a connection may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a worker serves its connections.
pub(crate) struct Protocols {
    router: Router,
    builder: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    limits: Limits,
}

impl Protocols {
    pub(crate) fn new(router: Router, tls: Option<TlsAcceptor>, limits: Limits) -> Self {
        let header_bytes = limits.header_bytes.max(8 << 10);
        let mut builder = Builder::new(TokioExecutor::new());
        // The head's time is bounded by the connection's clock.
        builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(header_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX));
        Self { router, builder, tls, limits }
    }

    /// Whether a connection begins with a TLS handshake.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves one connection to its end. Faults of a client or of the line to it end it and nothing else.
    pub(crate) async fn serve(&self, stream: TcpStream, stop: watch::Receiver<bool>) {
        // Every answer is written whole, so there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        let accepted = Instant::now();
        match &self.tls {
            None => self.converse(stream, accepted, stop).await,
            Some(acceptor) => {
                if let Ok(Ok(stream)) = timeout(self.limits.header_timeout, acceptor.accept(stream)).await {
                    self.converse(stream, accepted, stop).await;
                }
            }
        }
    }

    async fn converse<S>(&self, stream: S, accepted: Instant, stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let clock = Arc::new(Clock::new(accepted, &self.limits));
        let service = service_fn(|request: Request<Incoming>| {
            clock.request_begins();
            self.router.clone().call(request)
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        let mut stopped = pin!(until_stopped(stop));
        let mut alarm = pin!(sleep_until(clock.deadline()));
        let mut is_ending = false;
        loop {
            let event = next_event(connection.as_mut(), stopped.as_mut(), alarm.as_mut(), !is_ending).await;
            let last_moment = match event {
                Event::Ended => return,
                Event::Alarm if is_ending => return,
                Event::Alarm if clock.deadline() > Instant::now() => {
                    alarm.as_mut().reset(clock.deadline());
                    continue;
                }
                Event::Alarm => FAREWELL,
                Event::Stopped => self.limits.shutdown_timeout,
            };
            is_ending = true;
            connection.as_mut().graceful_shutdown();
            alarm.as_mut().reset(Instant::now() + last_moment);
        }
    }
}

/// When a connection's time is over.
struct Clock {
    accepted: Instant,
    /// Milliseconds from `accepted` to the beginning of the last request; 0 before the first.
    last_request: AtomicU64,
    first: Duration,
    next: Duration,
}

impl Clock {
    fn new(accepted: Instant, limits: &Limits) -> Self {
        let (first, next) = (limits.header_timeout, limits.idle_timeout);
        Self { accepted, last_request: AtomicU64::new(0), first, next }
    }

    fn request_begins(&self) {
        let now = self.accepted.elapsed().as_millis() as u64;
        self.last_request.store(now.max(1), Ordering::Relaxed);
    }

    fn deadline(&self) -> Instant {
        match self.last_request.load(Ordering::Relaxed) {
            0 => self.accepted + self.first,
            last => self.accepted + Duration::from_millis(last) + self.next,
        }
    }
}

/// What happens to a connection next.
enum Event {
    Ended,
    Stopped,
    Alarm,
}

async fn until_stopped(mut stop: watch::Receiver<bool>) {
    // Where nobody is left who could stop the server, nobody will.
    if stop.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn next_event<C, E, W>(
    mut connection: Pin<&mut C>,
    mut stopped: Pin<&mut W>,
    mut alarm: Pin<&mut Sleep>,
    hears_stop: bool,
) -> Event
where
    C: Future<Output = Result<(), E>>,
    W: Future<Output = ()>,
{
    poll_fn(|context: &mut Context<'_>| {
        if connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(Event::Ended);
        }
        if hears_stop && stopped.as_mut().poll(context).is_ready() {
            return Poll::Ready(Event::Stopped);
        }
        alarm.as_mut().poll(context).map(|()| Event::Alarm)
    })
    .await
}
