//! Keeps connections to the site between requests.
//!
//! Each thread has connections of its own: they are driven by its runtime, and nothing wakes another thread.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;

use crate::body::RequestBody;

/// Shares of the pool; threads beyond them share.
const SHARDS: usize = 64;

/// Connections that are kept.
pub(super) struct Pool {
    shards: Arc<[Mutex<Vec<Idle>>]>,
    most: usize,
    idle_timeout: Duration,
}

struct Idle {
    sender: SendRequest<RequestBody>,
    until: Instant,
}

impl Pool {
    pub(super) fn new(most: usize, idle_timeout: Duration) -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), most, idle_timeout }
    }

    /// A connection that was kept and takes a request now, if there is one. The one that was used last is the least
    /// likely to be closed.
    pub(super) async fn take(&self) -> Option<SendRequest<RequestBody>> {
        let mut not_yet = Vec::new();
        let found = loop {
            let idle = self.shard().lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut idle) = idle else { break None };
            if idle.sender.is_closed() || idle.until <= Instant::now() {
                continue;
            }
            match poll_fn(|context| Poll::Ready(idle.sender.poll_ready(context))).await {
                Poll::Ready(Ok(())) => break Some(idle.sender),
                Poll::Ready(Err(_)) => {}
                // The end of the last answer was not noticed yet.
                Poll::Pending => not_yet.push(idle),
            }
        };
        if !not_yet.is_empty() {
            self.shard().lock().unwrap_or_else(PoisonError::into_inner).append(&mut not_yet);
        }
        found
    }

    /// A place for the connection of an answer that is still being read. `keeps` is how long the site keeps it.
    pub(super) fn lease(
        &self,
        sender: SendRequest<RequestBody>,
        request_is_sent: Arc<AtomicBool>,
        keeps: Option<u64>,
    ) -> Lease {
        // A second less than the site says: its time began earlier.
        let keeps = keeps.map(|seconds| Duration::from_secs(seconds.saturating_sub(1)));
        Lease {
            sender,
            shards: Arc::clone(&self.shards),
            most: self.most,
            keep: keeps.map_or(self.idle_timeout, |keeps| keeps.min(self.idle_timeout)),
            request_is_sent,
        }
    }

    fn shard(&self) -> &Mutex<Vec<Idle>> {
        &self.shards[shard_of_this_thread()]
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("most", &self.most).finish_non_exhaustive()
    }
}

/// A connection whose answer is being read. Dropped, it is closed.
pub(crate) struct Lease {
    sender: SendRequest<RequestBody>,
    shards: Arc<[Mutex<Vec<Idle>>]>,
    most: usize,
    keep: Duration,
    request_is_sent: Arc<AtomicBool>,
}

impl Lease {
    /// Keeps the connection for another request. The answer was read to its end.
    pub(crate) fn give_back(self) {
        if self.keep.is_zero() || self.sender.is_closed() || !self.request_is_sent.load(Ordering::Acquire) {
            return;
        }
        let now = Instant::now();
        let mut idle = self.shards[shard_of_this_thread()].lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= self.most {
            // Closed ones may be at the bottom, where nobody asked for them.
            idle.retain(|idle| idle.until > now && !idle.sender.is_closed());
        }
        if idle.len() < self.most {
            idle.push(Idle { sender: self.sender, until: now + self.keep });
        }
    }
}

/// The number of this thread, among those that ever had a connection.
fn shard_of_this_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    OWN.with(|own| *own)
}
