//! The run over inputs in any order: everything is spilled in parts, then part after part is sorted and
//! encoded, many at a time.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::control::Control;
use super::groups::{GroupLog, GroupStore, PlacedSpan, SpanWriter};
use super::intake::{Intake, LineCount, Lines, Trouble};
use super::pipeline::{self, Stage};
use super::report::Stopwatches;
use super::span::{EntrySink, Misfit, Plan, Span, SpanBuilder};
use super::spill::{Distributor, Partition, Partitions, Spill};
use crate::entry::Entry;
use crate::error::{Error, InputError, Result};
use crate::input::blocks::Cut;
use crate::input::stream::{InputStream, Work};

/// The stage that distributes pieces into parts.
pub(crate) struct Distribute<'a> {
    pub(crate) intake: &'a Intake<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) spill: &'a Spill,
    pub(crate) partitions: &'a Partitions,
    /// Bytes of each buffer of a thread.
    pub(crate) buffer: usize,
    pub(crate) watches: &'a Stopwatches,
    pub(crate) left_out: AtomicU64,
    /// Whether there was any row, or a range that is said to be empty.
    pub(crate) any: AtomicBool,
}

/// Pieces that were read before, then the rest of the inputs.
pub(crate) struct Remaining<'a> {
    pub(crate) pieces: std::vec::IntoIter<Work>,
    pub(crate) stream: InputStream<'a>,
}

impl<'a> Stage for Distribute<'a> {
    type Source = Remaining<'a>;
    type Work = Work;
    type Scratch = Distributor<'a>;
    type Output = (Result<(), Trouble>, Vec<Lines>);
    type Sink = LineCount;
    type Rest = ();

    fn next(&self, source: &mut Remaining<'a>) -> Result<Option<Work>> {
        match source.pieces.next() {
            Some(work) => Ok(Some(work)),
            None => self.watches.parsing.time(|| source.stream.next_work(Cut::Line)),
        }
    }

    fn scratch(&self) -> Distributor<'a> {
        Distributor::new(self.spill, self.partitions, self.buffer, self.plan.wanted.clone())
    }

    fn process(&self, distributor: &mut Distributor<'a>, work: Work) -> Result<Self::Output> {
        self.watches.parsing.time(|| {
            let mut lines = Vec::new();
            let fed = self.intake.feed(&work, distributor, &mut lines);
            if matches!(work, Work::Ranges { .. }) {
                self.any.store(true, Ordering::Relaxed);
            }
            self.intake.recycle(work);
            Ok((fed, lines))
        })
    }

    fn accept(&self, sink: &mut LineCount, (fed, lines): Self::Output) -> Result<Option<()>> {
        fed.map_err(|trouble| sink.error(self.intake.inputs, self.intake.shape, trouble))?;
        sink.add(&lines);
        Ok(None)
    }

    fn complete(&self, (): ()) -> Result<()> {
        Ok(())
    }

    fn retire(&self, mut distributor: Distributor<'a>) -> Result<()> {
        self.left_out.fetch_add(distributor.left_out, Ordering::Relaxed);
        if distributor.added + distributor.left_out > 0 {
            self.any.store(true, Ordering::Relaxed);
        }
        distributor.finish()
    }
}

/// The stage that sorts parts.
pub(crate) struct SortParts<'a> {
    plan: &'a Plan,
    spill: &'a Spill,
    control: &'a Control<'a>,
    /// The most entries of a part that one thread may hold.
    share: u64,
    buffer: usize,
    writer: SpanWriter<'a>,
    watches: &'a Stopwatches,
    /// Names the inputs in messages.
    inputs: String,
    intake: &'a Intake<'a>,
}

/// A thread's working memory.
pub(crate) struct Sorting<'a> {
    builder: SpanBuilder<'a>,
    entries: Vec<Entry>,
}

/// Parts still to be sorted, the next one last.
pub(crate) struct Queue(Vec<Partition>);

impl<'a> SortParts<'a> {
    pub(crate) fn new(
        distribute: &'a Distribute<'a>,
        control: &'a Control<'a>,
        store: &'a GroupStore,
        share: u64,
    ) -> Self {
        let inputs = match distribute.intake.inputs {
            [only] => only.name.to_string(),
            _ => "the inputs".to_owned(),
        };
        Self {
            plan: distribute.plan,
            spill: distribute.spill,
            control,
            share,
            buffer: distribute.buffer,
            writer: SpanWriter::new(store, distribute.watches),
            watches: distribute.watches,
            inputs,
            intake: distribute.intake,
        }
    }

