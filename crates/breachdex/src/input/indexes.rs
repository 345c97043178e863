//! Other indexes as inputs: groups or entries in order, in runs that end between two 16-bit prefixes.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use crate::entry::Entry;
use crate::error::Result;
use crate::index::Index;
use crate::index::groups::GroupExtent;
use crate::storage::{Window, Windows};

/// The least bytes of a run of groups, but for the last.
const RUN_BYTES: u64 = 512 << 10;
/// How many runs may be worked on while the next ones are read ahead.
const RUNS_KEPT: usize = 32;

/// Runs of whole groups of one index, for threads that decode them. A group has no 16-bit prefix in common with
/// another.
pub(crate) struct GroupRuns<'a> {
    runs: std::vec::IntoIter<Vec<GroupExtent>>,
    windows: Windows<'a>,
    /// Those of runs that were given and may be in use. Letting go of one too early costs time only.
    kept: VecDeque<Window<'a>>,
    given: usize,
}

impl<'a> GroupRuns<'a> {
    pub(crate) fn new(index: &'a Index) -> Result<Self> {
        let mut runs: Vec<Vec<GroupExtent>> = Vec::new();
        let mut length = RUN_BYTES;
        for group in index.groups() {
            if length >= RUN_BYTES {
                runs.push(Vec::new());
                length = 0;
            }
            length += group.length;
            if let Some(run) = runs.last_mut() {
                run.push(group);
            }
        }
        let windows = index.windows(runs.iter().filter_map(|run| run.first()));
        Ok(Self { runs: runs.into_iter(), windows, kept: VecDeque::new(), given: 0 })
    }

    /// The next run, `None` after the last.
    pub(crate) fn next_run(&mut self) -> Option<Vec<GroupExtent>> {
        let run = self.runs.next()?;
        self.kept.extend(self.windows.enter(self.given));
        self.given += 1;
        if self.kept.len() > RUNS_KEPT {
            self.kept.pop_front();
        }
        Some(run)
    }
}

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
