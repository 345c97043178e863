//! The loop over a block's rows that all kernels with vectors share. They differ in how a tail becomes digits.

#![allow(unsafe_code)]

use super::BitOperations;
use super::rows::{Form, KNOWN, Leading, RowBlock, Tail, any_count, last_three};

/// How the end of a low part becomes digits.
pub(super) trait TailDigits: Copy {
    /// # Safety
    /// The processor has the features.
    unsafe fn new(tail: Tail) -> Self;

    /// Writes the digits of the tail that starts `shift` (less than 8) bits behind `window`, and others behind the last one
    /// up to 32 together. With `SPLIT` its first `over` (1 to 31) bits are the last ones of `high` instead.
    ///
    /// # Safety
    /// The processor has the features, 32 bytes from `window` can be read and 32 from `to` written.
    unsafe fn put<const SPLIT: bool>(
        self,
        window: *const u8,
        shift: usize,
        over: u32,
        high: u64,
        to: *mut u8,
    );
}

/// Appends a block's rows.
///
/// # Safety
/// The processor has the features of `O` and `T`.
#[inline(always)]
pub(super) unsafe fn put<O: BitOperations, F: Form, T: TailDigits>(block: &RowBlock<'_>, out: &mut Vec<u8>) {
    // SAFETY: as the caller vouches.
    unsafe {
        match (block.tail, block.over > 0) {
            (Tail::Digits24, false) => put_of::<O, F, T, 24, false>(block, out),
            (Tail::Digits24, true) => put_of::<O, F, T, 24, true>(block, out),
            (Tail::Digits32, false) => put_of::<O, F, T, 32, false>(block, out),
            (Tail::Digits32, true) => put_of::<O, F, T, 32, true>(block, out),
        }
    }
}

/// # Safety
/// As [`put`].
#[inline(always)]
unsafe fn put_of<O: BitOperations, F: Form, T: TailDigits, const TAIL: usize, const SPLIT: bool>(
    block: &RowBlock<'_>,
    out: &mut Vec<u8>,
) {
    block.reserve(out);
    let mut leading = Leading::new::<O>(block.heads.first().copied().unwrap_or_default());
    let above = (1_u64 << block.above) - 1;
    let (start, mut bit) = (out.len(), block.start);
    // SAFETY: `RowShape::block` made sure that 32 bytes can be read from the byte in which any row's low part starts, and
    // that there are as many high parts and heads as counts; `reserve` that a whole slot of 72 bytes can be written behind
    // as many rows as there are, each of its longest: a row's stores end 64 bytes behind its start. What lies between
    // `start` and the end was written row by row without a gap.
    unsafe {
        let tails = T::new(block.tail);
        let (bytes, width) = (block.bytes.as_ptr(), block.width);
        let (highs, heads, counts) = (block.highs.as_ptr(), block.heads.as_ptr(), block.counts.as_ptr());
        let known = F::COUNTS;
        let begin = out.as_mut_ptr().add(start);
        let mut to = begin;
        for row in 0..block.rows() {
            let (window, shift) = (bytes.add(bit / 8), bit % 8);
            bit += width;
            let mut head = heads.add(row).read();
            let mut high = 0;
            if SPLIT {
                high = u64::from(highs.add(row).read());
            } else {
                let over_tail = u64::from_le(window.add(TAIL / 2).cast::<u64>().read_unaligned());
                head |= (over_tail >> shift & above) as u32;
            }
            if F::WHOLE {
                to.cast::<u64>().write_unaligned(leading.with::<O>(head).to_le());
                to = to.add(8);
            } else {
                to.cast::<u32>().write_unaligned(last_three(head).to_le());
                to = to.add(3);
            }
            tails.put::<SPLIT>(window, shift, block.over, high, to);
            to = to.add(TAIL);
            let count = counts.add(row).read();
            if count < KNOWN as u64 {
                let text = known[count as usize];
                to.cast::<u64>().write_unaligned(text.to_le());
                to = to.add((text >> 56) as usize);
            } else {
                let (text, length) = any_count(count, F::END);
                to.cast::<[u8; 24]>().write(text);
                to = to.add(length);
            }
        }
        out.set_len(start + to.offset_from_unsigned(begin));
    }
}
