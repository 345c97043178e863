//! What a download or an update has fetched: complete groups in the unfinished index, the ranges ahead of them in a
//! spool, and a journal that says what is where. So either needs little more disk than the new index.
//!
//! A range is written to the spool before anything else becomes of it, or straight into its group. A group's bytes are
//! written before the journal's record that vouches for them, and that before the spool's segments are removed: whatever
//! ends a run, what arrived is in one of the two. Every 20 seconds the system is asked to have all on disk, in the
//! same order.
//!
//! Of an update, ranges that are as the old index has them are noted in the journal alone, and their groups copied. No
//! group is written before it is known that something must be: then all that are complete are caught up with.

#![forbid(unsafe_code)]

mod groups;
mod order;
mod spool;
#[cfg(test)]
mod tests;
mod text;
mod unfinished;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use breachdex::{Assembler, Coverage, Index, Monitor, SpliceOptions, SpliceReport, UnfinishedIndex};
use tokio::sync::watch;

use self::order::{next_group, window};
use self::spool::{Spool, SpoolPlace};
pub(crate) use self::text::TextFolder;
use self::unfinished::Unfinished;
use crate::error::{Error, Result};
use crate::journal::{self, IfOther, Journal, Record, RecordKind, Settings};
use crate::notes::{Tags, prefixes};
use crate::run::{Kept, Store};

/// Follows the journal's name.
const INDEX_SUFFIX: &str = "-index";
/// Groups that are appended between two looks at the monitor, and without the arrived ranges being saved before.
const CHUNK: usize = 64;

/// A range whose group is not complete.
struct Early {
    /// The range, while there is memory for it.
    record: Option<Record>,
    /// Where it is in the spool.
    place: Option<SpoolPlace>,
}

/// The index that is updated.
#[derive(Clone, Copy)]
pub(crate) struct Base<'a> {
    pub(crate) index: &'a Index,
    /// The entity tags that it has of the server that is asked.
    pub(crate) known: &'a Tags,
}

/// What is made.
pub(crate) struct Making<'a, 'o> {
    pub(crate) base: Option<Base<'a>>,
    pub(crate) options: &'o SpliceOptions,
    /// Requests at a time.
    pub(crate) concurrency: usize,
}

/// A download or an update on disk.
pub(crate) struct Assembly<'a> {
    pub(crate) journal: Journal,
    base: Option<Base<'a>>,
    assembler: Assembler<'a>,
    unfinished: Unfinished,
    spool: Spool,
    /// Every prefix that is wanted, ascending.
    covered: Vec<u32>,
    /// How many of them are in groups.
    front: usize,
    /// How many of them could be: in complete groups.
    reach: usize,
    /// Ranges that cannot be fetched now, and how many of `covered` would be in complete groups with them. What lies behind
    /// them waits in the spool.
    passed_over: BTreeSet<u32>,
    reach_with_gaps: usize,
    /// Whether groups are written that lack ranges which could not be fetched. The next run asks for those, so it must not
    /// go on behind such groups: they are not recorded, and what they are made of stays in the spool.
    has_gaps: bool,
    /// Whether groups are to be written: always, but for an update of which no change is known yet.
    is_due: bool,
    window: usize,
    early: HashMap<u32, Early>,
    /// Bytes of rows that `early` has in memory, and how many it may have.
    cached: usize,
    most_cached: usize,
    /// Ranges that arrived and are in no file.
    batch: Vec<Record>,
    bytes: Vec<u8>,
    limit: watch::Sender<u32>,
    /// Where ranges are kept as text, too, and those whose text is not certain to be on disk. They are in no other file.
    text: Option<TextFolder>,
    without_text: Vec<Record>,
    /// Whether a range arrived since the last flush.
    is_arriving: bool,
}

/// A path beside the journal's.
fn beside(journal: &Path, suffix: &str) -> PathBuf {
    let mut name = journal.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    journal.with_file_name(name)
}

/// Removes all that a download or an update of a target leaves; the journal last, for it says what the others are.
pub(crate) fn remove(journal: &Path) -> Result<()> {
    let disk = breachdex::files::current();
    spool::remove_file(&*disk, &beside(journal, INDEX_SUFFIX))?;
    spool::remove(journal)?;
    spool::remove_file(&*disk, journal)?;
    // A journal that comes back after a loss of power has the next run believe what servers said long ago.
    let folder = journal.parent().filter(|folder| !folder.as_os_str().is_empty());
    let _ = disk.sync_folder(folder.unwrap_or(Path::new(".")));
    Ok(())
}

