//! Bit operations in plain integer arithmetic, for every processor.

#![forbid(unsafe_code)]

use super::BitOperations;
use super::row_code::{self, CodedDigits};
use super::rows::{self, Form, RowBlock};
use crate::hex;

/// One in every byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The operations that run everywhere.
pub(crate) struct Portable;

impl BitOperations for Portable {
    #[inline(always)]
    fn select(word: u64, rank: u32) -> u32 {
        let pairs = word - (word >> 1 & 0x5555_5555_5555_5555);
        let nibbles = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
        select_in(word, (nibbles + (nibbles >> 4)) & (0x0f * ONES), rank)
    }

    #[inline(always)]
    fn put_ones(word: u64, base: u32, out: &mut [u32; 64]) -> usize {
        let ones = word.count_ones() as usize;
        let mut left = word;
        for place in out.iter_mut().take(ones) {
            *place = base.wrapping_add(left.trailing_zeros());
            left &= left.wrapping_sub(1);
        }
        ones
    }

    #[inline(always)]
    fn encode_four(value: u32) -> u64 {
        hex::encode_four(value)
    }

    #[inline(always)]
    fn decode_hex(digits: &[u8; 32]) -> Option<[u64; 2]> {
        let (eights, _) = digits.as_chunks::<8>();
        let number = |at: usize| hex::decode_eight(u64::from_le_bytes(eights[at])).map(u64::from);
        Some([number(0)? << 32 | number(1)?, number(2)? << 32 | number(3)?])
    }

    #[inline(always)]
    fn encode_hex(words: &[u64; 3]) -> [u8; 48] {
        let mut digits = [0; 48];
        let (eights, _) = digits.as_chunks_mut::<8>();
        for (word, pair) in words.iter().zip(eights.as_chunks_mut::<2>().0) {
            pair[0] = hex::encode_four((word >> 32) as u32).to_le_bytes();
            pair[1] = hex::encode_four(*word as u32).to_le_bytes();
        }
        digits
    }

    #[inline(always)]
    fn code_digits(text: &[u8; 32]) -> CodedDigits {
        row_code::code_plainly(text)
    }

    #[inline(always)]
    fn spread(bits: u64, places: u64) -> u64 {
        row_code::spread_plainly(bits, places)
    }

    #[inline(always)]
    fn put_rows<F: Form>(block: &RowBlock<'_>, out: &mut Vec<u8>) {
        rows::put_words::<Self, F>(block, out);
    }
}

/// [`BitOperations::select`], where the ones of each byte of the word are counted.
#[inline(always)]
pub(super) fn select_in(word: u64, ones: u64, rank: u32) -> u32 {
    const HIGH: u64 = 0x80 * ONES;
    // Byte i: the ones in bytes 0 to i.
    let up_to = ones.wrapping_mul(ONES);
    // A high bit for every byte that ends before the wanted one; no borrow, as 64 < 128.
    let passed = (((u64::from(rank) * ONES) | HIGH) - up_to) & HIGH;
    let shift = ((passed >> 7).wrapping_mul(ONES) >> 56) as u32 * 8;
    let before = ((up_to << 8) >> shift) as u32 & 0xff;
    let mut byte = (word >> shift) & 0xff;
    for _ in before..rank {
        byte &= byte.wrapping_sub(1);
    }
    shift + byte.trailing_zeros()
}

/// [`BitOperations::put_ones`], eight at a time, whether there are as many or not: what would be a branch for each is one for
/// eight of them. For processors that count zeros and clear the lowest one in an instruction or two.
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code))]
#[inline(always)]
pub(super) fn put_ones_by_eight(word: u64, base: u32, out: &mut [u32; 64]) -> usize {
    let ones = word.count_ones() as usize;
    let mut left = word;
    for eight in out.as_chunks_mut::<8>().0 {
        for place in eight {
            *place = base.wrapping_add(left.trailing_zeros());
            left &= left.wrapping_sub(1);
        }
        if left == 0 {
            break;
        }
    }
    ones
}
