//! Days of the calendar, as an index records the date of its corpus.

#![forbid(unsafe_code)]

use std::time::SystemTime;

use breachdex::Day;

use crate::fetch::seconds;

/// The day of a time in seconds since 1970 as `YYYY-MM-DD`; empty for 0.
pub(crate) fn day(seconds: u64) -> String {
    if seconds == 0 {
        return String::new();
    }
    Day::of_seconds(seconds).to_string()
}

/// A time that a server gave, or now where that is earlier: nothing was changed in the future.
pub(crate) fn no_later_than_today(changed: u64) -> u64 {
    changed.min(seconds(SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for (seconds, expected) in [
            (0, ""),
            (1, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_767_225_599, "2025-12-31"),
            (1_767_225_600, "2026-01-01"),
            (u64::MAX, "9999-12-31"),
        ] {
            assert_eq!(day(seconds), expected);
        }
    }

    #[test]
    fn nothing_was_changed_in_the_future() {
        assert_eq!(no_later_than_today(951_782_400), 951_782_400);
        assert!(no_later_than_today(u64::MAX) < u64::MAX);
    }
}
