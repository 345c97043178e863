//! From a prefix to its group and from there to its bucket, each of them checked where [`Checks`](super::Checks) says so.
//!
//! This is the one place where bytes of the groups section become a [`Group`] or a [`Bucket`] for an answer. It is generic
//! over where they are: a lookup in memory is compiled without a question of that, and everything else reads what is not
//! there. What is checked is checked in [`Core::check_group`] and [`Core::check_bucket`], both off the usual path.

#![forbid(unsafe_code)]

use super::core::Core;
use super::failure::Failure;
use super::places::Known;
use crate::digest::Key;
use crate::error::{Fault, Section};
use crate::format::bucket::{self, Bucket};
use crate::format::checksum;
use crate::format::directory::Locator;
use crate::format::group::{self, BucketRecord, Group};
use crate::format::{Layout, placement};
use crate::kernels::prefetch;
use crate::storage::{Access, InMemory, Unread};

/// Bytes of a page: what the system reads of a mapped file at least. Larger ones only make the advice less exact.
const PAGE: usize = placement::PAGE as usize;
/// Bytes that are read at a time by those who go through all buckets of a group.
pub(super) const SEQUENTIAL: usize = 256 << 10;
/// Longer buckets are read twice: first in pieces, for no memory is given to what is not there.
const LARGE: usize = 1 << 20;

/// What is said of a bucket whose checksum holds and whose content cannot be.
pub(super) const MALFORMED: &str = "the bucket's content cannot be, though its checksum holds";
/// What is said of a bucket whose entries do not ascend.
pub(super) const DISORDER: &str = "the entries are not in order";

/// The index of a key's bucket in its group.
#[inline(always)]
pub(super) fn bucket_of(key: &Key, layout: Layout, group: &Group<'_>) -> usize {
    key.skip(layout.directory_bits).leading(group.extra_bits) as usize
}

