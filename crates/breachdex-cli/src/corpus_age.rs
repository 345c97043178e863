//! How old the corpus of an index is.

#![forbid(unsafe_code)]

use std::path::Path;
use std::time::SystemTime;

use chrono::NaiveDate;

use crate::messages;

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

/// Notes on standard error that a corpus is older than so many days.
pub(crate) fn note_if_old(index: &Path, date: &str, most_days: Option<u32>) {
    let name = index.display();
    let Some(most) = most_days else { return };
    match days(date) {
        None => messages::note(&format!("{name} has no corpus date, so its age is unknown")),
        Some(_) if is_in_future(date) => {
            messages::note(&format!("{name} has a corpus date in the future: {date}"));
        }
        Some(day) if today() - day > i64::from(most) => messages::note(&format!(
            "the corpus of {name} is of {date}, {} days old; breachdex update {name} fetches what changed",
            today() - day
        )),
        Some(_) => {}
    }
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
