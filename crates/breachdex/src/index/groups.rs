//! An open index group by group, for those who copy or compare what is encoded instead of asking for entries.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::Index;
use super::core::{Core, MALFORMED};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Fault, Result, Section};
use crate::format::Layout;
use crate::format::content;
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::directory::Locator;
use crate::format::encode::Seal;
use crate::format::group::Group;
use crate::format::placement::PAGE;
use crate::storage::{Follower, Window, Windows};

/// Where a group is, from the start of the groups section, and what it must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupExtent {
    pub(crate) prefix: u32,
    pub(crate) offset: u64,
    /// Up to where the next group starts: its own bytes and the zeros before that one.
    pub(crate) length: u64,
    locator: Locator,
}

/// A group whose head has the checksum that it must have.
#[derive(Clone, Copy)]
pub(crate) struct IndexGroup<'a> {
    core: &'a Core,
    extent: GroupExtent,
    group: Group<'a>,
}

/// A bucket whose bytes have the checksum that they must have.
pub(crate) struct EncodedBucket<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) entries: u32,
    pub(crate) checksum: u32,
}

impl Index {
    pub(crate) fn layout(&self) -> Layout {
        self.core.layout()
    }

    /// Every group, in order, one behind the other.
    pub(crate) fn groups(&self) -> Vec<GroupExtent> {
        let list = self.core.all_groups();
        let section = self.core.header().groups.length;
        let ends = list.iter().skip(1).map(|(_, next)| next.offset()).chain([section]);
        list.iter()
            .zip(ends)
            .map(|((prefix, locator), end)| {
                let offset = locator.offset();
                GroupExtent { prefix: *prefix, offset, length: end - offset, locator: *locator }
            })
            .collect()
    }

    /// Windows on the parts that begin with these groups, the last of which ends with the section.
    pub(crate) fn windows<'g>(&self, firsts: impl Iterator<Item = &'g GroupExtent>) -> Windows<'_> {
        let section = self.core.header().groups;
        let starts = firsts.map(|group| section.offset + group.offset);
        Windows::new(self.core.source(), starts.chain([section.end()]).collect())
    }

    /// Reads groups that follow one another ahead, at once, and lets go of them when the guard is dropped.
    pub(crate) fn window(&self, groups: &[GroupExtent]) -> Option<Window<'_>> {
        let ([first, ..], [.., last]) = (groups, groups) else { return None };
        let start = self.core.header().groups.offset;
        Some(Window::open(self.core.source()?, start + first.offset..start + last.offset + last.length))
    }

    /// Reads ahead for one who goes through all groups.
    pub(crate) fn follower(&self) -> Follower<'_> {
        let section = self.core.header().groups;
        Follower::new(self.core.source(), section.offset..section.end())
    }

    /// Has `follower` know that a group is the next that is read.
    pub(crate) fn follow(&self, follower: &mut Follower<'_>, group: &GroupExtent) {
        follower.reach(self.core.header().groups.offset + group.offset);
    }

    /// One of [`Index::groups`], its head checked if this is the first touch.
    pub(crate) fn group(&self, extent: GroupExtent) -> Result<IndexGroup<'_>> {
        let group = self.core.group(extent.prefix, extent.locator);
        let group = group.map_err(|fault| self.core.damaged(fault))?;
        let found = IndexGroup { core: &self.core, extent, group };
        let zeros = extent.length.checked_sub(group.end() as u64);
        if zeros.is_some_and(|zeros| zeros < PAGE) {
            Ok(found)
        } else {
            Err(found.damaged("the group does not end where the next one starts"))
        }
    }

    /// Bytes of groups that follow one another, from the start of the first. Each must have been opened by
    /// [`Index::group`], which makes sure that they are there.
    pub(crate) fn group_bytes(&self, first: GroupExtent, length: u64) -> &[u8] {
        &self.core.group_bytes()[first.offset as usize..(first.offset + length) as usize]
    }

    /// Says that a section is damaged.
    pub(crate) fn damaged(&self, section: Section, reason: &'static str) -> Error {
        let header = self.core.header();
        let offset = match section {
            Section::Header => 0,
            Section::Groups | Section::Bucket => header.groups.offset,
            Section::Directory => header.directory.offset,
            Section::Facts => header.facts.offset,
            Section::Hashes => header.hashes.offset,
            Section::Notes => header.notes.offset,
        };
        self.core.damaged(Fault::new(section, offset, reason))
    }
}

