//! What a download has fetched: complete groups in the unfinished index, the ranges ahead of them in a spool, and a
//! journal that says what is where. So a download needs little more disk than the index.
//!
//! A range is written to the spool before anything else becomes of it, or straight into its group. A group's bytes are
//! written before the journal's record that vouches for them, and that before the spool's segments are removed: whatever
//! ends a run, what arrived is in one of the two. Every 20 seconds the system is asked to have all on disk, in the
//! same order.

#![forbid(unsafe_code)]

mod spool;
#[cfg(test)]
mod tests;
mod unfinished;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use breachdex::{Assembler, BuildReport, ChangedRange, Monitor, SpliceOptions, UnfinishedIndex};
use tokio::sync::watch;

use self::spool::{Spool, SpoolPlace};
use self::unfinished::Unfinished;
use crate::error::Result;
use crate::journal::{self, GroupState, IfOther, Journal, RangeState, Record, Settings};
use crate::notes::prefixes;
use crate::run::RangeStore;

/// Follows the journal's name.
const INDEX_SUFFIX: &str = "-index";
/// The smallest part of a corpus, as a divisor, that may wait for its groups.
const WINDOW_SHARE: usize = 128;
/// The most ranges ahead of the first incomplete group: 300 MB of exact hashes with counts.
const MOST_AHEAD: usize = 8192;
/// The fewest; with many requests at a time it is more.
const FEWEST_AHEAD: usize = 128;

/// A range whose group is not complete.
struct Early {
    /// The range, while there is memory for it.
    record: Option<Record>,
    /// Where it is in the spool.
    place: Option<SpoolPlace>,
}

/// A download on disk.
pub(crate) struct Assembly {
    pub(crate) journal: Journal,
    assembler: Assembler,
    unfinished: Unfinished,
    spool: Spool,
    /// Every prefix that is wanted, ascending.
    covered: Vec<u32>,
    /// How many of them are in groups.
    front: usize,
    window: usize,
    early: HashMap<u32, Early>,
    /// Bytes of rows that `early` has in memory, and how many it may have.
    cached: usize,
    most_cached: usize,
    /// Ranges that arrived and are in no file.
    batch: Vec<Record>,
    bytes: Vec<u8>,
    limit: watch::Sender<u32>,
}

/// A path beside the journal's.
fn beside(journal: &Path, suffix: &str) -> PathBuf {
    let mut name = journal.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    journal.with_file_name(name)
}

/// Removes all that a download of a target leaves; the journal last, for it says what the others are.
pub(crate) fn remove(journal: &Path) -> Result<()> {
    spool::remove_file(&beside(journal, INDEX_SUFFIX))?;
    spool::remove(journal)?;
    spool::remove_file(journal)
}

/// How many ranges may be asked for ahead of the first incomplete group.
fn window(ranges: usize, concurrency: usize) -> usize {
    let fewest = concurrency.saturating_mul(2).clamp(FEWEST_AHEAD, MOST_AHEAD);
    (ranges / WINDOW_SHARE).clamp(fewest, MOST_AHEAD)
}

