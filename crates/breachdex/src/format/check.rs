//! Checking a bucket's content without decoding its keys: what `verify` does for nearly every bucket.
//!
//! It only ever says that a bucket is sound. What it does not accept is decoded entry by entry, which words the fault;
//! so it may refuse too much, and must never accept what a decoder would not.

#![forbid(unsafe_code)]

use super::bits::{read_bits, read_word};
use super::bucket::Bucket;
use crate::kernels::{BitOperations, Task};

/// Sum and maximum of a bucket's counts: of ones where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Cannot overflow: fewer than 2^32 counts of less than 2^64.
    pub(crate) sum: u128,
    pub(crate) max: u64,
}

/// Checks that a bucket's entries ascend, that its counts can be read and that unused bits are zero. `None` where
/// any of it does not hold.
pub(crate) struct CheckBucket<'a> {
    pub(crate) bucket: Bucket<'a>,
    pub(crate) counts: bool,
}

impl Task for CheckBucket<'_> {
    type Output = Option<Counts>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { bucket, counts } = self;
        if !entries_ascend(&bucket) {
            return None;
        }
        if counts {
            return read_counts(&bucket);
        }
        let unused = bucket.length_bits - bucket.counts_start;
        let sound = unused < 8 && read_bits(bucket.bytes(), bucket.counts_start, unused as u32) == 0;
        sound.then_some(Counts { sum: bucket.entries as u128, max: 1 })
    }
}

/// Whether there are as many high parts as entries, and ascending low parts wherever two neighbours share theirs.
#[inline(always)]
fn entries_ascend(bucket: &Bucket<'_>) -> bool {
    let bytes = bucket.bytes();
    let end = bucket.low_start;
    // Bit i of the last high part is set by an entry above the largest high part.
    if end == 0 || read_bits(bytes, end - 1, 1) != 0 {
        return false;
    }
    let mut found = 0;
    // Whether the bit before the word is one.
    let mut carried = 0;
    let mut base = 0;
    while base < end {
        let mut word = read_word(bytes, base);
        if end - base < 64 {
            word &= (1 << (end - base)) - 1;
        }
        // Ones that follow a one: entries with the same high part as the one before.
        let mut follows = word & (word << 1 | carried);
        while follows != 0 {
            let bit = follows.trailing_zeros();
            let below = word & ((1 << bit) - 1);
            let entry = found + below.count_ones() as usize;
            if entry >= bucket.entries || !low_ascends(bucket, entry) {
                return false;
            }
            follows &= follows - 1;
        }
        found += word.count_ones() as usize;
        carried = word >> 63;
        base += 64;
    }
    found == bucket.entries
}

/// Whether the low part of an entry is larger than that of the one before.
#[inline(always)]
fn low_ascends(bucket: &Bucket<'_>, entry: usize) -> bool {
    let (bytes, width) = (bucket.bytes(), bucket.low_width);
    let (before, start) = (bucket.low_position(entry - 1), bucket.low_position(entry));
    if width <= 64 {
        return width > 0 && read_bits(bytes, before, width) < read_bits(bytes, start, width);
    }
    let top = width as usize - 64;
    let (one, next) = (read_word(bytes, before + top), read_word(bytes, start + top));
    if one == next { rest_ascends(bytes, before, start, top) } else { one < next }
}

/// [`low_ascends`] for the lowest `left` bits, where those above are equal.
#[cold]
fn rest_ascends(bytes: &[u8], before: usize, start: usize, mut left: usize) -> bool {
    while left > 0 {
        let width = left.min(64);
        left -= width;
        let one = read_bits(bytes, before + left, width as u32);
        let next = read_bits(bytes, start + left, width as u32);
        if one != next {
            return one < next;
        }
    }
    false
}

/// Reads every count and checks that the bucket is as long as they need, with zeros in what they leave.
#[inline(always)]
fn read_counts(bucket: &Bucket<'_>) -> Option<Counts> {
    let bytes = bucket.bytes();
    let (mut sum, mut max) = (0_u64, 0_u64);
    let mut total = 0_u128;
    // Where the lengths that were not read begin, and the remainders that were read.
    let (mut at, mut back) = (bucket.counts_start, bucket.length_bits);
    let mut left = bucket.entries;
    while left > 0 {
        let lengths = read_word(bytes, at);
        if lengths == 0 {
            // A count of 2^64 and more, or the end.
            return None;
        }
        let mut word = lengths;
        let mut used = 0;
        // All lengths that end in this word.
        while word != 0 && left > 0 {
            let width = word.trailing_zeros();
            back = back.checked_sub(width as usize)?;
            let count = 1 << width | read_bits(bytes, back, width);
            let (next, carried) = sum.overflowing_add(count);
            sum = next;
            total += u128::from(carried) << 64;
            max = max.max(count);
            // In two steps, for a width of 63.
            word = word >> width >> 1;
            used += width as usize + 1;
            left -= 1;
        }
        at += used;
    }
    let unused = back.checked_sub(at)?;
    let sound = unused < 8 && read_bits(bytes, at, unused as u32) == 0;
    sound.then_some(Counts { sum: total + u128::from(sum), max })
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
