//! An index that grows group by group in a file of its own, for programs that receive a corpus in order and want
//! no second copy of it on disk. The file becomes the index when every group is in it.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::Path;

use super::collisions::Collisions;
use super::decide;
use super::foreign_notes;
use super::options::{ChangedRange, SpliceOptions};
use super::prefixes::PrefixSet;
use super::range::{Change, Tally};
use crate::build::control::Control;
use crate::build::groups::{GroupLog, GroupPlace, GroupStore};
use crate::build::job::{Job, Memory, Pass};
use crate::build::plan::Decision;
use crate::build::publish::Publication;
use crate::build::report::{BuildReport, Stopwatches};
use crate::build::span::{Totals, too_large};
use crate::build::threads;
use crate::coverage::PREFIX_COUNT;
use crate::entry::Entry;
use crate::error::{Error, RangeFault, Result};
use crate::format::encode::GroupEncoder;
use crate::format::header::LENGTH;
use crate::monitor::Monitor;

/// Ranges under one group's prefix of 16 bits.
const RANGES: u32 = 16;

/// Encodes groups of 16 ranges for an index that is assembled in a file, and makes that file the index.
///
/// The caller writes the bytes of each group to the file, in ascending order and without gaps, from
/// [`Assembler::GROUPS_START`] on. The result is, but for notes, what [`build`](super::super::build) makes of the same
/// corpus with the same options. No base is possible: [`splice`](super::splice) updates an index.
pub struct Assembler {
    options: SpliceOptions,
    decision: Decision,
    encoder: GroupEncoder,
    /// The most entries that a group may have in memory.
    most: usize,
    entries: Vec<Entry>,
}

/// A group that was encoded, and what it adds to the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembledGroup {
    /// The group's prefix, 16 bits.
    pub prefix: u32,
    /// Which of the group's 16 ranges it was made of: bit 0 is the first one.
    pub ranges: u16,
    /// Bytes of the group; 0 where no range has entries.
    pub length: u64,
    /// The checksum that the group begins with; 0 for one without bytes.
    pub checksum: u32,
    /// Entries of the group.
    pub entries: u64,
    /// Sum of their counts.
    pub count: u128,
    /// The largest of their counts; 0 without entries.
    pub max_count: u64,
    /// Prefixes of 20 bits, ascending, each with how many digests under it were folded into others, 1 or more.
    pub collisions: Vec<(u32, u32)>,
}

/// A file with all groups of an index, and what else the index is to say.
pub struct UnfinishedIndex<'a> {
    /// The file, open for reading and writing.
    pub file: File,
    /// Its path, in the target's folder.
    pub path: &'a Path,
    /// The groups in it, in order.
    pub groups: Vec<AssembledGroup>,
    /// Where the entries come from, in your words; takes the place of the options' source.
    pub source: String,
    /// The corpus date, `YYYY-MM-DD` or empty; takes the place of the options' date.
    pub date: String,
    /// Notes to keep in the index. `tool` and `collisions-by-range` are names of our own.
    pub notes: Vec<(String, Vec<u8>)>,
}

impl Assembler {
    /// The offset of the first group in the file, in bytes.
    pub const GROUPS_START: u64 = LENGTH as u64;

    /// Prepares to encode groups. Costs a few KiB; nothing is written.
    ///
    /// # Errors
    /// [`Error::Unbuildable`] for options that contradict one another.
    pub fn new(options: &SpliceOptions) -> Result<Self> {
        let decision = decide(None, options)?;
        let memory = Memory::new(options.memory, threads(options.threads, options.memory));
        let most = memory.group();
        let encoder = GroupEncoder::new(decision.plan(most).layout);
        Ok(Self { options: options.clone(), decision, encoder, most, entries: Vec::new() })
    }

    /// Appends to `out` the group of all `ranges`, which share their first 16 bits and ascend. Takes some 20 ns an entry.
    ///
    /// # Errors
    /// [`Error::UnfitRange`] for a range that cannot be; [`Error::Unbuildable`] where the group is larger than the
    /// memory allowed or than the format holds.
    pub fn encode(&mut self, ranges: Vec<ChangedRange>, out: &mut Vec<u8>) -> Result<AssembledGroup> {
        let prefix = ranges.first().map_or(0, |range| range.prefix / RANGES);
        let layout = self.decision.plan(self.most).layout;
        let (mut totals, mut tally) = (Totals::default(), Tally::default());
        let (mut mask, mut last) = (0_u16, None);
        self.entries.clear();
        for range in ranges {
            self.refuse_unfit(prefix, last, &range)?;
            last = Some(range.prefix);
            mask |= 1 << (range.prefix % RANGES);
            let mut change = Change { range, kept: false };
            change.settle(layout, self.decision.min_count, &mut totals, &mut tally)?;
            if change.range.entries.len() > self.most - self.entries.len() {
                return Err(too_large());
            }
            self.entries.extend_from_slice(&change.range.entries);
        }
        let before = out.len();
        let checksum =
            if self.entries.is_empty() { 0 } else { self.encoder.encode(prefix, &self.entries, out)? };
        Ok(AssembledGroup {
            prefix,
            ranges: mask,
            length: (out.len() - before) as u64,
            checksum,
            entries: self.entries.len() as u64,
            count: totals.count,
            max_count: totals.max_count,
            collisions: tally.collisions.into_pairs(),
        })
    }

