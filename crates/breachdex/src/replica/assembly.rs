//! A unit of a published index, made of groups and buckets of the base and of what must be fetched.
//!
//! A group that the base seems to have is copied. Of one that changed the head is fetched first: it has number, length and
//! checksum of each bucket, and the buckets that the base seems to have are copied. Checksums of 24 and 32 bits only say
//! where to look; the hash of the unit decides, and where it does not hold all of the unit is fetched.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::base::Base;
use super::delta::{self, Delta};
use super::pieces::{Pieces, coalesce};
use super::published::Published;
use crate::format::group::{BucketRecord, Group};
use crate::format::placement::PAGE;
use crate::index::groups::GroupExtent;

/// Bytes that are allocated before they are there.
const MOST_AHEAD: u64 = 4 << 20;

/// What was put together is not the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitMismatch(pub(super) &'static str);

/// A unit that is put together.
pub struct UnitAssembly<'a> {
    published: &'a Published,
    base: Option<&'a Base>,
    unit: u32,
    /// Bytes between two parts that are fetched rather than left out.
    gap: u64,
    parts: Vec<Part>,
}

/// How a group is had.
enum Part {
    /// The base has it.
    Copied(GroupExtent),
    /// All of it is fetched.
    Fetched,
    /// The base has one under the prefix, and the head of this one, so many bytes, will say what of it is the same.
    Compared { base: GroupExtent, head: u64 },
    /// It is made of the base's entries and of changes, which are here in the delta.
    Changed(Range<u64>),
    /// Head and some buckets are fetched; those are `true` that the base has.
    Patched { base: GroupExtent, copied: Vec<bool> },
}

impl<'a> UnitAssembly<'a> {
    /// Compares what the directories say of a unit's groups. Reads the heads of those of the base that are to be compared.
    /// `delta` is one from the base to what is published.
    pub fn new(
        published: &'a Published,
        base: Option<&'a Base>,
        delta: Option<&Delta>,
        unit: u32,
        gap: u64,
    ) -> Self {
        let base = base.filter(|base| base.has_layout_of(published));
        let has_unit = base.is_some_and(|base| base.has_unit(published, unit));
        let parts = published.numbers(unit).map(|number| {
            let (prefix, locator) = published.group(number);
            let extent = published.group_extent(number);
            let length = extent.end - extent.start;
            if let Some(place) = delta.filter(|_| base.is_some()).and_then(|delta| delta.place(prefix)) {
                // A delta is not believed, nor that it is shorter than what it saves.
                let is_shorter = place.end - place.start < length;
                return if is_shorter { Part::Changed(place) } else { Part::Fetched };
            }
            let Some((base, group)) = base.and_then(|base| Some((base, base.find(prefix)?))) else {
                return Part::Fetched;
            };
            if has_unit || delta.is_some() || base.find_same(prefix, locator).is_some() {
                return Part::Copied(group);
            }
            // A head saves nothing where no bucket could be left out.
            match base.open(group) {
                Ok(opened)
                    if length > 2 * gap && opened.buckets().len() > 1 && opened.head_length() < length =>
                {
                    Part::Compared { base: group, head: opened.head_length() }
                }
                _ => Part::Fetched,
            }
        });
        Self { published, base, unit, gap, parts: parts.collect() }
    }

    /// The unit.
    pub fn unit(&self) -> u32 {
        self.unit
    }

