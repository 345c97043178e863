//! A body that holds its permit until its last byte was written to the socket.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::answers::Permit;

/// A body of one piece that holds its permit until its last byte was written to the socket, or it was dropped.
pub(crate) struct CountedBody {
    bytes: Option<Bytes>,
    permit: Option<Permit>,
}

impl CountedBody {
    pub(crate) fn new(bytes: Bytes, permit: Option<Permit>) -> Self {
        if let Some(permit) = &permit {
            permit.answer_is_made();
        }
        Self { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), permit }
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        // Bodies are dropped before a client has read their bytes, so the bytes take the permit with them.
        let bytes = match self.permit.take() {
            Some(permit) => Bytes::from_owner(Held { bytes, _permit: permit }),
            None => bytes,
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
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
