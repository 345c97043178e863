//! Serves one connection: optional TLS, HTTP/1.1 or HTTP/2, and timeouts.
//!
//! One timer ends a connection that has no request in time or leaves an answer unread; `quota::Answers` determines when.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use breachdex::LogThrottle;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::client::Client;
use crate::frames::Counted;
use crate::framing::Framed;
use crate::limits::Limits;
use crate::listen::socket::Stream;
use crate::metrics::ConnectionMetrics;
use crate::quota::{AnswerLimits, Answers, CountedBody, Pressure, Slot};
use crate::service::Service;
use crate::shutdown::Shutdown;
use crate::tls::Tls;

/// Streams that one HTTP/2 connection may have at once.
const STREAMS: u32 = 100;

/// Streams that an HTTP/2 client may open and reset before they are looked at, and streams that it may make invalid
/// (RFC 9113, section 10.5; "rapid reset"). More end the connection.
const RESETS: usize = 20;
const INVALID_STREAMS: usize = 100;

/// How often a line about floods of frames may be logged.
const FLOODS_LOGGED_EVERY: Duration = Duration::from_secs(60);

/// How long a connection may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a worker serves the connections of a socket.
pub(crate) struct Protocols<S> {
    service: Arc<S>,
    builder: Builder<TokioExecutor>,
    tls: Option<Arc<Tls>>,
    header_timeout: Duration,
    shutdown_timeout: Duration,
    answers: AnswerLimits,
    pressure: Arc<dyn Pressure>,
    metrics: ConnectionMetrics,
    shutdown: Shutdown,
    /// Allows lines about floods of frames.
    floods: LogThrottle,
}

impl<S: Service> Protocols<S> {
    pub(crate) fn new(
        service: Arc<S>,
        tls: Option<Arc<Tls>>,
        limits: &Limits,
        answers: AnswerLimits,
        pressure: Arc<dyn Pressure>,
        metrics: ConnectionMetrics,
        shutdown: Shutdown,
    ) -> Self {
        let header_bytes = limits.header_bytes.max(8 << 10);
        let mut builder = Builder::new(TokioExecutor::new());
        // The head's time is bounded by the connection's clock.
        builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(header_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(INVALID_STREAMS)
            .initial_stream_window_size(limits.upload_window)
            .initial_connection_window_size(limits.upload_window)
            .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX));
        let (header_timeout, shutdown_timeout) = (limits.header_timeout, limits.shutdown_timeout);
        let floods = LogThrottle::new(FLOODS_LOGGED_EVERY);
        Self {
            service,
            builder,
            tls,
            header_timeout,
            shutdown_timeout,
            answers,
            pressure,
            metrics,
            shutdown,
            floods,
        }
    }

    /// Whether a connection begins with a TLS handshake.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves one connection to its end. Faults of a client or of the line to it end it and nothing else.
    pub(crate) async fn serve(&self, stream: Stream, slot: Slot, stop: watch::Receiver<bool>) {
        let accepted = Instant::now();
        let answers = Answers::new(slot, self.answers, Arc::clone(&self.pressure), accepted);
        match &self.tls {
            None => self.converse(stream, answers, stop).await,
            Some(tls) => {
                if let Ok(Ok(stream)) = timeout(self.header_timeout, tls.acceptor().accept(stream)).await {
                    self.converse(stream, answers, stop).await;
                }
            }
        }
    }

    /// Serves a connection that has no socket below it.
    #[cfg(feature = "simulation")]
    pub(crate) async fn serve_simulated(
        &self,
        stream: tokio::io::DuplexStream,
        slot: Slot,
        stop: watch::Receiver<bool>,
    ) {
        let answers = Answers::new(slot, self.answers, Arc::clone(&self.pressure), Instant::now());
        self.converse(stream, answers, stop).await;
    }

    async fn converse<T>(&self, stream: T, answers: Arc<Answers>, stop: watch::Receiver<bool>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let answering = Arc::new(Answering {
            service: Arc::clone(&self.service),
            answers: Arc::clone(&answers),
            is_https: self.is_tls(),
            shutdown: self.shutdown.clone(),
        });
        let service = service_fn(|request: Request<Incoming>| {
            answers.request_begins();
            let answering = Arc::clone(&answering);
            async move { Ok::<_, Infallible>(answering.answer(request).await) }
        });
        let stream = Framed::new(Counted::new(stream, Arc::clone(answers.frames())));
        let mut connection = pin!(self.builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        let mut stopped = pin!(until_stopped(stop));
        let mut alarm = pin!(sleep_until(answers.deadline()));
        let mut phase = Phase::Open;
        loop {
            let due = (phase == Phase::Open).then_some(&*answers);
            let event = next_event(connection.as_mut(), stopped.as_mut(), alarm.as_mut(), due).await;
            let now = Instant::now();
            let last_moment = match event {
                Event::Ended => return self.ended(&answers),
                Event::Alarm if phase == Phase::Ending => return,
                Event::Alarm if phase == Phase::LastCall => self.shutdown_timeout,
                Event::Alarm if answers.deadline() > now => {
                    alarm.as_mut().reset(answers.deadline().min(now + answers.longest_sleep()));
                    continue;
                }
                Event::Alarm if answers.are_unread() => {
                    // No farewell: it would have to be read as well.
                    self.metrics.stalled.inc();
                    return;
                }
                Event::Alarm => FAREWELL,
                Event::Stopped if answers.are_new() => {
                    // Its first request may be on its way; the answer will end the connection.
                    phase = Phase::LastCall;
                    alarm.as_mut().reset(now + FAREWELL);
                    continue;
                }
                Event::Stopped => self.shutdown_timeout,
            };
            phase = Phase::Ending;
            connection.as_mut().graceful_shutdown();
            alarm.as_mut().reset(now + last_moment);
        }
    }

    /// Counts a connection that was ended for its flood of frames, and says so.
    fn ended(&self, answers: &Answers) {
        if answers.frames().is_exceeded() {
            self.metrics.flooded.inc();
            if let Some(suppressed) = self.floods.allow() {
                tracing::warn!(
                    suppressed,
                    "closed an HTTP/2 connection that sent far more frames than its requests account for"
                );
            }
        }
    }
}