impl Core {
    /// A group, its head checked if need be. Those who read put the head into `buffer`, and up to `ahead` bytes with it.
    #[inline(always)]
    pub(super) fn group<'b, A: Access<'b>>(
        &self,
        access: A,
        prefix: u32,
        locator: Locator,
        ahead: usize,
        buffer: &'b mut A::Buffer,
    ) -> Result<Group<'b>, Failure> {
        let group = self.unchecked_group(access, locator, ahead, buffer)?;
        if !self.verified.group(prefix) {
            // A head of up to a page lies in one.
            if group.data_start > PAGE {
                self.will_need(locator.offset(), group.data_start);
            }
            self.check_group(prefix, locator, &group).map_err(|reason| self.group_fault(locator, reason))?;
            let is_known = match self.units.get().filter(|units| !units.is_checked(prefix)) {
                Some(units) => self.check_unit(access, units, prefix, locator)?,
                None => true,
            };
            if is_known {
                self.verified.remember_group(prefix);
            }
        }
        Ok(group)
    }

    /// A group whose parts lie in the groups section, whatever their checksums are.
    #[inline(always)]
    pub(super) fn unchecked_group<'b, A: Access<'b>>(
        &self,
        access: A,
        locator: Locator,
        ahead: usize,
        buffer: &'b mut A::Buffer,
    ) -> Result<Group<'b>, Failure> {
        let offset = locator.offset();
        let fault = |reason| self.group_fault(locator, reason);
        let available = self.header.groups.length.checked_sub(offset).filter(|length| *length > 0);
        let available = available.ok_or_else(|| fault("the directory points beyond the groups"))?;
        let at = self.header.groups.offset + offset;
        let room = usize::try_from(available).unwrap_or(usize::MAX);
        if !A::READS {
            return Ok(Group::new(access.loaded(at, buffer), room).map_err(fault)?);
        }
        self.load_head(access, locator, room, ahead, buffer)?;
        Ok(Group::from_head(access.loaded(at, buffer), room).map_err(fault)?)
    }

    /// Reads a group's head: as much of it at once as is likely its length, and more only where it is longer.
    #[inline(never)]
    pub(super) fn load_head<'b, A: Access<'b>>(
        &self,
        access: A,
        locator: Locator,
        room: usize,
        ahead: usize,
        buffer: &mut A::Buffer,
    ) -> Result<(), Failure> {
        let at = self.header.groups.offset + locator.offset();
        let failed = |unread: Unread| Failure::of(unread, Section::Groups, at);
        let fault = |reason| self.group_fault(locator, reason);
        let likely = self.likely_head(at).max(ahead).min(room);
        let fixed = group::FIXED.min(room);
        access.load(at, fixed, likely.saturating_sub(fixed), buffer).map_err(failed)?;
        let needed = Group::head_length(access.loaded(at, buffer)).map_err(fault)?;
        if needed > room {
            return Err(fault("the group reaches beyond its section").into());
        }
        access.load(at, needed, 0, buffer).map_err(failed)
    }

    /// Bytes of the head as they are in a group that is split as most are, and no byte of the next page.
    fn likely_head(&self, at: u64) -> usize {
        let extra_bits = self.likely_extra_bits.min(12);
        let head = group::FIXED + (group::NARROW_RECORD << extra_bits);
        let left = (placement::PAGE - at % placement::PAGE) as usize;
        // A guess that crosses a page is too long: the head lies in one, unless it is longer than that.
        if left < group::FIXED { head } else { head.min(left) }
    }

    /// Has the system read bytes of the groups section that lie on more than one page with one request instead of
    /// one for each page.
    #[cold]
    pub(super) fn will_need(&self, offset: u64, length: usize) {
        let start = (self.header.groups.offset + offset) as usize;
        if start / PAGE != (start + length.max(1) - 1) / PAGE {
            self.storage.will_need(start..start + length);
        }
    }

    /// Checks a group's head: at the first touch, or at every one.
    #[cold]
    fn check_group(&self, prefix: u32, locator: Locator, group: &Group<'_>) -> Result<(), &'static str> {
        group.check(self.header.layout, prefix, locator)
    }

    /// A bucket's record. `bucket` is its index in the group.
    #[inline(always)]
    pub(super) fn record(
        &self,
        locator: Locator,
        group: &Group<'_>,
        bucket: usize,
    ) -> Result<BucketRecord, Failure> {
        let record = group.bucket(bucket);
        Ok(record.ok_or_else(|| self.group_fault(locator, "a bucket's place in its group cannot be"))?)
    }

    /// A bucket's bytes and whatever lies behind them, checked if need be. Those who read put them into `buffer`, and up
    /// to `ahead` bytes with them, unless they came with the group's head.
    #[inline(always)]
    pub(super) fn bucket_bytes<'b, A: Access<'b>>(
        &self,
        access: A,
        place: BucketAt<'_, 'b>,
        record: &BucketRecord,
        ahead: usize,
        buffer: &'b mut A::Buffer,
    ) -> Result<&'b [u8], Failure> {
        let BucketAt { locator, group, .. } = place;
        let offset = locator.offset() + record.start as u64;
        let bytes = match group.held(record, A::BEHIND) {
            Some(bytes) => bytes,
            None => self.load_bucket(access, place, record, ahead, buffer)?,
        };
        if !self.verified.bucket(offset, record.length) {
            if record.length >= PAGE / 4 {
                self.will_need(offset, record.length);
            }
            self.check_bucket(place, record, bytes)?;
            self.verified.remember_bucket(offset, record.length);
        }
        Ok(bytes)
    }

    /// The same, checked now whatever was checked before, and nothing remembered.
    pub(super) fn bucket_checked_now<'b, A: Access<'b>>(
        &self,
        access: A,
        place: BucketAt<'_, 'b>,
        record: &BucketRecord,
        ahead: usize,
        buffer: &'b mut A::Buffer,
    ) -> Result<&'b [u8], Failure> {
        let bytes = match place.group.held(record, A::BEHIND) {
            Some(bytes) => bytes,
            None => self.load_bucket(access, place, record, ahead, buffer)?,
        };
        self.check_bucket(place, record, bytes)?;
        Ok(bytes)
    }

    /// Reads a bucket that did not come with its group's head.
    #[inline(never)]
    fn load_bucket<'b, A: Access<'b>>(
        &self,
        access: A,
        place: BucketAt<'_, 'b>,
        record: &BucketRecord,
        ahead: usize,
        buffer: &'b mut A::Buffer,
    ) -> Result<&'b [u8], Failure> {
        let BucketAt { locator, group, .. } = place;
        let at = self.header.groups.offset + locator.offset() + record.start as u64;
        let failed = |unread: Unread| Failure::of(unread, Section::Bucket, at);
        if record.length > LARGE && A::READS {
            self.check_large(access, place, record, buffer)?;
        }
        // Not beyond the group: what is behind it belongs to another window.
        let ahead = ahead.min(group.end() - record.start - record.length);
        access.load(at, record.length, ahead, buffer).map_err(failed)?;
        Ok(access.loaded(at, buffer))
    }

    /// Checks in pieces what a large bucket says of itself before memory is given to it: its checksum, and that it has a
    /// one for each of its entries, which takes a byte of the file for eight of them at least.
    #[cold]
    fn check_large<'b, A: Access<'b>>(
        &self,
        access: A,
        place: BucketAt<'_, '_>,
        record: &BucketRecord,
        buffer: &mut A::Buffer,
    ) -> Result<(), Failure> {
        let BucketAt { locator, group, bucket, prefix } = place;
        let offset = locator.offset() + record.start as u64;
        let at = self.header.groups.offset + offset;
        let layout = self.header.layout;
        let bucket_prefix = u64::from(prefix) << group.extra_bits | bucket as u64;
        let place = group.place(layout, bucket_prefix, record);
        let mut sum = checksum::bucket_start(layout, place, record.length);
        let entries = record.entries as usize;
        let (mut ones, mut high) = (0_u64, bucket::high_bits(entries));
        let mut done = 0;
        while done < record.length {
            let (at, length) = (at + done as u64, (record.length - done).min(LARGE));
            access.load(at, length, 0, buffer).map_err(|unread| Failure::of(unread, Section::Bucket, at))?;
            let piece = access.loaded(at, buffer).get(..length).unwrap_or_default();
            sum = checksum::append(sum, piece);
            let of_high = piece.get(..high.div_ceil(8)).unwrap_or(piece);
            ones += of_high.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>();
            high = high.saturating_sub(piece.len() * 8);
            done += length;
        }
        if sum != record.checksum {
            return Err(self.bucket_fault(offset, MISMATCH).into());
        }
        // Up to seven bits of the last byte belong to the next column.
        if ones < entries as u64 || high > 0 {
            return Err(self.bucket_fault(offset, MALFORMED).into());
        }
        Ok(())
    }

    /// Checks a bucket's bytes: at the first touch, or at every one. A checksum alone does not make a hole a bucket.
    #[cold]
    fn check_bucket(
        &self,
        place: BucketAt<'_, '_>,
        record: &BucketRecord,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let BucketAt { locator, group, bucket, prefix } = place;
        let offset = locator.offset() + record.start as u64;
        let bucket_prefix = u64::from(prefix) << group.extra_bits | bucket as u64;
        if !group.bucket_is_sound(self.header.layout, bucket_prefix, record, bytes) {
            return Err(self.bucket_fault(offset, MISMATCH).into());
        }
        if record.entries > 0 && !bucket::has_all_ones(bytes, record.entries as usize) {
            return Err(self.bucket_fault(offset, MALFORMED).into());
        }
        Ok(())
    }

    #[cold]
    pub(super) fn group_fault(&self, locator: Locator, reason: &'static str) -> Fault {
        Fault::new(Section::Groups, self.header.groups.offset + locator.offset(), reason)
    }

    /// A fault of the bucket at an offset in the groups section.
    #[cold]
    pub(super) fn bucket_fault(&self, offset: u64, reason: &'static str) -> Fault {
        Fault::new(Section::Bucket, self.header.groups.offset + offset, reason)
    }

    /// The bucket of a record that is not empty and of bytes that were checked.
    #[inline(always)]
    pub(super) fn bucket<'b>(
        &self,
        locator: Locator,
        group: &Group<'_>,
        record: &BucketRecord,
        bytes: &'b [u8],
    ) -> Result<Bucket<'b>, Failure> {
        let bucket = group.open(self.header.layout, record, bytes);
        Ok(bucket.ok_or_else(|| self.malformed(locator, record))?)
    }

    /// The bucket of a key where it is known and in memory.
    #[inline(always)]
    pub(super) fn known_bucket<'b>(&self, access: InMemory<'b>, key: &Key) -> Option<Placed<'b>> {
        let Known { start, length, entries, prefix_bits } = self.places.get(key)?;
        let Layout { bits, counts, .. } = self.header.layout;
        let bytes = access.loaded(self.header.groups.offset + start as u64, &());
        let bucket = Bucket::new(bytes, length, entries, bits.checked_sub(prefix_bits)?, counts)?;
        Some(Placed { bucket, prefix_bits, offset: start as u64 })
    }

    /// The bucket of a key in memory by the directory and its group's head, checked if need be, and known from then on.
    /// `None` where it has no entries.
    #[inline(never)]
    pub(super) fn bucket_in_memory<'b>(
        &self,
        access: InMemory<'b>,
        key: &Key,
    ) -> Result<Option<Placed<'b>>, Failure> {
        let layout = self.layout();
        let prefix = key.leading(layout.directory_bits) as u32;
        let Some(locator) = self.locate(prefix) else { return Ok(None) };
        self.prefetch_head(access, key, locator);
        let group = self.group(access, prefix, locator, 0, unit())?;
        let bucket = bucket_of(key, layout, &group);
        self.placed(access, key, prefix, locator, &group, bucket)
    }

    /// Asks for a group's head, for the record that is likely the one of a key, and for what is known of buckets about there.
    #[inline(always)]
    pub(super) fn prefetch_head(&self, access: InMemory<'_>, key: &Key, locator: Locator) {
        let bytes = access.loaded(self.header.groups.offset, &());
        let bucket = key.skip(self.header.layout.directory_bits).leading(self.likely_extra_bits) as usize;
        let at = locator.offset() as usize;
        prefetch(bytes, at);
        prefetch(bytes, at + group::FIXED + bucket * group::NARROW_RECORD);
        self.verified.prefetch(locator.offset());
    }

    /// A bucket of a group in memory, checked if need be, and known from then on. `None` where it has no entries.
    #[inline(always)]
    pub(super) fn placed<'b>(
        &self,
        access: InMemory<'b>,
        key: &Key,
        prefix: u32,
        locator: Locator,
        group: &Group<'b>,
        bucket: usize,
    ) -> Result<Option<Placed<'b>>, Failure> {
        let record = self.record(locator, group, bucket)?;
        let place = BucketAt { prefix, locator, group, bucket };
        let bytes = self.bucket_bytes(access, place, &record, 0, unit())?;
        if record.entries == 0 {
            return Ok(None);
        }
        let bucket = self.bucket(locator, group, &record, bytes)?;
        let offset = locator.offset() + record.start as u64;
        let prefix_bits = self.header.layout.directory_bits + group.extra_bits;
        self.places.remember(key, prefix_bits, offset, &record);
        Ok(Some(Placed { bucket, prefix_bits, offset }))
    }

    #[cold]
    pub(super) fn malformed(&self, locator: Locator, record: &BucketRecord) -> Fault {
        self.bucket_fault(locator.offset() + record.start as u64, MALFORMED)
    }
}

const MISMATCH: &str = "the bucket's checksum does not match";

/// The buffer of bytes in memory: nothing, for as long as it is wanted.
#[inline(always)]
pub(super) fn unit<'a>() -> &'a mut () {
    Box::leak(Box::new(()))
}

/// A bucket with entries, checked, and where it is.
#[derive(Clone, Copy)]
pub(super) struct Placed<'b> {
    pub(super) bucket: Bucket<'b>,
    /// Bits of the bucket's prefix.
    pub(super) prefix_bits: u32,
    /// Bytes from the start of the groups, for messages.
    pub(super) offset: u64,
}

/// Which bucket is meant.
#[derive(Clone, Copy)]
pub(super) struct BucketAt<'g, 'b> {
    /// Of the group.
    pub(super) prefix: u32,
    pub(super) locator: Locator,
    pub(super) group: &'g Group<'b>,
    /// Its index in the group.
    pub(super) bucket: usize,
}