impl<'a> IndexGroup<'a> {
    pub(crate) fn extent(&self) -> GroupExtent {
        self.extent
    }

    /// Bytes of the group, without zeros behind it.
    pub(crate) fn length(&self) -> u64 {
        self.group.end() as u64
    }

    /// What the directory and the hashes say of it. Reads all of its bytes.
    pub(crate) fn seal(&self) -> Seal {
        Seal {
            checksum: self.group.stored_checksum(),
            head: self.group.data_start as u64,
            hash: content::group(self.group.bytes()),
        }
    }

    /// `e`: how many bits the group resolves.
    pub(crate) fn extra_bits(&self) -> u32 {
        self.group.extra_bits
    }

    pub(crate) fn buckets(&self) -> Range<usize> {
        0..self.group.buckets()
    }

    /// Checks every bucket that was not touched before and returns the number of entries of all.
    pub(crate) fn check(&self) -> Result<u64> {
        self.buckets().map(|bucket| self.bucket(bucket).map(|bucket| u64::from(bucket.entries))).sum()
    }

    /// A bucket as it is encoded, checked if this is the first touch.
    pub(crate) fn bucket(&self, bucket: usize) -> Result<EncodedBucket<'a>> {
        let record = self.core.record(self.extent.prefix, self.extent.locator, &self.group, bucket);
        let record = record.map_err(|fault| self.core.damaged(fault))?;
        let bytes = &self.group.bytes_from(&record)[..record.length];
        Ok(EncodedBucket { bytes, entries: record.entries, checksum: record.checksum })
    }

    /// Appends the entries of some buckets to `entries`.
    pub(crate) fn decode(&self, buckets: Range<usize>, entries: &mut Vec<Entry>) -> Result<()> {
        buckets
            .into_iter()
            .try_for_each(|bucket| self.decode_bucket(bucket, entries))
            .map_err(|fault| self.core.damaged(fault))
    }

    fn decode_bucket(&self, bucket: usize, entries: &mut Vec<Entry>) -> Result<(), Fault> {
        let (core, GroupExtent { prefix, locator, .. }) = (self.core, self.extent);
        let record = core.record(prefix, locator, &self.group, bucket)?;
        if record.entries == 0 {
            return Ok(());
        }
        let fault = |reason| core.bucket_fault(locator.offset() as usize + record.start, reason);
        let layout = core.layout();
        let prefix_bits = layout.directory_bits + self.group.extra_bits;
        let mut leading = Key::default();
        leading.place(0, prefix_bits, u64::from(prefix) << self.group.extra_bits | bucket as u64);
        let encoded = core.bucket(locator, &self.group, &record)?;
        let mut cursor = Cursor::new(encoded, leading, prefix_bits, layout.counts);
        let start = entries.len();
        while !cursor.is_at_end() {
            core.run(DecodeRun { cursor: &mut cursor, out: entries }).map_err(|_| fault(MALFORMED))?;
        }
        cursor.finish().map_err(|_| fault(MALFORMED))?;
        if entries[start..].is_sorted_by(|one, next| one.key < next.key) {
            Ok(())
        } else {
            Err(fault("the entries are not in order"))
        }
    }

    fn damaged(&self, reason: &'static str) -> Error {
        let offset = self.core.header().groups.offset + self.extent.offset;
        self.core.damaged(Fault::new(Section::Groups, offset, reason))
    }
}