impl Assembly {
    /// Opens what an earlier run left, or begins.
    ///
    /// # Errors
    /// As [`Journal::open`]; what [`Assembler::new`] gives.
    pub(crate) fn open(
        target: &Path,
        settings: Settings,
        base_url: &str,
        if_other: IfOther,
        (options, concurrency): (&SpliceOptions, usize),
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let assembler = Assembler::new(options)?;
        let covered: Vec<u32> = prefixes(&options.coverage).collect();
        let path = journal::path(target, &settings.job);
        let index = beside(&path, INDEX_SUFFIX);
        let (mut unfinished, mut front) = (None, 0);
        let mut take_over = |record: &Record| {
            let file = match &mut unfinished {
                Some(file) => file,
                none => none.insert(Unfinished::open(index.clone())?),
            };
            let Some(next) = next_group(&covered, front) else { return Ok(None) };
            let state = file.take_over(record, (next.prefix, next.ranges))?;
            front += if state.is_some() { next.len } else { 0 };
            Ok(state)
        };
        let mut journal = Journal::open(target, settings, base_url, if_other, &mut take_over, monitor)?;
        let mut unfinished = match unfinished {
            Some(file) => file,
            None => Unfinished::open(index)?,
        };
        unfinished.cut()?;
        let window = window(covered.len(), concurrency);
        let mut early = HashMap::new();
        let id = journal.settings.id.clone();
        let capacity = (window / 4) as u32;
        let spool = Spool::open(&path, &id, base_url, capacity, &mut |record, place| {
            let is_new = journal.kind_of(record.prefix).is_none();
            if is_new {
                journal.know(record);
                early.insert(record.prefix, Early { record: None, place: Some(place) });
            }
            is_new
        })?;
        let mut assembly = Self {
            journal,
            assembler,
            unfinished,
            spool,
            covered,
            front,
            window,
            early,
            cached: 0,
            most_cached: usize::try_from(options.memory / 8).unwrap_or(usize::MAX),
            batch: Vec::new(),
            bytes: Vec::new(),
            limit: watch::Sender::new(0),
        };
        assembly.flush()?;
        Ok(assembly)
    }

    /// The prefixes that nothing is known of yet, ascending.
    pub(crate) fn missing(&self) -> Vec<u32> {
        self.covered.iter().copied().filter(|prefix| self.journal.kind_of(*prefix).is_none()).collect()
    }

    /// Makes the unfinished index, which has all groups, the one at `target`. What else there is stays; [`remove`] it then.
    ///
    /// # Errors
    /// What [`Assembler::publish`] gives.
    pub(crate) fn publish(
        self,
        target: &Path,
        (source, date): (String, String),
        notes: Vec<(String, Vec<u8>)>,
        monitor: &dyn Monitor,
    ) -> breachdex::Result<(BuildReport, Journal)> {
        let Self { journal, assembler, unfinished: Unfinished { path, file, groups, .. }, .. } = self;
        let unfinished = UnfinishedIndex { file, path: &path, groups, source, date, notes };
        // The journal's lock is held until the target is there.
        Ok((assembler.publish(unfinished, target, monitor)?, journal))
    }

    /// The first prefix that is in no group; beyond all where every one is.
    fn front_prefix(&self, front: usize) -> u32 {
        self.covered.get(front).copied().unwrap_or(u32::MAX)
    }

    /// How many of the covered prefixes are in groups when all that can be complete are.
    fn reachable_front(&self) -> usize {
        let mut front = self.front;
        while let Some(next) = next_group(&self.covered, front) {
            let ranges = &self.covered[front..front + next.len];
            if !ranges.iter().all(|prefix| self.early.contains_key(prefix)) {
                break;
            }
            front += next.len;
        }
        front
    }

    /// Puts ranges from `from` on that are in no file into the spool.
    fn save_early(&mut self, arrived: &[u32], from: u32) -> Result<()> {
        for prefix in arrived.iter().filter(|prefix| **prefix >= from) {
            let Some(early) = self.early.get_mut(prefix).filter(|early| early.place.is_none()) else {
                continue;
            };
            let Some(record) = &early.record else { continue };
            early.place = Some(self.spool.append(record)?);
            if self.cached > self.most_cached {
                self.cached -= record.payload.len();
                early.record = None;
            }
        }
        self.spool.flush()
    }

