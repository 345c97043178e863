//! Rows of a bucket from its columns: what every kernel is asked to render, the tables they share, and how it is done
//! a word at a time.
//!
//! A digest's first 32 bits are its *head*, the rest its *tail*: eight digits, and 32 of SHA-1 or 24 of NTLM. The tail is
//! nearly always the end of the low part, so that it can be taken from the column as it lies there. The head is put
//! together of the bucket's prefix, the high part and what the low part has above the tail.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::BitOperations;
use crate::rows::put_decimal;

/// Bits of a head.
const HEAD_BITS: u32 = 32;
/// Bytes that must be readable from the one in which a low part starts.
pub(super) const WINDOW: usize = 32;
/// The longest row: a whole digest, a colon, a count, a line end.
const LONGEST: usize = 8 + 32 + 1 + 20 + 2;
/// Bytes from a row's start that may be written, before the next one is written over what is behind it.
const SLOT: usize = 72;
/// Counts whose text is looked up.
pub(super) const KNOWN: usize = 1000;

/// What is around a suffix and its count.
pub(crate) trait Form {
    /// Whether all digits of the head are written, or only the three behind a range's five.
    const WHOLE: bool;
    /// The line end.
    const END: &'static str;
    /// A colon, the digits of a small count and the line end, first byte in the lowest, and in the highest how many
    /// they are.
    const COUNTS: &'static [u64; KNOWN];
}

/// Rows of a range: they begin behind the prefix, and CRLF ends them.
pub(crate) struct Rows;

impl Form for Rows {
    const WHOLE: bool = false;
    const END: &'static str = "\r\n";
    const COUNTS: &'static [u64; KNOWN] = &ROW_COUNTS;
}

/// Lines of a corpus: whole digests, and LF ends them.
pub(crate) struct Lines;

impl Form for Lines {
    const WHOLE: bool = true;
    const END: &'static str = "\n";
    const COUNTS: &'static [u64; KNOWN] = &LINE_COUNTS;
}

static ROW_COUNTS: [u64; KNOWN] = counts(Rows::END.as_bytes());
static LINE_COUNTS: [u64; KNOWN] = counts(Lines::END.as_bytes());

const fn counts(end: &[u8]) -> [u64; KNOWN] {
    let mut table = [0; KNOWN];
    let mut number = 0;
    while number < KNOWN {
        let (mut text, mut length) = (0, end.len());
        let mut at = end.len();
        while at > 0 {
            at -= 1;
            text = text << 8 | end[at] as u64;
        }
        let mut rest = number as u64;
        loop {
            text = text << 8 | (b'0' as u64 + rest % 10);
            length += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        table[number] = (length as u64 + 1) << 56 | text << 8 | b':' as u64;
        number += 1;
    }
    table
}

/// The three digits of a number of 12 bits, first digit in the lowest byte.
static THREE_DIGITS: [u32; 1 << 12] = {
    let mut table = [0; 1 << 12];
    let mut number = 0;
    while number < table.len() {
        let digits = b"0123456789ABCDEF";
        let [a, b, c] = [digits[number >> 8], digits[number >> 4 & 15], digits[number & 15]];
        table[number] = u32::from_le_bytes([a, b, c, 0]);
        number += 1;
    }
    table
};

/// The three digits of the last 12 bits of a head.
#[inline(always)]
pub(super) fn last_three(head: u32) -> u32 {
    THREE_DIGITS[head as usize & (THREE_DIGITS.len() - 1)]
}

/// The first five digits of heads, which are nearly always those of the head before.
pub(super) struct Leading {
    prefix: u32,
    digits: u64,
}

impl Leading {
    #[inline(always)]
    pub(super) fn new<O: BitOperations>(head: u32) -> Self {
        let digits = O::encode_four(head) & 0xff_ffff_ffff;
        Self { prefix: head >> 12, digits }
    }

    /// All eight digits of a head.
    #[inline(always)]
    pub(super) fn with<O: BitOperations>(&mut self, head: u32) -> u64 {
        if head >> 12 != self.prefix {
            *self = Self::new::<O>(head);
        }
        self.digits | u64::from(last_three(head)) << 40
    }
}

/// A colon, a count of any size, a line end; and their length.
#[cold]
#[inline(never)]
pub(super) fn any_count(count: u64, end: &str) -> ([u8; 24], usize) {
    let mut row = [0; 72];
    row[0] = b':';
    let digits_end = put_decimal(&mut row, 1, count);
    let length = digits_end + end.len();
    row[digits_end..length].copy_from_slice(end.as_bytes());
    let mut text = [0; 24];
    text.copy_from_slice(&row[..24]);
    (text, length)
}

/// Rows of neighbours in a bucket.
pub(crate) struct RowBlock<'a> {
    /// What the low parts are in. The [`WINDOW`] of each of them lies within.
    pub(super) bytes: &'a [u8],
    /// The bit at which the first low part starts.
    pub(super) start: usize,
    /// Bits of a low part.
    pub(super) width: usize,
    pub(super) tail: Tail,
    /// Bits of the low part that the head ends with.
    pub(super) above: u32,
    /// Bits of the high part that the tail begins with. This or `above` is zero; both are less than a head's.
    pub(super) over: u32,
    /// The high parts.
    pub(super) highs: &'a [u32],
    /// As many heads, without what comes from the low part.
    pub(super) heads: &'a [u32],
    /// As many counts.
    pub(super) counts: &'a [u64],
}

