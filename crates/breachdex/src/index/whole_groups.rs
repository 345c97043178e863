//! Whole groups of an index as they are encoded, for joins: every byte is held against every checksum and hash that the
//! file has for it, and nothing is decoded.

#![forbid(unsafe_code)]

use super::Index;
use super::failure::Failure;
use super::groups::GroupExtent;
use crate::error::{Fault, Result, Section};
use crate::format::content::{self, UnitHasher};
use crate::format::encode::Seal;
use crate::format::facts::Facts;
use crate::format::group::{Group, extra_bits};
use crate::format::header::{CONTENT_ID, Header};
use crate::format::placement::PAGE;
use crate::storage::{Access as _, Buffer, ReadMode};

/// A group whose head and buckets have their checksums, and the zeros behind it.
pub(crate) struct WholeGroup<'a> {
    pub(crate) prefix: u32,
    /// From its checksum to the end of its last bucket.
    pub(crate) bytes: &'a [u8],
    pub(crate) seal: Seal,
    pub(crate) entries: u64,
}

/// What all groups of an index must make together.
pub(crate) struct ContentProof {
    name: String,
    header: Header,
    hashes: Box<[u8]>,
    units: UnitHasher,
    entries: u64,
}

impl Index {
    /// Reads groups that follow one another, now and whatever was read before, and hands each of them to `take`. They
    /// are in memory together.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged) for the first byte that is not what it must be, what `take` gives.
    pub(crate) fn whole_groups(
        &self,
        extents: &[GroupExtent],
        buffer: &mut Buffer,
        mut take: impl FnMut(WholeGroup<'_>),
    ) -> Result<()> {
        let ([first, ..], [.., last]) = (extents, extents) else { return Ok(()) };
        let core = &*self.core;
        let access = core.reading(ReadMode::Blocking);
        let start = core.header().groups.offset + first.offset;
        let length = last.offset + last.length - first.offset;
        buffer.forget();
        let loaded = access.load(start, usize::try_from(length).unwrap_or(usize::MAX), 0, buffer);
        loaded.map_err(|unread| core.failed(Failure::of(unread, Section::Groups, start)))?;
        for extent in extents {
            let at = start + (extent.offset - first.offset);
            let room = usize::try_from(extent.length).unwrap_or(usize::MAX);
            let bytes = access.loaded(at, buffer).get(..room).unwrap_or_default();
            let group = check(bytes, self.layout(), extent).map_err(|(within, section, reason)| {
                core.damaged(Fault::new(section, at + within, reason))
            })?;
            take(group);
        }
        Ok(())
    }

    /// Holds what is not in the groups against its checksums and the content id.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged), [`Error::Io`](crate::Error::Io).
    pub(crate) fn content_proof(&self) -> Result<ContentProof> {
        let core = &*self.core;
        let (header, metadata) = (core.header(), core.metadata());
        let hashes = core.hashes()?;
        self.notes()?;
        let facts = Facts {
            coverage: metadata.coverage.clone(),
            source: metadata.source.clone(),
            date: metadata.corpus_date.clone(),
        };
        let id = content::id(header, core.all_groups().into_iter(), &facts.encode(), &hashes);
        if id != header.content_id {
            let reason = "the content id does not match the content";
            return Err(core.damaged(Fault::new(Section::Header, CONTENT_ID as u64, reason)));
        }
        let units = UnitHasher::new(header.layout.directory_bits, header.unit_bits);
        let (name, header) = (self.name().to_owned(), header.clone());
        Ok(ContentProof { name, header, hashes: hashes.into(), units, entries: 0 })
    }
}

impl ContentProof {
    /// Adds a group. Prefixes must ascend.
    pub(crate) fn add(&mut self, prefix: u32, seal: &Seal, entries: u64) {
        self.units.add(prefix, &seal.hash);
        self.entries += entries;
    }

    /// Holds all groups, each of which was added, against the hashes and the number of entries.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged).
    pub(crate) fn finish(self) -> Result<()> {
        let Self { name, header, hashes, units, entries } = self;
        if units.finish(header.unit_bits) != *hashes {
            let reason = "the groups do not have their hashes";
            return Err(Fault::new(Section::Groups, header.groups.offset, reason).named(&name));
        }
        if entries != header.entries {
            return Err(Fault::new(Section::Header, 24, "the number of entries is another").named(&name));
        }
        Ok(())
    }
}

/// Where a group is wrong, from its start, and how.
type Wrong = (u64, Section, &'static str);

/// Checks a group of which all bytes are there, up to where the next one starts.
fn check<'a>(
    bytes: &'a [u8],
    layout: crate::format::Layout,
    extent: &GroupExtent,
) -> Result<WholeGroup<'a>, Wrong> {
    let head = |reason| (0, Section::Groups, reason);
    let group = Group::new(bytes, bytes.len()).map_err(head)?;
    extent.check(&group, layout).map_err(head)?;
    if group.is_wide_without_need() {
        return Err(head("the group's records are wide without need"));
    }
    let mut entries = 0;
    for bucket in 0..group.buckets() {
        let record = group.bucket(bucket).ok_or(head("the group's records cannot be"))?;
        let prefix = u64::from(extent.prefix) << group.extra_bits | bucket as u64;
        let held = group.held(&record, 0).unwrap_or_default();
        if !group.bucket_is_sound(layout, prefix, &record, held) {
            return Err((record.start as u64, Section::Bucket, "the bucket's checksum does not match"));
        }
        entries += u64::from(record.entries);
    }
    if entries == 0 {
        return Err(head("the group has no entries"));
    }
    if group.extra_bits != extra_bits(layout.bits, entries) {
        return Err(head("the group is not split as that many entries are"));
    }
    let (whole, behind) = bytes.split_at(group.end());
    if behind.len() as u64 >= PAGE || behind.iter().any(|byte| *byte != 0) {
        let reason = "there is something else than zeros behind the group";
        return Err((group.end() as u64, Section::Groups, reason));
    }
    let seal = Seal {
        checksum: group.stored_checksum(),
        head: group.data_start as u64,
        hash: content::group(whole),
    };
    Ok(WholeGroup { prefix: extent.prefix, bytes: whole, seal, entries })
}