    /// Sorts all parts and writes their groups.
    pub(crate) fn run(&self, parts: Vec<Partition>) -> Result<GroupLog> {
        let queue = Queue(parts.into_iter().rev().collect());
        // Without slack, so that no more than one part a thread is in memory.
        pipeline::run(self.control, self, queue, GroupLog::default(), 0).map(|(_, log)| log)
    }

    fn error(&self, misfit: Misfit) -> Error {
        let shape = self.intake.shape;
        let (reason, remedy) = match misfit {
            Misfit::Other(error) => return error,
            Misfit::Line(fault) => (fault.describe(shape), fault.remedy(shape)),
            Misfit::OutOfOrder => ("the digests could not be put in order".into(), None),
        };
        InputError::new(self.inputs.clone(), None, reason).with(remedy).into()
    }

    /// Adds a part's entries to the builder in order. A part too large for memory is parted again, down to
    /// entries with one digest, which the builder folds as they come.
    fn drain(&self, partition: &Partition, sorting: &mut Sorting<'a>) -> Result<(), Misfit> {
        self.control.check()?;
        let Sorting { builder, entries } = sorting;
        if partition.depth >= self.plan.layout.kind.bytes() {
            return self.spill.read(partition, |entry| builder.add(entry));
        }
        if partition.entries > self.share {
            let parts = self.spill.split(partition, self.buffer)?;
            return parts.take().iter().try_for_each(|part| self.drain(part, sorting));
        }
        self.watches.sorting.time(|| {
            entries.clear();
            entries.reserve_exact(partition.entries as usize);
            self.spill.read(partition, |entry| {
                entries.push(entry);
                Ok(())
            })?;
            entries.sort_unstable_by_key(|entry| entry.key);
            Ok::<(), Misfit>(())
        })?;
        entries.iter().try_for_each(|entry| builder.add(*entry))?;
        self.control.advance(partition.entries);
        Ok(())
    }
}

impl<'a> Stage for SortParts<'a> {
    type Source = Queue;
    type Work = Partition;
    type Scratch = Sorting<'a>;
    type Output = Span;
    type Sink = GroupLog;
    type Rest = PlacedSpan;

    /// The next part. Parts of whole groups that are too large are parted here, so that a span stays small.
    fn next(&self, queue: &mut Queue) -> Result<Option<Partition>> {
        while let Some(partition) = queue.0.pop() {
            if partition.entries <= self.share || partition.depth >= 2 {
                return Ok(Some(partition));
            }
            let parts = self.spill.split(&partition, self.buffer).map_err(|misfit| self.error(misfit))?;
            queue.0.extend(parts.take().into_iter().rev());
        }
        Ok(None)
    }

    fn scratch(&self) -> Sorting<'a> {
        Sorting { builder: SpanBuilder::new(self.plan), entries: Vec::new() }
    }

    fn process(&self, sorting: &mut Sorting<'a>, partition: Partition) -> Result<Span> {
        sorting.builder.begin(self.writer.buffer());
        self.drain(&partition, sorting).map_err(|misfit| self.error(misfit))?;
        let (span, encoding) = sorting.builder.finish()?;
        self.watches.encoding.add(encoding);
        Ok(span)
    }

    fn accept(&self, log: &mut GroupLog, span: Span) -> Result<Option<PlacedSpan>> {
        log.append(span).map(Some)
    }

    fn complete(&self, span: PlacedSpan) -> Result<()> {
        self.writer.write(span)
    }

    fn retire(&self, _: Sorting<'a>) -> Result<()> {
        Ok(())
    }
}

/// Spills what the sorted run had encoded already, for inputs that cannot be read again.
pub(crate) fn spill_groups(
    store: &GroupStore,
    log: &GroupLog,
    distributor: &mut Distributor<'_>,
) -> Result<()> {
    let (mut bytes, mut entries) = (Vec::new(), Vec::new());
    for place in &log.places {
        entries.clear();
        store.read(place, &mut bytes, &mut entries)?;
        for entry in &entries {
            distributor.add(*entry).map_err(|misfit| match misfit {
                Misfit::Other(error) => error,
                _ => Error::Unbuildable("entries could not be put in order".into()),
            })?;
        }
    }
    distributor.finish()
}
