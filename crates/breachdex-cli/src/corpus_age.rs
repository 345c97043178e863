//! Whether a corpus date can be.

#![forbid(unsafe_code)]

use std::time::SystemTime;

use chrono::NaiveDate;

/// Days from 1970-01-01 to a date, `YYYY-MM-DD`.
fn days(date: &str) -> Option<i64> {
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    Some(date.signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1)?).num_days())
}

/// Days from 1970-01-01 to today, in UTC.
fn today() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / 86_400).unwrap_or(i64::MAX)
}

/// Whether a date is later than today is anywhere on Earth.
pub(crate) fn is_in_future(date: &str) -> bool {
    days(date).is_some_and(|day| day > today() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (date, expected) in
            [("1970-01-01", Some(0)), ("2026-11-27", Some(20_784)), ("2026-02-29", None), ("", None)]
        {
            assert_eq!(days(date), expected, "{date}");
        }
        assert!(is_in_future("9999-12-31") && !is_in_future("2026-01-01"));
    }
}
