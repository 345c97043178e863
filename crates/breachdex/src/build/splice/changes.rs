//! From the ranges as they are handed over to pieces of work: their order is checked, and each piece is a run
//! of whole groups with the ranges that change them.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::ops::Range;

use super::options::ChangedRange;
use super::prefixes::PrefixSet;
use super::range::Change;
use crate::build::control::Control;
use crate::build::span::too_large;
use crate::coverage::{Coverage, PREFIX_COUNT};
use crate::entry::Entry;
use crate::error::{Error, RangeFault, Result};
use crate::index::groups::GroupExtent;

/// What a range takes beyond its entries, in entries.
const RANGE_COST: usize = 2;

/// How many ranges are fetched between two looks at the monitor.
const ROUND: u64 = 1 << 10;

/// The ranges as they are handed over.
pub(super) type Ranges<'a> = dyn Iterator<Item = Result<ChangedRange>> + Send + 'a;

/// The ranges handed over, in order and inside the coverage, each once.
pub(super) struct Given<'a> {
    ranges: &'a mut Ranges<'a>,
    /// Fetched ahead.
    ready: VecDeque<ChangedRange>,
    coverage: &'a Coverage,
    last: Option<u32>,
    pub(super) prefixes: PrefixSet,
}

impl<'a> Given<'a> {
    pub(super) fn new(ranges: &'a mut Ranges<'a>, coverage: &'a Coverage) -> Self {
        Self { ranges, ready: VecDeque::new(), coverage, last: None, prefixes: PrefixSet::new() }
    }

    /// Fetches ranges ahead, as much as so many entries take, and says whether that was all.
    pub(super) fn fetch_ahead(&mut self, most: usize, control: &Control<'_>) -> Result<bool> {
        let mut left = most;
        while let Some(range) = self.fetch()? {
            if self.prefixes.len().is_multiple_of(ROUND) {
                control.poll()?;
            }
            let cost = range.entries.len() + RANGE_COST;
            self.ready.push_back(range);
            if cost > left {
                return Ok(false);
            }
            left -= cost;
        }
        Ok(true)
    }

    fn fetch(&mut self) -> Result<Option<ChangedRange>> {
        let Some(range) = self.ranges.next().transpose()? else { return Ok(None) };
        let prefix = range.prefix;
        let fault = if prefix >= PREFIX_COUNT {
            Some(RangeFault::NoPrefix)
        } else if self.last.is_some_and(|last| last >= prefix) {
            Some(RangeFault::OutOfTurn)
        } else if !self.coverage.contains(prefix) {
            Some(RangeFault::NotCovered)
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(Error::UnfitRange { prefix, fault });
        }
        self.last = Some(prefix);
        self.prefixes.insert(prefix);
        Ok(Some(range))
    }

    fn next(&mut self) -> Result<Option<Change>> {
        let range = match self.ready.pop_front() {
            Some(range) => Some(range),
            None => self.fetch()?,
        };
        Ok(range.map(|range| Change { range, kept: false }))
    }
}

/// The ranges of a base whose groups cannot be copied, decoded one after another.
pub(super) struct Kept<'a> {
    entries: std::iter::Peekable<crate::index::Range<'a>>,
}

impl<'a> Kept<'a> {
    pub(super) fn new(entries: crate::index::Range<'a>) -> Self {
        Self { entries: entries.peekable() }
    }

    fn next(&mut self) -> Result<Option<Change>> {
        let Some(first) = self.entries.next().transpose()? else { return Ok(None) };
        let of = |entry: &Entry| entry.key.leading(20) as u32;
        let prefix = of(&first);
        let mut entries = vec![first];
        while let Some(item) =
            self.entries.next_if(|item| item.as_ref().map_or(true, |entry| of(entry) == prefix))
        {
            entries.push(item?);
        }
        Ok(Some(Change { range: ChangedRange { prefix, entries, folded: 0 }, kept: true }))
    }
}

