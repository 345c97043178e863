//! Days of the calendar, as an index records the date of its corpus.

#![forbid(unsafe_code)]

use std::time::{Duration, SystemTime};

use crate::fetch::seconds;

/// The day of a time in seconds since 1970 as `YYYY-MM-DD`; empty for 0.
pub(crate) fn day(seconds: u64) -> String {
    if seconds == 0 {
        return String::new();
    }
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    // `Sun, 06 Nov 1994 08:49:37 GMT`; times beyond the year 9999 cannot be written so.
    const LATEST: u64 = 253_402_300_799;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(LATEST));
    let text = httpdate::fmt_http_date(time);
    let month = MONTHS.find(&text[8..11]).map_or(0, |at| at / 3 + 1);
    format!("{}-{month:02}-{}", &text[12..16], &text[5..7])
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
