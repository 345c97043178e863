//! Decoding a bucket from its first entry to its last, and checking that it is laid out as the format says.

#![forbid(unsafe_code)]

use super::bits::{Ones, read_bits, read_word};
use super::bucket::{Bucket, Malformed};
use crate::digest::Key;
use crate::entry::Entry;
use crate::kernels::{BitOperations, Remainders, RowShape, Task};

/// Entries decoded at a time.
pub(crate) const RUN: usize = 256;

/// High parts and counts of a run of entries, as a kernel renders them. Some 4 KiB, to be used again.
pub(crate) struct Columns {
    /// For each entry the bit of its one, its high part and the entries before it; then its high part alone.
    pub(super) highs: [u32; RUN + 64],
    /// For each entry what the prefix and the high part give its head.
    pub(super) heads: [u32; RUN],
    /// For each entry the bit behind which its count's length ends, from where the lengths start.
    ends: [u32; RUN + 64],
    pub(super) counts: [u64; RUN],
}

impl Default for Columns {
    fn default() -> Self {
        Self { highs: [0; RUN + 64], heads: [0; RUN], ends: [0; RUN + 64], counts: [0; RUN] }
    }
}

/// Decodes the entries of a bucket in order, a run at a time.
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

    /// The same place in the same bucket, whose bytes are somewhere else now.
    pub(crate) fn onto<'b>(&self, bytes: &'b [u8]) -> Cursor<'b> {
        Cursor {
            bucket: self.bucket.onto(bytes),
            high: self.high.onto(bytes),
            lengths: self.lengths.onto(bytes),
            ..*self
        }
    }

    /// Whether all entries were decoded.
    pub(crate) fn is_at_end(&self) -> bool {
        self.next == self.bucket.entries
    }

    /// Entries that were not decoded yet.
    pub(super) fn left(&self) -> usize {
        self.bucket.entries - self.next
    }

    /// Bits of the bucket's prefix.
    pub(super) fn prefix_bits(&self) -> u32 {
        self.prefix_bits
    }

    /// Whether the prefix and a high part have the first 20 bits of a fingerprint.
    pub(super) fn heads_have_prefix(&self) -> bool {
        self.prefix_bits + self.bucket.high_width >= 20
    }

    /// The bucket.
    pub(super) fn bucket(&self) -> &Bucket<'a> {
        &self.bucket
    }

    /// The number of entries decoded.
    #[inline(always)]
    pub(super) fn position(&self) -> usize {
        self.next
    }

    /// The next entry.
    #[inline(always)]
    pub(super) fn next_entry(&mut self) -> Option<Entry> {
        let key = self.key()?;
        let count = if self.counts { self.count()? } else { 1 };
        self.next += 1;
        Some(Entry { key, count })
    }

    /// How a kernel renders the bucket's rows, of fingerprints of so many bits; `None` where it cannot, or
    /// [`Cursor::next_block`] cannot decode it: it has no counts, or a column is longer than 2^32 bits.
    pub(super) fn row_shape(&self, bits: u32) -> Option<RowShape> {
        let bucket = &self.bucket;
        let longest = bucket.low_start.max(bucket.length_bits - bucket.counts_start);
        if !self.counts || u32::try_from(longest).is_err() {
            return None;
        }
        RowShape::new(bits, self.prefix.words[0], self.prefix_bits, bucket.low_width)
    }

    /// Decodes the high parts and counts of the next `wanted` (1 to [`RUN`]) entries. `None` where they cannot be.
    #[inline(always)]
    pub(super) fn next_block<O: BitOperations>(
        &mut self,
        wanted: usize,
        shape: &RowShape,
        columns: &mut Columns,
    ) -> Option<()> {
        let Columns { highs, heads, ends, counts } = columns;
        let (bucket, first) = (&self.bucket, self.next);
        self.high.next_ones::<O>(wanted, 0, highs)?;
        let highs = highs.get_mut(..wanted)?;
        shape.put_heads(highs, first as u32, heads);
        // High parts do not descend, so if the last one can be, all can.
        if u64::from(*highs.last()?) >> bucket.high_width != 0 {
            return None;
        }
        let start = bucket.counts_start;
        self.lengths.next_ones::<O>(wanted, start, ends)?;
        let ends = ends.get(..wanted)?;
        let passed = (self.length_end - start) as u32;
        let remainders = Remainders { bytes: bucket.bytes(), end: bucket.length_bits };
        if remainders.read(first, passed, ends, counts).is_none() {
            self.counts_one_by_one(ends, counts)?;
        }
        let passed = *ends.last()? as usize + 1;
        self.length_end = start + passed;
        self.remainders = passed.checked_sub(first + wanted)?;
        self.next += wanted;
        Some(())
    }

    /// The counts of entries whose lengths end there.
    #[cold]
    #[inline(never)]
    fn counts_one_by_one(&self, ends: &[u32], counts: &mut [u64]) -> Option<()> {
        let (mut before, mut passed) = (self.remainders, (self.length_end - self.bucket.counts_start) as u32);
        for (end, count) in ends.iter().zip(counts) {
            let width = end - passed;
            *count = self.bucket.remainder(before, width)?;
            (before, passed) = (before + width as usize, end + 1);
        }
        Some(())
    }

    /// The next entry's high part.
    #[inline(always)]
    fn high(&mut self) -> Option<u64> {
        let high = self.high.next_one()?.checked_sub(self.next)? as u64;
        (high >> self.bucket.high_width == 0).then_some(high)
    }

    /// The width of the next count's remainder, and the bits of remainders before it.
    #[inline(always)]
    fn next_width(&mut self) -> Option<(usize, u32)> {
        if !self.counts {
            return Some((0, 0));
        }
        let one = self.lengths.next_one()?;
        let width = (one - self.length_end) as u32;
        self.length_end = one + 1;
        let before = self.remainders;
        self.remainders += width as usize;
        Some((before, width))
    }

    /// The next entry's key.
    #[inline(always)]
    fn key(&mut self) -> Option<Key> {
        let high = self.high()?;
        let bucket = &self.bucket;
        let (at, width) = (self.prefix_bits + bucket.high_width, bucket.low_width);
        let mut key = self.prefix;
        key.place(self.prefix_bits, bucket.high_width, high);
        let start = bucket.low_position(self.next);
        if at < 64 && width > 128 {
            let [b, c, d] = wide_number(bucket.bytes(), start, width);
            // The number ends where the fingerprint does, less than a word before the register's end.
            let up = 192 - at - width;
            let [over_c, over_d] = if up == 0 { [0, 0] } else { [c >> (64 - up), d >> (64 - up)] };
            key.words[0] |= b << up | over_c;
            key.words[1] |= c << up | over_d;
            key.words[2] |= d << up;
            return Some(key);
        }
        for (i, word) in leading_words(bucket.bytes(), start, width).into_iter().enumerate() {
            let before = i as u32 * 64;
            if width > before {
                let part = (width - before).min(64);
                key.place(at + before, part, word >> (64 - part));
            }
        }
        Some(key)
    }

    #[inline(always)]
    fn count(&mut self) -> Option<u64> {
        let (before, width) = self.next_width()?;
        self.bucket.remainder(before, width)
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

/// The number of `width` (129 to 192) bits at `start`, its highest word first: one check of the bounds for all.
#[inline(always)]
fn wide_number(bytes: &[u8], start: usize, width: u32) -> [u64; 3] {
    let shift = start % 8;
    let words = match bytes.get(start / 8..).and_then(|rest| rest.first_chunk::<32>()) {
        Some(chunk) => {
            let (words, _) = chunk.as_chunks::<8>();
            let word = |at: usize| u128::from(u64::from_le_bytes(words[at]));
            let read = |at: usize| ((word(at) | word(at + 1) << 64) >> shift) as u64;
            [read(2), read(1), read(0)]
        }
        None => [read_word(bytes, start + 128), read_word(bytes, start + 64), read_word(bytes, start)],
    };
    [words[0] & (u64::MAX >> (192 - width)), words[1], words[2]]
}

/// The number of `width` (at most 192) bits at `start`, moved up to the top of three words.
#[inline(always)]
fn leading_words(bytes: &[u8], start: usize, width: u32) -> [u64; 3] {
    let mut words = [0; 3];
    let mut left = width;
    for word in &mut words {
        if left >= 64 {
            left -= 64;
            *word = read_word(bytes, start + left as usize);
        } else {
            if left > 0 {
                *word = read_word(bytes, start) << (64 - left);
            }
            break;
        }
    }
    words
}

/// Decodes the next run of at most [`RUN`] entries of a cursor into an empty buffer.
pub(crate) struct DecodeRun<'a, 'b> {
    pub(crate) cursor: &'a mut Cursor<'b>,
    pub(crate) out: &'a mut Vec<Entry>,
}

impl Task for DecodeRun<'_, '_> {
    type Output = Result<(), Malformed>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { cursor, out } = self;
        let last = cursor.bucket.entries.min(cursor.next + RUN);
        while cursor.next < last {
            out.push(cursor.next_entry().ok_or(Malformed)?);
        }
        Ok(())
    }
}