/// A run of the base's groups and the ranges that are put in place of theirs, or beside them.
pub(super) struct Work {
    /// Places in the list of the base's groups.
    pub(super) groups: Range<usize>,
    pub(super) changes: Vec<Change>,
}

/// How much a piece of work may hold before it ends with a group.
#[derive(Clone, Copy)]
pub(super) struct Fill {
    pub(super) bytes: u64,
    pub(super) entries: usize,
    /// The most entries that a group's ranges may have.
    pub(super) group: usize,
}

/// Cuts everything into pieces of work.
pub(super) struct Changes<'a> {
    pub(super) given: Given<'a>,
    kept: Option<Kept<'a>>,
    next_given: Option<Change>,
    next_kept: Option<Change>,
    started: bool,
    /// The base's groups, where they can be copied, and how many are dealt with.
    groups: &'a [GroupExtent],
    at: usize,
    directory_bits: u32,
    fill: Fill,
}

impl<'a> Changes<'a> {
    /// The prefixes of all ranges that were handed over.
    pub(super) fn into_prefixes(self) -> PrefixSet {
        self.given.prefixes
    }

    pub(super) fn new(
        given: Given<'a>,
        kept: Option<Kept<'a>>,
        groups: &'a [GroupExtent],
        directory_bits: u32,
        fill: Fill,
    ) -> Self {
        Self {
            given,
            kept,
            next_given: None,
            next_kept: None,
            started: false,
            groups,
            at: 0,
            directory_bits,
            fill,
        }
    }

    /// The next piece of work, `None` after the last.
    pub(super) fn next_work(&mut self) -> Result<Option<Work>> {
        if !self.started {
            self.started = true;
            self.next_given = self.given.next()?;
            self.pull_kept()?;
        }
        let mut work = Work { groups: self.at..self.at, changes: Vec::new() };
        let (mut bytes, mut entries) = (0, 0);
        while bytes < self.fill.bytes && entries < self.fill.entries {
            let held = self.groups.get(self.at);
            let changed = self.next_prefix().map(|prefix| prefix >> (20 - self.directory_bits));
            let Some(group) = held.map(|group| group.prefix).into_iter().chain(changed).min() else { break };
            if let Some(held) = held.filter(|held| held.prefix == group) {
                bytes += held.length;
                self.at += 1;
            }
            let mut here = 0;
            while self.next_prefix().is_some_and(|prefix| prefix >> (20 - self.directory_bits) == group) {
                let Some(change) = self.next_change()? else { break };
                here += change.range.entries.len();
                if here > self.fill.group {
                    return Err(too_large());
                }
                entries += change.range.entries.len() + RANGE_COST;
                work.changes.push(change);
            }
        }
        work.groups.end = self.at;
        Ok((!work.groups.is_empty() || !work.changes.is_empty()).then_some(work))
    }

    fn next_prefix(&self) -> Option<u32> {
        let prefixes =
            [&self.next_given, &self.next_kept].map(|change| change.as_ref().map(|c| c.range.prefix));
        prefixes.into_iter().flatten().min()
    }

    /// The change at the least prefix. A range handed over takes the place of the base's.
    fn next_change(&mut self) -> Result<Option<Change>> {
        let prefix = self.next_prefix();
        let is_next = |change: &Option<Change>| change.as_ref().map(|change| change.range.prefix) == prefix;
        let kept = if is_next(&self.next_kept) { self.next_kept.take() } else { None };
        if kept.is_some() {
            self.pull_kept()?;
        }
        if !is_next(&self.next_given) {
            return Ok(kept);
        }
        let given = self.next_given.take();
        self.next_given = self.given.next()?;
        Ok(given)
    }

    fn pull_kept(&mut self) -> Result<()> {
        self.next_kept = self.kept.as_mut().map_or(Ok(None), Kept::next)?;
        Ok(())
    }
}
