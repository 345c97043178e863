//! From a bucket's columns straight to `SUFFIX:COUNT` rows: most of what a range server does.
//!
//! Of a usual bucket the columns of high parts and counts are decoded a run at a time, and the processor's kernel renders
//! the rows of the run from them and from the low parts as they lie there. Anything else goes by way of keys.

#![forbid(unsafe_code)]

use super::bucket::Malformed;
use super::cursor::{Columns, Cursor, RUN};
use crate::kernels::{BitOperations, Form, Lines, Rows, Task};
use crate::rows::put_decimal;

/// Bits that the prefix of a range says.
const PREFIX_BITS: u32 = 20;
/// The longest row: all hex digits of three words, a colon, a count, a line end.
const ROW: usize = 72;

/// Appends those of a cursor's entries that are in a range as rows, each with CRLF behind it, and gives their number. The
/// bucket's fingerprints have all `bits` of their kind. The cursor has counts.
pub(crate) struct WriteRows<'a, 'b> {
    pub(crate) cursor: &'a mut Cursor<'b>,
    /// The range's 20 bits. Where the bucket's prefix has as many, they are the range's.
    pub(crate) prefix: u32,
    pub(crate) bits: u32,
    pub(crate) columns: &'a mut Columns,
    pub(crate) out: &'a mut Vec<u8>,
}

impl Task for WriteRows<'_, '_> {
    type Output = Result<usize, Malformed>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { cursor, prefix, bits, columns, out } = self;
        let only = (cursor.prefix_bits() < PREFIX_BITS).then_some(prefix);
        append::<O, Rows>(cursor, only, bits, columns, out)
    }
}

/// Appends the rest of a cursor's entries as lines of a corpus: all digits, a colon, the count, a line feed.
pub(crate) struct WriteLines<'a, 'b> {
    pub(crate) cursor: &'a mut Cursor<'b>,
    pub(crate) bits: u32,
    pub(crate) columns: &'a mut Columns,
    pub(crate) out: &'a mut Vec<u8>,
}

impl Task for WriteLines<'_, '_> {
    type Output = Result<(), Malformed>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { cursor, bits, columns, out } = self;
        append::<O, Lines>(cursor, None, bits, columns, out).map(drop)
    }
}

/// `only` says which entries are wanted, by their first 20 bits.
#[inline(always)]
fn append<O: BitOperations, F: Form>(
    cursor: &mut Cursor<'_>,
    only: Option<u32>,
    bits: u32,
    columns: &mut Columns,
    out: &mut Vec<u8>,
) -> Result<usize, Malformed> {
    let mut written = 0;
    if let Some(shape) = cursor.row_shape(bits).filter(|_| only.is_none() || cursor.heads_have_prefix()) {
        while cursor.left() > 0 {
            let (first, bytes) = (cursor.position(), cursor.bucket().bytes());
            let start = cursor.bucket().low_position(first);
            // Near the end of what was read there is no whole window.
            let rows = shape.rows_within(bytes, start, cursor.left().min(RUN));
            if rows == 0 {
                break;
            }
            cursor.next_block::<O>(rows, &shape, columns).ok_or(Malformed)?;
            let Columns { highs, heads, counts, .. } = &*columns;
            let wanted = match only {
                None => 0..rows,
                Some(prefix) => {
                    let heads = heads.get(..rows).ok_or(Malformed)?;
                    let before = |head: &u32| head >> (32 - PREFIX_BITS) < prefix;
                    let up_to = |head: &u32| head >> (32 - PREFIX_BITS) <= prefix;
                    heads.partition_point(before)..heads.partition_point(up_to)
                }
            };
            let start = cursor.bucket().low_position(first + wanted.start);
            written += wanted.len();
            let columns = (highs.get(wanted.clone()), heads.get(wanted.clone()), counts.get(wanted));
            let (Some(highs), Some(heads), Some(counts)) = columns else { return Err(Malformed) };
            if !counts.is_empty() {
                let block = shape.block(bytes, start, highs, heads, counts).ok_or(Malformed)?;
                O::put_rows::<F>(&block, out);
            }
        }
    }
    Ok(written + append_by_keys::<O, F>(cursor, only, bits, out)?)
}

/// Appends the rest of a cursor's entries by way of keys, and returns how many are wanted.
#[inline(never)]
fn append_by_keys<O: BitOperations, F: Form>(
    cursor: &mut Cursor<'_>,
    only: Option<u32>,
    bits: u32,
    out: &mut Vec<u8>,
) -> Result<usize, Malformed> {
    let skipped = if F::WHOLE { 0 } else { PREFIX_BITS };
    let digits = ((bits - skipped) / 4) as usize;
    let mut written = 0;
    while cursor.left() > 0 {
        let entry = cursor.next_entry().ok_or(Malformed)?;
        if only.is_some_and(|prefix| entry.prefix() != prefix) {
            continue;
        }
        let mut row = [0; ROW];
        row[..48].copy_from_slice(&O::encode_hex(&entry.key.skip(skipped).words));
        row[digits] = b':';
        let end = put_decimal(&mut row, digits + 1, entry.count);
        row[end..end + F::END.len()].copy_from_slice(F::END.as_bytes());
        out.extend_from_slice(&row[..end + F::END.len()]);
        written += 1;
    }
    Ok(written)
}

#[cfg(test)]
#[path = "write_rows_tests.rs"]
mod tests;
