//! What a server answers, as its transport sees it.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Request, Response, Uri};

use crate::client::Client;
use crate::metrics::ConnectionMetrics;
use crate::quota::Pressure;

/// Answers requests.
pub trait Service: Send + Sync + 'static {
    /// The body of an answer. One piece that is whole before it is sent is a [`Whole`].
    type Body: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static;

    /// Whether a request counts for the limit on the answers of an address.
    fn is_limited(&self, uri: &Uri) -> bool;

    /// Answers a request. Its body is limited by nothing but [`answer_timeout`](crate::Limits::answer_timeout).
    fn answer(
        &self,
        request: Request<Incoming>,
        client: Client,
    ) -> impl Future<Output = Response<Self::Body>> + Send;

    /// Answers a request that is beyond a limit.
    fn busy(&self, request: &Request<Incoming>) -> Response<Self::Body>;
}

/// What the sockets of a transport answer with.
pub struct Services<S> {
    /// On TCP sockets and those with TLS.
    pub main: Arc<S>,
    /// On sockets for status pages.
    pub status: Arc<S>,
    /// Whether there is little room left for answers of everybody.
    pub pressure: Arc<dyn Pressure>,
    /// How many answers of usual size may wait to be read at once.
    pub most_answers: usize,
    /// Counts the connections.
    pub metrics: ConnectionMetrics,
}

impl<S> Services<S> {
    /// Every socket answers with the same service.
    pub fn same(
        service: Arc<S>,
        pressure: Arc<dyn Pressure>,
        most_answers: usize,
        metrics: ConnectionMetrics,
    ) -> Self {
        Self { main: Arc::clone(&service), status: service, pressure, most_answers, metrics }
    }
}

impl<S> std::fmt::Debug for Services<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").field("most_answers", &self.most_answers).finish_non_exhaustive()
    }
}

/// A body of one piece.
#[derive(Clone, Debug, Default)]
pub struct Whole(Option<Bytes>);

impl<B: Into<Bytes>> From<B> for Whole {
    fn from(bytes: B) -> Self {
        Self(Some(bytes.into()).filter(|bytes: &Bytes| !bytes.is_empty()))
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
