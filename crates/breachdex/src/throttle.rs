//! Keeps a fault that every question meets from filling the log.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Says when a line may be logged, and counts those that were suppressed. Takes no lock, so that a forked child goes on.
#[derive(Debug)]
pub struct LogThrottle {
    interval: Duration,
    since: Instant,
    /// Nanoseconds after `since` from which a line may be logged.
    next: AtomicU64,
    suppressed: AtomicU64,
}

impl LogThrottle {
    /// Allows one line in each interval, the first one at once.
    pub fn new(interval: Duration) -> Self {
        Self { interval, since: Instant::now(), next: AtomicU64::new(0), suppressed: AtomicU64::new(0) }
    }

    /// The number of lines that were suppressed since the last one, where one may be logged now; `None` suppresses it.
    pub fn allow(&self) -> Option<u64> {
        self.allow_at(Instant::now())
    }

    fn allow_at(&self, now: Instant) -> Option<u64> {
        let now = nanoseconds(now.saturating_duration_since(self.since));
        let next = self.next.load(Ordering::Relaxed);
        let after = now.saturating_add(nanoseconds(self.interval));
        let is_allowed = now >= next
            && self.next.compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_allowed {
            return Some(self.suppressed.swap(0, Ordering::Relaxed));
        }
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_an_interval_and_a_count_of_the_suppressed() {
        let interval = Duration::from_secs(1);
        let throttle = LogThrottle::new(interval);
        let start = Instant::now();
        assert_eq!(throttle.allow_at(start), Some(0));
        for milliseconds in [0, 1, 999] {
            assert_eq!(throttle.allow_at(start + Duration::from_millis(milliseconds)), None);
        }
        assert_eq!(throttle.allow_at(start + interval), Some(3));
        assert_eq!(throttle.allow_at(start + 2 * interval), Some(0));
    }
}
