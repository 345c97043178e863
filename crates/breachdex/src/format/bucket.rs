//! Reading one bucket: find an entry by counting bits, and its count without decoding those before it.
//!
//! Nothing here trusts the bytes. [`Bucket::new`] refuses geometry that does not fit the bucket's length;
//! after that every position is computed from what was checked, reads beyond the end give zeros, and what
//! cannot be is `None`, which callers report as damage.

#![forbid(unsafe_code)]

use std::cmp::Ordering;

use super::bits::{read_bits, read_word};
use crate::digest::Key;
use crate::kernels::{BitOperations, prefetch};

/// Bytes of a cache line.
const LINE: usize = 64;
/// Entries of one slot that are looked through one by one; more are searched by halves.
const LINEAR: usize = 8;

/// The entries that share their high bits.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) first: usize,
    pub(crate) run: usize,
}

/// A bucket's bytes and where its columns are. Positions are bits from the bucket's start.
#[derive(Clone, Copy)]
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

/// Bits of the high parts of so many entries: a one for each entry, a zero for each value that a high part can have.
pub(crate) fn high_bits(entries: usize) -> usize {
    entries + (1_usize << high_width(entries))
}

/// Whether the high parts of a bucket with so many entries have a one for each of them. A bucket without them, such as a
/// hole in the file, would find nothing and say so.
pub(crate) fn has_all_ones(bytes: &[u8], entries: usize) -> bool {
    if entries / 8 > bytes.len() {
        return false;
    }
    let bits = high_bits(entries);
    let Some((whole, rest)) = bytes.split_at_checked(bits / 8) else { return false };
    let (words, tail) = whole.as_chunks::<8>();
    let mut ones: usize = words.iter().map(|word| u64::from_le_bytes(*word).count_ones() as usize).sum();
    ones += tail.iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
    if !bits.is_multiple_of(8) {
        let Some(last) = rest.first() else { return false };
        ones += (last & ((1 << (bits % 8)) - 1)).count_ones() as usize;
    }
    ones == entries
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
        let low_start = high_bits(entries);
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

    /// The same bucket, whose bytes are somewhere else now.
    pub(super) fn onto<'b>(&self, bytes: &'b [u8]) -> Bucket<'b> {
        Bucket { bytes, ..*self }
    }

    /// The index of the entry whose remaining bits lead `rest` (a key without the bucket's prefix).
    #[inline(always)]
    pub(crate) fn find<O: BitOperations>(&self, rest: &Key) -> Result<Option<usize>, Malformed> {
        let slot = self.slot::<O>(rest).ok_or(Malformed)?;
        Ok(self.find_in(slot, rest))
    }

    /// The index of an entry of a slot, as [`Bucket::find`] gives it.
    #[inline(always)]
    pub(crate) fn find_in(&self, Slot { first, run }: Slot, rest: &Key) -> Option<usize> {
        let low = rest.skip(self.high_width);
        if run > LINEAR {
            return self.search(first, run, &low);
        }
        for entry in first..first + run {
            match self.compare(entry, &low) {
                Ordering::Less => {}
                Ordering::Equal => return Some(entry),
                Ordering::Greater => break,
            }
        }
        None
    }

    /// The slot that the leading bits of `rest` name.
    #[inline(always)]
    pub(crate) fn slot<O: BitOperations>(&self, rest: &Key) -> Option<Slot> {
        let slot = rest.leading(self.high_width);
        let at = if slot == 0 { 0 } else { pass::<O>(self.bytes, 0, self.low_start, slot, u64::MAX)? };
        let first = at.checked_sub(slot as usize).filter(|first| *first <= self.entries)?;
        let mut run = 0;
        loop {
            let ones = read_word(self.bytes, at + run).trailing_ones() as usize;
            run += ones;
            if ones < 64 || first + run >= self.entries {
                return Some(Slot { first, run: run.min(self.entries - first) });
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

/// Words that are searched at a time.
const SEARCHED: usize = 8;

/// The bit after the `count`th one (from 1) of the bits from `start`, each exclusive-ored with `flip`'s; `None`
/// when that is beyond `end`.
#[inline(always)]
fn pass<O: BitOperations>(bytes: &[u8], start: usize, end: usize, count: u64, flip: u64) -> Option<usize> {
    let (blocks, tail) = bytes.get(start / 8..)?.as_chunks::<{ 8 * SEARCHED }>();
    let mut base = start / 8 * 8;
    // The ones before the start are passed with the others, so that no word is unlike the rest.
    let below = !(u64::MAX << (start % 8));
    let mut left = count + u64::from(((read_word(bytes, base) ^ flip) & below).count_ones());
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        let word = |index: usize| u64::from_le_bytes(words[index % SEARCHED]) ^ flip;
        let ones = |index: usize| u64::from(word(index).count_ones());
        // By halves and without a branch, for which word has the wanted one cannot be foretold.
        let mut index = 0;
        let mut go_on = |ones: u64, words: usize| {
            let is_passed = u64::from(ones < left);
            left -= ones & is_passed.wrapping_neg();
            index += is_passed as usize * words;
            index
        };
        let index = go_on(ones(0) + ones(1) + ones(2) + ones(3), 4);
        let index = go_on(ones(index) + ones(index + 1), 2);
        let index = go_on(ones(index), 1);
        let here = ones(index);
        if here >= left {
            let bit = base + index * 64 + O::select(word(index), left as u32 - 1) as usize + 1;
            return Some(bit).filter(|bit| *bit <= end);
        }
        // It was the last word.
        left -= here;
        base += 64 * SEARCHED;
        if base >= end {
            return None;
        }
    }
    for bits in (0..tail.len() * 8).step_by(64) {
        let word = read_word(tail, bits) ^ flip;
        let here = u64::from(word.count_ones());
        if here >= left {
            let bit = base + bits + O::select(word, left as u32 - 1) as usize + 1;
            return Some(bit).filter(|bit| *bit <= end);
        }
        left -= here;
    }
    None
}

/// The bytes passed their checksum and yet cannot be a bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Malformed;

impl Bucket<'_> {
    /// Asks for the lines that the search of a slot reads.
    #[inline(always)]
    pub(crate) fn prefetch_high(&self) {
        prefetch(self.bytes, 0);
        prefetch(self.bytes, LINE.min(self.low_start / 8));
    }

    /// Asks for the low parts of the entries of a slot.
    #[inline(always)]
    pub(crate) fn prefetch_slot(&self, Slot { first, run }: Slot) {
        let (from, to) = (self.low_position(first), self.low_position(first + run));
        prefetch(self.bytes, from / 8);
        prefetch(self.bytes, (to - 1) / 8);
    }

    /// Asks for the low parts around the entry that `rest` would be if the bucket's entries were spread evenly. Of 240 the
    /// rank has a standard deviation of 8 at most, which are 130 bytes of an exact index: five lines have nearly all.
    #[inline(always)]
    pub(crate) fn prefetch_likely_low(&self, rest: &Key) {
        let share = u128::from(rest.words[0]) * self.entries as u128;
        let at = self.low_position((share >> 64) as usize) / 8;
        for line in 0..5 {
            prefetch(self.bytes, (at + line * LINE).saturating_sub(2 * LINE));
        }
    }

    /// Asks for the lines that counting reads, whichever entry's count is wanted.
    #[inline(always)]
    pub(crate) fn prefetch_all_counts(&self) {
        // Of 240 entries they are some 120 bytes.
        let at = self.counts_start / 8;
        prefetch(self.bytes, at);
        prefetch(self.bytes, at + LINE);
        prefetch(self.bytes, self.length_bits / 8 - 1);
    }

    /// Asks for the lines that counting reads: the lengths before an entry and the remainders.
    #[inline(always)]
    pub(crate) fn prefetch_counts(&self, entry: usize) {
        // A length takes two bits on average, a remainder one.
        let (from, to) = (self.counts_start / 8, (self.counts_start + 2 * entry) / 8);
        prefetch(self.bytes, from);
        if to / LINE != from / LINE {
            prefetch(self.bytes, to);
        }
        prefetch(self.bytes, (self.length_bits - entry.min(self.length_bits) - 1) / 8);
    }
}
