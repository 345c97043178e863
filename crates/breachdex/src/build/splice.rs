//! Ranges put in place of an index's own, or side by side where there is no index yet. What does not change is
//! copied as it is encoded.
//!
//! `options` is what goes in and comes out. `changes` cuts what is handed over into runs of whole groups,
//! `range` checks one range and compares it with what it replaces, `patch` is the stage that copies and
//! encodes, `group_patch` what it does to a group. `assembly` takes whole groups one after another instead. `collisions` keeps what the entries of a truncated index do not show.

#![forbid(unsafe_code)]

mod assembly;
mod changes;
mod collisions;
mod group_patch;
mod options;
mod patch;
mod prefixes;
mod range;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use assembly::{AssembledGroup, Assembler, GroupChanges, UnfinishedIndex};
pub use collisions::collisions_by_range;
pub use options::{ChangedRange, SpliceOptions, SpliceReport};

use self::changes::{Changes, Fill, Given, Kept, Ranges};
use self::collisions::Collisions;
use self::patch::{Patch, Patches};
use self::prefixes::PrefixSet;
use super::control::Control;
use super::groups::{GroupLog, GroupStore, SpanWriter};
use super::job::{Job, Pass};
use super::memory::Memory;
use super::options::{BuildOptions, MergeRule};
use super::pipeline;
use super::plan::{Decision, Floors, check_options, most_entries};
use super::publish::Publication;
use super::report::Stopwatches;
use super::select;
use super::threads;
use crate::coverage::Coverage;
use crate::error::{BaseMisfit, Error, RangeFault, Result, Section};
use crate::format::notes::{Note, TOOL};
use crate::format::{Layout, MAX_DIRECTORY_BITS, OverlayMark, directory_bits};
use crate::index::groups::GroupExtent;
use crate::index::{Index, Metadata};
use crate::monitor::{Monitor, Phase};

/// Bytes of the base's groups that are worked on at a time.
const RUN_BYTES: u64 = 1 << 20;

/// The most entries of ranges that are worked on at a time.
const RUN_ENTRIES: usize = 1 << 15;

/// Builds an index at `target` of `ranges`, in ascending order, and of whatever else `base` holds.
///
/// The result is, but for notes, what [`build`](super::build) makes of the same corpus with the same options.
/// Groups of the base without a range handed over are copied as they are, once their checksums were found to
/// hold, so that a base of which little changes takes little more than a copy of the file; where the number of
/// entries comes to ask for other directory bits, all is encoded once more. Memory stays within
/// `options.memory` but for the notes. Until the target is complete and on disk it does not exist, or is what
/// it was; it may be the base's own file.
///
/// `ranges` is asked by one thread at a time. When it has ended it is given to `notes`, which says what to
/// keep in the index beside the entries. `tool` and `collisions-by-range` are the names of notes of our own.
///
/// A truncated index says in its header how many digests share a fingerprint with another. One that `splice`
/// made also notes of which ranges they are. Of a base that does not say, the header's number is kept as it
/// is, whatever changes; the content id is then not that of a fresh build.
///
/// # Errors
/// [`Error::UnfitBase`], [`Error::TargetExists`], [`Error::TargetBusy`] and [`Error::Unbuildable`] before
/// anything is read; [`Error::UnfitRange`] for the first range that cannot be, or that is missing;
/// [`Error::Damaged`] where the base is, nothing of which is copied unchecked; what `ranges` and `notes` give;
/// [`Error::Io`]; [`Error::Cancelled`].
pub fn splice<I, N>(
    base: Option<&Index>,
    mut ranges: I,
    target: &Path,
    options: &SpliceOptions,
    notes: N,
    monitor: &dyn Monitor,
) -> Result<SpliceReport>
where
    I: Iterator<Item = Result<ChangedRange>> + Send,
    N: FnOnce(I) -> Result<Vec<(String, Vec<u8>)>>,
{
    let decision = decide(base, options)?;
    let publication = Publication::claim(target, options.replace)?.before(options.before_publish.as_ref());
    let control = Control::new(threads(options.threads, options.memory), monitor)?;
    let job = Job {
        control: &control,
        inputs: &[],
        decision: &decision,
        memory: Memory::new(options.memory, control.threads()),
        temp_dir: None,
        source: options.source.clone(),
        date: options.date.clone(),
        watches: Stopwatches::default(),
    };
    let splice = Splice { job: &job, base, collisions: base.map_or(Ok(None), Collisions::of)? };
    let mut result = splice.run(&mut ranges, &publication)?;
    result.pass.notes.extend(foreign_notes(notes(ranges)?)?);
    let tally = result.tally;
    let encoded_afresh = result.encoded_afresh;
    let index = job.conclude(publication, result.pass)?;
    Ok(tally.report(result.ranges_given, encoded_afresh, index))
}

