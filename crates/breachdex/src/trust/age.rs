//! How old a corpus is, by the day.

#![forbid(unsafe_code)]

use std::time::{SystemTime, UNIX_EPOCH};

/// Why an index is too old.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Staleness {
    /// Its corpus date is too long ago.
    #[error("its corpus date {date} is {days} days ago, at most {most} are allowed; use a newer index")]
    TooOld {
        /// The corpus date.
        date: String,
        /// Days since then.
        days: u32,
        /// Days that are allowed.
        most: u32,
    },
    /// It has no corpus date, so nobody can tell.
    #[error("it has no corpus date, and at most {most} days since then are allowed; build it with one")]
    Undated {
        /// Days that are allowed.
        most: u32,
    },
    /// Its corpus date has not come yet: it would pass for new for too long.
    #[error(
        "its corpus date {date} is in the future; check the clock of this machine, or build it with the right date"
    )]
    InFuture {
        /// The corpus date.
        date: String,
    },
    /// It would replace a newer one.
    #[error(
        "{}, which is older than {served} of the index in use",
        if found.is_empty() { String::from("it has no corpus date") } else { format!("its corpus date is {found}") }
    )]
    Rollback {
        /// Its corpus date; may be empty.
        found: String,
        /// The corpus date of the index that it would replace.
        served: String,
    },
}

/// Days since 1970-01-01, UTC.
pub(super) fn today() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() / 86_400) as i64
}

/// Refuses a corpus date more than `most` days before `today`. A date may be one day ahead, for time zones.
pub(super) fn check(date: &str, most: u32, today: i64) -> Result<(), Staleness> {
    let Some(day) = day_number(date) else { return Err(Staleness::Undated { most }) };
    if day > today + 1 {
        return Err(Staleness::InFuture { date: date.to_owned() });
    }
    let days = u32::try_from(today - day).unwrap_or(0);
    if days > most { Err(Staleness::TooOld { date: date.to_owned(), days, most }) } else { Ok(()) }
}

/// Days from 1970-01-01 to `YYYY-MM-DD`; `None` where it is none.
fn day_number(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years that begin in March, so that the leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(
        year * 365 + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (month * 153 + 2) / 5
            + day
            - 719_469,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (date, expected) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2026-07-02", 20_636),
            ("0001-01-01", -719_162),
        ] {
            assert_eq!(day_number(date), Some(expected), "{date}");
        }
        assert_eq!(day_number(""), None);
    }

    #[test]
    fn a_corpus_is_too_old_when_more_days_passed() {
        let day = 20_636;
        let ask = |date, today| check(date, 30, today).map_err(|reason| reason.to_string());
        assert_eq!(ask("2026-07-02", day + 30), Ok(()));
        assert_eq!(ask("2026-07-02", day - 1), Ok(()));
        assert_eq!(
            ask("2026-07-02", day + 31),
            Err("its corpus date 2026-07-02 is 31 days ago, at most 30 are allowed; use a newer index".into())
        );
        assert_eq!(
            ask("2026-07-02", day - 2),
            Err("its corpus date 2026-07-02 is in the future; check the clock of this machine, or build it with the \
                 right date"
                .into())
        );
        assert_eq!(
            ask("", day),
            Err("it has no corpus date, and at most 30 days since then are allowed; build it with one".into())
        );
    }
}
