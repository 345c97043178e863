//! From a bucket's columns straight to `SUFFIX:COUNT` rows: most of what a range server does.
//!
//! The usual bucket of an exact index is written by a loop of its own, which puts each suffix together at the place
//! where its digits are wanted. Any other goes by way of keys.

#![forbid(unsafe_code)]

use super::bits::read_bits;
use super::bucket::{Bucket, Malformed};
use super::cursor::Cursor;
use crate::kernels::{BitOperations, Task};
use crate::rows::{put_count, put_decimal};

/// Bits that the prefix of a range says.
const PREFIX_BITS: u32 = 20;
/// The longest row: all hex digits of three words, a colon, a count, a line end.
const ROW: usize = 72;
/// Rows for which room is made at a time; more than nearly every bucket has.
const MOST_ROWS: usize = 4096;

/// Appends the rest of a cursor's entries as rows, each with CRLF behind it. `digits` are those of the suffix,
/// which follows 20 bits of prefix; the bucket's prefix has at least as many.
pub(crate) struct WriteRows<'a, 'b> {
    pub(crate) cursor: &'a mut Cursor<'b>,
    pub(crate) digits: usize,
    pub(crate) out: &'a mut Vec<u8>,
}

impl Task for WriteRows<'_, '_> {
    type Output = Result<(), Malformed>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { cursor, digits, out } = self;
        append::<O, Rows>(cursor, digits, out)
    }
}

/// Appends the rest of a cursor's entries as lines of a corpus: all digits, a colon, the count, a line feed. `digits`
/// are those behind the first 20 bits, all of which the bucket's prefix has.
pub(crate) struct WriteLines<'a, 'b> {
    pub(crate) cursor: &'a mut Cursor<'b>,
    pub(crate) digits: usize,
    pub(crate) out: &'a mut Vec<u8>,
}

impl Task for WriteLines<'_, '_> {
    type Output = Result<(), Malformed>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { cursor, digits, out } = self;
        append::<O, Lines>(cursor, digits, out)
    }
}

/// What is around a suffix and its count.
trait Form {
    /// Digits before the suffix.
    const LEAD: usize;
    /// The line end, and how many bytes of it are meant.
    const END: ([u8; 2], usize);
}

/// Rows of a range.
struct Rows;

impl Form for Rows {
    const LEAD: usize = 0;
    const END: ([u8; 2], usize) = (*b"\r\n", 2);
}

/// Lines of a corpus.
struct Lines;

impl Form for Lines {
    const LEAD: usize = PREFIX_BITS as usize / 4;
    const END: ([u8; 2], usize) = (*b"\n\0", 1);
}

#[inline(always)]
fn append<O: BitOperations, F: Form>(
    cursor: &mut Cursor<'_>,
    digits: usize,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    // Every row is written at its full length, and the next one over its end.
    let longest = F::LEAD + digits + 23;
    let suffixes = Suffixes::new(cursor, digits as u32 * 4);
    while cursor.left() > 0 {
        let start = out.len();
        // What a bucket says of its entries gets room as they turn out to be there.
        let rows = cursor.left().min(MOST_ROWS);
        out.resize(start + rows * longest + ROW, 0);
        let left = cursor.left() - rows;
        let written = match &suffixes {
            Some(suffixes) => write_usual::<O, F>(cursor, suffixes, digits, left, &mut out[start..]),
            None => write_any::<O, F>(cursor, digits, left, &mut out[start..]),
        };
        out.truncate(start + written?);
    }
    Ok(())
}

/// The digits of the bucket's prefix that stand before every suffix.
#[inline(always)]
fn lead<O: BitOperations>(cursor: &Cursor<'_>) -> [u8; 8] {
    let digits = O::encode_hex(&[cursor.prefix_word(), 0, 0]);
    let mut lead = [0; 8];
    lead.copy_from_slice(&digits[..8]);
    lead
}

/// Puts a row together and gives the place behind it.
#[inline(always)]
fn put_row<O: BitOperations, F: Form>(
    row: &mut [u8; ROW],
    lead: &[u8; 8],
    words: &[u64; 3],
    digits: usize,
    put: impl Fn(&mut [u8; ROW], usize) -> usize,
) -> usize {
    if F::LEAD > 0 {
        row[..8].copy_from_slice(lead);
    }
    row[F::LEAD..F::LEAD + 48].copy_from_slice(&O::encode_hex(words));
    row[F::LEAD + digits] = b':';
    let end = put(row, F::LEAD + digits + 1);
    row[end..end + 2].copy_from_slice(&F::END.0);
    end + F::END.1
}

