//! The stage that makes the new groups: one without a changed range is copied as it is, of one with some the
//! buckets outside of them, and only the rest is decoded and encoded.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::time::Instant;

use super::changes::{Changes, Work};
use super::group_patch::{GroupPatch, NewGroup, Scratch};
use super::range::{Change, Tally};
use crate::build::control::Control;
use crate::build::groups::{GroupLog, PlacedSpan, SpanWriter};
use crate::build::pipeline::Stage;
use crate::build::report::Stopwatches;
use crate::build::span::{Span, SpanGroup};
use crate::coverage::Prefix;
use crate::entry::Entry;
use crate::error::Result;
use crate::format::Layout;
use crate::format::encode::Seal;
use crate::format::placement::PAGE;
use crate::index::Index;
use crate::index::groups::{GroupExtent, IndexGroup};
use crate::storage::Window;

/// What the groups of the base become.
pub(super) struct Patch<'a> {
    pub(super) base: Option<&'a Index>,
    /// The base's groups, where they can be copied.
    pub(super) groups: &'a [GroupExtent],
    /// Whether they can.
    pub(super) copying: bool,
    pub(super) layout: Layout,
    pub(super) min_count: u64,
    /// The most entries that a group may have in memory.
    pub(super) most: usize,
    pub(super) control: &'a Control<'a>,
    pub(super) writer: SpanWriter<'a>,
    pub(super) watches: &'a Stopwatches,
}

/// Where the bytes of a new group are.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// A group of the base, by its place in the list.
    Copied(usize),
    /// The next of the bytes that were encoded.
    Encoded,
}

/// What a piece of work became.
#[derive(Default)]
pub(super) struct Patched<'a> {
    /// What the base's groups were read ahead into; let go once they are written.
    window: Option<Window<'a>>,
    /// Its bytes are those that were encoded.
    span: Span,
    /// One for each of the span's groups.
    origins: Vec<Origin>,
    tally: Tally,
}

/// Patched groups whose place in the file is known.
pub(super) struct Placed<'a> {
    _window: Option<Window<'a>>,
    span: PlacedSpan,
    origins: Vec<Origin>,
}

/// What became of the pieces so far.
#[derive(Default)]
pub(super) struct Patches {
    pub(super) log: GroupLog,
    pub(super) tally: Tally,
}

impl Patched<'_> {
    /// Takes a group of the base as it is.
    fn copy(&mut self, place: usize, group: &IndexGroup<'_>, entries: u64) -> Result<()> {
        let (prefix, length) = (group.extent().prefix, group.length());
        self.origins.push(Origin::Copied(place));
        self.span.groups.push(SpanGroup { prefix, length, seal: group.seal()? });
        self.span.totals.entries += entries;
        self.tally.groups_copied += 1;
        self.tally.bytes_copied += length;
        Ok(())
    }

    /// Takes a group that was encoded behind the bytes so far.
    fn push(&mut self, prefix: u32, seal: Seal, before: usize, entries: u64) {
        let length = (self.span.bytes.len() - before) as u64;
        self.origins.push(Origin::Encoded);
        self.span.groups.push(SpanGroup { prefix, length, seal });
        self.span.totals.entries += entries;
        self.tally.groups_encoded += 1;
    }
}

impl<'a> Patch<'a> {
    /// The groups from one on that lie one behind the other, without zeros between them, in the new file and where their
    /// bytes are.
    fn run(&self, groups: &[(u64, u64)], origins: &[Origin], first: usize) -> Range<usize> {
        let follows = |at: &usize| {
            let ((before, length), (start, _)) = (groups[at - 1], groups[*at]);
            start == before + length
                && match (origins[at - 1], origins[*at]) {
                    (Origin::Encoded, Origin::Encoded) => true,
                    (Origin::Copied(one), Origin::Copied(next)) => {
                        next == one + 1 && self.groups[next].offset == self.groups[one].offset + length
                    }
                    _ => false,
                }
        };
        first..(first + 1..groups.len()).find(|at| !follows(at)).unwrap_or(groups.len())
    }

    /// Copies a group that no change touches.
    fn copy(&self, place: usize, group: &mut IndexGroup<'a>, patched: &mut Patched<'_>) -> Result<()> {
        let entries = group.check()?;
        patched.copy(place, group, entries)?;
        self.control.advance(entries);
        Ok(())
    }

    /// Encodes a group that the base does not have, or whose entries are all among the changes.
    fn encode(
        &self,
        prefix: u32,
        changes: &[Change],
        scratch: &mut Scratch,
        patched: &mut Patched<'_>,
    ) -> Result<()> {
        scratch.new.clear();
        for Change { range, kept } in changes {
            if !kept {
                let old = if self.copying { Vec::new() } else { self.base_range(range.prefix)? };
                patched.tally.compare(&old, &range.entries, self.layout.counts);
            }
            scratch.new.extend_from_slice(&range.entries);
        }
        if self.base.is_none() || !self.copying {
            self.control.advance(scratch.new.len() as u64);
        }
        self.encode_new(prefix, scratch, patched)
    }

    /// What the base has under a prefix.
    fn base_range(&self, prefix: u32) -> Result<Vec<Entry>> {
        let Some(base) = self.base else { return Ok(Vec::new()) };
        base.range_within_coverage(&Prefix::of_range(prefix)).collect()
    }

