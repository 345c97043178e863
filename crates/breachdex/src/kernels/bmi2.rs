//! Operations with POPCNT, LZCNT, BMI1 and BMI2, without vectors.

#![allow(unsafe_code)]

use std::arch::x86_64::{__cpuid, _pdep_u64};

use super::portable;
use super::row_code::CodedDigits;
use super::rows::{self, Form, RowBlock};
use super::{BitOperations, Portable, Task};

/// The operations of [`run`], and of those that enable more features; nothing else may name them.
pub(super) struct Bmi2;

impl BitOperations for Bmi2 {
    #[inline(always)]
    fn select(word: u64, rank: u32) -> u32 {
        // SAFETY: only `run` instantiates a task with `Bmi2`, and its caller vouches for BMI2.
        unsafe { _pdep_u64(1 << rank, word) }.trailing_zeros()
    }

    #[inline(always)]
    fn put_ones(word: u64, base: u32, out: &mut [u32; 64]) -> usize {
        portable::put_ones_by_eight(word, base, out)
    }

    #[inline(always)]
    fn encode_four(value: u32) -> u64 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        // SAFETY: BMI2 is vouched for as above.
        let nibbles = unsafe { _pdep_u64(u64::from(value), 0x0f * ONES) }.swap_bytes();
        // 6 more than a nibble carries into bit 4 exactly for 10..15.
        let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
        nibbles + 0x30 * ONES + letters * 7
    }

    #[inline(always)]
    fn decode_hex(digits: &[u8; 32]) -> Option<[u64; 2]> {
        Portable::decode_hex(digits)
    }

    #[inline(always)]
    fn encode_hex(words: &[u64; 3]) -> [u8; 48] {
        let mut digits = [0; 48];
        let (eights, _) = digits.as_chunks_mut::<8>();
        for (word, pair) in words.iter().zip(eights.as_chunks_mut::<2>().0) {
            pair[0] = Self::encode_four((word >> 32) as u32).to_le_bytes();
            pair[1] = Self::encode_four(*word as u32).to_le_bytes();
        }
        digits
    }

    #[inline(always)]
    fn code_digits(text: &[u8; 32]) -> CodedDigits {
        Portable::code_digits(text)
    }

    #[inline(always)]
    fn spread(bits: u64, places: u64) -> u64 {
        // SAFETY: BMI2 is vouched for as above.
        unsafe { _pdep_u64(bits, places) }
    }

    #[inline(always)]
    fn put_rows<F: Form>(block: &RowBlock<'_>, out: &mut Vec<u8>) {
        rows::put_words::<Self, F>(block, out);
    }
}

/// Whether this processor can run [`run`].
pub(super) fn available() -> bool {
    is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
}

/// Runs a task compiled with the features.
///
/// # Safety
/// [`available`] must have returned true.
#[target_feature(enable = "bmi1,bmi2,popcnt,lzcnt")]
pub(super) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run::<Bmi2>()
}

/// Whether `PDEP` is microcode that takes a step for every bit: AMD's processors before Zen 3, and those made after them.
pub(super) fn deposits_slowly() -> bool {
    let vendor = __cpuid(0);
    let text = [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes);
    let is_amd = matches!(text.as_flattened(), b"AuthenticAMD" | b"HygonGenuine");
    let version = __cpuid(1).eax;
    let family = (version >> 8 & 0xf) + (version >> 20 & 0xff);
    is_amd && family < 0x19
}
