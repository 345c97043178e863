//! Days of the calendar, as an index records the date of its corpus.
//!
//! Ours, and not a crate's: reading an index is to need few of them, and this is all that is needed. Tests compare it with one.

#![forbid(unsafe_code)]

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds of a day.
const SECONDS: u64 = 86_400;

/// Days of 400 years, after which the calendar repeats.
const ERA: i32 = 146_097;

/// Days from 1 March of the year 0 to 1970-01-01.
const EPOCH: i32 = 719_468;

/// A day of the Gregorian calendar, from 0001-01-01 to 9999-12-31, in UTC.
///
/// ```
/// use breachdex::Day;
/// let day = Day::parse("2026-02-28").expect("a day");
/// assert_eq!(day.number() + 1, Day::parse("2026-03-01").expect("a day").number());
/// assert_eq!(Day::parse("2026-02-29"), None);
/// assert_eq!(day.to_string(), "2026-02-28");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// 0001-01-01.
    const FIRST: Self = Self(-719_162);

    /// The last day that can be written with four digits for the year.
    const LAST: Self = Self(2_932_896);

    /// Reads `YYYY-MM-DD`; `None` if that is not a day.
    pub fn parse(text: &str) -> Option<Self> {
        let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] else { return None };
        let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
        let is_day = year > 0 && (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
        is_day.then(|| Self::of_parts(year, month, day))
    }

    /// Years that begin in March, so that the leap day comes last.
    fn of_parts(year: i32, month: i32, day: i32) -> Self {
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year / 4 - year / 100 + year / 400;
        Self(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - EPOCH)
    }

    /// The day of a time; a time that is out of range gives the nearest day from 1970-01-01.
    pub fn of(time: SystemTime) -> Self {
        Self::of_seconds(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    /// The day of a time in seconds since 1970; the last one that there is for what is later.
    pub fn of_seconds(seconds: u64) -> Self {
        i32::try_from(seconds / SECONDS).map_or(Self::LAST, |day| Self(day).min(Self::LAST))
    }

    /// The present day.
    pub fn today() -> Self {
        Self::of(SystemTime::now())
    }

    /// The day so many days after 1970-01-01, or the nearest one that there is.
    pub fn from_number(number: i32) -> Self {
        Self(number).clamp(Self::FIRST, Self::LAST)
    }

    /// Days since 1970-01-01; negative before.
    pub fn number(self) -> i32 {
        self.0
    }

    /// Midnight at the beginning of the day; `None` before 1970.
    pub fn start(self) -> Option<SystemTime> {
        let days = u64::try_from(self.0).ok()?;
        UNIX_EPOCH.checked_add(Duration::from_secs(days * SECONDS))
    }

    /// Whether the day is later than today is anywhere on Earth.
    pub fn is_in_future(self) -> bool {
        self.is_in_future_on(Self::today())
    }

    /// The same, where it is another day in UTC.
    fn is_in_future_on(self, today: Self) -> bool {
        self.0 > today.0 + 1
    }

    /// Year, month and day.
    fn parts(self) -> (i32, i32, i32) {
        let days = self.0 + EPOCH;
        let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let year = era * 400 + year_of_era;
        if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
    }
}

/// Writes `YYYY-MM-DD`.
impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

/// A number of exactly so many digits.
fn digits(text: &str, width: usize) -> Option<i32> {
    let is_number = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn days_of_month(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_are_days() {
        for text in ["2026-11-21", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(Day::parse(text).expect("a day").to_string(), text);
        }
        for other in [
            "",
            "0000-01-01",
            "2026-00-10",
            "2026-01-00",
            "2026-11-31",
            "2026-04-31",
            "2023-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-1-01",
            "26-01-01",
            "2026-01",
            "2026-01-01-01",
            "20260702",
            "2026/07/02",
            "2026-07-02 ",
            "+026-01-01",
            "-026-01-01",
            "２０２６-01-01",
        ] {
            assert_eq!(Day::parse(other), None, "{other}");
        }
    }

    #[test]
    fn every_day_is_that_of_the_calendar() {
        let mut day = jiff::civil::date(1, 1, 1);
        let first = Day::parse("0001-01-01").expect("a day").number();
        assert_eq!((first, Day::from_number(i32::MIN)), (-719_162, Day(first)));
        assert_eq!(Day::from_number(i32::MAX), Day::LAST);
        for number in first.. {
            let text = day.to_string();
            assert_eq!(Day::parse(&text), Some(Day(number)), "{text}");
            assert_eq!(Day(number).to_string(), text);
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => return assert_eq!(Day(number), Day::LAST),
            }
        }
    }

    #[test]
    fn days_of_times() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_767_225_599, "2025-12-31"),
            (1_767_225_600, "2026-01-01"),
            (u64::MAX, "9999-12-31"),
        ] {
            assert_eq!(Day::of_seconds(seconds).to_string(), day);
        }
        assert_eq!(Day::of(UNIX_EPOCH + Duration::from_secs(86_400)).number(), 1);
        assert_eq!(Day::of(UNIX_EPOCH - Duration::from_secs(1)).number(), 0);
        assert_eq!(
            Day::parse("2000-02-29").and_then(Day::start),
            Some(UNIX_EPOCH + Duration::from_secs(951_782_400))
        );
        assert_eq!(Day::parse("1969-12-31").and_then(Day::start), None);
        // One look at the clock: the day may end between two.
        let today = Day::today();
        assert!(!today.is_in_future());
        assert!(!Day(today.0 + 1).is_in_future_on(today), "it has begun elsewhere");
        assert!(Day(today.0 + 2).is_in_future_on(today));
    }
}
