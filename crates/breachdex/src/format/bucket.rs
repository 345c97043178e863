//! Reading one bucket: find an entry by counting bits, and its count without decoding those before it.
//!
//! Nothing here trusts the bytes. [`Bucket::new`] refuses geometry that does not fit the bucket's length;
//! after that every position is computed from what was checked, reads beyond the end give zeros, and what
//! cannot be is `None`, which callers report as damage.

#![forbid(unsafe_code)]

use std::cmp::Ordering;

use super::bits::{read_bits, read_word};
use crate::digest::Key;
use crate::kernels::BitOperations;

/// Entries of one slot that are looked through one by one; more are searched by halves.
const LINEAR: usize = 8;

/// A bucket's bytes and where its columns are. Positions are bits from the bucket's start.
pub(crate) struct Bucket<'a> {
    /// The bucket, and if there is something behind it, that too: it makes reads near the end cheap.
    bytes: &'a [u8],
    pub(super) length_bits: usize,
    pub(super) entries: usize,
    /// `u`: width of the high parts.
    pub(super) high_width: u32,
    /// `w`: width of the low parts.
    pub(super) low_width: u32,
    pub(super) low_start: usize,
    pub(super) counts_start: usize,
}

/// `u = ceil(log2 n)`.
pub(crate) fn high_width(entries: usize) -> u32 {
    entries.next_power_of_two().trailing_zeros()
}

impl<'a> Bucket<'a> {
    /// The bucket of `entries` (1 or more) in the first `length` bytes, whose fingerprints have `rest` bits
    /// beyond the bucket's prefix. `None` when that many entries cannot fit.
    #[inline(always)]
    pub(crate) fn new(
        bytes: &'a [u8],
        length: usize,
        entries: usize,
        rest: u32,
        counts: bool,
    ) -> Option<Self> {
        let length_bits = length.checked_mul(8)?;
        if entries == 0 || entries > length_bits || bytes.len() < length {
            return None;
        }
        let high_width = high_width(entries);
        let low_width = rest.checked_sub(high_width)?;
        let low_start = entries + (1_usize << high_width);
        let counts_start = low_start.checked_add(entries.checked_mul(low_width as usize)?)?;
        let least_end = if counts { counts_start.checked_add(entries)? } else { counts_start };
        (least_end <= length_bits).then_some(Self {
            bytes,
            length_bits,
            entries,
            high_width,
            low_width,
            low_start,
            counts_start,
        })
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The index of the entry whose remaining bits lead `rest` (a key without the bucket's prefix).
    #[inline(always)]
    pub(crate) fn find<O: BitOperations>(&self, rest: &Key) -> Result<Option<usize>, Malformed> {
        let (first, run) = self.slot::<O>(rest.leading(self.high_width)).ok_or(Malformed)?;
        let low = rest.skip(self.high_width);
        if run > LINEAR {
            return Ok(self.search(first, run, &low));
        }
        for entry in first..first + run {
            match self.compare(entry, &low) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(Some(entry)),
                Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// The first entry of a slot and how many it holds.
    #[inline(always)]
    pub(crate) fn slot<O: BitOperations>(&self, slot: u64) -> Option<(usize, usize)> {
        let at = if slot == 0 { 0 } else { pass::<O>(self.bytes, 0, self.low_start, slot, u64::MAX)? };
        let first = at.checked_sub(slot as usize).filter(|first| *first <= self.entries)?;
        let mut run = 0;
        loop {
            let ones = read_word(self.bytes, at + run).trailing_ones() as usize;
            run += ones;
            if ones < 64 || first + run >= self.entries {
                return Some((first, run.min(self.entries - first)));
            }
        }
    }

    /// Where an entry's low part starts.
    #[inline(always)]
    pub(crate) fn low_position(&self, entry: usize) -> usize {
        self.low_start + entry * self.low_width as usize
    }

    /// Compares an entry's low part with the leading bits of `low`.
    #[inline(always)]
    fn compare(&self, entry: usize, low: &Key) -> Ordering {
        let start = self.low_position(entry);
        let mut width = self.low_width;
        for word in low.words {
            if width <= 64 {
                let wanted = if width == 0 { 0 } else { word >> (64 - width) };
                return read_bits(self.bytes, start, width).cmp(&wanted);
            }
            width -= 64;
            match read_word(self.bytes, start + width as usize).cmp(&word) {
                Ordering::Equal => {}
                different => return different,
            }
        }
        Ordering::Equal
    }

    #[cold]
    fn search(&self, first: usize, run: usize, low: &Key) -> Option<usize> {
        let (mut from, mut to) = (first, first + run);
        while from < to {
            let middle = from.midpoint(to);
            match self.compare(middle, low) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => to = middle,
            }
        }
        None
    }

    /// The count of an entry.
    #[inline(always)]
    pub(crate) fn count<O: BitOperations>(&self, entry: usize) -> Result<u64, Malformed> {
        let mut at = self.counts_start;
        if entry > 0 {
            // Pass the ones of the entries before.
            at = pass::<O>(self.bytes, at, self.length_bits, entry as u64, 0).ok_or(Malformed)?;
        }
        let before = (at - self.counts_start).checked_sub(entry).ok_or(Malformed)?;
        self.remainder(before, read_word(self.bytes, at).trailing_zeros()).ok_or(Malformed)
    }

    /// The count whose remainder of `width` bits comes after `before` bits of other remainders.
    #[inline(always)]
    pub(super) fn remainder(&self, before: usize, width: u32) -> Option<u64> {
        if width >= 64 {
            return None;
        }
        let at = self.length_bits.checked_sub(before + width as usize)?;
        Some(1 << width | read_bits(self.bytes, at, width))
    }
}

/// The bit after the `count`th one (from 1) of the bits from `start`, each exclusive-ored with `flip`'s; `None`
/// when that is beyond `end`.
#[inline(always)]
fn pass<O: BitOperations>(bytes: &[u8], start: usize, end: usize, count: u64, flip: u64) -> Option<usize> {
    let (chunks, tail) = bytes.get(start / 8..)?.as_chunks::<8>();
    let mut mask = u64::MAX << (start % 8);
    let mut base = start / 8 * 8;
    let mut left = count;
    for chunk in chunks {
        let word = (u64::from_le_bytes(*chunk) ^ flip) & mask;
        let here = u64::from(word.count_ones());
        if here >= left {
            return Some(base + O::select(word, left as u32 - 1) as usize + 1).filter(|bit| *bit <= end);
        }
        left -= here;
        base += 64;
        mask = u64::MAX;
        if base >= end {
            return None;
        }
    }
    let word = (read_word(tail, 0) ^ flip) & mask;
    (u64::from(word.count_ones()) >= left)
        .then(|| base + O::select(word, left as u32 - 1) as usize + 1)
        .filter(|bit| *bit <= end)
}

/// The bytes passed their checksum and yet cannot be a bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Malformed;

/// Where a search is likely to read, in bytes from the bucket's start.
pub(crate) struct Places {
    /// The low part of the entry, if the bucket's entries are spread evenly.
    pub(crate) low: usize,
    /// The first of the count lengths.
    pub(crate) counts: usize,
}

impl Bucket<'_> {
    /// Where a search for `rest` is likely to read.
    #[inline(always)]
    pub(crate) fn places(&self, rest: &Key) -> Places {
        let share = u128::from(rest.words[0]) * self.entries as u128;
        let entry = (share >> 64) as usize;
        Places { low: self.low_position(entry) / 8, counts: self.counts_start / 8 }
    }
}