/// What the result will be. Refuses a base that cannot become it.
fn decide(base: Option<&Index>, options: &SpliceOptions) -> Result<Decision> {
    let build = BuildOptions {
        kind: options.kind,
        bits: options.bits,
        memory: options.memory,
        date: options.date.clone(),
        ..BuildOptions::default()
    };
    check_options(&build)?;
    base.map_or(Ok(()), Index::hold_to_hashes)?;
    if options.coverage.ranges().is_empty() {
        return Err(Error::Unbuildable("the index is to cover no prefix at all".into()));
    }
    let bits = options.bits.unwrap_or(options.kind.bits());
    if let Some(base) = base
        && let Some(misfit) = misfit(base.metadata(), bits, options)
    {
        return Err(Error::UnfitBase { name: base.name().to_owned(), misfit });
    }
    Ok(Decision {
        layout: Layout {
            kind: options.kind,
            bits,
            directory_bits: MAX_DIRECTORY_BITS,
            counts: options.counts,
            cut: false,
            overlay: OverlayMark::None,
        },
        width: options.kind.bits(),
        merge: MergeRule::Error,
        min_count: options.min_count.max(1),
        top: None,
        coverage: options.coverage.clone(),
        segment_bits: None,
        wanted: Coverage::whole(),
        files_left_out: 0,
        floors: Floors::new(MergeRule::Error, std::iter::empty()),
        earlier_collisions: 0,
        most_entries: most_entries(options.kind, bits, options.force_bits),
    })
}

/// Why a base cannot become what is asked for.
fn misfit(base: &Metadata, bits: u32, options: &SpliceOptions) -> Option<BaseMisfit> {
    if base.kind != options.kind {
        return Some(BaseMisfit::Kind { held: base.kind, asked: options.kind });
    }
    if base.is_cut {
        return Some(BaseMisfit::Cut);
    }
    if base.holds_overlay {
        return Some(BaseMisfit::HoldsOverlay);
    }
    if base.bits != bits {
        return Some(BaseMisfit::Bits { held: base.bits, asked: bits });
    }
    if base.has_counts != options.counts {
        let misfit = if base.has_counts { BaseMisfit::WithCounts } else { BaseMisfit::WithoutCounts };
        return Some(misfit);
    }
    if base.floor != options.min_count.max(1) {
        return Some(BaseMisfit::Floor { held: base.floor, asked: options.min_count.max(1) });
    }
    let lost = base.coverage.difference(&options.coverage);
    lost.ranges().first().map(|(first, _)| BaseMisfit::Coverage(*first))
}

/// Refuses notes that would pass for our own.
fn foreign_notes(notes: Vec<Note>) -> Result<Vec<Note>> {
    match notes.iter().find(|(name, _)| [TOOL, collisions::NOTE].contains(&name.as_str())) {
        Some((name, _)) => Err(Error::Unbuildable(format!("the note `{name}` is breachdex's own"))),
        None => Ok(notes),
    }
}

/// One splice, its target claimed.
struct Splice<'a> {
    job: &'a Job<'a>,
    base: Option<&'a Index>,
    /// The base's, where it says of which ranges they are.
    collisions: Option<Collisions>,
}

/// All groups written.
struct Spliced {
    pass: Pass,
    tally: range::Tally,
    ranges_given: u64,
    encoded_afresh: bool,
}

