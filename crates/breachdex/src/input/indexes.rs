//! Another index as an input: its entries in order, in runs that end between two 16-bit prefixes.

#![forbid(unsafe_code)]

use crate::entry::Entry;
use crate::error::Result;

/// The least number of entries of a run, but for the last.
const RUN: usize = 1 << 15;

/// The runs of anything that yields entries in order.
pub(crate) struct Runs<I> {
    entries: I,
    held: Option<Entry>,
}

impl<I: Iterator<Item = Result<Entry>>> Runs<I> {
    pub(crate) fn new(entries: I) -> Self {
        Self { entries, held: None }
    }

    pub(crate) fn into_inner(self) -> I {
        self.entries
    }

    /// The next run, `None` after the last. `most` bounds its entries; a longer one is given all the same,
    /// and refused where its group is encoded.
    pub(crate) fn next_run(&mut self, most: usize) -> Result<Option<Vec<Entry>>> {
        let mut run: Vec<Entry> = self.held.take().into_iter().collect();
        for entry in self.entries.by_ref() {
            let entry = entry?;
            let boundary = run.last().is_some_and(|last| last.key.leading(16) != entry.key.leading(16));
            if (boundary && run.len() >= RUN.min(most)) || run.len() > most {
                self.held = Some(entry);
                break;
            }
            run.push(entry);
        }
        Ok((!run.is_empty()).then_some(run))
    }
}
