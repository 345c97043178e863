//! The rows of a range as the protocol has them, straight from the encoded buckets: what a range server does most.

#![forbid(unsafe_code)]

use super::core::Core;
use super::failure::Failure;
use super::touch::{BucketAt, MALFORMED};
use crate::coverage::PREFIX_COUNT;
use crate::digest::Key;
use crate::error::{Error, Result};
use crate::format::bucket::Malformed;
use crate::format::cursor::{Columns, Cursor};
use crate::format::directory::Locator;
use crate::format::group::{BucketRecord, Group};
use crate::format::write_rows::WriteRows;
use crate::storage::{Buffer, ReadMode, Reading};

/// Groups up to this many bytes are read whole: one system call instead of two.
const SMALL_GROUP: u64 = 48 << 10;
/// Bytes of buckets that are read at a time.
const MOST_AHEAD: usize = 1 << 20;

/// Buffers that a worker keeps from one answer to the next: a group's head and a run of buckets, some 40 KB for a
/// range of 2,000 rows. An index that is mapped or in memory uses next to nothing of them.
#[derive(Default)]
pub struct RangeScratch {
    pub(super) head: Buffer,
    pub(super) buckets: Buffer,
    columns: Columns,
}

impl RangeScratch {
    /// Has the next answer read anew. One range of a skewed index can be large; its memory is not kept.
    pub(super) fn forget(&mut self) {
        self.head.forget();
        self.buckets.forget();
    }

    /// Bytes of memory that it keeps.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.head.capacity() + self.buckets.capacity()
    }
}

impl std::fmt::Debug for RangeScratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RangeScratch(..)")
    }
}

impl Core {
    /// Appends the rows of a 5-digit prefix with CRLF between them and returns their number.
    pub(super) fn write_range(
        &self,
        prefix: u32,
        mode: ReadMode,
        scratch: &mut RangeScratch,
        rows: &mut Vec<u8>,
    ) -> Result<usize> {
        self.admit_range(prefix)?;
        let group_prefix = prefix >> (20 - self.layout().directory_bits);
        let Some(locator) = self.locate(group_prefix) else { return Ok(0) };
        let before = rows.len();
        let written = Asked { core: self, access: self.reading(mode), prefix, group_prefix, locator }
            .write(scratch, rows)
            .map_err(|failure| self.failed(failure));
        scratch.forget();
        match written {
            Ok(0) => Ok(0),
            Ok(count) => {
                // The last row ends the body without a line end.
                rows.truncate(rows.len() - 2);
                Ok(count)
            }
            Err(error) => {
                rows.truncate(before);
                Err(error)
            }
        }
    }

    fn admit_range(&self, prefix: u32) -> Result<()> {
        if prefix >= PREFIX_COUNT {
            return Err(Error::InvalidPrefix(5));
        }
        if !self.metadata().coverage.contains(prefix) {
            return Err(self.not_covered(prefix));
        }
        self.require_exact()?;
        self.require_counts()
    }
}

/// One range and where its group is.
struct Asked<'a> {
    core: &'a Core,
    access: Reading<'a>,
    prefix: u32,
    group_prefix: u32,
    locator: Locator,
}

impl Asked<'_> {
    /// Appends the rows, each with a line end behind it.
    fn write(&self, scratch: &mut RangeScratch, rows: &mut Vec<u8>) -> Result<usize, Failure> {
        let Self { core, access, group_prefix, locator, .. } = *self;
        let RangeScratch { head, buckets, columns } = scratch;
        let small = core.room(group_prefix, locator).filter(|room| *room <= SMALL_GROUP);
        let group = core.group(access, group_prefix, locator, small.unwrap_or(0) as usize, head)?;
        let run = self.run(&group);
        let last = core.record(locator, &group, *run.end())?;
        let mut count = 0;
        for bucket in run {
            let record = core.record(locator, &group, bucket)?;
            // The rest of the run comes with the first bucket of it.
            let rest = (last.start + last.length).saturating_sub(record.start + record.length);
            let place = BucketAt { prefix: group_prefix, locator, group: &group, bucket };
            let bytes = core.bucket_bytes(access, place, &record, rest.min(MOST_AHEAD), buckets)?;
            if record.entries > 0 {
                count += self.bucket(place, &record, bytes, columns, rows)?;
            }
        }
        Ok(count)
    }

    /// The buckets of the group that hold the range.
    fn run(&self, group: &Group<'_>) -> std::ops::RangeInclusive<usize> {
        let bits = self.core.layout().directory_bits + group.extra_bits;
        let within = |bucket: u64| bucket as usize & (group.buckets() - 1);
        if bits <= 20 {
            let bucket = within(u64::from(self.prefix >> (20 - bits)));
            return bucket..=bucket;
        }
        let first = within(u64::from(self.prefix) << (bits - 20));
        first..=first + (1 << (bits - 20)) - 1
    }

    /// Appends the rows of a bucket's entries in the range.
    fn bucket(
        &self,
        BucketAt { locator, group, bucket, .. }: BucketAt<'_, '_>,
        record: &BucketRecord,
        bytes: &[u8],
        columns: &mut Columns,
        rows: &mut Vec<u8>,
    ) -> Result<usize, Failure> {
        let (core, layout) = (self.core, self.core.layout());
        let prefix_bits = layout.directory_bits + group.extra_bits;
        let mut leading = Key::default();
        leading.place(0, prefix_bits, u64::from(self.group_prefix) << group.extra_bits | bucket as u64);
        let opened = core.bucket(locator, group, record, bytes)?;
        let mut cursor = Cursor::new(opened, leading, prefix_bits, layout.counts);
        let (prefix, bits) = (self.prefix, layout.bits);
        let written = core.run_wide(WriteRows { cursor: &mut cursor, prefix, bits, columns, out: rows });
        let written = written.and_then(|count| cursor.finish().map(|()| count));
        let fault = |Malformed| core.bucket_fault(locator.offset() + record.start as u64, MALFORMED);
        Ok(written.map_err(fault)?)
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