impl<'a> Assembly<'a> {
    /// Opens what an earlier run left, or begins.
    ///
    /// # Errors
    /// As [`Journal::open`]; what [`Assembler::new`] gives.
    pub(crate) fn open(
        target: &Path,
        settings: Settings,
        base_url: &str,
        if_other: IfOther,
        making: Making<'a, '_>,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let Making { base, options, concurrency } = making;
        let assembler = Assembler::new(base.map(|base| base.index), options)?;
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
            base,
            assembler,
            unfinished,
            spool,
            covered,
            front,
            reach: front,
            passed_over: BTreeSet::new(),
            reach_with_gaps: front,
            has_gaps: false,
            is_due: false,
            window,
            early,
            cached: 0,
            most_cached: usize::try_from(options.memory / 8).unwrap_or(usize::MAX),
            batch: Vec::new(),
            bytes: Vec::new(),
            limit: watch::Sender::new(0),
            text: None,
            without_text: Vec::new(),
            is_arriving: false,
        };
        assembly.is_due = base.is_none() || front > 0 || assembly.is_any_of_use();
        assembly.flush(monitor)?;
        Ok(assembly)
    }

    /// Keeps ranges as text too, from now on.
    pub(crate) fn keep_text(&mut self, folder: TextFolder) {
        self.text = Some(folder);
    }

    /// Does without ranges that cannot be fetched: the index will not cover them. `options` are those of the assembly, which
    /// has no base.
    ///
    /// # Errors
    /// What [`Assembler::new`] gives; as [`Store::flush`].
    pub(crate) fn leave_out(
        &mut self,
        missing: &[u32],
        options: &SpliceOptions,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        // None of them is in a group, so those that are stay where they are.
        self.covered.retain(|prefix| missing.binary_search(prefix).is_err());
        let ranges = missing.iter().map(|prefix| (*prefix, *prefix));
        let missing = Coverage::from_ranges(ranges).unwrap_or_else(Coverage::empty);
        let coverage = options.coverage.difference(&missing);
        self.assembler = Assembler::new(None, &SpliceOptions { coverage, ..options.clone() })?;
        self.passed_over.clear();
        self.has_gaps = true;
        self.flush(monitor)
    }

    /// Leaves ranges that cannot be fetched as the base has them. The next run asks for them again.
    ///
    /// # Errors
    /// As [`Store::flush`].
    pub(crate) fn keep_of_base(&mut self, missing: &[u32], monitor: &dyn Monitor) -> Result<()> {
        // Not written to the journal: who goes on from there is to ask for them.
        missing.iter().for_each(|prefix| self.journal.know(&Record::of(RecordKind::Unchanged, *prefix)));
        self.passed_over.clear();
        self.has_gaps = true;
        self.flush(monitor)
    }

    /// The prefixes that the index will cover, ascending.
    pub(crate) fn covered(&self) -> &[u32] {
        &self.covered
    }

    /// Whether something is known that the base does not have.
    fn is_any_of_use(&self) -> bool {
        self.covered.iter().any(|prefix| self.is_of_use(*prefix))
    }

    /// Whether a range is known to have changed, or to have an entity tag that the base does not know.
    fn is_of_use(&self, prefix: u32) -> bool {
        match (self.journal.kind_of(prefix), self.base) {
            (Some(RecordKind::Range), _) => true,
            (Some(RecordKind::Same), Some(base)) => {
                let tag = self.journal.tag(prefix);
                let rank = self.covered.partition_point(|covered| *covered < prefix) as u32;
                !tag.is_empty() && tag != base.known.get(rank).as_bytes()
            }
            _ => false,
        }
    }

    /// Whether there is an index to publish. An update that found nothing of use has none.
    pub(crate) fn is_due(&self) -> bool {
        self.is_due
    }

    /// Hashes that only the base has, of the groups that are written.
    pub(crate) fn hashes_removed(&self) -> u64 {
        self.unfinished.groups.iter().map(|group| group.changes.hashes_removed).sum()
    }

    /// Closes all files but the journal, whose lock is held until it is dropped.
    pub(crate) fn into_journal(self) -> Journal {
        self.journal
    }

    /// The prefixes that nothing is known of yet, ascending.
    pub(crate) fn missing(&self) -> Vec<u32> {
        self.covered.iter().copied().filter(|prefix| self.journal.kind_of(*prefix).is_none()).collect()
    }

    /// Makes the unfinished index, which is due and has all groups, the one at `target`. What else there is stays; [`remove`] it then.
    ///
    /// # Errors
    /// What [`Assembler::publish`] gives; [`Error::Io`].
    pub(crate) fn publish(
        self,
        target: &Path,
        (source, date): (String, String),
        notes: Vec<(String, Vec<u8>)>,
        monitor: &dyn Monitor,
    ) -> Result<(SpliceReport, Journal)> {
        let Self { journal, assembler, unfinished, .. } = self;
        let Unfinished { path, file, groups, .. } = unfinished;
        let unfinished = UnfinishedIndex { file, path: &path, groups, source, date, notes };
        // The journal's lock is held until the target is there.
        let report = assembler.publish(unfinished, target, monitor).map_err(|error| match error {
            // What is stopped leaves what was fetched, so nothing is lost.
            breachdex::Error::Cancelled => Error::Stopped,
            error => error.into(),
        })?;
        Ok((report, journal))
    }

    /// The first prefix that is in no group; beyond all where every one is.
    fn front_prefix(&self, front: usize) -> u32 {
        self.covered.get(front).copied().unwrap_or(u32::MAX)
    }

    /// Notes what was taken. Returns the prefixes of those with rows.
    fn take_batch(&mut self) -> Result<Vec<u32>> {
        let mut arrived = Vec::with_capacity(self.batch.len());
        for record in std::mem::take(&mut self.batch) {
            let prefix = record.prefix;
            self.journal.know(&record);
            self.is_due = self.is_due || self.is_of_use(prefix);
            if record.kind == RecordKind::Range {
                arrived.push(prefix);
                self.cached += record.payload.len();
                self.early.insert(prefix, Early { record: Some(record), place: None });
            } else {
                self.journal.append(&record)?;
            }
        }
        Ok(arrived)
    }
}

