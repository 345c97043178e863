//! An open index group by group, for those who copy or compare what is encoded instead of asking for entries.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::ops::Range;

use super::Index;
use super::core::Core;
use super::failure::Failure;
use super::touch::{BucketAt, DISORDER, MALFORMED, SEQUENTIAL};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Fault, Result, Section};
use crate::format::Layout;
use crate::format::content::{self, Hash};
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::directory::Locator;
use crate::format::encode::Seal;
use crate::format::group::{BucketRecord, Group};
use crate::format::header::LENGTH;
use crate::format::placement::PAGE;
use crate::storage::{Access as _, Buffer, Follower, ReadMode, Reading, Window, Windows};

/// Where a group is, from the start of the groups section, and what it must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupExtent {
    pub(crate) prefix: u32,
    pub(crate) offset: u64,
    /// Up to where the next group starts: its own bytes and the zeros before that one.
    pub(crate) length: u64,
    locator: Locator,
}

impl GroupExtent {
    /// Whether a group that was read here has its checksum and is the one that the directory means.
    pub(super) fn check(&self, group: &Group<'_>, layout: Layout) -> Result<(), &'static str> {
        group.check(layout, self.prefix, self.locator)
    }

    /// Whether a locator of another index has the same part of the checksum.
    pub(crate) fn has_tag_of(&self, other: Locator) -> bool {
        // The checksum's lowest bits are all that is compared.
        self.locator.agrees_with(other.value() as u32)
    }
}

/// A group whose head has the checksum that it must have.
pub(crate) struct IndexGroup<'a> {
    core: &'a Core,
    extent: GroupExtent,
    /// Its head is found in the buffer or in memory again each time.
    group: Group<'static>,
    /// What is read into where bytes are read: the head, and some buckets.
    head: Buffer,
    buckets: Buffer,
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

    /// The header's bytes.
    pub(crate) fn header_bytes(&self) -> [u8; LENGTH] {
        self.core.header().encode()
    }

    /// `h` and the hashes of units, where their checksum holds.
    pub(crate) fn unit_hashes(&self) -> Result<(u32, Cow<'_, [u8]>)> {
        Ok((self.core.header().unit_bits, self.core.hashes()?))
    }

    /// How many groups the directory has.
    pub(crate) fn group_count(&self) -> u64 {
        self.core.group_count() as u64
    }

    /// Whether the directory leads from a prefix to the group of that place and checksum.
    pub(crate) fn leads_to(&self, prefix: u32, offset: u64, checksum: u32) -> bool {
        let locator = self.core.locate(prefix);
        locator.is_some_and(|locator| locator.offset() == offset && locator.agrees_with(checksum))
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

    /// One of [`Index::groups`], its head checked if need be.
    pub(crate) fn group(&self, extent: GroupExtent) -> Result<IndexGroup<'_>> {
        let (core, mut head) = (&*self.core, Buffer::default());
        let ahead = extent.length.min(SEQUENTIAL as u64) as usize;
        let access = core.reading(ReadMode::Blocking);
        let group = core.group(access, extent.prefix, extent.locator, ahead, &mut head);
        let group = group.map_err(|failure| core.failed(failure))?.onto(&[]);
        let found = IndexGroup { core, extent, group, head, buckets: Buffer::default() };
        let zeros = extent.length.checked_sub(group.end() as u64);
        if zeros.is_some_and(|zeros| zeros < PAGE) {
            Ok(found)
        } else {
            Err(found.damaged("the group does not end where the next one starts"))
        }
    }

    /// Hands bytes of groups that follow one another, from the start of the first, to `take`, in pieces where they are
    /// read. Each group must have been opened by [`Index::group`], which makes sure that they are there.
    pub(crate) fn copy_groups<E: From<Error>>(
        &self,
        first: GroupExtent,
        length: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (core, start) = (&self.core, self.core.header().groups.offset + first.offset);
        let end = start + length;
        // In memory it is one piece.
        let most = if core.storage.bytes().is_some() { length } else { COPIED as u64 };
        let (access, mut buffer, mut at) = (core.reading(ReadMode::Blocking), Buffer::default(), start);
        while at < end {
            let piece = (end - at).min(most) as usize;
            let loaded = access.load(at, piece, 0, &mut buffer);
            loaded.map_err(|unread| core.failed(Failure::of(unread, Section::Groups, at)))?;
            take(access.loaded(at, &buffer).get(..piece).unwrap_or_default())?;
            at += piece as u64;
        }
        Ok(())
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

/// Bytes that are copied or hashed at a time.
const COPIED: usize = 1 << 20;

impl IndexGroup<'_> {
    pub(crate) fn extent(&self) -> GroupExtent {
        self.extent
    }

    /// Bytes of the group, without zeros behind it.
    pub(crate) fn length(&self) -> u64 {
        self.group.end() as u64
    }

    /// The group with its head.
    fn opened(&self) -> Group<'_> {
        let at = self.core.header().groups.offset + self.extent.offset;
        self.group.onto(self.core.reading(ReadMode::Blocking).loaded(at, &self.head))
    }

