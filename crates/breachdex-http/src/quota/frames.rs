//! Limits the frames of an HTTP/2 connection to what its requests and answers account for.
//!
//! SETTINGS, PING, PRIORITY, `WINDOW_UPDATE`, `RST_STREAM`, empty DATA and requests beyond the limit on streams cost the
//! client nothing, and the HTTP library reads them without end. A connection has an allowance of frames:
//!
//! | event | frames |
//! | --- | --- |
//! | a frame came, of whatever type | −1 |
//! | a request reached the service | +64 |
//! | the service read a piece of a body | +1 |
//! | a DATA frame was sent | +10, and +1 for each KiB of it |
//! | a millisecond passed | +1, up to 1,000 |
//!
//! So a client may acknowledge every piece of an answer on its stream and on the connection, ping at every one of them, cancel every
//! request and say its priority, and all frames cost less than the requests do. One that has nothing left is disconnected.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Frames that a connection may begin with, and what time adds at most.
const BURST: i64 = 1_000;

/// Frames that a request accounts for.
const REQUEST: i64 = 64;

/// Frames that a DATA frame of an answer accounts for, beside those for its size.
const ANSWER: i64 = 10;

/// The allowance of one connection.
#[derive(Debug)]
pub(crate) struct FrameAllowance {
    left: AtomicI64,
    /// Until when the time was added.
    added: Mutex<Instant>,
    is_exceeded: AtomicBool,
}

impl FrameAllowance {
    pub(crate) fn new(now: Instant) -> Self {
        Self { left: AtomicI64::new(BURST), added: Mutex::new(now), is_exceeded: AtomicBool::new(false) }
    }

    /// Notes that a request reached the service.
    pub(crate) fn add_request(&self) {
        self.add(REQUEST);
    }

    /// Notes that the service read a piece of a request's body.
    pub(crate) fn add_piece(&self) {
        self.add(1);
    }

    /// Notes that a DATA frame of so many bytes was sent.
    pub(crate) fn add_answer(&self, bytes: usize) {
        self.add(ANSWER + i64::try_from(bytes >> 10).unwrap_or_default());
    }

    /// Notes that so many frames came. Returns whether the allowance has room for them.
    pub(crate) fn take(&self, frames: i64) -> bool {
        let left = self.left.fetch_sub(frames, Ordering::Relaxed) - frames;
        // The clock is asked only where it decides.
        let is_within = left >= 0 || self.add_time() >= 0;
        if !is_within {
            self.is_exceeded.store(true, Ordering::Relaxed);
        }
        is_within
    }

    /// Whether more frames came than the allowance had room for.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.is_exceeded.load(Ordering::Relaxed)
    }

    fn add(&self, frames: i64) {
        self.left.fetch_add(frames, Ordering::Relaxed);
    }

    /// Adds what the time since the last call accounts for. Returns what is left.
    fn add_time(&self) -> i64 {
        let mut added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let passed = now.saturating_duration_since(*added);
        let frames = i64::try_from(passed.as_millis()).unwrap_or(BURST).min(BURST);
        // What is less than a millisecond counts the next time.
        *added =
            now - (passed - Duration::from_millis(u64::try_from(passed.as_millis()).unwrap_or_default()));
        self.left.fetch_add(frames, Ordering::Relaxed) + frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_requests_answers_and_time_add() {
        let allowance = FrameAllowance::new(Instant::now() + Duration::from_secs(3_600));
        assert!(allowance.take(BURST));
        assert!(!allowance.is_exceeded());
        allowance.add_request();
        allowance.add_piece();
        allowance.add_answer(16 << 10);
        assert!(allowance.take(REQUEST + 1 + ANSWER + 16));
        assert!(!allowance.take(1));
        assert!(allowance.is_exceeded());
    }

    #[test]
    fn time_adds_no_more_than_a_connection_begins_with() {
        let now = Instant::now();
        let Some(long_ago) = now.checked_sub(Duration::from_secs(60)) else { return };
        let allowance = FrameAllowance::new(long_ago);
        assert!(allowance.take(2 * BURST));
        assert!(!allowance.take(BURST), "more than a burst was added");
    }
}
