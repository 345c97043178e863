//! Operations with NEON, which every 64-bit ARM processor with an operating system has: chosen when this is compiled, so that
//! nothing is asked at run time.

#![allow(unsafe_code)]

use std::arch::aarch64::{
    uint8x16_t, uint64x2_t, vaddq_u8, vaddv_u8, vandq_u8, vandq_u64, vbslq_u8, vceqq_u8, vcgtq_u8, vcnt_u8,
    vcombine_u64, vcreate_u8, vcreate_u64, vdupq_n_s64, vdupq_n_u8, vget_high_u8, vget_lane_u64, vget_low_u8,
    vgetq_lane_u64, vld1q_u8, vmaxvq_u8, vorrq_u8, vorrq_u64, vqtbl1q_u8, vreinterpret_u64_u8,
    vreinterpretq_u8_u64, vreinterpretq_u64_u8, vrev64q_u8, vshlq_u64, vshrq_n_u8, vsliq_n_u8, vst1q_u8,
    vsubq_u8, vuzp1q_u8, vuzp2q_u8, vzip1q_u8, vzip2q_u8,
};

use super::portable::{self, Portable};
use super::row_code::{CODES, CodedDigits};
use super::rows::{Form, RowBlock, Tail};
use super::vector_rows::{self, TailDigits};
use super::{BitOperations, Task};

/// The digits by their values.
const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// The operations of [`run`].
struct Neon;

impl BitOperations for Neon {
    #[inline(always)]
    fn select(word: u64, rank: u32) -> u32 {
        // SAFETY: every processor that this is compiled for has NEON.
        let ones = unsafe { vget_lane_u64::<0>(vreinterpret_u64_u8(vcnt_u8(vcreate_u8(word)))) };
        portable::select_in(word, ones, rank)
    }

    #[inline(always)]
    fn put_ones(word: u64, base: u32, out: &mut [u32; 64]) -> usize {
        portable::put_ones_by_eight(word, base, out)
    }

    #[inline(always)]
    fn encode_four(value: u32) -> u64 {
        Portable::encode_four(value)
    }

    #[inline(always)]
    fn decode_hex(digits: &[u8; 32]) -> Option<[u64; 2]> {
        // SAFETY: NEON is there as above; the loads read the two halves of the array.
        unsafe {
            let (first, first_odd) = values(vld1q_u8(digits.as_ptr()));
            let (second, second_odd) = values(vld1q_u8(digits.as_ptr().add(16)));
            if vmaxvq_u8(vorrq_u8(first_odd, second_odd)) != 0 {
                return None;
            }
            // The first digit of each pair above the second.
            let bytes = vsliq_n_u8::<4>(vuzp2q_u8(first, second), vuzp1q_u8(first, second));
            let words = vreinterpretq_u64_u8(vrev64q_u8(bytes));
            Some([vgetq_lane_u64::<0>(words), vgetq_lane_u64::<1>(words)])
        }
    }

    #[inline(always)]
    fn encode_hex(words: &[u64; 3]) -> [u8; 48] {
        let [first, second, third] = *words;
        let mut digits = [0_u8; 48];
        // SAFETY: NEON is there as above; the stores write the three thirds of the array.
        unsafe {
            let table = vld1q_u8(DIGITS.as_ptr());
            let bytes = |first, second| {
                vrev64q_u8(vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(first), vcreate_u64(second))))
            };
            let (high, low) = nibbles(bytes(first, second));
            vst1q_u8(digits.as_mut_ptr(), vqtbl1q_u8(table, vzip1q_u8(high, low)));
            vst1q_u8(digits.as_mut_ptr().add(16), vqtbl1q_u8(table, vzip2q_u8(high, low)));
            let (high, low) = nibbles(bytes(third, 0));
            vst1q_u8(digits.as_mut_ptr().add(32), vqtbl1q_u8(table, vzip1q_u8(high, low)));
        }
        digits
    }

    #[inline(always)]
    fn code_digits(text: &[u8; 32]) -> CodedDigits {
        // SAFETY: NEON is there as above; the loads read the two halves of the text and 16 bytes of each table.
        unsafe {
            let (table, codes) = (vld1q_u8(DIGITS.as_ptr()), vld1q_u8(CODES.as_ptr()));
            let half = |text: uint8x16_t| {
                let is_letter = vcgtq_u8(text, vdupq_n_u8(0x40));
                let moved = vaddq_u8(text, vandq_u8(is_letter, vdupq_n_u8(9)));
                let values = vandq_u8(moved, vdupq_n_u8(15));
                let long = vcgtq_u8(values, vdupq_n_u8(13));
                (vqtbl1q_u8(codes, values), ones(long), ones(vceqq_u8(vqtbl1q_u8(table, values), text)))
            };
            let (first, first_long, first_digits) = half(vld1q_u8(text.as_ptr()));
            let (second, second_long, second_digits) = half(vld1q_u8(text.as_ptr().add(16)));
            // The second code of each pair above the first.
            let bytes = vsliq_n_u8::<4>(vuzp1q_u8(first, second), vuzp2q_u8(first, second));
            let words = vreinterpretq_u64_u8(bytes);
            CodedDigits {
                codes: [vgetq_lane_u64::<0>(words), vgetq_lane_u64::<1>(words)],
                long: first_long | second_long << 16,
                digits: first_digits | second_digits << 16,
            }
        }
    }

    #[inline(always)]
    fn spread(bits: u64, places: u64) -> u64 {
        Portable::spread(bits, places)
    }

    #[inline(always)]
    fn put_rows<F: Form>(block: &RowBlock<'_>, out: &mut Vec<u8>) {
        // SAFETY: NEON is there as above.
        unsafe { vector_rows::put::<Self, F, Reversed>(block, out) };
    }
}