/// Where a connection is in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The server ends, and the connection is so new that no request has come yet.
    LastCall,
    Ending,
}

/// Has HTTP/1 end the connection with this answer. HTTP/2 ends connections without a race (RFC 9113, section 6.8).
fn last<B>(mut answer: Response<B>, version: Version) -> Response<B> {
    if version < Version::HTTP_2 && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// What answers the requests of one connection: shared by them, so that workers do not count references together.
struct Answering<S> {
    service: Arc<S>,
    answers: Arc<Answers>,
    is_https: bool,
    shutdown: Shutdown,
}

impl<S: Service> Answering<S> {
    async fn answer(&self, request: Request<Incoming>) -> Response<CountedBody<S::Body>> {
        let version = request.version();
        let answer = self.answer_in_turn(request).await;
        if self.shutdown.is_draining() { last(answer, version) } else { answer }
    }

    /// Answers a request as soon as its client has room for the answer.
    async fn answer_in_turn(&self, request: Request<Incoming>) -> Response<CountedBody<S::Body>> {
        let Self { service, answers, is_https, shutdown } = self;
        let behind = answers.slot().behind_proxy(request.headers());
        let address = behind.or(answers.slot().peer());
        let behind = behind.map(|address| answers.slot().use_of(address));
        let is_limited = service.is_limited(request.uri());
        match answers.permit(head_bytes(&request), behind, is_limited).await {
            Ok(permit) => {
                let answer = service
                    .answer(request, Client::new(address, *is_https, shutdown.is_draining(), answers))
                    .await;
                answer.map(|body| CountedBody::new(body, Some(permit)))
            }
            Err(_) => service.busy(&request).map(|body| CountedBody::new(body, None)),
        }
    }
}

/// About what the head of a request takes while it waits.
fn head_bytes(request: &Request<Incoming>) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    headers.sum::<usize>() + target
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

/// `due` has the deadline, which may have come closer than the alarm; `None` where the connection is ending.
async fn next_event<C, E, W>(
    mut connection: Pin<&mut C>,
    mut stopped: Pin<&mut W>,
    mut alarm: Pin<&mut Sleep>,
    due: Option<&Answers>,
) -> Event
where
    C: Future<Output = Result<(), E>>,
    W: Future<Output = ()>,
{
    poll_fn(|context: &mut Context<'_>| {
        if connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(Event::Ended);
        }
        if let Some(answers) = due {
            if stopped.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Stopped);
            }
            let deadline = answers.deadline();
            if deadline < alarm.deadline() {
                alarm.as_mut().reset(deadline);
            }
        }
        alarm.as_mut().poll(context).map(|()| Event::Alarm)
    })
    .await
}
