//! A body that holds its permit until its last byte was written to the socket.

#![forbid(unsafe_code)]

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use super::answers::Permit;

/// A body that holds its permit until its last byte was written to the socket, or it was dropped.
pub(crate) struct CountedBody {
    body: Body,
    permit: Option<Permit>,
}

impl CountedBody {
    pub(crate) fn new(body: Body, permit: Option<Permit>) -> Self {
        if let Some(permit) = &permit {
            permit.answer_is_made();
        }
        Self { body, permit }
    }
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let is_last = self.body.is_end_stream();
        Poll::Ready(frame.map(|frame| {
            // HTTP/2 drops a body long before a client reads it, so the last bytes take the permit with them.
            let permit = if is_last { self.permit.take() } else { None };
            frame.map(|frame| match permit {
                Some(permit) => frame.map_data(|bytes| Bytes::from_owner(Held { bytes, _permit: permit })),
                None => frame,
            })
        }))
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