/// Writes rows by way of keys until `left` entries are left. Returns their bytes.
#[inline(never)]
fn write_any<O: BitOperations, F: Form>(
    cursor: &mut Cursor<'_>,
    digits: usize,
    left: usize,
    out: &mut [u8],
) -> Result<usize, Malformed> {
    let lead = lead::<O>(cursor);
    let mut at = 0;
    while cursor.left() > left {
        let entry = cursor.next_entry().ok_or(Malformed)?;
        let row = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<ROW>()).ok_or(Malformed)?;
        let words = entry.key.skip(PREFIX_BITS).words;
        at += put_row::<O, F>(row, &lead, &words, digits, |row, at| put_decimal(row, at, entry.count));
    }
    Ok(at)
}

/// How the suffixes of a bucket are put together: the low part moved up until the suffix's first bit is the first
/// of three words, and above it, in the first word, the high part and the end of the bucket's prefix.
struct Suffixes {
    /// How far the low part is moved up: less than a word.
    up: u32,
    /// Whether the suffix has a third word.
    wide: bool,
    /// Bits of the first word that are the low part's.
    low_mask: u64,
    /// Where the high part stands in the first word.
    high_shift: u32,
    /// The end of the bucket's prefix in the first word.
    prefix: u64,
}

impl Suffixes {
    /// `None` where the low part does not reach into the first word, or fills it.
    fn new(cursor: &Cursor<'_>, suffix_bits: u32) -> Option<Self> {
        let bucket = cursor.bucket();
        let wide = suffix_bits > 128;
        let words: u32 = if wide { 192 } else { 128 };
        let below = words - 64;
        let up = words.checked_sub(suffix_bits).filter(|up| (1..64).contains(up))?;
        let high_shift = (bucket.low_width + up).checked_sub(below).filter(|bits| (1..64).contains(bits))?;
        Some(Self {
            up,
            wide,
            low_mask: (1 << high_shift) - 1,
            high_shift,
            prefix: cursor.prefix_word() << PREFIX_BITS,
        })
    }

    /// The suffix of a high part and of the low part that starts at a bit.
    #[inline(always)]
    fn words(&self, bytes: &[u8], start: usize, high: u64) -> Option<[u64; 3]> {
        let window = bytes.get(start / 8..)?.first_chunk::<32>()?;
        let (words, _) = window.as_chunks::<8>();
        let shift = start as u32 % 8;
        let word = |at: usize| u64::from_le_bytes(words[at]);
        // The 64 bits of the low part from bit 64 × at.
        let low = |at: usize| ((u128::from(word(at + 1)) << 64 | u128::from(word(at))) >> shift) as u64;
        let join = |above: u64, below: u64| above << self.up | below >> (64 - self.up);
        let first = |above: u64, below: u64| {
            self.prefix | high << self.high_shift | join(above, below) & self.low_mask
        };
        Some(if self.wide {
            let [a, b, c] = [low(2), low(1), low(0)];
            [first(a, b), join(b, c), c << self.up]
        } else {
            let [a, b] = [low(1), low(0)];
            [first(a, b), b << self.up, 0]
        })
    }
}

/// Writes rows of the usual form until `left` entries are left. Returns their bytes.
#[inline(always)]
fn write_usual<O: BitOperations, F: Form>(
    cursor: &mut Cursor<'_>,
    suffixes: &Suffixes,
    digits: usize,
    left: usize,
    out: &mut [u8],
) -> Result<usize, Malformed> {
    let bucket = *cursor.bucket();
    let lead = lead::<O>(cursor);
    let mut at = 0;
    while cursor.left() > left {
        let start = bucket.low_position(cursor.position());
        // Near the end of what was read there is no whole window.
        if bucket.bytes().len() < start / 8 + 32 {
            let rest = out.get_mut(at..).ok_or(Malformed)?;
            return Ok(at + write_any::<O, F>(cursor, digits, left, rest)?);
        }
        let high = cursor.next_high().ok_or(Malformed)?;
        let (before, width) = cursor.next_width().ok_or(Malformed)?;
        let words = suffixes.words(bucket.bytes(), start, high).ok_or(Malformed)?;
        let count = remainder(&bucket, before, width).ok_or(Malformed)?;
        let row = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<ROW>()).ok_or(Malformed)?;
        at += put_row::<O, F>(row, &lead, &words, digits, |row, at| put_count(row, at, count));
    }
    Ok(at)
}

/// The count whose remainder of `width` bits comes after `before` bits of other remainders.
#[inline(always)]
fn remainder(bucket: &Bucket<'_>, before: usize, width: u32) -> Option<u64> {
    let at = bucket.length_bits.checked_sub(before + width as usize)?;
    // One load without a question of how wide it is does for nearly every count.
    let word = bucket.bytes().get(at / 8..).and_then(|rest| rest.first_chunk::<8>());
    match word {
        Some(word) if width <= 56 => {
            let one = 1_u64 << width;
            Some(one | (u64::from_le_bytes(*word) >> (at % 8)) & (one - 1))
        }
        _ if width < 64 => Some(1 << width | read_bits(bucket.bytes(), at, width)),
        _ => None,
    }
}
