//! The body of an answer on its way to the client.

#![forbid(unsafe_code)]

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::BodyError;
use super::patience::Patience;
use crate::attempt::PendingAttempt;
use crate::upstream::Lease;

/// The body of an answer: the site's, or one of this proxy's own.
pub(crate) struct AnswerBody(Kind);

enum Kind {
    Own(Option<Bytes>),
    Site(Box<SiteBody>),
}

/// A body that the site sends.
pub(crate) struct SiteBody {
    body: Incoming,
    /// Given back when the body was read to its end.
    lease: Option<Lease>,
    /// A log-in whose end the body tells.
    attempt: Option<PendingAttempt>,
    patience: Patience,
}

impl SiteBody {
    pub(crate) fn new(
        body: Incoming,
        lease: Option<Lease>,
        attempt: Option<PendingAttempt>,
        limit: Duration,
    ) -> Self {
        let mut site = Self { body, lease, attempt, patience: Patience::new(limit) };
        if site.body.is_end_stream() {
            site.end();
        }
        site
    }

    fn end(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
        if let Some(attempt) = self.attempt.take() {
            attempt.body_ended();
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(next) = Pin::new(&mut self.body).poll_frame(context) else {
            return self.patience.poll(context).map(|()| Some(Err(BodyError::TimedOut)));
        };
        self.patience.stop();
        match next {
            Some(Ok(frame)) => {
                if let (Some(attempt), Some(data)) = (&mut self.attempt, frame.data_ref())
                    && attempt.look_at(data)
                {
                    self.attempt = None;
                }
                if self.body.is_end_stream() {
                    self.end();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
            None => {
                self.end();
                Poll::Ready(None)
            }
        }
    }
}

impl AnswerBody {
    pub(crate) fn of_site(body: SiteBody) -> Self {
        Self(Kind::Site(Box::new(body)))
    }

    pub(crate) fn own(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Own(Some(bytes.into()).filter(|bytes: &Bytes| !bytes.is_empty())))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.get_mut().0 {
            Kind::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Site(body) => body.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Own(bytes) => bytes.is_none(),
            Kind::Site(site) => site.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Kind::Site(site) => site.body.size_hint(),
        }
    }
}
