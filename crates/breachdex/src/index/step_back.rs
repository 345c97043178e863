//! An index whose corpus is older than that of the one it replaced: newer hashes are gone, which nothing else would say.

#![forbid(unsafe_code)]

use std::fmt;

use super::Metadata;

/// An index took the place of one with a later corpus date.
///
/// Dates, unlike the number of entries, say which of two states of a corpus is the newer one. One without a date may be older.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepBack {
    /// The corpus date of the new one; may be empty.
    pub date: String,
    /// The corpus date of the one before.
    pub previous: String,
}

impl StepBack {
    /// `None` where the new index is as new as the previous one.
    pub fn between(previous: &Metadata, new: &Metadata) -> Option<Self> {
        Self::of_dates(&previous.corpus_date, &new.corpus_date)
    }

    /// The same of two corpus dates, which may be empty.
    pub fn of_dates(previous: &str, new: &str) -> Option<Self> {
        // Dates in this form are in the order of their text.
        (new < previous).then(|| Self { date: new.to_owned(), previous: previous.to_owned() })
    }
}

impl fmt::Display for StepBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date.as_str() {
            "" => write!(f, "it has no corpus date, the previous one had {}", self.previous),
            date => write!(f, "its corpus date is {date}, that of the previous one was {}", self.previous),
        }
    }
}
