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

/// A part of the new groups.
#[derive(Debug)]
enum Piece {
    /// Groups of the base, by their places in the list.
    Copied(Range<usize>),
    /// So many of the bytes that were encoded.
    Encoded(usize),
}

/// What a piece of work became.
#[derive(Default)]
pub(super) struct Patched<'a> {
    /// What the base's groups were read ahead into; let go once they are written.
    window: Option<Window<'a>>,
    /// Its bytes are those that were encoded.
    span: Span,
    pieces: Vec<Piece>,
    tally: Tally,
}

/// Patched groups whose place in the file is known.
pub(super) struct Placed<'a> {
    _window: Option<Window<'a>>,
    span: PlacedSpan,
    pieces: Vec<Piece>,
}

/// What became of the pieces so far.
#[derive(Default)]
pub(super) struct Patches {
    pub(super) log: GroupLog,
    pub(super) tally: Tally,
}

impl Patched<'_> {
    /// Takes a group of the base as it is.
    fn copy(&mut self, place: usize, group: &IndexGroup<'_>, entries: u64) {
        let GroupExtent { prefix, length, .. } = group.extent();
        match self.pieces.last_mut() {
            Some(Piece::Copied(places)) if places.end == place => places.end += 1,
            _ => self.pieces.push(Piece::Copied(place..place + 1)),
        }
        self.span.groups.push(SpanGroup { prefix, length, checksum: group.checksum() });
        self.span.totals.entries += entries;
        self.tally.groups_copied += 1;
        self.tally.bytes_copied += length;
    }

    /// Takes a group that was encoded behind the bytes so far.
    fn push(&mut self, prefix: u32, checksum: u32, before: usize, entries: u64) {
        let length = self.span.bytes.len() - before;
        match self.pieces.last_mut() {
            Some(Piece::Encoded(bytes)) => *bytes += length,
            _ => self.pieces.push(Piece::Encoded(length)),
        }
        self.span.groups.push(SpanGroup { prefix, length: length as u64, checksum });
        self.span.totals.entries += entries;
        self.tally.groups_encoded += 1;
    }
}

impl<'a> Patch<'a> {
    /// Copies a group that no change touches.
    fn copy(&self, place: usize, group: &IndexGroup<'a>, patched: &mut Patched<'_>) -> Result<()> {
        let entries = group.check()?;
        patched.copy(place, group, entries);
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
            patched.push(prefix, new.checksum, before, new.entries);
        }
        Ok(())
    }

    /// Puts changes in place of what a group has under their prefixes.
    fn patch(
        &self,
        group: &IndexGroup<'a>,
        changes: &[Change],
        scratch: &mut Scratch,
        patched: &mut Patched<'_>,
    ) -> Result<()> {
        let before = group.check()?;
        let start = patched.span.bytes.len();
        let (tally, bytes) = (&mut patched.tally, &mut patched.span.bytes);
        let group_patch = GroupPatch { layout: self.layout, most: self.most };
        let new = group_patch.patch(group, before, changes, scratch, tally, bytes)?;
        if let Some(NewGroup { checksum, entries, copied }) = new {
            patched.span.candidates.take(&scratch.new);
            patched.push(group.extent().prefix, checksum, start, entries);
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
            let group = base.group(extent)?;
            if here == 0 {
                self.copy(place, &group, &mut patched)?;
            } else {
                self.patch(&group, &changes[..here], scratch, &mut patched)?;
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
        Ok(Some(Placed { _window: patched.window, span: span?, pieces: patched.pieces }))
    }

    fn complete(&self, Placed { _window, span, pieces }: Placed<'a>) -> Result<()> {
        let mut offset = span.offset;
        let mut encoded = span.bytes.as_slice();
        for piece in pieces {
            let bytes = match (piece, self.base) {
                (Piece::Encoded(length), _) => {
                    let (bytes, rest) = encoded.split_at(length);
                    encoded = rest;
                    bytes
                }
                (Piece::Copied(places), Some(base)) => base.group_bytes(&self.groups[places]),
                (Piece::Copied(_), None) => continue,
            };
            self.writer.write_part(offset, bytes)?;
            offset += bytes.len() as u64;
        }
        self.writer.recycle(span.bytes);
        Ok(())
    }

    fn retire(&self, _: Scratch) -> Result<()> {
        Ok(())
    }
}
