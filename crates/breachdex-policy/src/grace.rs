//! Grace: how long an account may still be logged in to with a password that the policy refuses at log-in.
//!
//! This says when grace is over; who counts, and where the beginning of an account's grace is kept, is the caller's business.
//! What is kept must not tell whose password is exposed: see `docs/site/log-in.md`.

#![forbid(unsafe_code)]

use breachdex::Day;

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
    /// let day = |text| Day::parse(text).expect("a day");
    /// let (first, today) = (day("2026-11-02"), day("2026-11-15"));
    /// assert_eq!(grace.left(Some(first), 8, today).days, Some(1));
    /// assert!(grace.left(Some(first), 8, day("2026-11-16")).is_over);
    /// ```
    pub fn left(self, since: Option<Day>, log_ins: u32, today: Day) -> Left {
        let (days, log_ins) = match self {
            Self::Until(end) => (Some(i64::from(end.number() - today.number())), None),
            Self::Each { days, log_ins: most } => {
                // A clock that was set back gives no more than the whole time.
                let passed = since.map_or(0, |since| (today.number() - since.number()).max(0));
                let left = |days: u32| i64::from(days) - i64::from(passed);
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

    fn day(number: i32) -> Day {
        Day::from_number(number)
    }

    #[test]
    fn grace_ends_with_the_first_limit() {
        let both = Grace::Each { days: Some(3), log_ins: Some(2) };
        let today = day(100);
        assert_eq!(both.left(None, 0, today), Left { is_over: false, days: Some(3), log_ins: Some(1) });
        assert_eq!(
            both.left(Some(today), 1, today),
            Left { is_over: false, days: Some(3), log_ins: Some(0) }
        );
        let over = Left { is_over: true, days: None, log_ins: None };
        assert_eq!(both.left(Some(today), 2, today), over);
        assert_eq!(both.left(Some(day(98)), 0, today).days, Some(1));
        assert_eq!(both.left(Some(day(97)), 0, today), over);
        // A clock that was set back.
        assert_eq!(both.left(Some(day(5_000)), 0, today).days, Some(3));
        let until = Grace::Until(day(101));
        assert_eq!(until.left(None, 9, today), Left { is_over: false, days: Some(1), log_ins: None });
        assert_eq!(until.left(None, 9, day(101)), over);
        assert!(both.is_counted() && !until.is_counted());
    }

    proptest! {
        /// Once over, grace stays over: neither days nor log-ins bring it back.
        #[test]
        fn grace_does_not_come_back(
            days in proptest::option::of(1_u32..40),
            log_ins in proptest::option::of(1_u32..40),
            since in 0_i32..50, later in 0_i32..50, before in 0_u32..50, more in 0_u32..50,
        ) {
            let grace = Grace::Each { days, log_ins };
            let now = grace.left(Some(day(0)), before, day(since));
            let then = grace.left(Some(day(0)), before + more, day(since + later));
            prop_assert!(!now.is_over || then.is_over);
            prop_assert!(now.days.zip(then.days).is_none_or(|(now, then)| now >= then));
        }
    }
}
