//! Grace: how long an account may still be logged in to with a password that the policy refuses at log-in.
//!
//! This says when grace is over; who counts, and where the beginning of an account's grace is kept, is the caller's business.
//! What is kept must not tell whose password is exposed: see `docs/site/log-in.md`.

#![forbid(unsafe_code)]

use std::fmt;

/// A day, as the number of days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

/// Days from 0000-03-01, which years of the calculation begin on, to 1970-01-01.
const EPOCH: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

impl Day {
    /// The day of `YYYY-MM-DD`; `None` where that is no day of the calendar.
    ///
    /// ```
    /// use breachdex_policy::Day;
    /// assert_eq!(Day::parse("1970-01-02"), Some(Day(1)));
    /// assert_eq!(Day::parse("2027-02-29"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Years that begin in March, so that the leap day comes last.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let found = Self(year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - EPOCH);
        // The 31st of a shorter month came out as a day of the next one.
        (found.to_string() == text).then_some(found)
    }
}

/// As `YYYY-MM-DD`.
impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0 + EPOCH;
        let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        let of_era_year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * of_era_year + of_era_year / 4 - of_era_year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        write!(formatter, "{:04}-{month:02}-{day:02}", of_era_year + era * 400 + carry)
    }
}

/// How long a password that is refused at log-in still opens its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grace {
    /// Counted for each account from the first log-in at which its owner was warned; over as soon as one limit is reached.
    Each {
        /// Days from that log-in on.
        days: Option<u32>,
        /// Log-ins that are let pass with a warning.
        log_ins: Option<u32>,
    },
    /// The same day for every account, so that nothing has to be kept: until the day before, log-ins are let pass.
    Until(Day),
}

/// What is left of an account's grace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Whether it is over, so that the policy's own action is taken now.
    pub is_over: bool,
    /// Days that are left, today among them; `None` where days are not counted, or where it is over.
    pub days: Option<u32>,
    /// Log-ins that are left after this one; `None` where they are not counted, or where it is over.
    pub log_ins: Option<u32>,
}

impl Grace {
    /// What is left at a log-in with a password that is refused.
    ///
    /// `since` is the day of the first log-in with this password at which the account's owner was warned, `None` where this
    /// is it; `log_ins` is how many such log-ins there were before this one. [`Grace::Until`] needs neither.
    ///
    /// ```
    /// use breachdex_policy::{Day, Grace};
    /// let grace = Grace::Each { days: Some(14), log_ins: None };
    /// let (first, today) = (Day(20_000), Day(20_013));
    /// assert_eq!(grace.left(Some(first), 8, today).days, Some(1));
    /// assert!(grace.left(Some(first), 8, Day(20_014)).is_over);
    /// ```
    pub fn left(self, since: Option<Day>, log_ins: u32, today: Day) -> Left {
        let (days, log_ins) = match self {
            Self::Until(end) => (Some(end.0 - today.0), None),
            Self::Each { days, log_ins: most } => {
                // A clock that was set back gives no more than the whole time.
                let passed = since.map_or(0, |since| (today.0 - since.0).max(0));
                let left = |days: u32| i64::from(days) - passed;
                (days.map(left), most.map(|most| i64::from(most) - i64::from(log_ins)))
            }
        };
        let is_over = [days, log_ins].into_iter().flatten().any(|left| left <= 0);
        let number = |left: i64| u32::try_from(left).unwrap_or(u32::MAX);
        Left {
            is_over,
            days: days.filter(|_| !is_over).map(number),
            log_ins: log_ins.filter(|_| !is_over).map(|left| number(left - 1)),
        }
    }

    /// Whether the beginning of each account's grace has to be kept.
    pub const fn is_counted(self) -> bool {
        matches!(self, Self::Each { .. })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (text, day) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2026-07-02", 20_636),
            ("0001-01-01", -719_162),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!((Day::parse(text), Day(day).to_string().as_str()), (Some(Day(day)), text));
        }
        for text in [
            "",
            "2027-02-29",
            "2027-04-31",
            "2027-13-01",
            "27-01-01",
            "2027-1-1",
            "2027-01-01T00",
            "+027-01-01",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn grace_ends_with_the_first_limit() {
        let both = Grace::Each { days: Some(3), log_ins: Some(2) };
        let today = Day(100);
        assert_eq!(both.left(None, 0, today), Left { is_over: false, days: Some(3), log_ins: Some(1) });
        assert_eq!(
            both.left(Some(today), 1, today),
            Left { is_over: false, days: Some(3), log_ins: Some(0) }
        );
        let over = Left { is_over: true, days: None, log_ins: None };
        assert_eq!(both.left(Some(today), 2, today), over);
        assert_eq!(both.left(Some(Day(98)), 0, today).days, Some(1));
        assert_eq!(both.left(Some(Day(97)), 0, today), over);
        // A clock that was set back.
        assert_eq!(both.left(Some(Day(5_000)), 0, today).days, Some(3));
        let until = Grace::Until(Day(101));
        assert_eq!(until.left(None, 9, today), Left { is_over: false, days: Some(1), log_ins: None });
        assert_eq!(until.left(None, 9, Day(101)), over);
        assert!(both.is_counted() && !until.is_counted());
    }

    proptest! {
        #[test]
        fn every_day_is_read_as_it_is_written(day in -719_162_i64..=2_932_896) {
            prop_assert_eq!(Day::parse(&Day(day).to_string()), Some(Day(day)));
        }

        /// Once over, grace stays over: neither days nor log-ins bring it back.
        #[test]
        fn grace_does_not_come_back(
            days in proptest::option::of(1_u32..40),
            log_ins in proptest::option::of(1_u32..40),
            since in 0_i64..50, later in 0_i64..50, before in 0_u32..50, more in 0_u32..50,
        ) {
            let grace = Grace::Each { days, log_ins };
            let now = grace.left(Some(Day(0)), before, Day(since));
            let then = grace.left(Some(Day(0)), before + more, Day(since + later));
            prop_assert!(!now.is_over || then.is_over);
            prop_assert!(now.days.zip(then.days).is_none_or(|(now, then)| now >= then));
        }
    }
}