/// The values of hex digits of either case; of what is none, something that is not zero in the second.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
unsafe fn values(ascii: uint8x16_t) -> (uint8x16_t, uint8x16_t) {
    // SAFETY: as the caller vouches.
    unsafe {
        let decimal = vsubq_u8(ascii, vdupq_n_u8(b'0'));
        let letter = vsubq_u8(vorrq_u8(ascii, vdupq_n_u8(0x20)), vdupq_n_u8(b'a'));
        let not_decimal = vcgtq_u8(decimal, vdupq_n_u8(9));
        let not_letter = vcgtq_u8(letter, vdupq_n_u8(5));
        let value = vbslq_u8(not_decimal, vaddq_u8(letter, vdupq_n_u8(10)), decimal);
        (value, vandq_u8(not_decimal, not_letter))
    }
}

/// The upper halves of bytes and their lower ones.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
unsafe fn nibbles(bytes: uint8x16_t) -> (uint8x16_t, uint8x16_t) {
    // SAFETY: as the caller vouches.
    unsafe { (vshrq_n_u8::<4>(bytes), vandq_u8(bytes, vdupq_n_u8(15))) }
}

/// A bit of each byte, of which all or none are set, the first one lowest.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
unsafe fn ones(bytes: uint8x16_t) -> u32 {
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: as the caller vouches; the load reads the 16 bytes of the array.
    unsafe {
        let bits = vandq_u8(bytes, vld1q_u8(BITS.as_ptr()));
        u32::from(vaddv_u8(vget_low_u8(bits))) | u32::from(vaddv_u8(vget_high_u8(bits))) << 8
    }
}

/// A tail's digits: its 128 bits are shifted to where they start, and one look-up puts the bytes in their order.
#[derive(Clone, Copy)]
struct Reversed {
    order: uint8x16_t,
    digits: uint8x16_t,
    tail: Tail,
}

impl TailDigits for Reversed {
    #[inline(always)]
    unsafe fn new(tail: Tail) -> Self {
        const ORDER32: [u8; 16] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
        const ORDER24: [u8; 16] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0];
        let order = match tail {
            Tail::Digits32 => &ORDER32,
            Tail::Digits24 => &ORDER24,
        };
        // SAFETY: the caller vouches for NEON; the loads read the 16 bytes of an array each.
        unsafe { Self { order: vld1q_u8(order.as_ptr()), digits: vld1q_u8(DIGITS.as_ptr()), tail } }
    }

    #[inline(always)]
    unsafe fn put<const SPLIT: bool>(
        self,
        window: *const u8,
        shift: usize,
        over: u32,
        high: u64,
        to: *mut u8,
    ) {
        // SAFETY: the caller vouches for NEON, for 32 readable bytes at `window` and as many that may be written at `to`.
        unsafe {
            let left = 64 - shift as i64;
            let these = vreinterpretq_u64_u8(vld1q_u8(window));
            let next = vreinterpretq_u64_u8(vld1q_u8(window.add(8)));
            // Shifted by 64 bits nothing is left, so a shift of zero needs no branch.
            let mut words: uint64x2_t =
                vorrq_u64(vshlq_u64(these, vdupq_n_s64(-(shift as i64))), vshlq_u64(next, vdupq_n_s64(left)));
            if SPLIT {
                let (kept, top) = match self.tail {
                    Tail::Digits32 => (u64::MAX >> over, high << (64 - over)),
                    Tail::Digits24 => (u64::from(u32::MAX >> over), high << (32 - over) & 0xffff_ffff),
                };
                words = vandq_u64(words, vcombine_u64(vcreate_u64(u64::MAX), vcreate_u64(kept)));
                words = vorrq_u64(words, vcombine_u64(vcreate_u64(0), vcreate_u64(top)));
            }
            let (upper, lower) = nibbles(vqtbl1q_u8(vreinterpretq_u8_u64(words), self.order));
            vst1q_u8(to, vqtbl1q_u8(self.digits, vzip1q_u8(upper, lower)));
            vst1q_u8(to.add(16), vqtbl1q_u8(self.digits, vzip2q_u8(upper, lower)));
        }
    }
}

/// Runs a task with these operations.
#[inline]
pub(super) fn run<T: Task>(task: T) -> T::Output {
    task.run::<Neon>()
}
