//! The stage that copies groups: each is read, held against its checksums and written behind the one before it.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::segment::{Contents, Files, Segment};
use crate::build::control::Control;
use crate::build::groups::{GroupLog, PlacedSpan, SpanWriter};
use crate::build::job::{Job, Pass};
use crate::build::pipeline::{self, Stage};
use crate::build::publish::Publication;
use crate::build::read_back::Candidates;
use crate::build::report::Stopwatches;
use crate::build::span::{EntrySink as _, Misfit, Plan, Span, SpanBuilder, SpanGroup, Totals, too_large};
use crate::entry::Entry;
use crate::error::{Error, Result, Section};
use crate::format::encode::Seal;
use crate::index::groups::GroupExtent;
use crate::index::whole_groups::ContentProof;
use crate::monitor::Phase;
use crate::storage::Buffer;

/// Bytes of groups that are copied at a time.
const RUN_BYTES: u64 = 2 << 20;

/// Copies the groups of segments that cover different prefixes and all have these directory bits.
///
/// # Errors
/// [`Error::Damaged`] for whatever is damaged in one of them.
pub(super) fn copy_all(
    job: &Job<'_>,
    segments: &[Segment],
    files: &Files<'_>,
    publication: &Publication,
    directory_bits: u32,
) -> Result<Pass> {
    let mut plan = job.decision.plan(job.memory.group());
    plan.layout.directory_bits = directory_bits;
    let mut store = job.store(publication, &plan, true)?;
    let facts = || segments.iter().map(|segment| &segment.metadata);
    job.control.enter(Phase::Writing, Some(facts().map(|facts| facts.entries).sum()));
    let (mut groups, mut proofs) = (Vec::new(), Vec::new());
    for (place, segment) in segments.iter().enumerate() {
        let look = || Contents::of(&files.index(place, segment)?);
        let contents = job.control.run_one(look)?;
        groups.push(contents.groups);
        proofs.push(contents.proof);
    }
    let queue = Queue::new(segments, &groups);
    let stage = Copying {
        segments,
        groups: &groups,
        files,
        plan: &plan,
        most: job.memory.sizes().most as u64,
        control: job.control,
        writer: SpanWriter::new(&store, &job.watches),
        watches: &job.watches,
    };
    let sink = Copied { log: GroupLog::default(), proofs };
    let (_, Copied { mut log, proofs }) =
        pipeline::run(job.control, &stage, queue, sink, job.control.threads())?;
    drop(stage);
    proofs.into_iter().try_for_each(ContentProof::finish)?;
    // What is copied is not decoded; the headers, whose content ids were right, have the sums.
    log.totals.count = facts().map(|facts| u128::from(facts.total_count)).sum();
    log.totals.max_count = facts().map(|facts| facts.max_count).max().unwrap_or(0);
    store.log = log;
    Ok(Pass { store, went_unsorted: None, left_out: 0, notes: Vec::new() })
}

/// A group of a segment.
#[derive(Clone, Copy)]
struct Item {
    prefix: u32,
    segment: usize,
    group: usize,
    /// Bytes, and the zeros behind them.
    length: u64,
    /// Whether the group is one of the result: all of its prefixes are covered by its segment.
    is_whole: bool,
}

/// All groups in the order of the result.
struct Queue {
    items: Vec<Item>,
    at: usize,
}

/// What a thread does at a time.
enum Work {
    /// Copies groups of a segment that follow one another.
    Copy { segment: usize, groups: Range<usize> },
    /// Encodes one group of parts in several segments, or of one that covers only a part of it.
    Encode(Vec<Item>),
}

impl Queue {
    fn new(segments: &[Segment], groups: &[Vec<GroupExtent>]) -> Self {
        let mut items = Vec::with_capacity(groups.iter().map(Vec::len).sum());
        for (place, (segment, groups)) in segments.iter().zip(groups).enumerate() {
            items.extend(groups.iter().enumerate().map(|(group, extent)| Item {
                prefix: extent.prefix,
                segment: place,
                group,
                length: extent.length,
                is_whole: segment.covers(extent.prefix),
            }));
        }
        items.sort_unstable_by_key(|item| (item.prefix, item.segment));
        Self { items, at: 0 }
    }

    /// How many items from a place on are parts of one group.
    fn parts(&self, at: usize) -> usize {
        let rest = self.items.get(at..).unwrap_or_default();
        let prefix = rest.first().map(|item| item.prefix);
        rest.iter().take_while(|item| Some(item.prefix) == prefix).count()
    }

    fn next(&mut self, most: u64) -> Option<Work> {
        let start = self.at;
        let first = *self.items.get(start)?;
        let parts = self.parts(start);
        if parts > 1 || !first.is_whole {
            self.at += parts;
            return Some(Work::Encode(self.items[start..start + parts].to_vec()));
        }
        let mut bytes = first.length;
        self.at += 1;
        while let Some(next) = self.items.get(self.at)
            && (next.segment, next.group) == (first.segment, first.group + (self.at - start))
            && next.is_whole
            && self.parts(self.at) == 1
            && bytes + next.length <= most
        {
            bytes += next.length;
            self.at += 1;
        }
        let groups = first.group..first.group + (self.at - start);
        Some(Work::Copy { segment: first.segment, groups })
    }
}