    fn encode_new(&self, prefix: u32, scratch: &mut Scratch, patched: &mut Patched<'_>) -> Result<()> {
        let before = patched.span.bytes.len();
        let group_patch = GroupPatch { layout: self.layout, most: self.most };
        if let Some(new) = group_patch.encode(prefix, scratch, &mut patched.span.bytes)? {
            patched.span.candidates.take(&scratch.new);
            patched.push(prefix, new.seal, before, new.entries);
        }
        Ok(())
    }

    /// Puts changes in place of what a group has under their prefixes.
    fn patch(
        &self,
        group: &mut IndexGroup<'a>,
        changes: &[Change],
        scratch: &mut Scratch,
        patched: &mut Patched<'_>,
    ) -> Result<()> {
        let before = group.check()?;
        let start = patched.span.bytes.len();
        let (tally, bytes) = (&mut patched.tally, &mut patched.span.bytes);
        let group_patch = GroupPatch { layout: self.layout, most: self.most };
        let new = group_patch.patch(group, before, changes, scratch, tally, bytes)?;
        if let Some(NewGroup { seal, entries, copied }) = new {
            patched.span.candidates.take(&scratch.new);
            patched.push(group.extent().prefix, seal, start, entries);
            patched.tally.bytes_copied += copied;
        }
        self.control.advance(before);
        Ok(())
    }
}

impl<'a> Stage for Patch<'a> {
    type Source = Changes<'a>;
    type Work = Work;
    type Scratch = Scratch;
    type Output = Patched<'a>;
    type Sink = Patches;
    type Rest = Placed<'a>;

    fn next(&self, changes: &mut Changes<'a>) -> Result<Option<Work>> {
        self.watches.parsing.time(|| changes.next_work())
    }

    fn scratch(&self) -> Scratch {
        Scratch::new(self.layout)
    }

    fn process(&self, scratch: &mut Scratch, mut work: Work) -> Result<Patched<'a>> {
        let start = Instant::now();
        let mut patched = Patched::default();
        patched.span.bytes = self.writer.buffer();
        patched.span.bytes.clear();
        patched.window = self.base.and_then(|base| base.window(&self.groups[work.groups.clone()]));
        for change in &mut work.changes {
            let (totals, tally) = (&mut patched.span.totals, &mut patched.tally);
            change.settle(self.layout, self.min_count, totals, tally)?;
        }
        let group_of = |change: &Change| change.range.prefix >> (20 - self.layout.directory_bits);
        let mut changes = work.changes.as_slice();
        for place in work.groups {
            let extent = self.groups[place];
            // Groups that the base does not have come first.
            while let Some(prefix) = changes.first().map(group_of).filter(|prefix| *prefix < extent.prefix) {
                let here = changes.partition_point(|change| group_of(change) == prefix);
                self.encode(prefix, &changes[..here], scratch, &mut patched)?;
                changes = &changes[here..];
            }
            let here = changes.partition_point(|change| group_of(change) == extent.prefix);
            let Some(base) = self.base else { break };
            let mut group = base.group(extent)?;
            if here == 0 {
                self.copy(place, &mut group, &mut patched)?;
            } else {
                self.patch(&mut group, &changes[..here], scratch, &mut patched)?;
            }
            changes = &changes[here..];
            self.control.check()?;
        }
        for here in changes.chunk_by(|one, next| group_of(one) == group_of(next)) {
            self.encode(group_of(&here[0]), here, scratch, &mut patched)?;
        }
        self.watches.encoding.add(start.elapsed());
        Ok(patched)
    }

    fn accept(&self, sink: &mut Patches, patched: Patched<'a>) -> Result<Option<Placed<'a>>> {
        sink.tally.add(patched.tally);
        let span = sink.log.append(patched.span);
        Ok(Some(Placed { _window: patched.window, span: span?, origins: patched.origins }))
    }

    fn complete(&self, Placed { _window, span, origins }: Placed<'a>) -> Result<()> {
        const ZEROS: [u8; PAGE as usize] = [0; PAGE as usize];
        let mut end = span.offset;
        let mut encoded = span.bytes.as_slice();
        let mut run = 0..0;
        while run.end < span.groups.len() {
            run = self.run(&span.groups, &origins, run.end);
            let (start, _) = span.groups[run.start];
            let (last, length) = span.groups[run.end - 1];
            self.writer.write_part(end, &ZEROS[..(start - end) as usize])?;
            end = last + length;
            match (origins[run.start], self.base) {
                (Origin::Copied(place), Some(base)) => {
                    let mut at = start;
                    base.copy_groups(self.groups[place], end - start, |bytes| {
                        let written = self.writer.write_part(at, bytes);
                        at += bytes.len() as u64;
                        written
                    })?;
                }
                _ => {
                    let (bytes, rest) = encoded.split_at((end - start) as usize);
                    encoded = rest;
                    self.writer.write_part(start, bytes)?;
                }
            }
        }
        self.writer.recycle(span.bytes);
        Ok(())
    }

    fn retire(&self, _: Scratch) -> Result<()> {
        Ok(())
    }
}