impl Store for Assembly<'_> {
    fn ranges(&self) -> u32 {
        self.journal.ranges()
    }

    fn limit(&self) -> watch::Receiver<u32> {
        self.limit.subscribe()
    }

    fn note_begun(&mut self, seconds: u64) -> Result<()> {
        self.journal.note_begun(seconds)
    }

    /// Text first: a range that is kept has its file.
    fn keep(&mut self, kept: Kept) -> Result<()> {
        self.is_arriving = true;
        self.passed_over.remove(&kept.record.prefix);
        match (&mut self.text, &kept.text) {
            (Some(folder), Some(text)) => {
                folder.write(kept.record.prefix, text)?;
                self.without_text.push(kept.record);
            }
            _ => self.batch.push(kept.record),
        }
        Ok(())
    }

    fn pass_over(&mut self, prefix: u32) {
        self.passed_over.insert(prefix);
    }

    /// The system keeps what was handed over, whatever becomes of the process.
    fn flush(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let is_idle = !std::mem::take(&mut self.is_arriving);
        if let Some(text) = &mut self.text
            && (is_idle || text.is_full())
        {
            // Where this fails they are fetched again by the next run.
            let with_text = std::mem::take(&mut self.without_text);
            text.publish()?;
            self.batch.extend(with_text);
        }
        let arrived = self.take_batch()?;
        // What has no rows is safe before any group is written.
        self.journal.write()?;
        self.extend_reach();
        // Where there is much to catch up with, what arrived is saved before, so that none of it is fetched twice.
        let is_far = self.reach - self.front > CHUNK * 16;
        self.save_early(&arrived, if is_far { 0 } else { self.front_prefix(self.reach) })?;
        let appended = if self.is_due { self.append_groups(monitor) } else { Ok(()) };
        if appended.is_err() {
            // What arrived is kept all the same; that it could not be is the smaller fault of the two.
            let _ = self.save_early(&arrived, 0);
        }
        appended?;
        self.settle()?;
        let mut front = if self.is_due { self.front } else { self.reach };
        if !self.passed_over.is_empty() {
            self.extend_reach_with_gaps();
            front = front.max(self.reach_with_gaps);
        }
        self.limit.send_replace(self.front_prefix(front.saturating_add(self.window)));
        Ok(())
    }
}
