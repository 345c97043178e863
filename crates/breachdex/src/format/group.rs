//! Reading one group: where its buckets are and what their checksums must be.

#![forbid(unsafe_code)]

use super::bucket::Bucket;
use super::checksum::{self, BucketPlace};
use super::directory::Locator;
use super::{Layout, u16_at, u32_at};

/// Bytes before the first record: checksum, shape, length.
pub(crate) const FIXED: usize = 9;
/// Bytes of a record whose drift and number of entries fit 16 bits.
pub(crate) const NARROW_RECORD: usize = 8;
/// Bytes of any other record.
pub(crate) const WIDE_RECORD: usize = 12;
/// The shape bit that says that the group's records are wide.
pub(crate) const WIDE: u8 = 0x80;
/// The most bits by which a group is split into buckets.
pub(crate) const MAX_EXTRA_BITS: u32 = 16;

/// How many entries a bucket may have on average before the group is split once more. In an exact index 240 are 4 KB, so
/// that a bucket has half a page to a page; of small entries more, or the scan over their high bits would dominate.
/// More than 229, the mean of 60 million entries in 2^18 buckets, and less than 246, that of the whole corpus in 2^23.
fn most_entries(bits: u32) -> u64 {
    match bits {
        97.. => 240,
        56.. => 512,
        _ => 1024,
    }
}

/// The bits by which a group of so many entries is split: the fewest that keep the mean below [`most_entries`],
/// whatever the group's skew, for depth helps nobody where entries share more bits than it resolves.
pub(crate) fn extra_bits(bits: u32, entries: u64) -> u32 {
    entries.div_ceil(most_entries(bits)).next_power_of_two().trailing_zeros().min(MAX_EXTRA_BITS)
}

/// A group whose parts lie within the groups section; whether its checksum holds is asked apart.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    /// From the group's first byte to the end of what was given.
    bytes: &'a [u8],
    /// `e`: how many bits the group resolves.
    pub(crate) extra_bits: u32,
    wide: bool,
    /// Bytes of all buckets.
    length: u32,
    /// Where the first bucket starts, from the group's start.
    pub(crate) data_start: usize,
}

/// A bucket's place in its group, from the group's start, and its record.
#[derive(Clone, Copy)]
pub(crate) struct BucketRecord {
    pub(crate) start: usize,
    pub(crate) length: usize,
    pub(crate) entries: u32,
    pub(crate) checksum: u32,
}