impl Splice<'_> {
    fn run(mut self, ranges: &mut Ranges<'_>, publication: &Publication) -> Result<Spliced> {
        let Job { control, decision, memory, watches, .. } = self.job;
        let total = self.base.map(|base| base.metadata().entries);
        control.enter(Phase::Writing, total);
        let mut given = Given::new(ranges, &decision.coverage);
        let directory_bits = self.directory_bits(&mut given)?;
        let copied_from = self.base.filter(|base| base.layout().directory_bits == directory_bits);
        let groups: Vec<GroupExtent> = copied_from.map(Index::groups).unwrap_or_default();
        let fill = Fill {
            bytes: RUN_BYTES.min(memory.sizes().most as u64),
            entries: RUN_ENTRIES.min(memory.sizes().run),
            group: memory.group(),
        };
        let mut plan = decision.plan(memory.group());
        plan.layout.directory_bits = directory_bits;
        let mut store = self.job.store(publication, &plan, true)?;
        // Dropped before the store: what it reads ahead is let go then.
        let kept = self.base.filter(|_| copied_from.is_none()).map(|base| Kept::new(base.iter()));
        let changes = Changes::new(given, kept, &groups, directory_bits, fill);
        let stage = Patch {
            base: self.base,
            groups: &groups,
            copying: copied_from.is_some(),
            layout: plan.layout,
            min_count: decision.min_count,
            most: memory.group(),
            control,
            writer: SpanWriter::new(&store, watches),
            watches,
        };
        let (changes, patches) =
            pipeline::run(control, &stage, changes, Patches::default(), control.threads())?;
        let replaced = changes.into_prefixes();
        drop(stage);
        let Patches { log, mut tally } = patches;
        store.log = log;
        self.refuse_missing(&replaced)?;
        let encoded_afresh = self.settle_totals(&mut store, &tally, copied_from)?;
        let new_collisions = std::mem::take(&mut tally.collisions);
        let old = (self.base, self.collisions.take());
        let notes = replace_collisions(&mut store.log, old, &replaced, new_collisions);
        let notes = notes.into_iter().collect();
        let pass = Pass { store, went_unsorted: None, left_out: 0, notes };
        Ok(Spliced { pass, tally, ranges_given: replaced.len(), encoded_afresh })
    }

    /// The directory bits to work with: the base's, so that its groups can be copied, unless it is small and
    /// may grow to many times its size, when its groups might come not to fit into memory.
    fn directory_bits(&self, given: &mut Given<'_>) -> Result<u32> {
        let Some(base) = self.base else { return Ok(MAX_DIRECTORY_BITS) };
        let bits = base.layout().directory_bits;
        let few = self.job.memory.group() / 2;
        let copying = bits == MAX_DIRECTORY_BITS || given.fetch_ahead(few, self.job.control)?;
        Ok(if copying { bits } else { MAX_DIRECTORY_BITS })
    }

    /// Refuses a coverage of which nobody said all.
    fn refuse_missing(&self, given: &PrefixSet) -> Result<()> {
        let coverage = &self.job.decision.coverage;
        let base = self.base.map(|base| &base.metadata().coverage);
        let grown = base.map_or(coverage.clone(), |base| coverage.difference(base));
        match given.first_missing(&grown) {
            Some(prefix) => Err(Error::UnfitRange { prefix, fault: RangeFault::Missing }),
            None => Ok(()),
        }
    }

    /// Adds what was copied to the sums, which only know what was encoded. Says whether everything will be
    /// encoded once more, which sums up everything.
    fn settle_totals(
        &self,
        store: &mut GroupStore,
        tally: &range::Tally,
        copied_from: Option<&Index>,
    ) -> Result<bool> {
        if directory_bits(store.log.totals.entries) != store.layout.directory_bits {
            return Ok(true);
        }
        if let Some(base) = copied_from.filter(|_| store.layout.counts) {
            replace_totals(self.job.control, store, base, (tally.old_count, tally.old_max))?;
        }
        Ok(false)
    }
}

/// Adds to the sums of what was encoded those of what was copied from `base`: of all that the base holds but for the
/// entries that were replaced, whose sum and largest count are given.
fn replace_totals(
    control: &Control<'_>,
    store: &mut GroupStore,
    base: &Index,
    (old_count, old_max): (u128, u64),
) -> Result<()> {
    let totals = &mut store.log.totals;
    let Metadata { total_count, max_count, .. } = base.metadata();
    let rest = u128::from(*total_count).checked_sub(old_count);
    let rest = rest.filter(|_| old_max <= *max_count);
    totals.count += rest.ok_or_else(|| {
        base.damaged(Section::Header, "the sum of the counts or the largest is not that of the entries")
    })?;
    if old_max < *max_count {
        totals.max_count = totals.max_count.max(*max_count);
    } else if totals.max_count < *max_count {
        // The largest was replaced by a smaller one, which says nothing of the others.
        store.log.totals.max_count = select::largest(control, store)?;
    }
    Ok(())
}

/// Makes the collisions of what was replaced and what was not into one sum. `old` are those of the base, where it says of
/// which ranges they are. Returns the note of them.
fn replace_collisions(
    log: &mut GroupLog,
    (base, old): (Option<&Index>, Option<Collisions>),
    replaced: &PrefixSet,
    new: Collisions,
) -> Option<Note> {
    let old = match (base, old) {
        (Some(base), None) => {
            log.totals.collisions = base.metadata().collisions;
            return None;
        }
        (_, old) => old.unwrap_or_default(),
    };
    let all = old.replaced(replaced, new);
    log.totals.collisions = all.sum();
    all.note()
}