/// Groups that were copied, and what was found of those they were made of.
struct Done {
    span: Span,
    /// Each group of a segment, in order.
    found: Vec<(usize, u32, Seal, u64)>,
}

/// All groups so far.
struct Copied {
    log: GroupLog,
    /// Of each segment.
    proofs: Vec<ContentProof>,
}

struct Copying<'a> {
    segments: &'a [Segment],
    /// Of each segment.
    groups: &'a [Vec<GroupExtent>],
    files: &'a Files<'a>,
    plan: &'a Plan,
    /// The most bytes of a group that is in memory.
    most: u64,
    control: &'a Control<'a>,
    writer: SpanWriter<'a>,
    watches: &'a Stopwatches,
}

/// A thread's working memory.
struct Scratch<'a> {
    buffer: Buffer,
    builder: SpanBuilder<'a>,
    entries: Vec<Entry>,
}

impl Copying<'_> {
    fn refuse_large(&self, groups: &[GroupExtent]) -> Result<()> {
        let is_large = groups.iter().any(|group| group.length > self.most);
        if is_large { Err(too_large()) } else { Ok(()) }
    }

    fn copy(&self, segment: usize, groups: Range<usize>, buffer: &mut Buffer) -> Result<Done> {
        let index = self.files.index(segment, &self.segments[segment])?;
        let extents = &self.groups[segment][groups];
        self.refuse_large(extents)?;
        let mut bytes = self.writer.buffer();
        bytes.clear();
        let mut span = Span { bytes, ..Span::default() };
        let mut found = Vec::with_capacity(extents.len());
        let mut totals = Totals::default();
        let _window = index.window(extents);
        index.whole_groups(extents, buffer, |group| {
            let length = group.bytes.len() as u64;
            span.bytes.extend_from_slice(group.bytes);
            span.groups.push(SpanGroup { prefix: group.prefix, length, seal: group.seal });
            found.push((segment, group.prefix, group.seal, group.entries));
            totals.entries += group.entries;
            totals.groups_copied += 1;
            totals.bytes_copied += length;
        })?;
        span.totals = totals;
        Ok(Done { span, found })
    }

    fn encode(&self, parts: &[Item], scratch: &mut Scratch<'_>) -> Result<Done> {
        let Scratch { buffer, builder, entries } = scratch;
        let mut found = Vec::with_capacity(parts.len());
        entries.clear();
        for part in parts {
            let index = self.files.index(part.segment, &self.segments[part.segment])?;
            let extent = self.groups[part.segment][part.group];
            self.refuse_large(&[extent])?;
            index.whole_groups(&[extent], buffer, |group| {
                found.push((part.segment, group.prefix, group.seal, group.entries));
            })?;
            let mut group = index.group(extent)?;
            let before = entries.len();
            for bucket in group.buckets() {
                group.decode(bucket..bucket + 1, entries)?;
                if entries.len() > self.plan.most {
                    return Err(too_large());
                }
            }
            let coverage = &index.metadata().coverage;
            if !entries[before..].iter().all(|entry| coverage.contains(entry.prefix())) {
                return Err(index.damaged(Section::Groups, "an entry lies outside the coverage"));
            }
        }
        entries.sort_unstable_by_key(|entry| entry.key);
        builder.begin(self.writer.buffer());
        for entry in entries.iter() {
            builder.add(*entry).map_err(|misfit| match misfit {
                Misfit::Other(error) => error,
                _ => Error::Unbuildable("a segment changed while it was read".into()),
            })?;
        }
        let (span, encoding) = builder.finish()?;
        self.watches.encoding.add(encoding);
        // The read-back check looks at all groups alike.
        Ok(Done { span: Span { candidates: Candidates::default(), ..span }, found })
    }
}

impl<'a> Stage for Copying<'a> {
    type Source = Queue;
    type Work = Work;
    type Scratch = Scratch<'a>;
    type Output = Done;
    type Sink = Copied;
    type Rest = PlacedSpan;

    fn next(&self, queue: &mut Queue) -> Result<Option<Work>> {
        Ok(queue.next(RUN_BYTES.min(self.most)))
    }

    fn scratch(&self) -> Scratch<'a> {
        Scratch { buffer: Buffer::default(), builder: SpanBuilder::new(self.plan), entries: Vec::new() }
    }

    fn process(&self, scratch: &mut Scratch<'a>, work: Work) -> Result<Done> {
        let done = self.watches.parsing.time(|| match work {
            Work::Copy { segment, groups } => self.copy(segment, groups, &mut scratch.buffer),
            Work::Encode(parts) => self.encode(&parts, scratch),
        })?;
        self.control.advance(done.span.totals.entries);
        Ok(done)
    }

    fn accept(&self, sink: &mut Copied, done: Done) -> Result<Option<PlacedSpan>> {
        for (segment, prefix, seal, entries) in &done.found {
            sink.proofs[*segment].add(*prefix, seal, *entries);
        }
        sink.log.append(done.span).map(Some)
    }

    fn complete(&self, span: PlacedSpan) -> Result<()> {
        self.writer.write(span)
    }

    fn retire(&self, _: Scratch<'a>) -> Result<()> {
        Ok(())
    }
}
