//! The body of an answer: all of it or an error, and never more than a range can be.
//!
//! A body is whole only where the protocol says so: by its length, by its last chunk, by the end of an HTTP/2 stream. One
//! that ends with its connection may have been cut between two rows, and a digest in the rest of it would pass for one that
//! is not exposed.

#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use breachdex_protocol::MOST_BODY_BYTES;
use http_body::Body as _;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use reqwest::{Body, Response, Version};

use super::decode::Encoding;
use super::text_of;
use crate::error::FetchFault;
use crate::network::HttpClient;

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// By its length or its last chunk; the HTTP library refuses what ends before.
    Framed,
    /// By the end of its stream. A stream that is reset "without an error" has none, which the HTTP library passes over.
    Stream,
    /// The connection ends with it.
    Connection,
}

impl End {
    fn of(response: &Response) -> Self {
        if response.version() >= Version::HTTP_2 {
            return Self::Stream;
        }
        let headers = response.headers();
        let is_framed = match headers.get_all(TRANSFER_ENCODING).iter().next_back() {
            Some(encodings) => {
                let last = encodings.to_str().unwrap_or_default().rsplit(',').next().unwrap_or_default();
                last.trim().eq_ignore_ascii_case("chunked")
            }
            None => headers.contains_key(CONTENT_LENGTH),
        };
        if is_framed { Self::Framed } else { Self::Connection }
    }
}

/// Reads the body of an answer and decompresses it. `takes_compressed_end` accepts a body that ends with its connection
/// where it is compressed, as gzip and brotli have an end of their own. Bytes on the wire are added to `moved`.
///
/// # Errors
/// [`FetchFault::NoEnd`]; [`FetchFault::TooLarge`]; [`FetchFault::Encoding`]; [`FetchFault::Network`].
pub(crate) async fn read(
    client: &HttpClient,
    response: Response,
    takes_compressed_end: bool,
    moved: &AtomicU64,
) -> Result<Vec<u8>, FetchFault> {
    let encoding = Encoding::of(text_of(response.headers(), &CONTENT_ENCODING))?;
    let end = End::of(&response);
    let is_compressed = encoding != Encoding::Identity;
    if end == End::Connection && !(is_compressed && takes_compressed_end) {
        return Err(FetchFault::NoEnd { is_compressed });
    }
    let expected = response.content_length().unwrap_or(64 << 10);
    let mut packed = Vec::with_capacity(expected.min(MOST_BODY_BYTES as u64) as usize);
    let mut body = Body::from(response);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // Trailers say nothing of interest.
        let Ok(piece) = frame.map_err(|error| client.fault(error))?.into_data() else { continue };
        moved.fetch_add(piece.len() as u64, Ordering::Relaxed);
        if packed.len() + piece.len() > MOST_BODY_BYTES {
            return Err(FetchFault::TooLarge(MOST_BODY_BYTES));
        }
        packed.extend_from_slice(&piece);
    }
    if end == End::Stream && !body.is_end_stream() {
        return Err(FetchFault::Network("the answer broke off: its stream was reset".into()));
    }
    encoding.decode(packed)
}
