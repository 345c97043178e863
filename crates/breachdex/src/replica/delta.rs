//! What changed from one index to another, entry by entry: the least that must move where changes are spread evenly and touch
//! every bucket. Equal entries are encoded alike, so the changed groups of the new index are made of those of the old one.
//!
//! `docs/format.md` describes the file. Nothing in it is believed: what is made with it is held against the published hashes.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::Range;

use super::base::Base;
use super::published::Published;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::format::encode::GroupEncoder;
use crate::format::{Layout, u32_at, u64_at};
use crate::index::groups::GroupExtent;
use crate::index::{ContentId, Index};
use crate::monitor::{Monitor, Phase, Progress};

/// The first bytes of a delta.
const MAGIC: [u8; 8] = *b"\x89BDD\r\n\x1a\n";
/// The one version.
const VERSION: u32 = 1;
/// Bytes of the header.
const HEADER: usize = 104;
/// Bytes of a row of the table.
const ROW: usize = 8;
/// Leading bits of an added key, behind the group's prefix, that are told as a distance from the one before.
const DISTANCE_BITS: u32 = 32;

/// How long the header of a delta is.
pub const DELTA_HEADER: u64 = HEADER as u64;

/// What follows the name of a published index in that of the delta from an index with this content id.
pub fn delta_ending(old: ContentId) -> String {
    let id = old.to_string();
    format!(".from-{}", &id[..16])
}

/// The header of a delta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeltaHead {
    bytes: [u8; HEADER],
    groups: u64,
    table: u64,
}

impl DeltaHead {
    /// Reads the header of a delta of `length` bytes; `None` where it is none of this version from `old` to `new`.
    pub fn decode(bytes: &[u8], length: u64, old: ContentId, new: ContentId) -> Option<Self> {
        let bytes: [u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
        let (groups, table) = (u64_at(&bytes, 80)?, u64_at(&bytes, 88)?);
        let is_right = bytes[..8] == MAGIC
            && u32_at(&bytes, 8)? == VERSION
            && u32_at(&bytes, 12)? == HEADER as u32
            && bytes[16..48] == *old.as_bytes()
            && bytes[48..80] == *new.as_bytes()
            && groups <= 1 << 16
            && table >= HEADER as u64
            && table.checked_add(groups * ROW as u64)? == length;
        is_right.then_some(Self { bytes, groups, table })
    }

    /// Where the table of groups is.
    pub fn table(&self) -> Range<u64> {
        self.table..self.table + self.groups * ROW as u64
    }
}

/// A delta's table: where the changes of each group are.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    places: BTreeMap<u32, Range<u64>>,
}

impl Delta {
    /// Reads the table; `None` where its checksum or its places are wrong.
    pub fn decode(head: &DeltaHead, table: &[u8]) -> Option<Self> {
        if table.len() as u64 != head.groups * ROW as u64
            || u32_at(&head.bytes, 96)? != checksum(&head.bytes, table)
        {
            return None;
        }
        let (mut places, mut at, mut last) = (BTreeMap::new(), HEADER as u64, None);
        for row in table.chunks_exact(ROW) {
            let (prefix, length) = (u32_at(row, 0)?, u64::from(u32_at(row, 4)?));
            if last.is_some_and(|last| last >= prefix) {
                return None;
            }
            last = Some(prefix);
            places.insert(prefix, at..at + length);
            at += length;
        }
        (at == head.table).then_some(Self { places })
    }

    /// Where the changes of a group are.
    pub(super) fn place(&self, prefix: u32) -> Option<Range<u64>> {
        self.places.get(&prefix).cloned()
    }
}

fn checksum(head: &[u8; HEADER], table: &[u8]) -> u32 {
    crate::format::checksum::append(crate::format::checksum::section(&head[..96]), table)
}

/// What a delta holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeltaReport {
    /// Groups that changed.
    pub groups: u64,
    /// Entries that were added.
    pub added: u64,
    /// Entries that were removed.
    pub removed: u64,
    /// Entries with another count.
    pub counts: u64,
    /// Bytes of the delta.
    pub bytes: u64,
}

