//! A second pass over groups that are written already: read back, choose, cut and encode once more.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::control::Control;
use super::groups::{GroupLog, GroupPlace, GroupStore, PlacedSpan, SpanWriter};
use super::pipeline::{self, Stage};
use super::report::Stopwatches;
use super::span::{EntrySink, Misfit, Plan, Span, SpanBuilder};
use crate::entry::Entry;
use crate::error::{Error, Result};

/// Bytes of groups that are worked on at a time.
const RUN: u64 = 1 << 20;

/// Working memory for reading groups back.
#[derive(Default)]
pub(crate) struct ReadBack {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl ReadBack {
    /// The entries of a group.
    pub(crate) fn entries(&mut self, store: &GroupStore, place: &GroupPlace) -> Result<&[Entry]> {
        self.entries.clear();
        store.read(place, &mut self.bytes, &mut self.entries)?;
        Ok(&self.entries)
    }
}

/// The next run of groups from `at` on, of [`RUN`] bytes or so, that ends where `directory_bits` change.
pub(crate) fn next_run(places: &[GroupPlace], at: &mut usize, shift: u32) -> Option<Range<usize>> {
    let start = *at;
    let first = places.get(start)?;
    let boundary = |i: usize| places[i].prefix >> shift != places[i - 1].prefix >> shift;
    let full = |i: usize| places[i].offset - first.offset >= RUN;
    *at = (start + 1..places.len()).find(|i| boundary(*i) && full(*i)).unwrap_or(places.len());
    Some(start..*at)
}

/// The stage that encodes groups once more.
struct Transform<'a> {
    from: &'a GroupStore,
    plan: &'a Plan,
    control: &'a Control<'a>,
    writer: SpanWriter<'a>,
    watches: &'a Stopwatches,
}

/// Encodes all groups of `from` once more, as `plan` says, into `to`.
pub(crate) fn transform(
    control: &Control<'_>,
    from: &GroupStore,
    to: &mut GroupStore,
    plan: &Plan,
    watches: &Stopwatches,
) -> Result<()> {
    let stage = Transform { from, plan, control, writer: SpanWriter::new(to, watches), watches };
    let (_, log) = pipeline::run(control, &stage, 0, GroupLog::default(), control.threads())?;
    to.log = log;
    Ok(())
}

impl<'a> Stage for Transform<'a> {
    type Source = usize;
    type Work = Range<usize>;
    type Scratch = (SpanBuilder<'a>, ReadBack);
    type Output = Span;
    type Sink = GroupLog;
    type Rest = PlacedSpan;

    fn next(&self, at: &mut usize) -> Result<Option<Range<usize>>> {
        // Groups that are split may be cut anywhere.
        let shift = self.from.layout.directory_bits.saturating_sub(self.plan.layout.directory_bits);
        Ok(next_run(&self.from.log.places, at, shift))
    }

    fn scratch(&self) -> Self::Scratch {
        (SpanBuilder::new(self.plan), ReadBack::default())
    }

    fn process(&self, (builder, back): &mut Self::Scratch, work: Range<usize>) -> Result<Span> {
        builder.begin(self.writer.buffer());
        for place in &self.from.log.places[work] {
            self.control.check()?;
            let entries = back.entries(self.from, place)?;
            for entry in entries {
                builder.add(*entry).map_err(|misfit| match misfit {
                    Misfit::Other(error) => error,
                    _ => Error::Unbuildable("the temporary file was changed while it was in use".into()),
                })?;
            }
            self.control.advance(entries.len() as u64);
        }
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

    fn retire(&self, _: Self::Scratch) -> Result<()> {
        Ok(())
    }
}
