//! Reads the body of a log-in or sign-up whole, within a limit for it and one for all of them together.

#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::headers::strip_trailers;

/// Bytes that are reserved before any came.
const FIRST: usize = 2 << 10;

/// Memory for all bodies that are read.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<AtomicUsize>);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Bytes that are overwritten when they are dropped, and counted until then.
struct Counted {
    bytes: Zeroizing<Vec<u8>>,
    budget: Budget,
    taken: usize,
}

impl Counted {
    fn new(budget: &Budget) -> Option<Self> {
        let bytes = Zeroizing::new(Vec::with_capacity(FIRST));
        budget.take(FIRST).then(|| Self { bytes, budget: budget.clone(), taken: FIRST })
    }

    /// Makes room for more; the old place is overwritten.
    fn reserve(&mut self, more: usize, most: usize) -> bool {
        let needed = self.bytes.len() + more;
        if needed <= self.bytes.capacity() {
            return true;
        }
        let room = needed.next_power_of_two().min(most).max(needed);
        if !self.budget.take(room - self.taken) {
            return false;
        }
        self.taken = room;
        let mut larger = Zeroizing::new(Vec::with_capacity(room));
        larger.extend_from_slice(&self.bytes);
        self.bytes = larger;
        true
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// What became of a body.
pub(crate) enum Buffered {
    Whole {
        bytes: Bytes,
        trailers: Option<HeaderMap>,
    },
    /// It is larger than its limit, or than what is left for all of them.
    Larger {
        first: Bytes,
        rest: Incoming,
        is_over_budget: bool,
    },
    TimedOut,
    Failed,
}

/// Reads a body.
pub(crate) async fn buffer(
    mut body: Incoming,
    most: usize,
    budget: &Budget,
    limit: Duration,
    progress: impl Fn(),
) -> Buffered {
    if body.size_hint().lower() > most as u64 {
        return Buffered::Larger { first: Bytes::new(), rest: body, is_over_budget: false };
    }
    let Some(mut whole) = Counted::new(budget) else {
        return Buffered::Larger { first: Bytes::new(), rest: body, is_over_budget: true };
    };
    let mut trailers = None;
    let read = timeout(limit, async {
        loop {
            let next = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
            progress();
            let frame = match next {
                None => return Ok(None),
                Some(Err(_)) => return Err(()),
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(data) => {
                    let is_over_limit = whole.bytes.len() + data.len() > most;
                    if is_over_limit || !whole.reserve(data.len(), most) {
                        return Ok(Some((data, !is_over_limit)));
                    }
                    whole.bytes.extend_from_slice(&data);
                }
                Err(frame) => {
                    if let Ok(mut fields) = frame.into_trailers() {
                        strip_trailers(&mut fields);
                        trailers = Some(fields).filter(|fields| !fields.is_empty());
                    }
                }
            }
        }
    })
    .await;
    match read {
        Err(_) => Buffered::TimedOut,
        Ok(Err(())) => Buffered::Failed,
        Ok(Ok(None)) => Buffered::Whole { bytes: Bytes::from_owner(whole), trailers },
        Ok(Ok(Some((last, is_over_budget)))) => {
            let first = Zeroizing::new([whole.bytes.as_slice(), &last].concat());
            Buffered::Larger { first: Bytes::from_owner(first), rest: body, is_over_budget }
        }
    }
}