/// Writes what changed from one index to another. `write` is given bytes and where they belong: the header comes last. Both
/// indexes are read, their groups decoded only where units differ.
///
/// # Errors
/// [`Error::Unbuildable`] for indexes of which one is not made from the other's groups; [`Error::Damaged`]; [`Error::Io`];
/// [`Error::Cancelled`]; what `write` gives.
pub fn write_delta<E: From<Error>>(
    old: &Index,
    new: &Index,
    monitor: &dyn Monitor,
    mut write: impl FnMut(u64, &[u8]) -> Result<(), E>,
) -> Result<DeltaReport, E> {
    if old.layout() != new.layout() {
        return Err(Error::Unbuildable(format!(
            "{} and {} differ in kind, bits, counts or the length of their groups, so that a delta would hold everything; \
             publish the new index without one",
            old.name(),
            new.name()
        ))
        .into());
    }
    let (mut report, mut table, mut at) = (DeltaReport::default(), Vec::new(), HEADER as u64);
    let (before, after) = (Base::new(old.clone()), new.groups());
    let (mut old_entries, mut new_entries, mut out) = (Vec::new(), Vec::new(), Vec::new());
    for (number, group) in after.iter().enumerate() {
        let progress =
            Progress { phase: Phase::Reading, done: number as u64, total: Some(after.len() as u64) };
        if monitor.progress(progress).is_break() {
            return Err(Error::Cancelled.into());
        }
        let held = before.find(group.prefix);
        if let Some(held) = held
            && is_same(&before, held, new, *group)?
        {
            continue;
        }
        decode(old, held, &mut old_entries)?;
        decode(new, Some(*group), &mut new_entries)?;
        encode(new.layout(), &old_entries, &new_entries, &mut report, &mut out);
        let length = u32::try_from(out.len()).map_err(|_| {
            Error::Unbuildable("the changes of one group are longer than a delta can say".to_owned())
        })?;
        table.extend_from_slice(&group.prefix.to_le_bytes());
        table.extend_from_slice(&length.to_le_bytes());
        report.groups += 1;
        write(at, &out)?;
        at += u64::from(length);
        out.clear();
    }
    write(at, &table)?;
    let head = head(old.content_id(), new.content_id(), report.groups, at, &table);
    write(0, &head)?;
    report.bytes = at + table.len() as u64;
    Ok(report)
}

