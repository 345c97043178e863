//! Decoding a bucket from its first entry to its last, and checking that it is laid out as the format says.

#![forbid(unsafe_code)]

use super::bits::{Ones, read_bits, read_word};
use super::bucket::{Bucket, Malformed};
use crate::digest::Key;
use crate::entry::Entry;
use crate::kernels::{BitOperations, Task};

/// Entries decoded at a time.
pub(crate) const RUN: usize = 256;

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

    /// The bucket.
    pub(super) fn bucket(&self) -> &Bucket<'a> {
        &self.bucket
    }

    /// The number of entries decoded.
    #[inline(always)]
    pub(super) fn position(&self) -> usize {
        self.next
    }

    /// The first 64 bits of the bucket's prefix.
    pub(super) fn prefix_word(&self) -> u64 {
        self.prefix.words[0]
    }

    /// The next entry.
    #[inline(always)]
    pub(super) fn next_entry(&mut self) -> Option<Entry> {
        let key = self.key()?;
        let count = if self.counts { self.count()? } else { 1 };
        self.next += 1;
        Some(Entry { key, count })
    }

    /// The next entry's high part.
    #[inline(always)]
    fn high(&mut self) -> Option<u64> {
        let high = self.high.next_one()?.checked_sub(self.next)? as u64;
        (high >> self.bucket.high_width == 0).then_some(high)
    }

    /// The next entry's high part, for those who decode the rest themselves.
    #[inline(always)]
    pub(super) fn next_high(&mut self) -> Option<u64> {
        let high = self.high()?;
        self.next += 1;
        Some(high)
    }

    /// The width of the next count's remainder, and the bits of remainders before it.
    #[inline(always)]
    pub(super) fn next_width(&mut self) -> Option<(usize, u32)> {
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
