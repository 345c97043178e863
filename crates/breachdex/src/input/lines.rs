//! The strict parser of `HEX:COUNT` rows, which end at LF or CRLF. Fixed positions and whole words: most of
//! a build's time that is not encoding is spent here.

#![forbid(unsafe_code)]

use super::faults::{LineFault, RowShape, diagnose};
use crate::digest::Key;
use crate::entry::Entry;
use crate::hex;
use crate::kernels::{BitOperations, Portable};

/// The rows of a text, each an entry or the fault that ends the text. Every line, the last one included,
/// must end with a line feed.
pub(crate) struct Rows<'a> {
    text: &'a [u8],
    at: usize,
    lines: u64,
    shape: RowShape,
    /// Hex digits of a row.
    width: usize,
    /// Whether the text begins its file.
    starts_file: bool,
    /// Whether blanks may follow a row, as in lists that pad all lines to one length.
    padded: bool,
}

/// Decimal digits that one load can hold.
const WORD_DIGITS: usize = 8;

impl<'a> Rows<'a> {
    pub(crate) fn new(text: &'a [u8], shape: RowShape, starts_file: bool) -> Self {
        Self { text, at: 0, lines: 0, shape, width: shape.digits(), starts_file, padded: false }
    }

    /// Takes spaces and tabs before the line end for padding.
    pub(crate) fn padded(self) -> Self {
        Self { padded: true, ..self }
    }

    /// Lines read so far, the one just returned included.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// The row at `at` in its usual form, and where the next one starts: all hex digits there, a count of
    /// 1 to 7 digits, a line end, and enough text behind to load whole words.
    #[inline(always)]
    fn usual_row<O: BitOperations>(&self) -> Option<(Entry, usize)> {
        let width = self.width;
        let row = self.text.get(self.at..self.at + width + 1 + WORD_DIGITS + 1)?;
        if row[width] != b':' {
            return None;
        }
        let digits: [u8; WORD_DIGITS] = row[width + 1..width + 1 + WORD_DIGITS].try_into().ok()?;
        let (count, length) = leading_number(u64::from_le_bytes(digits))?;
        let end = width + 1 + length;
        let after = match row[end] {
            b'\n' => end + 1,
            b'\r' if row[end + 1] == b'\n' => end + 2,
            _ => return None,
        };
        let key = if self.shape.named_digits == 0 {
            hex::decode_key_with::<O>(&row[..width])?
        } else {
            decode_suffix::<O>(&row[..width])?
        };
        (count != 0).then_some((Entry { key, count }, self.at + after))
    }

    /// Any other row, or what is wrong with it.
    #[cold]
    #[inline(never)]
    fn unusual_row(&self) -> Result<(Entry, usize), LineFault> {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
        let line = if self.padded { without_padding(line) } else { line };
        let after = self.at + (length + 1).min(rest.len());
        let fault = || diagnose(line, self.shape, self.starts_file && self.at == 0);
        let width = self.width;
        let (digest, count) = line.split_at_checked(width).ok_or_else(fault)?;
        let key = if self.shape.named_digits == 0 {
            hex::decode_key(digest)
        } else {
            decode_suffix::<Portable>(digest)
        };
        let key = key.ok_or_else(fault)?;
        let count = match count {
            [] if self.shape.bare => 1,
            [b':', digits @ ..] => whole_number(digits).ok_or_else(fault)?,
            _ => return Err(fault()),
        };
        Ok((Entry { key, count }, after))
    }
}

impl Rows<'_> {
    /// The next row; the processor's operations are the caller's.
    #[inline(always)]
    pub(crate) fn next_row<O: BitOperations>(&mut self) -> Option<Result<Entry, LineFault>> {
        if self.at >= self.text.len() {
            return None;
        }
        self.lines += 1;
        let row = match self.usual_row::<O>() {
            Some(row) => Ok(row),
            None => self.unusual_row(),
        };
        Some(row.map(|(entry, after)| {
            self.at = after;
            entry
        }))
    }
}

/// The rows by portable operations, for where they are few.
impl Iterator for Rows<'_> {
    type Item = Result<Entry, LineFault>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.next_row::<Portable>()
    }
}

/// The number that the first bytes of a little-endian word spell, and its digits: 1 to 7 of them.
#[inline(always)]
fn leading_number(word: u64) -> Option<(u64, usize)> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let values = word ^ (0x30 * ONES);
    // The high bit of every byte that is no digit. A carry can only reach bytes behind one that is not.
    let others = (values.wrapping_add(0x76 * ONES) | values) & (0x80 * ONES);
    let bits = others.trailing_zeros() & !7;
    if bits == 0 || bits == 64 {
        return None;
    }
    // Moved up, so that missing leading digits are zero; then pairs, fours and eights are joined.
    let digits = values << (64 - bits);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let eight = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    Some((eight, bits as usize / 8))
}

/// A line without the blanks at its end.
fn without_padding(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'));
    &line[..end.map_or(0, |last| last + 1)]
}

/// Any whole number from 1 to 2^64 - 1, leading zeros allowed.
fn whole_number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0_u64, |number, digit| {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(value))
    })?;
    (number != 0).then_some(number)
}

/// The key whose first 20 bits are zero and whose others are the given hex digits.
#[inline(always)]
fn decode_suffix<O: BitOperations>(suffix: &[u8]) -> Option<Key> {
    let mut digits = [b'0'; 40];
    // Two lengths that the compiler knows are cheaper than any.
    match suffix.len() {
        35 => digits[5..].copy_from_slice(suffix.first_chunk::<35>()?),
        27 => digits[5..32].copy_from_slice(suffix.first_chunk::<27>()?),
        _ => return None,
    }
    hex::decode_key_with::<O>(&digits[..suffix.len() + 5])
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