fn head(old: ContentId, new: ContentId, groups: u64, table_at: u64, table: &[u8]) -> [u8; HEADER] {
    let mut head = [0; HEADER];
    head[..8].copy_from_slice(&MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[12..16].copy_from_slice(&(HEADER as u32).to_le_bytes());
    head[16..48].copy_from_slice(old.as_bytes());
    head[48..80].copy_from_slice(new.as_bytes());
    head[80..88].copy_from_slice(&groups.to_le_bytes());
    head[88..96].copy_from_slice(&table_at.to_le_bytes());
    let sum = checksum(&head, table);
    head[96..100].copy_from_slice(&sum.to_le_bytes());
    head
}

/// Whether two groups are the same, byte for byte.
fn is_same(old: &Base, held: GroupExtent, new: &Index, group: GroupExtent) -> Result<bool> {
    let (old, new) = (old.open(held)?, new.group(group)?);
    Ok(old.length() == new.length()
        && old.stored_checksum() == new.stored_checksum()
        && old.seal()? == new.seal()?)
}

fn decode(index: &Index, group: Option<GroupExtent>, entries: &mut Vec<Entry>) -> Result<()> {
    entries.clear();
    let Some(group) = group else { return Ok(()) };
    let mut group = index.group(group)?;
    let buckets = group.buckets();
    group.decode(buckets, entries)
}

/// Appends the changes from one group's entries to another's.
fn encode(layout: Layout, old: &[Entry], new: &[Entry], report: &mut DeltaReport, out: &mut Vec<u8>) {
    let (mut gone, mut added) = (Vec::new(), Vec::new());
    let (mut at, mut rest) = (0, new);
    for (rank, entry) in old.iter().enumerate() {
        while let Some(next) = rest.first().filter(|next| next.key < entry.key) {
            added.push(*next);
            rest = &rest[1..];
        }
        let kept = rest.first().filter(|next| next.key == entry.key);
        if let Some(kept) = kept {
            rest = &rest[1..];
            if !layout.counts || kept.count == entry.count {
                continue;
            }
        }
        // Ranks are told by how many entries stayed since the last one that did not.
        gone.push((rank - at, kept.map(|kept| kept.count)));
        at = rank + 1;
    }
    added.extend_from_slice(rest);
    put(out, gone.len() as u64);
    for (distance, count) in &gone {
        put(out, (*distance as u64) << 1 | u64::from(count.is_some()));
        count.iter().for_each(|count| put(out, *count));
    }
    put(out, added.len() as u64);
    let (near, tail) = widths(layout);
    let mut last = 0;
    for entry in &added {
        let key = entry.key.skip(layout.directory_bits);
        let leading = key.leading(near);
        put(out, leading - last);
        last = leading;
        out.extend_from_slice(&key.skip(near).to_bytes()[..tail]);
        if layout.counts {
            put(out, entry.count);
        }
    }
    let changed = gone.iter().filter(|(_, count)| count.is_some()).count() as u64;
    report.counts += changed;
    report.removed += gone.len() as u64 - changed;
    report.added += added.len() as u64;
}

/// How many bits of an added key are told as a distance, and how many bytes follow.
fn widths(layout: Layout) -> (u32, usize) {
    let bits = layout.bits - layout.directory_bits;
    let near = bits.min(DISTANCE_BITS);
    (near, (bits - near).div_ceil(8) as usize)
}

/// Makes a group of the base's one with its prefix, if it has one, and what changed. Appends its bytes; `None` where the
/// changes are none of that group.
pub(super) fn apply(
    published: &Published,
    base: &Base,
    prefix: u32,
    mut changes: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    let layout = published.layout();
    let mut old = Vec::new();
    decode(base.index(), base.find(prefix), &mut old).ok()?;
    let kept = take_kept(&mut changes, layout, &old)?;
    let added = take_added(&mut changes, layout, prefix)?;
    if !changes.is_empty() {
        return None;
    }
    let mut entries = Vec::with_capacity(kept.len() + added.len());
    let (mut kept, mut added) = (kept.into_iter().peekable(), added.into_iter().peekable());
    loop {
        let next = match (kept.peek(), added.peek()) {
            (Some(one), Some(other)) if one.key == other.key => return None,
            (Some(one), Some(other)) if one.key < other.key => kept.next(),
            (_, Some(_)) => added.next(),
            _ => kept.next(),
        };
        let Some(next) = next else { break };
        entries.push(next);
    }
    if entries.is_empty() {
        return None;
    }
    GroupEncoder::new(layout).encode(prefix, &entries, out).ok().map(drop)
}

/// The entries of the base that stay, some with another count.
fn take_kept(changes: &mut &[u8], layout: Layout, old: &[Entry]) -> Option<Vec<Entry>> {
    let mut kept = Vec::with_capacity(old.len());
    let mut rest = old;
    for _ in 0..take(changes)? {
        let word = take(changes)?;
        let (before, behind) = rest.split_at_checked(usize::try_from(word >> 1).ok()?)?;
        let (entry, behind) = behind.split_first()?;
        kept.extend_from_slice(before);
        if word & 1 == 1 {
            let count = take(changes)?;
            if count == 0 || !layout.counts {
                return None;
            }
            kept.push(entry.with_count(count));
        }
        rest = behind;
    }
    kept.extend_from_slice(rest);
    Some(kept)
}

/// The entries that are new, in order.
fn take_added(changes: &mut &[u8], layout: Layout, prefix: u32) -> Option<Vec<Entry>> {
    let (near, tail) = widths(layout);
    let (mut added, mut leading) = (Vec::<Entry>::new(), 0_u64);
    for _ in 0..take(changes)? {
        leading = leading.checked_add(take(changes)?).filter(|leading| *leading >> near == 0)?;
        let (bytes, behind) = changes.split_at_checked(tail)?;
        *changes = behind;
        let count = if layout.counts { take(changes)? } else { 1 };
        let mut key = crate::digest::Key::default();
        key.place(0, layout.directory_bits, u64::from(prefix));
        key.place(layout.directory_bits, near, leading);
        let mut at = layout.directory_bits + near;
        for byte in bytes {
            key.place(at, 8, u64::from(*byte));
            at += 8;
        }
        let in_order = added.last().is_none_or(|last| last.key < key);
        if count == 0 || !in_order || key != key.truncated(layout.bits) {
            return None;
        }
        added.push(Entry { key, count });
    }
    Some(added)
}

/// Appends a number, seven bits a byte, the lowest first.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number from the front.
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if shift == 63 && part > 1 {
            return None;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
