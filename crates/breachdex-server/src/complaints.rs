//! Keeps a fault that every request meets from filling the log.

#![forbid(unsafe_code)]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// At most one line in this time.
const PAUSE: Duration = Duration::from_secs(1);

/// Says when a line may be logged, and counts those that were not.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    unsaid: u64,
}

impl Complaints {
    /// The number of lines left out since the last one, where one may be logged now.
    pub(crate) fn may_complain(&self) -> Option<u64> {
        self.may_complain_at(Instant::now())
    }

    fn may_complain_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            state.unsaid += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_and_a_count_of_the_others() {
        let complaints = Complaints::default();
        let start = Instant::now();
        assert_eq!(complaints.may_complain_at(start), Some(0));
        for milliseconds in [0, 1, 999] {
            assert_eq!(complaints.may_complain_at(start + Duration::from_millis(milliseconds)), None);
        }
        assert_eq!(complaints.may_complain_at(start + PAUSE), Some(3));
        assert_eq!(complaints.may_complain_at(start + 2 * PAUSE), Some(0));
    }
}
