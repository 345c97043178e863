//! One lookup: the head of a group, then one bucket, of which one entry and its count are decoded.

#![forbid(unsafe_code)]

use super::Answer;
use super::core::Core;
use super::failure::Failure;
use super::rows::RangeScratch;
use super::touch::{BucketAt, MALFORMED, bucket_of};
use crate::digest::{Digest, Key};
use crate::error::Result;
use crate::format::Layout;
use crate::format::bucket::{Bucket, Malformed};
use crate::kernels::{BitOperations, Task};
use crate::memory::{OF_A_LOOKUP, OF_ONE, erasing_stack};
use crate::storage::{Access, InMemory, ReadMode};

impl Core {
    #[inline]
    pub(super) fn lookup(&self, digest: &Digest) -> Result<Answer> {
        let Some(bytes) = self.storage.bytes() else { return self.lookup_by_new_buffers(digest) };
        self.admit(digest)?;
        let find = FindInMemory { core: self, access: InMemory(bytes), key: digest.key() };
        let found = erasing_stack::<OF_A_LOOKUP, _>(|| self.run(find));
        Ok(self.answer(found.map_err(|failure| self.failed(failure))?.count()))
    }

    /// Apart, for its buffers are large.
    #[inline(never)]
    fn lookup_by_new_buffers(&self, digest: &Digest) -> Result<Answer> {
        self.lookup_by_reads(digest, ReadMode::Blocking, &mut RangeScratch::default())
    }

    /// The same through buffers that the caller keeps, whose content from before is used again where it fits.
    #[inline(never)]
    pub(super) fn lookup_by_reads(
        &self,
        digest: &Digest,
        mode: ReadMode,
        scratch: &mut RangeScratch,
    ) -> Result<Answer> {
        self.admit(digest)?;
        let found = self.find(digest.key(), mode, scratch)?;
        Ok(self.answer(found))
    }

    /// The count of a key, 0 where none are stored; `None` where it is absent. Asks nothing of the coverage.
    pub(super) fn find(&self, key: &Key, mode: ReadMode, scratch: &mut RangeScratch) -> Result<Option<u64>> {
        let RangeScratch { head, buckets, .. } = scratch;
        let access = self.reading(mode);
        let find = Find { core: self, access, key, head, bucket: buckets };
        let found = erasing_stack::<OF_ONE, _>(|| self.run(find));
        Ok(found.map_err(|failure| self.failed(failure))?.count())
    }
}

/// What was found: a count, 0 where none are stored, or nothing. Every part of it is written, whereas the count of an
/// `Option` that is `None` is whatever a register held, such as bits of the key, and outlives the stack that is erased.
#[derive(Clone, Copy)]
struct Found {
    is_present: bool,
    count: u64,
}

impl Found {
    const ABSENT: Self = Self { is_present: false, count: 0 };

    fn present(count: u64) -> Self {
        Self { is_present: true, count }
    }

    fn count(self) -> Option<u64> {
        self.is_present.then_some(self.count)
    }
}

/// As [`Find`], but straight to a bucket that was found before.
struct FindInMemory<'a> {
    core: &'a Core,
    access: InMemory<'a>,
    key: &'a Key,
}

impl Task for FindInMemory<'_> {
    type Output = Result<Found, Failure>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { core, access, key } = self;
        let placed = match core.known_bucket(access, key) {
            Some(placed) => placed,
            None => match core.bucket_in_memory(access, key)? {
                Some(placed) => placed,
                None => return Ok(Found::ABSENT),
            },
        };
        let found = find_and_count::<O>(&placed.bucket, &key.skip(placed.prefix_bits), core.layout());
        Ok(found.map_err(|Malformed| core.bucket_fault(placed.offset, MALFORMED))?)
    }
}

struct Find<'a, A: Access<'a>> {
    core: &'a Core,
    access: A,
    key: &'a Key,
    head: &'a mut A::Buffer,
    bucket: &'a mut A::Buffer,
}

impl<'a, A: Access<'a>> Task for Find<'a, A> {
    type Output = Result<Found, Failure>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { core, access, key, head, bucket: buffer } = self;
        let layout = core.layout();
        let prefix = key.leading(layout.directory_bits) as u32;
        let Some(locator) = core.locate(prefix) else { return Ok(Found::ABSENT) };
        let group = core.group(access, prefix, locator, 0, head)?;
        let bucket = bucket_of(key, layout, &group);
        let record = core.record(locator, &group, bucket)?;
        let place = BucketAt { prefix, locator, group: &group, bucket };
        let bytes = core.bucket_bytes(access, place, &record, 0, buffer)?;
        if record.entries == 0 {
            return Ok(Found::ABSENT);
        }
        let bucket = core.bucket(locator, &group, &record, bytes)?;
        let prefix_bits = layout.directory_bits + group.extra_bits;
        let found = find_and_count::<O>(&bucket, &key.skip(prefix_bits), layout);
        Ok(found.map_err(|Malformed| core.malformed(locator, &record))?)
    }
}

#[inline(always)]
fn find_and_count<O: BitOperations>(
    bucket: &Bucket<'_>,
    rest: &Key,
    layout: Layout,
) -> Result<Found, Malformed> {
    // Waiting for one line overlaps with waiting for the others.
    bucket.prefetch_high();
    bucket.prefetch_likely_low(rest);
    if layout.counts {
        bucket.prefetch_all_counts();
    }
    let Some(entry) = bucket.find::<O>(rest)? else { return Ok(Found::ABSENT) };
    if layout.counts { bucket.count::<O>(entry).map(Found::present) } else { Ok(Found::present(0)) }
}
