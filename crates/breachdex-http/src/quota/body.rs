//! A body that holds its permit until its last byte was written to the socket.

#![forbid(unsafe_code)]

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::answers::Permit;

/// A body that holds its permit until its last byte was written to the socket, or it was dropped.
///
/// A piece waits to be read from when it is taken from the body to when the next one is asked for, and the last one
/// until it was written.
pub(crate) struct CountedBody<B> {
    body: B,
    permit: Option<Permit>,
}

impl<B: Body> CountedBody<B> {
    pub(crate) fn new(body: B, permit: Option<Permit>) -> Self {
        // A body that is made in pieces has none yet that could be read.
        if let Some(permit) = permit.as_ref().filter(|_| body.size_hint().exact().is_some()) {
            permit.answer_is_made();
        }
        Self { body, permit }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for CountedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        let next = Pin::new(&mut this.body).poll_frame(context);
        if next.is_pending()
            && let Some(permit) = &this.permit
        {
            permit.answer_is_read();
        }
        let Some(frame) = ready!(next) else {
            this.permit = None;
            return Poll::Ready(None);
        };
        let frame = frame.map(|frame| {
            if let Some(permit) = &this.permit {
                permit.answer_is_made();
            }
            if !this.body.is_end_stream() {
                return frame;
            }
            // Bodies are dropped before a client has read their bytes, so the last bytes take the permit with them.
            frame.map_data(|bytes| match this.permit.take() {
                Some(permit) => Bytes::from_owner(Held { bytes, _permit: permit }),
                None => bytes,
            })
        });
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes with the permit that they are sent by.
struct Held {
    bytes: Bytes,
    _permit: Permit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
