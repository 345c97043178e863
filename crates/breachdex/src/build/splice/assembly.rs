//! An index that grows group by group in a file of its own, for programs that receive a corpus in order and want
//! no second copy of it on disk. The file becomes the index when every group is in it.
//!
//! `group` is what such a program keeps of each group, `base` the index that is updated, if one is.

#![forbid(unsafe_code)]

mod base;
mod group;

use std::fs::File;
use std::path::Path;

pub use self::group::{AssembledGroup, GroupChanges};

use self::base::Base;
use super::group_patch::{GroupPatch, NewGroup, Scratch, replace};
use super::options::{ChangedRange, SpliceOptions, SpliceReport};
use super::prefixes::PrefixSet;
use super::range::{Change, Tally};
use super::{decide, foreign_notes, replace_collisions, replace_totals};
use crate::build::control::Control;
use crate::build::groups::{GroupLog, GroupPlace, GroupStore};
use crate::build::job::{Job, Pass};
use crate::build::memory::Memory;
use crate::build::plan::Decision;
use crate::build::publish::Publication;
use crate::build::report::Stopwatches;
use crate::build::span::{Totals, too_large};
use crate::build::threads;
use crate::coverage::PREFIX_COUNT;
use crate::error::{Error, RangeFault, Result};
use crate::format::encode::Seal;
use crate::format::header::LENGTH;
use crate::format::placement::PAGE;
use crate::format::{directory_bits, placement};
use crate::index::Index;
use crate::monitor::Monitor;

/// Ranges under one group's prefix of 16 bits.
const RANGES: u32 = 16;

/// Encodes groups of 16 ranges for an index that is assembled in a file, and makes that file the index.
///
/// The caller writes the bytes of each group to the file, in ascending order and one behind the other, from
/// [`Assembler::GROUPS_START`] on. The result is, but for notes, what [`build`](super::super::build) makes of the same
/// corpus with the same options. [`splice`](super::splice) makes the same index in one call, from ranges that are
/// all there.
pub struct Assembler<'a> {
    options: SpliceOptions,
    decision: Decision,
    base: Option<Base<'a>>,
    scratch: Scratch,
    /// The most entries that a group may have in memory.
    most: usize,
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

impl<'a> Assembler<'a> {
    /// The offset of the first group in the file, in bytes.
    pub const GROUPS_START: u64 = LENGTH as u64;

    /// Prepares to encode groups of a new index or, with a base, of one in which ranges of the base are replaced. Costs a
    /// few KiB, with a base 3 MiB; nothing is written.
    ///
    /// # Errors
    /// [`Error::Unbuildable`] for options that contradict one another; [`Error::UnfitBase`] for a base that cannot become
    /// what the options say.
    pub fn new(base: Option<&'a Index>, options: &SpliceOptions) -> Result<Self> {
        let decision = decide(base, options)?;
        let memory = Memory::new(options.memory, threads(options.threads, options.memory));
        let most = memory.group();
        let scratch = Scratch::new(decision.plan(most).layout);
        let base = base.map(Base::new);
        Ok(Self { options: options.clone(), decision, base, scratch, most })
    }

    /// Appends to `out` the group of a prefix of 16 bits, as it is behind `end` bytes of groups (the sum of their lengths): of
    /// `ranges`, which lie under it and ascend, and of what else the base has there. A group of which no range is handed over is copied once its checksums were found to hold; of others
    /// only what the ranges touch is encoded, some 20 ns an entry.
    ///
    /// # Errors
    /// [`Error::UnfitRange`] for a range that cannot be; [`Error::Unbuildable`] where the group is larger than the
    /// memory allowed or than the format holds; [`Error::Damaged`] where the base's group is.
    pub fn encode(
        &mut self,
        prefix: u32,
        ranges: Vec<ChangedRange>,
        end: u64,
        out: &mut Vec<u8>,
    ) -> Result<AssembledGroup> {
        if prefix >= PREFIX_COUNT / RANGES {
            let prefix = prefix.saturating_mul(RANGES);
            return Err(Error::UnfitRange { prefix, fault: RangeFault::NoPrefix });
        }
        let layout = self.decision.plan(self.most).layout;
        let (mut totals, mut tally) = (Totals::default(), Tally::default());
        let (mut given, mut last) = (0_u16, None);
        let mut changes = Vec::with_capacity(ranges.len());
        for range in ranges {
            self.refuse_unfit(prefix, last, &range)?;
            last = Some(range.prefix);
            given |= 1 << (range.prefix % RANGES);
            let mut change = Change { range, kept: false };
            change.settle(layout, self.decision.min_count, &mut totals, &mut tally)?;
            changes.push(change);
        }
        let before = out.len();
        let new = self.patch(prefix, &changes, &mut tally, out)?;
        let covered = self.base.as_ref().map_or(0, |base| base.covered(prefix));
        let (seal, entries) = new.map_or((Seal::default(), 0), |new| (new.seal, new.entries));
        let padding = if entries == 0 { 0 } else { placement::padding(end, seal.head) };
        out.splice(before..before, std::iter::repeat_n(0, padding as usize));
        Ok(AssembledGroup {
            prefix,
            ranges: given | covered,
            length: (out.len() - before) as u64,
            padding,
            checksum: seal.checksum,
            hash: seal.hash,
            entries,
            count: totals.count,
            max_count: totals.max_count,
            changes: GroupChanges::new(given, &tally),
            collisions: tally.collisions.into_pairs(),
        })
    }