    /// Appends the first incomplete group, all of whose ranges are there.
    fn append_group(&mut self) -> Result<()> {
        let Some(next) = next_group(&self.covered, self.front) else { return Ok(()) };
        let wanted = self.front..self.front + next.len;
        let mut ranges = Vec::with_capacity(next.len);
        let mut states = Vec::with_capacity(next.len);
        for at in wanted.clone() {
            let prefix = self.covered[at];
            let (range, modified) = self.read(prefix)?;
            let tag = String::from_utf8_lossy(self.journal.tag(prefix)).into_owned();
            ranges.push(range);
            states.push(RangeState { prefix, modified, tag });
        }
        self.bytes.clear();
        let group = self.assembler.encode(ranges, &mut self.bytes)?;
        let (offset, crc) = self.unfinished.append(group.clone(), &self.bytes)?;
        self.journal.append(&GroupState { group, offset, crc, ranges: states }.record())?;
        for at in wanted {
            let early = self.early.remove(&self.covered[at]).and_then(|early| early.record);
            self.cached -= early.map_or(0, |record| record.payload.len());
        }
        self.front += next.len;
        Ok(())
    }

    /// A range that is in no group, and when it was changed.
    fn read(&self, prefix: u32) -> Result<(ChangedRange, u64)> {
        let early = self.early.get(&prefix);
        let spooled;
        let record = match early {
            Some(Early { record: Some(record), .. }) => Some(record),
            Some(Early { place: Some(place), .. }) => {
                spooled = self.spool.read(*place)?.filter(|record| record.prefix == prefix);
                spooled.as_ref()
            }
            _ => None,
        };
        let range = record.and_then(|record| {
            let entries = self.journal.shape.decode(prefix, record.rows, &record.payload)?;
            let folded = u64::from(record.folded);
            Some((ChangedRange { prefix, entries, folded }, record.modified))
        });
        range.ok_or_else(|| self.journal.damaged(prefix))
    }

    /// Appends every group that is complete.
    fn append_groups(&mut self, front: usize) -> Result<()> {
        while self.front < front {
            self.append_group()?;
        }
        Ok(())
    }
}

/// A group of the coverage.
struct NextGroup {
    prefix: u32,
    /// Which of its 16 ranges are covered: bit 0 is the first one.
    ranges: u16,
    /// How many these are.
    len: usize,
}

/// The group that begins with the covered prefix at `front`.
fn next_group(covered: &[u32], front: usize) -> Option<NextGroup> {
    let rest = covered.get(front..)?;
    let prefix = rest.first()? >> 4;
    let here = rest.iter().take_while(|range| **range >> 4 == prefix);
    let ranges = here.fold(0, |ranges, range| ranges | 1 << (range % 16));
    Some(NextGroup { prefix, ranges, len: u16::count_ones(ranges) as usize })
}

impl RangeStore for Assembly {
    fn note_begun(&mut self, seconds: u64) -> Result<()> {
        self.journal.note_begun(seconds)
    }

    fn keep(&mut self, record: Record) -> Result<()> {
        self.batch.push(record);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let mut arrived = Vec::with_capacity(self.batch.len());
        for record in self.batch.drain(..) {
            arrived.push(record.prefix);
            self.journal.know(&record);
            self.cached += record.payload.len();
            self.early.insert(record.prefix, Early { record: Some(record), place: None });
        }
        let front = self.reachable_front();
        self.save_early(&arrived, self.front_prefix(front))?;
        let appended = self.append_groups(front);
        if appended.is_err() {
            // What arrived is kept all the same; that it could not be is the smaller fault of the two.
            let _ = self.save_early(&arrived, 0);
        }
        self.journal.write()?;
        appended?;
        let due = self.journal.is_sync_due();
        if due {
            self.unfinished.sync()?;
            self.journal.sync()?;
        }
        self.spool.shrink(self.front_prefix(self.front), due)?;
        if due {
            self.spool.sync()?;
        }
        self.limit.send_replace(self.front_prefix(self.front.saturating_add(self.window)));
        Ok(())
    }

    fn ranges(&self) -> u32 {
        self.journal.ranges()
    }

    fn limit(&self) -> watch::Receiver<u32> {
        self.limit.subscribe()
    }
}
