//! Entries that a program hands over in batches, instead of in files.

#![forbid(unsafe_code)]

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::entry::Entry;
use crate::error::Result;

/// The least number of entries that are worked on at a time, but for the last.
const RUN: usize = 1 << 15;

type Batches = Box<dyn Iterator<Item = Result<Vec<Entry>>> + Send>;

/// Entries that a program hands over in batches, for [`build_entries`](crate::build_entries). A batch is in memory as a
/// whole, 32 bytes an entry: some ten thousand entries are a good size.
pub struct EntryBatches {
    pub(crate) name: String,
    pub(crate) batches: Mutex<Batches>,
    pub(crate) are_sorted: bool,
}

impl EntryBatches {
    /// Takes batches under a name for messages. They are asked for by one thread at a time; an error of theirs ends the
    /// build.
    pub fn new(
        name: impl Into<String>,
        batches: impl Iterator<Item = Result<Vec<Entry>>> + Send + 'static,
    ) -> Self {
        Self { name: name.into(), batches: Mutex::new(Box::new(batches.fuse())), are_sorted: false }
    }

    /// Promises that the entries ascend over all batches: they then go into the index in one pass, and an entry that is
    /// out of order is an error. Without the promise, entries that are out of order are sorted on disk.
    #[must_use]
    pub fn sorted(self) -> Self {
        Self { are_sorted: true, ..self }
    }

    /// The next entries: where they may be sorted, up to a change of the first 16 bits unless there are more than `most` in
    /// between. `carry` keeps what comes after.
    pub(crate) fn next_run(
        &self,
        carry: &mut Vec<Entry>,
        may_be_sorted: bool,
        most: usize,
    ) -> Result<Option<Vec<Entry>>> {
        let mut run = std::mem::take(carry);
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(batch) = batches.next() else { return Ok((!run.is_empty()).then_some(run)) };
            let mut batch = batch?;
            if run.is_empty() {
                run = batch;
            } else {
                run.append(&mut batch);
            }
            if run.len() < RUN.min(most) {
                continue;
            }
            if !may_be_sorted {
                return Ok(Some(run));
            }
            let prefix = |entry: &Entry| entry.key.leading(16);
            let last = run.last().map(prefix);
            // Of entries that are sorted, those under the last prefix are all behind this place.
            match run.iter().rposition(|entry| Some(prefix(entry)) != last) {
                Some(before) => {
                    *carry = run.split_off(before + 1);
                    return Ok(Some(run));
                }
                None if run.len() > most => return Ok(Some(run)),
                None => {}
            }
        }
    }
}

impl fmt::Debug for EntryBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryBatches").field("name", &self.name).finish_non_exhaustive()
    }
}
