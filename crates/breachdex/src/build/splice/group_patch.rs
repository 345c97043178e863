//! A group of an index in which some ranges are replaced: the buckets outside of them are copied as they are, and only
//! the rest is decoded and encoded.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::range::{Change, Tally};
use crate::build::span::too_large;
use crate::entry::Entry;
use crate::error::Result;
use crate::format::Layout;
use crate::format::encode::{GroupEncoder, Seal};
use crate::index::groups::{EncodedBucket, IndexGroup};

/// A thread's working memory.
pub(super) struct Scratch {
    pub(super) encoder: GroupEncoder,
    pub(super) old: Vec<Entry>,
    /// The entries that were encoded last.
    pub(super) new: Vec<Entry>,
}

impl Scratch {
    pub(super) fn new(layout: Layout) -> Self {
        Self { encoder: GroupEncoder::new(layout), old: Vec::new(), new: Vec::new() }
    }
}

/// Buckets of a group that changed ranges touch, and their new entries as a part of a list.
struct Touched {
    buckets: Range<usize>,
    entries: Range<usize>,
}

/// What a group has become.
pub(super) struct NewGroup {
    pub(super) seal: Seal,
    pub(super) entries: u64,
    /// Bytes that stayed as they were encoded.
    pub(super) copied: u64,
}

/// How groups are patched.
#[derive(Clone, Copy)]
pub(super) struct GroupPatch {
    pub(super) layout: Layout,
    /// The most entries that a group may have in memory.
    pub(super) most: usize,
}

impl GroupPatch {
    /// Appends to `out` a group, which has `before` entries, with changes in place of what it has under their prefixes;
    /// nothing where no entry is left.
    pub(super) fn patch(
        &self,
        group: &mut IndexGroup<'_>,
        before: u64,
        changes: &[Change],
        scratch: &mut Scratch,
        tally: &mut Tally,
        out: &mut Vec<u8>,
    ) -> Result<Option<NewGroup>> {
        let (touched, entries) = self.replace_touched(group, before, changes, scratch, tally)?;
        if entries == 0 {
            return Ok(None);
        }
        if scratch.encoder.extra_bits(entries as usize) == group.extra_bits() {
            let (seal, copied) = encode_touched(group, &touched, scratch, out)?;
            return Ok(Some(NewGroup { seal, entries, copied }));
        }
        self.decode(group, group.buckets(), &mut scratch.old)?;
        scratch.new.clear();
        replace(&scratch.old, changes, &mut scratch.new, |_, _| {});
        self.encode(group.extent().prefix, scratch, out)
    }

    /// Appends to `out` the group of the scratch's new entries; nothing where there are none.
    pub(super) fn encode(
        &self,
        prefix: u32,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<Option<NewGroup>> {
        let Scratch { encoder, new, .. } = scratch;
        if new.len() > self.most {
            return Err(too_large());
        }
        if new.is_empty() {
            return Ok(None);
        }
        let seal = encoder.encode(prefix, new, out)?;
        Ok(Some(NewGroup { seal, entries: new.len() as u64, copied: 0 }))
    }

    /// Makes the new entries of the buckets that changes touch, one bucket after the other, in the scratch's
    /// list. Returns which these are and how many entries the group, which had `before`, then has.
    fn replace_touched(
        &self,
        group: &mut IndexGroup<'_>,
        before: u64,
        changes: &[Change],
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) -> Result<(Vec<Touched>, u64)> {
        let Scratch { old, new, .. } = scratch;
        new.clear();
        let mut entries = before;
        let mut touched = Vec::new();
        let mut rest = changes;
        while let Some(change) = rest.first() {
            let mut buckets = self.buckets_of(group, change);
            // Ranges that share a bucket are replaced together.
            let mut together = 1;
            while let Some(next) = rest.get(together).map(|change| self.buckets_of(group, change))
                && next.start < buckets.end
            {
                buckets.end = next.end;
                together += 1;
            }
            let (here, later) = rest.split_at(together);
            rest = later;
            self.decode(group, buckets.clone(), old)?;
            let start = new.len();
            replace(old, here, new, |change, rows| {
                tally.compare(rows, &change.range.entries, self.layout.counts);
            });
            entries = entries - old.len() as u64 + (new.len() - start) as u64;
            if new.len() > self.most {
                return Err(too_large());
            }
            touched.push(Touched { buckets, entries: start..new.len() });
        }
        Ok((touched, entries))
    }

    /// The entries of some buckets, if there is memory for them.
    fn decode(
        &self,
        group: &mut IndexGroup<'_>,
        buckets: Range<usize>,
        entries: &mut Vec<Entry>,
    ) -> Result<()> {
        entries.clear();
        let mut number = 0;
        for bucket in buckets.clone() {
            number += group.bucket(bucket)?.entries as usize;
        }
        if number > self.most {
            return Err(too_large());
        }
        group.decode(buckets, entries)
    }

    /// The buckets of a group that a range may have entries in.
    fn buckets_of(&self, group: &IndexGroup<'_>, change: &Change) -> Range<usize> {
        let bucket = |key: crate::digest::Key| {
            key.skip(self.layout.directory_bits).leading(group.extra_bits()) as usize
        };
        let (first, last) = change.bounds();
        bucket(first)..bucket(last) + 1
    }
}

/// Encodes a group whose touched buckets have new entries and whose others stay as they are. Returns its
/// seal and how many bytes stayed.
fn encode_touched(
    group: &mut IndexGroup<'_>,
    touched: &[Touched],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(Seal, u64)> {
    let Scratch { encoder, new, .. } = scratch;
    let (mut copied, mut next) = (0, 0);
    encoder.begin(group.extent().prefix, group.extra_bits());
    for Touched { buckets, entries } in touched {
        copied += copy_buckets(group, next..buckets.start, encoder)?;
        let mut rest = &new[entries.clone()];
        for _ in buckets.clone() {
            rest = encoder.push_leading(rest);
        }
        next = buckets.end;
    }
    copied += copy_buckets(group, next..group.buckets().end, encoder)?;
    Ok((encoder.finish(out)?, copied))
}

/// Pushes buckets as they are and returns how many bytes they have.
fn copy_buckets(
    group: &mut IndexGroup<'_>,
    buckets: Range<usize>,
    encoder: &mut GroupEncoder,
) -> Result<u64> {
    let mut copied = 0;
    for bucket in buckets {
        let EncodedBucket { bytes, entries, checksum } = group.bucket(bucket)?;
        encoder.push_encoded(bytes, entries, checksum);
        copied += bytes.len() as u64;
    }
    Ok(copied)
}

/// Appends `old` to `new`, but for the entries under the changes' prefixes, in whose place the changes' own
/// are put. Tells `replaced` of each.
pub(super) fn replace(
    old: &[Entry],
    changes: &[Change],
    new: &mut Vec<Entry>,
    mut replaced: impl FnMut(&Change, &[Entry]),
) {
    let mut rest = old;
    for change in changes {
        let (first, last) = change.bounds();
        let (before, others) = rest.split_at(rest.partition_point(|entry| entry.key < first));
        let (rows, after) = others.split_at(others.partition_point(|entry| entry.key <= last));
        new.extend_from_slice(before);
        new.extend_from_slice(&change.range.entries);
        replaced(change, rows);
        rest = after;
    }
    new.extend_from_slice(rest);
}
