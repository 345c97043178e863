//! An answer as the network brings it: in pieces, late, cut off or reset.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use reqwest::header::{HeaderName, TRANSFER_ENCODING};
use reqwest::{Body, Response, Version};

/// How the end of an answer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length,
    Chunked,
    Http2,
    None,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Whole,
    /// Before its end, which the HTTP library says.
    Cut,
    /// Of HTTP/2: without an error and without an end.
    Reset,
}

/// What is sent, and when.
pub(super) struct Reply {
    pub(super) delay: Duration,
    pub(super) reset: Option<&'static str>,
    pub(super) status: u16,
    pub(super) framing: Framing,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) pieces: Vec<(Duration, Bytes)>,
    pub(super) ends: Ends,
}

impl Reply {
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            delay: Duration::ZERO,
            reset: None,
            status: 200,
            framing,
            headers: Vec::new(),
            pieces: Vec::new(),
            ends: Ends::Whole,
        }
    }

    pub(super) fn header(&mut self, name: &HeaderName, value: String) {
        self.headers.push((name.clone(), value));
    }

    /// Keeps so many bytes.
    pub(super) fn cut(&mut self, mut keep: usize) {
        for (_, piece) in &mut self.pieces {
            piece.truncate(keep);
            keep -= piece.len();
        }
    }

    pub(super) fn response(mut self) -> Response {
        if self.framing == Framing::Chunked {
            self.header(&TRANSFER_ENCODING, "chunked".into());
        }
        let version = if self.framing == Framing::Http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        if self.ends == Ends::Reset && self.framing != Framing::Http2 {
            self.ends = Ends::Cut;
        }
        let mut response = http::Response::builder().status(self.status).version(version);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        self.pieces.reverse();
        let body = Pieces { pieces: self.pieces, ends: self.ends, sleep: None };
        response.body(Body::wrap(body)).expect("a response").into()
    }
}

/// A body that arrives in pieces.
struct Pieces {
    /// The next one last.
    pub(super) pieces: Vec<(Duration, Bytes)>,
    pub(super) ends: Ends,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let Some((wait, _)) = this.pieces.last() else {
            return Poll::Ready(match this.ends {
                Ends::Cut => {
                    this.ends = Ends::Reset;
                    Some(Err(std::io::Error::other("the message is not complete")))
                }
                Ends::Whole | Ends::Reset => None,
            });
        };
        let wait = *wait;
        ready!(this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait))).as_mut().poll(context));
        this.sleep = None;
        let piece = this.pieces.pop().map(|(_, piece)| Ok(Frame::data(piece)));
        Poll::Ready(piece)
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.ends == Ends::Whole
    }
}
