//! Joins indexes into one as a stream: they are sorted, so nothing is spilled.

#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

use super::control::Control;
use super::finish::sum_of_collisions;
use super::groups::{GroupLog, PlacedSpan, SpanWriter};
use super::job::{Job, Pass, refuse_no_inputs};
use super::join::copied_inputs;
use super::memory::Memory;
use super::options::{BuildOptions, MergeOptions, MergeRule};
use super::pipeline::{self, Stage};
use super::plan::{Decision, Floors, check_options, overlay_mark};
use super::publish::Publication;
use super::report::{BuildReport, Stopwatches};
use super::span::{EntrySink, Misfit, Plan, Span, SpanBuilder, merged};
use super::{refuse_overwriting, threads};
use crate::coverage::Coverage;
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, InputError, Result};
use crate::format::{Layout, MAX_DIRECTORY_BITS};
use crate::index::{Index, Range};
use crate::input::faults::RowShape;
use crate::input::indexes::Runs;
use crate::input::stream::{Contents, Opened};
use crate::input::{Format, Input, Source};
use crate::monitor::{Monitor, Phase};

/// Joins indexes of one kind into one at `target`.
///
/// It keeps as many bits of each digest as the index with the fewest, counts only where all have them, and
/// covers what any of them covers. A stream: memory does not grow with the indexes.
///
/// # Errors
/// [`Error::MixedKinds`]; [`Error::Damaged`] and the like of an index; otherwise as [`build`](super::build).
pub fn merge(
    inputs: &[PathBuf],
    target: &Path,
    options: &MergeOptions,
    monitor: &dyn Monitor,
) -> Result<BuildReport> {
    let named: Vec<Input> = inputs
        .iter()
        .map(|path| Input { source: Source::Path(path.clone()), format: Some(Format::Index) })
        .collect();
    let build =
        BuildOptions { memory: options.memory, date: options.date.clone(), ..BuildOptions::default() };
    check_options(&build)?;
    refuse_no_inputs(inputs.len())?;
    refuse_overwriting(&named, target)?;
    let mut publication =
        Publication::claim(target, options.replace)?.before(options.before_publish.as_ref());
    let opened: Vec<Opened> =
        named.iter().map(|input| Opened::new(input, &options.open)).collect::<Result<_>>()?;
    let indexes: Vec<&Index> = opened
        .iter()
        .filter_map(|input| match &input.contents {
            Contents::Index(index) => Some(index),
            _ => None,
        })
        .collect();
    let decision = decide(&indexes, options.merge)?;
    publication.restrict_mode(decision.layout)?;
    let control = Control::new(threads(options.threads, options.memory), monitor)?;
    let job = Job {
        control: &control,
        inputs: &opened,
        decision: &decision,
        memory: Memory::new(options.memory, control.threads()),
        temp_dir: options.temp_dir.clone(),
        source: options.source.clone(),
        date: options.date.clone(),
        watches: Stopwatches::default(),
    };
    let pass = match copied_inputs(&job, &publication)? {
        Some(pass) => pass,
        None => merge_all(&job, &indexes, &publication)?,
    };
    job.conclude(publication, pass)
}

/// What the joined index will be.
fn decide(indexes: &[&Index], merge: MergeRule) -> Result<Decision> {
    let first = indexes[0];
    let facts = || indexes.iter().map(|index| index.metadata());
    if let Some(other) = indexes.iter().find(|index| index.kind() != first.kind()) {
        return Err(Error::MixedKinds {
            first: first.name().to_owned(),
            expected: first.kind(),
            name: other.name().to_owned(),
            found: other.kind(),
        });
    }
    let kind = first.kind();
    let bits = facts().map(|facts| facts.bits).min().unwrap_or(kind.bits());
    Ok(Decision {
        layout: Layout {
            kind,
            bits,
            directory_bits: MAX_DIRECTORY_BITS,
            counts: facts().all(|facts| facts.has_counts),
            cut: facts().any(|facts| facts.is_cut),
            overlay: overlay_mark(facts().any(|facts| facts.holds_overlay)),
        },
        width: bits,
        merge,
        min_count: 1,
        top: None,
        coverage: facts().fold(Coverage::empty(), |sum, facts| sum.union(&facts.coverage)),
        segment_bits: None,
        wanted: Coverage::whole(),
        files_left_out: 0,
        floors: Floors::new(merge, facts().map(|facts| facts.floor)),
        earlier_collisions: sum_of_collisions(facts().map(|facts| facts.collisions))?,
        most_entries: None,
    })
}

/// Writes the groups of all indexes together, for [`Job::conclude`] to regroup: runs end between two prefixes of 16 bits, so
/// that only groups of so many are whole in one of them.
pub(super) fn merge_all(job: &Job<'_>, indexes: &[&Index], publication: &Publication) -> Result<Pass> {
    let plan = job.decision.plan(job.memory.group());
    let mut store = job.store(publication, &plan, true)?;
    job.control.enter(Phase::Reading, Some(indexes.iter().map(|index| index.metadata().entries).sum()));
    let stage = Join {
        plan: &plan,
        control: job.control,
        most: job.memory.sizes().run,
        writer: SpanWriter::new(&store, &job.watches),
        watches: &job.watches,
    };
    let source = Runs::new(Joined::new(indexes, plan.layout, job.decision.merge)?);
    let (source, mut log) =
        pipeline::run(job.control, &stage, source, GroupLog::default(), job.control.threads())?;
    drop(stage);
    log.totals.collisions += source.into_inner().collisions();
    store.log = log;
    Ok(Pass { store, went_unsorted: None, left_out: 0, notes: Vec::new() })
}