impl<'a> Group<'a> {
    /// The group at the start of `bytes`. Records and buckets must lie within the first `available` bytes;
    /// what lies behind serves only to make reads near the end cheap.
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8], available: usize) -> Result<Self, &'static str> {
        Self::parse(bytes, available.min(bytes.len()))
    }

    /// The group whose head `bytes` begins with; its buckets lie within `available` bytes, in memory or not.
    pub(crate) fn from_head(bytes: &'a [u8], available: usize) -> Result<Self, &'static str> {
        let group = Self::parse(bytes, available)?;
        if group.data_start <= bytes.len() { Ok(group) } else { Err("the group is cut short") }
    }

    /// The same group, whose head is somewhere else now.
    pub(crate) fn onto<'b>(&self, bytes: &'b [u8]) -> Group<'b> {
        Group { bytes, ..*self }
    }

    /// Bytes of the head of the group that `bytes` begins with.
    pub(crate) fn head_length(bytes: &[u8]) -> Result<usize, &'static str> {
        Self::parse(bytes, usize::MAX).map(|group| group.data_start)
    }

    #[inline(always)]
    fn parse(bytes: &[u8], available: usize) -> Result<Group<'_>, &'static str> {
        let shape = *bytes.get(4).ok_or("the group is cut short")?;
        let length = u32_at(bytes, 5).ok_or("the group is cut short")?;
        let extra_bits = u32::from(shape & 0x1f);
        if shape & 0x60 != 0 || extra_bits > MAX_EXTRA_BITS {
            return Err("the group's shape is not one of this version");
        }
        let wide = shape & WIDE != 0;
        let record = if wide { WIDE_RECORD } else { NARROW_RECORD };
        let data_start = FIXED + (record << extra_bits);
        let end = data_start.checked_add(length as usize);
        if end.is_none_or(|end| end > available) {
            return Err("the group reaches beyond its section");
        }
        Ok(Group { bytes, extra_bits, wide, length, data_start })
    }

    /// The checksum that the group carries.
    pub(crate) fn stored_checksum(&self) -> u32 {
        u32_at(self.bytes, 0).unwrap_or_default()
    }

    /// The checksum that its bytes have.
    pub(crate) fn computed_checksum(&self, layout: Layout, prefix: u32) -> u32 {
        checksum::group(layout, prefix, &self.bytes[4..self.data_start])
    }

    /// Whether the head is sound and the one that the directory means.
    pub(crate) fn check(&self, layout: Layout, prefix: u32, locator: Locator) -> Result<(), &'static str> {
        if self.computed_checksum(layout, prefix) != self.stored_checksum() {
            return Err("the group's checksum does not match");
        }
        if !locator.agrees_with(self.stored_checksum()) {
            return Err("the group is not the one the directory means");
        }
        Ok(())
    }

    /// The bucket with entries that `bytes`, which were checked, begin with; `None` when it cannot be.
    #[inline(always)]
    pub(crate) fn open<'b>(
        &self,
        layout: Layout,
        record: &BucketRecord,
        bytes: &'b [u8],
    ) -> Option<Bucket<'b>> {
        // Bits beyond the prefix; a prefix wider than the fingerprint cannot be.
        let rest = layout.bits.checked_sub(layout.directory_bits + self.extra_bits)?;
        Bucket::new(bytes, record.length, record.entries as usize, rest, layout.counts)
    }

    /// All bytes of the group, from its checksum to the end of its last bucket; `None` where they were not given with the
    /// head, of whose bytes the last `behind` are not the file's.
    pub(crate) fn bytes(&self, behind: usize) -> Option<&'a [u8]> {
        self.bytes.get(..self.end()).filter(|bytes| self.bytes.len() - bytes.len() >= behind)
    }

    /// Where the group ends, from its start.
    pub(crate) fn end(&self) -> usize {
        self.data_start + self.length as usize
    }

    /// Whether the records are wide though narrow ones would do.
    pub(crate) fn is_wide_without_need(&self) -> bool {
        let mut records = (0..self.buckets()).filter_map(|bucket| self.record(bucket));
        self.wide
            && records
                .all(|(drift, entries, _)| i16::try_from(drift).is_ok() && u16::try_from(entries).is_ok())
    }

    /// How many buckets there are, empty ones too.
    pub(crate) fn buckets(&self) -> usize {
        1 << self.extra_bits
    }

    /// Drift, entries and checksum of a bucket.
    #[inline(always)]
    fn record(&self, bucket: usize) -> Option<(i64, u32, u32)> {
        if self.wide {
            let at = FIXED + bucket * WIDE_RECORD;
            Some((
                i64::from(u32_at(self.bytes, at)? as i32),
                u32_at(self.bytes, at + 4)?,
                u32_at(self.bytes, at + 8)?,
            ))
        } else {
            let at = FIXED + bucket * NARROW_RECORD;
            let drift = i64::from(u16_at(self.bytes, at)? as i16);
            Some((drift, u32::from(u16_at(self.bytes, at + 2)?), u32_at(self.bytes, at + 4)?))
        }
    }

    /// Where a bucket would start without drift.
    #[inline(always)]
    fn even_start(&self, bucket: usize) -> i64 {
        ((bucket as u64 * u64::from(self.length)) >> self.extra_bits) as i64
    }

    /// The record of a bucket; `None` when it cannot be.
    #[inline(always)]
    pub(crate) fn bucket(&self, bucket: usize) -> Option<BucketRecord> {
        let (drift, entries, checksum) = self.record(bucket)?;
        let start = self.even_start(bucket) + drift;
        let end = if bucket + 1 == self.buckets() {
            i64::from(self.length)
        } else {
            self.even_start(bucket + 1) + self.record(bucket + 1)?.0
        };
        if start < 0 || start > end || end > i64::from(self.length) || (bucket == 0 && start != 0) {
            return None;
        }
        if (entries == 0) != (start == end) {
            return None;
        }
        let length = (end - start) as usize;
        Some(BucketRecord { start: self.data_start + start as usize, length, entries, checksum })
    }

    /// A bucket's bytes and all that was given behind them; `None` where they were not given with the head, of whose
    /// bytes the last `behind` are not the file's.
    #[inline(always)]
    pub(crate) fn held(&self, record: &BucketRecord, behind: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(record.start..)?;
        (bytes.len() >= record.length + behind).then_some(bytes)
    }

    /// Whether a bucket's bytes, with which `bytes` begin, have the checksum of its record.
    pub(crate) fn bucket_is_sound(
        &self,
        layout: Layout,
        prefix: u64,
        record: &BucketRecord,
        bytes: &[u8],
    ) -> bool {
        if record.entries == 0 {
            return record.checksum == 0;
        }
        let place = self.place(layout, prefix, record);
        let bytes = bytes.get(..record.length);
        bytes.is_some_and(|bytes| checksum::bucket(layout, place, bytes) == record.checksum)
    }

    /// Where a bucket belongs.
    pub(crate) fn place(&self, layout: Layout, prefix: u64, record: &BucketRecord) -> BucketPlace {
        let prefix_bits = layout.directory_bits + self.extra_bits;
        BucketPlace { prefix_bits, prefix, entries: record.entries }
    }
}