    /// What the directory and the hashes say of it. Reads all of its bytes.
    pub(crate) fn seal(&self) -> Result<Seal> {
        let at = self.core.header().groups.offset + self.extent.offset;
        let group = self.opened();
        let hash = self.core.hash_group(at, &group, &mut Buffer::default());
        let hash = hash.map_err(|failure| self.core.failed(failure))?;
        Ok(Seal { checksum: group.stored_checksum(), head: group.data_start as u64, hash })
    }

    /// `e`: how many bits the group resolves.
    pub(crate) fn extra_bits(&self) -> u32 {
        self.group.extra_bits
    }

    /// The checksum that the group carries.
    pub(crate) fn stored_checksum(&self) -> u32 {
        self.opened().stored_checksum()
    }

    /// Bytes of the head.
    pub(crate) fn head_length(&self) -> u64 {
        self.group.data_start as u64
    }

    /// What the head says of a bucket; `None` where it cannot be.
    pub(crate) fn record(&self, bucket: usize) -> Option<BucketRecord> {
        self.opened().bucket(bucket)
    }

    pub(crate) fn buckets(&self) -> Range<usize> {
        0..self.group.buckets()
    }

    /// Checks every bucket, if need be, and returns the number of entries of all.
    pub(crate) fn check(&mut self) -> Result<u64> {
        let mut entries = 0;
        for bucket in self.buckets() {
            entries += u64::from(self.bucket(bucket)?.entries);
        }
        Ok(entries)
    }

    /// A bucket as it is encoded, checked if need be.
    pub(crate) fn bucket(&mut self, bucket: usize) -> Result<EncodedBucket<'_>> {
        let core = self.core;
        let (_, record, bytes) = self.checked(bucket).map_err(|failure| core.failed(failure))?;
        let bytes = bytes.get(..record.length).unwrap_or_default();
        Ok(EncodedBucket { bytes, entries: record.entries, checksum: record.checksum })
    }

    fn checked(&mut self, bucket: usize) -> Result<(Group<'_>, BucketRecord, &[u8]), Failure> {
        let GroupExtent { prefix, locator, .. } = self.extent;
        let access = self.core.reading(ReadMode::Blocking);
        let head = access.loaded(self.core.header().groups.offset + self.extent.offset, &self.head);
        let group = self.group.onto(head);
        let record = self.core.record(locator, &group, bucket)?;
        let place = BucketAt { prefix, locator, group: &group, bucket };
        let bytes = self.core.bucket_bytes(access, place, &record, SEQUENTIAL, &mut self.buckets)?;
        Ok((group, record, bytes))
    }

    /// Appends the entries of some buckets to `entries`.
    pub(crate) fn decode(&mut self, buckets: Range<usize>, entries: &mut Vec<Entry>) -> Result<()> {
        let core = self.core;
        buckets
            .into_iter()
            .try_for_each(|bucket| self.decode_bucket(bucket, entries))
            .map_err(|failure| core.failed(failure))
    }

    fn decode_bucket(&mut self, bucket: usize, entries: &mut Vec<Entry>) -> Result<(), Failure> {
        let (core, GroupExtent { prefix, locator, .. }) = (self.core, self.extent);
        let (group, record, bytes) = self.checked(bucket)?;
        if record.entries == 0 {
            return Ok(());
        }
        let fault = |reason| core.bucket_fault(locator.offset() + record.start as u64, reason);
        let layout = core.layout();
        let prefix_bits = layout.directory_bits + group.extra_bits;
        let mut leading = Key::default();
        leading.place(0, prefix_bits, u64::from(prefix) << group.extra_bits | bucket as u64);
        let encoded = core.bucket(locator, &group, &record, bytes)?;
        let mut cursor = Cursor::new(encoded, leading, prefix_bits, layout.counts);
        let start = entries.len();
        while !cursor.is_at_end() {
            core.run(DecodeRun { cursor: &mut cursor, out: entries }).map_err(|_| fault(MALFORMED))?;
        }
        cursor.finish().map_err(|_| fault(MALFORMED))?;
        if entries[start..].is_sorted_by(|one, next| one.key < next.key) {
            Ok(())
        } else {
            Err(fault(DISORDER).into())
        }
    }

    fn damaged(&self, reason: &'static str) -> Error {
        let offset = self.core.header().groups.offset + self.extent.offset;
        self.core.damaged(Fault::new(Section::Groups, offset, reason))
    }
}

impl Core {
    /// The hash of a group that starts at an offset in the file, read in pieces where it did not come with its head.
    pub(super) fn hash_group(
        &self,
        at: u64,
        group: &Group<'_>,
        buffer: &mut Buffer,
    ) -> Result<Hash, Failure> {
        if let Some(bytes) = group.bytes(Reading::BEHIND) {
            return Ok(content::group(bytes));
        }
        let access = self.reading(ReadMode::Blocking);
        let (mut hasher, mut done) = (content::GroupHasher::default(), 0);
        while done < group.end() {
            let (at, length) = (at + done as u64, (group.end() - done).min(COPIED));
            let loaded = access.load(at, length, 0, buffer);
            loaded.map_err(|unread| Failure::of(unread, Section::Groups, at))?;
            hasher.update(access.loaded(at, buffer).get(..length).unwrap_or_default());
            done += length;
        }
        Ok(hasher.finish())
    }
}