/// One index's entries, cut to the joined index's bits; those that become equal are one.
struct Cut<'a> {
    entries: Range<'a>,
    name: &'a str,
    bits: u32,
    held: Option<Entry>,
    collisions: u64,
}

impl Cut<'_> {
    fn next_entry(&mut self) -> Result<Option<Entry>> {
        let mut current = self.held.take();
        for entry in self.entries.by_ref() {
            let entry = entry?;
            let entry = Entry { key: entry.key.truncated(self.bits), ..entry };
            match &mut current {
                None => current = Some(entry),
                Some(same) if same.key == entry.key => {
                    same.count = same.count.max(entry.count);
                    self.collisions += 1;
                }
                Some(_) => {
                    self.held = Some(entry);
                    break;
                }
            }
        }
        Ok(current)
    }
}

/// All indexes' entries in order, equal ones merged.
struct Joined<'a> {
    parts: Vec<Cut<'a>>,
    /// The next entry of each part.
    heads: BinaryHeap<Reverse<(Key, usize, u64)>>,
    rule: MergeRule,
    kind: crate::digest::Kind,
}

impl<'a> Joined<'a> {
    fn new(indexes: &[&'a Index], layout: Layout, rule: MergeRule) -> Result<Self> {
        let part = |index: &&'a Index| Cut {
            entries: index.iter(),
            name: index.name(),
            bits: layout.bits,
            held: None,
            collisions: 0,
        };
        let parts: Vec<Cut<'a>> = indexes.iter().map(part).collect();
        let mut joined = Self { parts, heads: BinaryHeap::new(), rule, kind: layout.kind };
        (0..indexes.len()).try_for_each(|part| joined.pull(part))?;
        Ok(joined)
    }

    /// How many different digests of one index became one.
    fn collisions(&self) -> u64 {
        self.parts.iter().map(|part| part.collisions).sum()
    }

    fn pull(&mut self, part: usize) -> Result<()> {
        if let Some(entry) = self.parts[part].next_entry()? {
            self.heads.push(Reverse((entry.key, part, entry.count)));
        }
        Ok(())
    }

    fn next_entry(&mut self) -> Result<Option<Entry>> {
        let Some(Reverse((key, part, mut count))) = self.heads.pop() else { return Ok(None) };
        self.pull(part)?;
        while let Some(Reverse((same, other, more))) = self.heads.peek().copied()
            && same == key
        {
            count = merged(self.rule, count, more).map_err(|fault| {
                let shape = RowShape { kind: self.kind, named_digits: 0, bare: false };
                let input = self.parts[other].name.to_owned();
                Error::from(InputError::new(input, None, fault.describe(shape)).with(fault.remedy(shape)))
            })?;
            self.heads.pop();
            self.pull(other)?;
        }
        Ok(Some(Entry { key, count }))
    }
}

impl Iterator for Joined<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_entry().transpose()
    }
}

/// The stage that encodes runs of joined entries.
struct Join<'a> {
    plan: &'a Plan,
    control: &'a Control<'a>,
    /// The most entries of a run, unless a group has more.
    most: usize,
    writer: SpanWriter<'a>,
    watches: &'a Stopwatches,
}

impl<'a> Stage for Join<'a> {
    type Source = Runs<Joined<'a>>;
    type Work = Vec<Entry>;
    type Scratch = SpanBuilder<'a>;
    type Output = Span;
    type Sink = GroupLog;
    type Rest = PlacedSpan;

    fn next(&self, runs: &mut Self::Source) -> Result<Option<Vec<Entry>>> {
        self.watches.parsing.time(|| runs.next_run(self.most))
    }

    fn scratch(&self) -> SpanBuilder<'a> {
        SpanBuilder::new(self.plan)
    }

    fn process(&self, builder: &mut SpanBuilder<'a>, entries: Vec<Entry>) -> Result<Span> {
        builder.begin(self.writer.buffer());
        for entry in &entries {
            builder.add(*entry).map_err(|misfit| match misfit {
                Misfit::Other(error) => error,
                _ => Error::Unbuildable("an index changed while it was read".into()),
            })?;
        }
        self.control.advance(entries.len() as u64);
        let (span, encoding) = builder.finish()?;
        self.watches.encoding.add(encoding);
        Ok(span)
    }

    fn accept(&self, log: &mut GroupLog, span: Span) -> Result<Option<PlacedSpan>> {
        log.append(span).map(Some)
    }

    fn complete(&self, span: PlacedSpan) -> Result<()> {
        self.writer.write(span)
    }

    fn retire(&self, _: SpanBuilder<'a>) -> Result<()> {
        Ok(())
    }
}
