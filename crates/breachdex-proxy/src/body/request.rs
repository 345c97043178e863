//! The body of a request on its way to the site.

#![forbid(unsafe_code)]

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use super::BodyError;
use super::patience::Patience;
use crate::headers::strip_trailers;

/// How long a site may take to say `100 Continue` before the body is sent without it.
const CONTINUE: Duration = Duration::from_secs(1);

/// The body of a request on its way to the site.
pub(crate) enum RequestBody {
    Empty,
    /// Read before.
    Whole {
        bytes: Option<Bytes>,
        trailers: Option<HeaderMap>,
    },
    /// Passed on as it comes.
    Streamed(Box<Streamed>),
}

/// A body that is passed on as it comes.
pub(crate) struct Streamed {
    /// What was read before.
    first: Option<Bytes>,
    rest: Incoming,
    patience: Patience,
    go_on: Option<Continue>,
    is_sent: Arc<AtomicBool>,
    /// Told of each piece.
    progress: Box<dyn Fn() + Send + Sync>,
}

/// Waits until the site wants the body.
pub(crate) struct Continue {
    said: oneshot::Receiver<()>,
    late: Option<Pin<Box<Sleep>>>,
    is_answered: bool,
}

impl Continue {
    pub(crate) fn new(said: oneshot::Receiver<()>) -> Self {
        Self { said, late: None, is_answered: false }
    }

    /// Whether the body is wanted.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if self.is_answered {
            return Poll::Ready(false);
        }
        if let Poll::Ready(said) = Pin::new(&mut self.said).poll(context) {
            // Whoever would say it is gone with the final answer.
            self.is_answered = said.is_err();
            return Poll::Ready(said.is_ok());
        }
        let late = self.late.get_or_insert_with(|| Box::pin(sleep(CONTINUE))).as_mut().poll(context);
        late.map(|()| true)
    }
}

impl Streamed {
    pub(crate) fn new(
        first: Bytes,
        rest: Incoming,
        limit: Duration,
        go_on: Option<Continue>,
        is_sent: Arc<AtomicBool>,
        progress: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let first = Some(first).filter(|first| !first.is_empty());
        Self { first, rest, patience: Patience::new(limit), go_on, is_sent, progress }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(go_on) = &mut self.go_on {
            if !ready!(go_on.poll(context)) {
                // To read it would tell the client to go on, in front of the answer that refuses it.
                return self.patience.poll(context).map(|()| Some(Err(BodyError::TimedOut)));
            }
            self.go_on = None;
        }
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Poll::Ready(next) = Pin::new(&mut self.rest).poll_frame(context) else {
            return self.patience.poll(context).map(|()| Some(Err(BodyError::TimedOut)));
        };
        self.patience.stop();
        (self.progress)();
        match next {
            Some(Ok(mut frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    strip_trailers(trailers);
                }
                if frame.is_trailers() || self.rest.is_end_stream() {
                    self.is_sent.store(true, Ordering::Release);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
            None => {
                self.is_sent.store(true, Ordering::Release);
                Poll::Ready(None)
            }
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Whole { bytes, trailers } => {
                let data = bytes.take().map(Frame::data);
                Poll::Ready(data.or_else(|| trailers.take().map(Frame::trailers)).map(Ok))
            }
            Self::Streamed(streamed) => streamed.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole { bytes, trailers } => bytes.is_none() && trailers.is_none(),
            Self::Streamed(streamed) => streamed.first.is_none() && streamed.rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole { bytes, trailers: None } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            // What decides is the length that the client declared.
            Self::Whole { .. } | Self::Streamed(_) => SizeHint::default(),
        }
    }
}