    /// Whether the base seems to have all of it.
    pub fn is_copied(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Copied(_)))
    }

    /// The parts of the file to fetch first.
    pub fn first(&self) -> Vec<Range<u64>> {
        let parts = self.numbered().map(|(number, part)| {
            let extent = self.published.group_extent(number);
            match part {
                Part::Copied(_) | Part::Changed(_) | Part::Patched { .. } => 0..0,
                Part::Fetched => extent,
                Part::Compared { head, .. } => extent.start..extent.start + head,
            }
        });
        coalesce(parts.collect(), 0)
    }

    /// The parts of the delta to fetch.
    pub fn changes(&self) -> Vec<Range<u64>> {
        let places = self.parts.iter().filter_map(|part| match part {
            Part::Changed(place) => Some(place.clone()),
            _ => None,
        });
        places.collect()
    }

    /// Those of the first parts that are heads, which say what else is to be fetched.
    pub fn heads(&self) -> Vec<Range<u64>> {
        let heads = self.numbered().filter_map(|(number, part)| match part {
            Part::Compared { head, .. } => {
                let start = self.published.group_extent(number).start;
                Some(start..start + head)
            }
            _ => None,
        });
        heads.collect()
    }

    /// Looks at the heads that were fetched. Returns the parts of the file to fetch then.
    pub fn second(&mut self, pieces: &Pieces) -> Vec<Range<u64>> {
        let (published, gap) = (self.published, self.gap);
        let Some(base) = self.base else { return Vec::new() };
        let mut wanted = Vec::new();
        for (number, part) in published.numbers(self.unit).zip(&mut self.parts) {
            let Part::Compared { base: group, head } = *part else { continue };
            let extent = published.group_extent(number);
            let bytes = pieces.get(extent.start..extent.start + head).unwrap_or_default();
            match compare(published, base, number, group, bytes) {
                Some((copied, missing)) => {
                    let start = extent.start;
                    let missing = missing.into_iter().map(|part| start + part.start..start + part.end);
                    wanted.extend(coalesce(missing.collect(), gap));
                    *part = Part::Patched { base: group, copied };
                }
                None => {
                    wanted.push(extent);
                    *part = Part::Fetched;
                }
            }
        }
        coalesce(wanted, 0)
    }

    /// Puts the unit together, of parts of the published file and of the delta.
    ///
    /// # Errors
    /// [`UnitMismatch`] where something is missing, the base cannot be read, or it does not have the published hash.
    pub fn finish(self, pieces: &Pieces, changes: &Pieces) -> Result<Vec<u8>, UnitMismatch> {
        const MISSING: UnitMismatch = UnitMismatch("a part of the groups from here on is missing");
        let extent = self.published.extent(self.unit);
        let mut out = Vec::with_capacity((extent.end - extent.start).min(MOST_AHEAD) as usize);
        for (number, part) in self.numbered() {
            let place = self.published.group_extent(number);
            match part {
                Part::Copied(group) => {
                    let base = self.base.ok_or(MISSING)?;
                    base.copy(*group, &mut out).map_err(|_| MISSING)?;
                }
                Part::Fetched => out.extend_from_slice(pieces.get(place.clone()).ok_or(MISSING)?),
                Part::Compared { .. } => return Err(MISSING),
                Part::Changed(changed) => {
                    let (base, prefix) = (self.base.ok_or(MISSING)?, self.published.group(number).0);
                    let changed = changes.get(changed.clone()).ok_or(MISSING)?;
                    delta::apply(self.published, base, prefix, changed, &mut out).ok_or(MISSING)?;
                }
                Part::Patched { base, copied } => {
                    self.patch(place.clone(), *base, copied, pieces, &mut out).ok_or(MISSING)?;
                }
            }
            // Zeros up to the next group: fewer than a page, or it is not the group that is published there.
            let end = place.end - extent.start;
            if !(out.len() as u64..out.len() as u64 + PAGE).contains(&end) {
                return Err(UnitMismatch("a group does not end where the next one starts"));
            }
            out.resize(end as usize, 0);
        }
        self.published.check_unit(self.unit, &out)?;
        Ok(out)
    }

    fn patch(
        &self,
        place: Range<u64>,
        group: GroupExtent,
        copied: &[bool],
        pieces: &Pieces,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let start = place.start;
        let mut old = self.base?.open(group).ok()?;
        let head = pieces.get(start..start + old.head_length())?;
        let new = Group::from_head(head, (place.end - start) as usize).ok()?;
        out.extend_from_slice(head);
        for (bucket, is_copied) in copied.iter().enumerate() {
            if *is_copied {
                out.extend_from_slice(old.bucket(bucket).ok()?.bytes);
            } else {
                let record = new.bucket(bucket)?;
                out.extend_from_slice(pieces.get(part_of(start, &record))?);
            }
        }
        Some(())
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, &Part)> {
        self.published.numbers(self.unit).zip(&self.parts)
    }
}

fn part_of(start: u64, record: &BucketRecord) -> Range<u64> {
    let at = start + record.start as u64;
    at..at + record.length as u64
}

/// Which buckets of a group the base has, and where the others are, from the group's start. `None` where the head is not
/// the one that the directory means, or has another shape.
fn compare(
    published: &Published,
    base: &Base,
    number: u32,
    group: GroupExtent,
    head: &[u8],
) -> Option<(Vec<bool>, Vec<Range<u64>>)> {
    let (prefix, locator) = published.group(number);
    let extent = published.group_extent(number);
    let new = Group::from_head(head, (extent.end - extent.start) as usize).ok()?;
    new.check(published.layout(), prefix, locator).ok()?;
    let old = base.open(group).ok()?;
    if new.data_start != head.len() || new.extra_bits != old.extra_bits() {
        return None;
    }
    let (mut copied, mut missing) = (Vec::with_capacity(new.buckets()), Vec::new());
    for bucket in 0..new.buckets() {
        let (record, before) = (new.bucket(bucket)?, old.record(bucket)?);
        let is_same = (record.length, record.entries, record.checksum)
            == (before.length, before.entries, before.checksum);
        copied.push(is_same);
        if !is_same {
            missing.push(part_of(0, &record));
        }
    }
    Some((copied, missing))
}
