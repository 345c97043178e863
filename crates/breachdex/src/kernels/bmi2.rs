//! Operations with POPCNT, LZCNT, BMI1, BMI2 and AVX2 (Haswell and later, Zen and later).

#![allow(unsafe_code)]

use std::arch::x86_64::{
    _mm_and_si128, _mm_cvtepu8_epi16, _mm_loadu_si128, _mm_or_si128, _mm_set_epi64x, _mm_shuffle_epi8,
    _mm_slli_epi16, _mm_srli_epi16, _mm_storeu_si128, _mm256_add_epi8, _mm256_and_si256, _mm256_blendv_epi8,
    _mm256_broadcastsi128_si256, _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_cvtepu8_epi16,
    _mm256_extract_epi64, _mm256_loadu_si256, _mm256_maddubs_epi16, _mm256_min_epu8, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_packus_epi16, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_shuffle_epi8,
    _mm256_slli_epi16, _mm256_srli_epi16, _mm256_storeu_si256, _mm256_sub_epi8, _pdep_u64,
};

use super::{BitOperations, Task};

/// The digits by their values.
const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// The operations of [`run`]; private, so that nothing else can name them.
struct Bmi2;

impl BitOperations for Bmi2 {
    #[inline(always)]
    fn select(word: u64, rank: u32) -> u32 {
        // SAFETY: only `run` instantiates a task with `Bmi2`, and its caller vouches for BMI2.
        unsafe { _pdep_u64(1 << rank, word) }.trailing_zeros()
    }

    #[inline(always)]
    fn decode_hex(digits: &[u8; 32]) -> Option<[u64; 2]> {
        // SAFETY: the load reads the 32 bytes of the array; AVX2 is vouched for as above.
        unsafe {
            let ascii = _mm256_loadu_si256(digits.as_ptr().cast());
            let decimal = _mm256_sub_epi8(ascii, _mm256_set1_epi8(0x30));
            let letter =
                _mm256_sub_epi8(_mm256_or_si256(ascii, _mm256_set1_epi8(0x20)), _mm256_set1_epi8(0x61));
            let is_decimal = _mm256_cmpeq_epi8(_mm256_min_epu8(decimal, _mm256_set1_epi8(9)), decimal);
            let is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(5)), letter);
            if _mm256_movemask_epi8(_mm256_or_si256(is_decimal, is_letter)) != -1 {
                return None;
            }
            let nibbles =
                _mm256_blendv_epi8(decimal, _mm256_add_epi8(letter, _mm256_set1_epi8(10)), is_letter);
            // Sixteen times the first of each pair plus the second, then the low bytes of each half together.
            let pairs = _mm256_maddubs_epi16(nibbles, _mm256_set1_epi16(0x0110));
            let bytes = _mm256_packus_epi16(pairs, pairs);
            let half = |number: i64| number.cast_unsigned().swap_bytes();
            Some([half(_mm256_extract_epi64::<0>(bytes)), half(_mm256_extract_epi64::<2>(bytes))])
        }
    }

    #[inline(always)]
    fn encode_hex(words: &[u64; 3]) -> [u8; 48] {
        let [first, second, third] = words.map(|word| word.swap_bytes().cast_signed());
        let mut digits = [0_u8; 48];
        // SAFETY: the stores write bytes 0 to 31 and 32 to 47 of the array; AVX2 is vouched for as above.
        unsafe {
            let values = _mm_loadu_si128(DIGITS.as_ptr().cast());
            let mask = _mm256_set1_epi8(0x0f);
            // Each byte as a word, then its upper half below its lower one: the digits' values in order.
            let wide = _mm256_cvtepu8_epi16(_mm_set_epi64x(second, first));
            let nibbles = _mm256_and_si256(
                _mm256_or_si256(_mm256_srli_epi16::<4>(wide), _mm256_slli_epi16::<8>(wide)),
                mask,
            );
            let text = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), nibbles);
            _mm256_storeu_si256(digits.as_mut_ptr().cast(), text);
            let wide = _mm_cvtepu8_epi16(_mm_set_epi64x(0, third));
            let nibbles = _mm_and_si128(
                _mm_or_si128(_mm_srli_epi16::<4>(wide), _mm_slli_epi16::<8>(wide)),
                _mm256_castsi256_si128(mask),
            );
            _mm_storeu_si128(digits.as_mut_ptr().add(32).cast(), _mm_shuffle_epi8(values, nibbles));
        }
        digits
    }
}

/// Whether this processor can run [`run`].
pub(super) fn available() -> bool {
    is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("avx2")
}

/// Runs a task compiled with the features.
///
/// # Safety
/// [`available`] must have returned true.
#[target_feature(enable = "bmi1,bmi2,popcnt,lzcnt,avx2")]
pub(super) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run::<Bmi2>()
}
