//! How old a corpus is, by the day.

#![forbid(unsafe_code)]

use crate::calendar::Day;

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

/// Refuses a corpus date more than `most` days before `today`. A date may be one day ahead, for time zones.
pub(super) fn check(date: &str, most: u32, today: Day) -> Result<(), Staleness> {
    let Some(day) = Day::parse(date) else { return Err(Staleness::Undated { most }) };
    if day.number() > today.number() + 1 {
        return Err(Staleness::InFuture { date: date.to_owned() });
    }
    let days = u32::try_from(today.number() - day.number()).unwrap_or(0);
    if days > most { Err(Staleness::TooOld { date: date.to_owned(), days, most }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corpus_is_too_old_when_more_days_passed() {
        let ask = |date, today| {
            check(date, 30, Day::parse(today).expect("a day")).map_err(|reason| reason.to_string())
        };
        assert_eq!(ask("2026-07-02", "2026-08-01"), Ok(()));
        assert_eq!(ask("2026-07-02", "2026-07-01"), Ok(()));
        assert_eq!(
            ask("2026-07-02", "2026-08-02"),
            Err("its corpus date 2026-07-02 is 31 days ago, at most 30 are allowed; use a newer index".into())
        );
        assert_eq!(
            ask("2026-07-02", "2026-06-30"),
            Err("its corpus date 2026-07-02 is in the future; check the clock of this machine, or build it with the \
                 right date"
                .into())
        );
        assert_eq!(
            ask("", "2026-07-02"),
            Err("it has no corpus date, and at most 30 days since then are allowed; build it with one".into())
        );
    }
}
