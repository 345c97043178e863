//! Decoding a bucket from its first entry to its last, and checking that it is laid out as the format says.

#![forbid(unsafe_code)]

use super::bits::{Ones, read_bits};
use super::bucket::{Bucket, Malformed};
use crate::digest::Key;
use crate::entry::Entry;

/// Yields the entries of a bucket in order.
pub(crate) struct Cursor<'a> {
    bucket: Bucket<'a>,
    /// The bucket's prefix, leading.
    prefix: Key,
    prefix_bits: u32,
    counts: bool,
    next: usize,
    high: Ones<'a>,
    lengths: Ones<'a>,
    /// The bit after the last count length that was read.
    length_end: usize,
    /// Bits of remainders passed.
    remainders: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor over a bucket under `prefix_bits` leading bits of `prefix`.
    pub(crate) fn new(bucket: Bucket<'a>, prefix: Key, prefix_bits: u32, counts: bool) -> Self {
        let bytes = bucket.bytes();
        Self {
            high: Ones::new(bytes, 0, bucket.low_start),
            lengths: Ones::new(bytes, bucket.counts_start, bucket.length_bits),
            length_end: bucket.counts_start,
            bucket,
            prefix,
            prefix_bits,
            counts,
            next: 0,
            remainders: 0,
        }
    }

    /// The next entry, `None` after the last.
    #[inline(always)]
    pub(crate) fn next_entry(&mut self) -> Option<Result<Entry, Malformed>> {
        (self.next < self.bucket.entries).then(|| self.decode().ok_or(Malformed))
    }

    #[inline(always)]
    fn decode(&mut self) -> Option<Entry> {
        let bucket = &self.bucket;
        let high = self.high.next_one()?.checked_sub(self.next)? as u64;
        if high >> bucket.high_width != 0 {
            return None;
        }
        let mut key = self.prefix;
        key.place(self.prefix_bits, bucket.high_width, high);
        let (mut at, mut width) = (self.prefix_bits + bucket.high_width, bucket.low_width);
        let start = bucket.low_position(self.next);
        while width > 0 {
            let part = width.min(64);
            width -= part;
            key.place(at, part, read_bits(bucket.bytes(), start + width as usize, part));
            at += part;
        }
        let count = if self.counts { self.count()? } else { 1 };
        self.next += 1;
        Some(Entry { key, count })
    }

    #[inline(always)]
    fn count(&mut self) -> Option<u64> {
        let one = self.lengths.next_one()?;
        let width = (one - self.length_end) as u32;
        self.length_end = one + 1;
        let count = self.bucket.remainder(self.remainders, width)?;
        self.remainders += width as usize;
        Some(count)
    }

    /// Checks what is left once every entry was read: that all unused bits are zeros and that the bucket is
    /// no longer than it must be.
    pub(crate) fn finish(&mut self) -> Result<(), Malformed> {
        let bucket = &self.bucket;
        let used_end = if self.counts { self.length_end } else { bucket.counts_start };
        let unused = (bucket.length_bits - self.remainders).checked_sub(used_end).ok_or(Malformed)?;
        let padding = read_bits(bucket.bytes(), used_end, unused.min(64) as u32);
        let stray = self.high.next_one().is_some();
        if unused >= 8 || padding != 0 || stray { Err(Malformed) } else { Ok(()) }
    }
}