    /// Appends a group with its changes to `out`, as little as possible of it encoded afresh.
    fn patch(
        &mut self,
        prefix: u32,
        changes: &[Change],
        tally: &mut Tally,
        out: &mut Vec<u8>,
    ) -> Result<Option<NewGroup>> {
        let layout = self.decision.plan(self.most).layout;
        let group_patch = GroupPatch { layout, most: self.most };
        let scratch = &mut self.scratch;
        scratch.old.clear();
        if let Some(base) = &mut self.base {
            if let Some(mut group) = base.group(prefix)? {
                let entries = group.check()?;
                let new = if changes.is_empty() {
                    let copied = base.copy(&group, out)?;
                    Some(NewGroup { seal: group.seal()?, entries, copied })
                } else {
                    group_patch.patch(&mut group, entries, changes, scratch, tally, out)?
                };
                tally.bytes_copied += new.as_ref().map_or(0, |new| new.copied);
                return Ok(new);
            }
            base.decode(prefix, self.most, &mut scratch.old)?;
        }
        let given = changes.iter().map(|change| change.range.entries.len());
        if given.sum::<usize>() > self.most {
            return Err(too_large());
        }
        scratch.new.clear();
        replace(&scratch.old, changes, &mut scratch.new, |change, rows| {
            tally.compare(rows, &change.range.entries, layout.counts);
        });
        group_patch.encode(prefix, scratch, out)
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
    ) -> Result<SpliceReport> {
        let UnfinishedIndex { file, path, groups, source, date, notes } = unfinished;
        let Self { options, decision, most, base, .. } = self;
        let mut notes = foreign_notes(notes)?;
        let Sum { log, mut tally, given } = sum(groups, &decision)?;
        let mut publication =
            Publication::claim(target, options.replace)?.before(options.before_publish.as_ref());
        publication.adopt(file, path);
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
        let mut store = GroupStore { log, ..GroupStore::new(file, place, LENGTH as u64, layout) };
        let encoded_afresh = directory_bits(store.log.totals.entries) != layout.directory_bits;
        if let Some(base) = base.as_ref().filter(|_| layout.counts && !encoded_afresh) {
            replace_totals(&control, &mut store, base.index, (tally.old_count, tally.old_max))?;
        }
        let old = base.as_ref().map_or(Ok(None), Base::collisions)?;
        let base = base.map(|base| base.index);
        notes.extend(replace_collisions(
            &mut store.log,
            (base, old),
            &given,
            std::mem::take(&mut tally.collisions),
        ));
        let index = job.conclude(publication, Pass { store, went_unsorted: None, left_out: 0, notes })?;
        Ok(tally.report(given.len(), encoded_afresh, index))
    }
}

/// Groups, added up.
struct Sum {
    /// Its counts are those of the ranges handed over.
    log: GroupLog,
    tally: Tally,
    /// The prefixes of the ranges handed over.
    given: PrefixSet,
}

/// Adds up groups, which must be all that the index covers.
fn sum(groups: Vec<AssembledGroup>, decision: &Decision) -> Result<Sum> {
    let (mut log, mut tally) = (GroupLog::default(), Tally::default());
    let (mut held, mut given) = (PrefixSet::new(), PrefixSet::new());
    let overflow = || Error::Unbuildable("the groups are longer than a file can be".into());
    for group in groups {
        let AssembledGroup { prefix, length, padding, checksum, hash, .. } = group;
        let AssembledGroup { entries, count, max_count, changes, .. } = group;
        for bit in (0..RANGES).filter(|bit| (group.ranges | changes.given) >> bit & 1 == 1) {
            let range = prefix.checked_mul(RANGES).and_then(|first| first.checked_add(bit));
            let Some(range) = range.filter(|range| *range < PREFIX_COUNT && !held.contains(*range)) else {
                return Err(Error::UnfitRange { prefix: prefix << 4, fault: RangeFault::NoPrefix });
            };
            held.insert(range);
            if changes.given >> bit & 1 == 1 {
                given.insert(range);
            }
        }
        if length > 0 {
            let start = log.length.checked_add(padding).filter(|_| padding < length).ok_or_else(overflow)?;
            if padding >= PAGE || padding > 0 && !(LENGTH as u64 + start).is_multiple_of(PAGE) {
                return Err(Error::Unbuildable(format!(
                    "group {prefix:04X} was not made for this place; assemble the index anew"
                )));
            }
            log.places.push(GroupPlace { prefix, offset: start, length: length - padding, checksum, hash });
        }
        log.length = log.length.checked_add(length).ok_or_else(overflow)?;
        log.totals.add(&Totals { entries, count, max_count, ..Totals::default() });
        tally.add(changes.tally(length == 0));
        group.collisions.into_iter().for_each(|(prefix, number)| tally.collisions.push(prefix, number));
    }
    if let Some(place) = log.places.windows(2).find(|two| two[0].prefix >= two[1].prefix) {
        return Err(Error::UnfitRange { prefix: place[1].prefix << 4, fault: RangeFault::OutOfTurn });
    }
    match held.first_missing(&decision.coverage) {
        Some(prefix) => Err(Error::UnfitRange { prefix, fault: RangeFault::Missing }),
        None => Ok(Sum { log, tally, given }),
    }
}

#[cfg(test)]
#[path = "assembly_tests.rs"]
pub(super) mod tests;