/// How many digits a tail has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// NTLM.
    Digits24,
    /// SHA-1.
    Digits32,
}

/// Where the parts of a bucket's fingerprints lie.
#[derive(Clone, Copy)]
pub(crate) struct RowShape {
    tail: Tail,
    width: usize,
    above: u32,
    over: u32,
    /// The prefix, in its place in the head.
    prefix: u32,
}

impl RowShape {
    /// The shape of fingerprints of so many bits that begin with `prefix_bits` leading bits of `prefix`, a high part and
    /// a low part; `None` where they are not what a kernel renders.
    pub(crate) fn new(bits: u32, prefix: u64, prefix_bits: u32, low_width: u32) -> Option<Self> {
        let tail = match bits {
            128 => Tail::Digits24,
            160 => Tail::Digits32,
            _ => return None,
        };
        let tail_bits = bits - HEAD_BITS;
        let (above, over) = (low_width.saturating_sub(tail_bits), tail_bits.saturating_sub(low_width));
        let usual = prefix_bits <= HEAD_BITS && above < HEAD_BITS && over < HEAD_BITS;
        let prefix = (prefix >> (64 - HEAD_BITS)) as u32;
        usual.then_some(Self { tail, width: low_width as usize, above, over, prefix })
    }

    /// As many of `wanted` rows as have all their windows in `bytes`, where the first low part starts at a bit.
    #[inline(always)]
    pub(crate) fn rows_within(&self, bytes: &[u8], start: usize, wanted: usize) -> usize {
        // The last bit at which a low part can start.
        let Some(last) = bytes.len().checked_sub(WINDOW).map(|byte| byte * 8 + 7) else { return 0 };
        if start + wanted * self.width <= last {
            return wanted;
        }
        last.checked_sub(start).map_or(0, |room| room / self.width + 1).min(wanted)
    }

    /// Makes high parts of the bits of their ones, `first` of which are before in the bucket, and heads as far as they do
    /// not come from the low part.
    #[inline(always)]
    pub(crate) fn put_heads(&self, ones: &mut [u32], first: u32, heads: &mut [u32]) {
        for (row, (one, head)) in ones.iter_mut().zip(heads).enumerate() {
            let high = one.wrapping_sub(first).wrapping_sub(row as u32);
            *one = high;
            *head = self.prefix | if self.over > 0 { high >> self.over } else { high << self.above };
        }
    }

    /// Rows whose columns were decoded, the low part of the first of which starts at a bit. `None` where a window is not
    /// within `bytes`, or columns are not of one length.
    #[inline(always)]
    pub(crate) fn block<'a>(
        &self,
        bytes: &'a [u8],
        start: usize,
        highs: &'a [u32],
        heads: &'a [u32],
        counts: &'a [u64],
    ) -> Option<RowBlock<'a>> {
        let rows = counts.len();
        let alike = highs.len() == rows && heads.len() == rows;
        let sound = alike && self.rows_within(bytes, start, rows) == rows;
        let Self { tail, width, above, over, .. } = *self;
        sound.then_some(RowBlock { bytes, start, width, tail, above, over, highs, heads, counts })
    }
}

