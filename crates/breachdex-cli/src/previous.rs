//! The corpus date of what a command replaces: going back to an older corpus is said, because newer hashes go with it.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::{Index, OpenOptions, StepBack};

use crate::messages;

/// The corpus date of an index that is about to be replaced.
pub(crate) struct Previous {
    date: String,
}

impl Previous {
    /// That of the index at a path; of none where there is none that can be read.
    pub(crate) fn at(path: &Path) -> Self {
        let index = Index::open_with(path, OpenOptions::new().any_content());
        Self { date: index.map(|index| index.metadata().corpus_date.clone()).unwrap_or_default() }
    }

    /// Says that the index that is there now is older.
    pub(crate) fn compare(&self, path: &Path) {
        tell(path, &self.date, &Self::at(path).date);
    }
}

/// Says that what was written to a path is older than what was there; dates may be empty.
pub(crate) fn tell(path: &Path, previous: &str, date: &str) {
    if let Some(step_back) = StepBack::of_dates(previous, date) {
        messages::note(&format!("{} was replaced by an older corpus: {step_back}", path.display()));
    }
}