    fn refuse_unfit(&self, group: u32, last: Option<u32>, range: &ChangedRange) -> Result<()> {
        let prefix = range.prefix;
        let fault = if prefix >= PREFIX_COUNT {
            RangeFault::NoPrefix
        } else if prefix / RANGES != group || last.is_some_and(|last| last >= prefix) {
            RangeFault::OutOfTurn
        } else if !self.decision.coverage.contains(prefix) {
            RangeFault::NotCovered
        } else {
            return Ok(());
        };
        Err(Error::UnfitRange { prefix, fault })
    }

    /// Makes an unfinished file, which holds all groups, the index at `target`.
    ///
    /// The file is finished, synced and renamed. Where the index has 4,194,304 entries or fewer, these may be encoded once
    /// more into another file; then the unfinished one stays. After an error it stays too, with the groups as they were.
    ///
    /// # Errors
    /// [`Error::UnfitRange`] for the first covered range that is in no group; [`Error::TargetExists`];
    /// [`Error::TargetBusy`]; [`Error::Unbuildable`]; [`Error::Io`]; [`Error::Cancelled`].
    pub fn publish(
        self,
        unfinished: UnfinishedIndex<'_>,
        target: &Path,
        monitor: &dyn Monitor,
    ) -> Result<BuildReport> {
        let UnfinishedIndex { file, path, groups, source, date, notes } = unfinished;
        let Self { options, decision, most, .. } = self;
        let mut notes = foreign_notes(notes)?;
        let (log, collisions) = log(groups, &decision)?;
        notes.extend(collisions.note());
        let mut publication = Publication::claim(target, options.replace)?;
        publication.adopt(file, path)?;
        let control = Control::new(threads(options.threads, options.memory), monitor)?;
        let job = Job {
            control: &control,
            inputs: &[],
            decision: &decision,
            memory: Memory::new(options.memory, control.threads()),
            temp_dir: None,
            source,
            date,
            watches: Stopwatches::default(),
        };
        let (file, place) = publication.file()?;
        let layout = decision.plan(most).layout;
        let store = GroupStore { log, ..GroupStore::new(file, place, LENGTH as u64, layout) };
        job.conclude(publication, Pass { store, went_unsorted: None, left_out: 0, notes })
    }
}

/// Adds up groups, which must be all that the index covers.
fn log(groups: Vec<AssembledGroup>, decision: &Decision) -> Result<(GroupLog, Collisions)> {
    let mut log = GroupLog::default();
    let mut collisions = Collisions::default();
    let mut given = PrefixSet::new();
    let overflow = || Error::Unbuildable("the groups are longer than a file can be".into());
    for group in groups {
        let AssembledGroup { prefix, length, checksum, entries, count, max_count, .. } = group;
        for bit in (0..RANGES).filter(|bit| group.ranges >> bit & 1 == 1) {
            let range = prefix.checked_mul(RANGES).and_then(|first| first.checked_add(bit));
            match range.filter(|range| *range < PREFIX_COUNT && !given.contains(*range)) {
                Some(range) => given.insert(range),
                None => return Err(Error::UnfitRange { prefix: prefix << 4, fault: RangeFault::NoPrefix }),
            }
        }
        if length > 0 {
            log.places.push(GroupPlace { prefix, offset: log.length, length, checksum });
        }
        log.length = log.length.checked_add(length).ok_or_else(overflow)?;
        let folded = group.collisions.iter().map(|(_, number)| u64::from(*number)).sum();
        log.totals.add(&Totals { entries, count, max_count, collisions: folded, left_out: 0 });
        group.collisions.into_iter().for_each(|(prefix, number)| collisions.push(prefix, number));
    }
    if let Some(place) = log.places.windows(2).find(|two| two[0].prefix >= two[1].prefix) {
        return Err(Error::UnfitRange { prefix: place[1].prefix << 4, fault: RangeFault::OutOfTurn });
    }
    match given.first_missing(&decision.coverage) {
        Some(prefix) => Err(Error::UnfitRange { prefix, fault: RangeFault::Missing }),
        None => Ok((log, collisions)),
    }
}

#[cfg(test)]
#[path = "assembly_tests.rs"]
pub(super) mod tests;