impl RowBlock<'_> {
    pub(super) fn rows(&self) -> usize {
        self.counts.len()
    }

    /// Makes room for all rows, and a whole [`SLOT`] for each.
    #[inline(always)]
    pub(super) fn reserve(&self, out: &mut Vec<u8>) {
        out.reserve(self.rows() * LONGEST + SLOT);
    }
}

/// Appends rows a word at a time: the portable kernel, and those without vectors.
#[inline(always)]
pub(super) fn put_words<O: BitOperations, F: Form>(block: &RowBlock<'_>, out: &mut Vec<u8>) {
    match (block.tail, block.over > 0) {
        (Tail::Digits24, false) => put_words_of::<O, F, 24, false>(block, out),
        (Tail::Digits24, true) => put_words_of::<O, F, 24, true>(block, out),
        (Tail::Digits32, false) => put_words_of::<O, F, 32, false>(block, out),
        (Tail::Digits32, true) => put_words_of::<O, F, 32, true>(block, out),
    }
}

#[inline(always)]
fn put_words_of<O: BitOperations, F: Form, const TAIL: usize, const SPLIT: bool>(
    block: &RowBlock<'_>,
    out: &mut Vec<u8>,
) {
    block.reserve(out);
    let room = out.spare_capacity_mut();
    let mut leading = Leading::new::<O>(block.heads.first().copied().unwrap_or_default());
    let above = (1_u64 << block.above) - 1;
    let (mut bit, mut end) = (block.start, 0);
    for ((high, head), count) in block.highs.iter().zip(block.heads).zip(block.counts) {
        let Some(window) = block.bytes.get(bit / 8..).and_then(|rest| rest.first_chunk::<WINDOW>()) else {
            unreachable!("a block's windows are within its bytes");
        };
        let (words, _) = window.as_chunks::<8>();
        let shift = bit as u32 % 8;
        let word = |at: usize| u64::from_le_bytes(words[at]);
        // In two steps, for a shift of zero.
        let aligned = |at: usize| word(at) >> shift | word(at + 1) << 1 << (63 - shift);
        let (high, mut head) = (u64::from(*high), *head);
        let (low, mut middle) = (aligned(0), aligned(1));
        if !SPLIT {
            let over_tail = if TAIL == 32 { aligned(2) } else { middle >> 32 | aligned(2) << 32 };
            head |= (over_tail & above) as u32;
        } else if TAIL == 32 {
            middle = middle & (u64::MAX >> block.over) | high << (64 - block.over);
        } else {
            middle = middle & (u64::from(u32::MAX) >> block.over) | (high << (32 - block.over)) & 0xffff_ffff;
        }
        let Some(place) = room.get_mut(end..).and_then(|rest| rest.first_chunk_mut::<SLOT>()) else {
            unreachable!("there is room for the longest rows");
        };
        let lead = if F::WHOLE {
            put(place, 0, leading.with::<O>(head).to_le_bytes());
            8
        } else {
            put(place, 0, last_three(head).to_le_bytes());
            3
        };
        if TAIL == 32 {
            put(place, lead, O::encode_four((middle >> 32) as u32).to_le_bytes());
        }
        let at = lead + TAIL - 24;
        put(place, at, O::encode_four(middle as u32).to_le_bytes());
        put(place, at + 8, O::encode_four((low >> 32) as u32).to_le_bytes());
        put(place, at + 16, O::encode_four(low as u32).to_le_bytes());
        end += lead + TAIL;
        if *count < KNOWN as u64 {
            let known = F::COUNTS[*count as usize];
            put(place, lead + TAIL, known.to_le_bytes());
            end += (known >> 56) as usize;
        } else {
            let (text, length) = any_count(*count, F::END);
            put(place, lead + TAIL, text);
            end += length;
        }
        bit += block.width;
    }
    let length = out.len() + end;
    // SAFETY: there is room for `end` bytes, or the last row would have found none, and they were written row by row
    // without a gap.
    unsafe { out.set_len(length) };
}

/// Writes bytes of a known number at a place in a row.
#[inline(always)]
fn put<const LENGTH: usize>(place: &mut [MaybeUninit<u8>; SLOT], at: usize, bytes: [u8; LENGTH]) {
    place[at..at + LENGTH].write_copy_of_slice(&bytes);
}
