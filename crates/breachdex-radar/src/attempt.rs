//! A log-in attempt as it is told to the radar, and its time.

#![forbid(unsafe_code)]

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A point in time in whole seconds since 1970, up to the year 2106.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub(crate) u32);

impl Time {
    /// The time this many seconds after 1970-01-01T00:00:00Z. Later than 2106 is 2106.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Self {
        Self(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn unix(self) -> u64 {
        u64::from(self.0)
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        Self::from_unix(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The password was wrong, or there is no such account.
    Failed,
    /// The password was right.
    Succeeded,
}

/// Whether the site has the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccountStatus {
    /// There is such an account.
    Known,
    /// There is none.
    Unknown,
    /// The caller does not say.
    #[default]
    Unsaid,
}

/// Whether the password that was tried is exposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exposure {
    /// The index contains it.
    Exposed,
    /// The index does not contain it.
    NotExposed,
    /// It was not looked up, or the index could not answer.
    #[default]
    Unknown,
}

/// One log-in attempt. Nothing of it is kept but keyed hashes and counts.
///
/// `Debug` shows neither the source nor the account.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// When it was made.
    pub time: Time,
    /// From where: an IP address, or any other text; empty if it is not known. Take it from a proxy's header only if that
    /// proxy is yours and sets it: a sender who chooses this text is a new source each time.
    pub source: &'a str,
    /// The account, written the same way each time; empty if it is not known.
    pub account: &'a str,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the site has the account.
    pub status: AccountStatus,
    /// Whether the password is exposed.
    pub exposure: Exposure,
}

impl<'a> Attempt<'a> {
    /// An attempt that failed. Nothing is said about account and password.
    #[must_use]
    pub fn failed(time: Time, source: &'a str, account: &'a str) -> Self {
        Self {
            time,
            source,
            account,
            outcome: Outcome::Failed,
            status: AccountStatus::Unsaid,
            exposure: Exposure::Unknown,
        }
    }

    /// An attempt that succeeded. Nothing is said about the password.
    #[must_use]
    pub fn succeeded(time: Time, source: &'a str, account: &'a str) -> Self {
        Self {
            outcome: Outcome::Succeeded,
            status: AccountStatus::Known,
            ..Self::failed(time, source, account)
        }
    }

    /// The same attempt, with what is known about its password.
    #[must_use]
    pub fn exposure(self, exposure: Exposure) -> Self {
        Self { exposure, ..self }
    }

    /// The same attempt, with what is known about its account.
    #[must_use]
    pub fn status(self, status: AccountStatus) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.outcome == Outcome::Failed
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // That an account's password is exposed is not said together with its name.
        formatter
            .debug_struct("Attempt")
            .field("time", &self.time)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
