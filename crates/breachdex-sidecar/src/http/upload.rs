//! Reads a request's body: all of it, up to its limit, within a time.

#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body as HttpBody;
use tokio::time::timeout;

use super::problem::Problem;
use crate::json::Body;

/// Reads a body that says it has so many bytes, or does not say how many.
pub(super) async fn read<B>(body: B, length: Option<usize>, time: Duration) -> Result<Body, Problem>
where
    B: HttpBody<Data = Bytes>,
{
    timeout(time, collect(body, length)).await.unwrap_or(Err(Problem::Timeout))
}

async fn collect<B>(body: B, length: Option<usize>) -> Result<Body, Problem>
where
    B: HttpBody<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut read = Body::with_length(length.unwrap_or_default());
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| Problem::Incomplete)?;
        let data = frame.into_data().unwrap_or_default();
        if !read.push(&data) {
            return Err(Problem::TooLarge);
        }
    }
    Ok(read)
}
