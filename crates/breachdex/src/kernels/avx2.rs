//! Operations with AVX2 on top of those with BMI2 (Haswell and later, Zen and later).

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm_and_si128, _mm_cvtepu8_epi16, _mm_cvtsi32_si128, _mm_loadu_si128, _mm_or_si128,
    _mm_set_epi64x, _mm_shuffle_epi8, _mm_slli_epi16, _mm_srli_epi16, _mm_storeu_si128, _mm256_add_epi8,
    _mm256_and_si256, _mm256_blendv_epi8, _mm256_broadcastsi128_si256, _mm256_castsi256_si128,
    _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_cvtepu8_epi16, _mm256_extract_epi64, _mm256_loadu_si256,
    _mm256_maddubs_epi16, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_packus_epi16,
    _mm256_permutevar8x32_epi32, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_setr_epi8, _mm256_setr_epi32,
    _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_srl_epi64, _mm256_srli_epi16, _mm256_storeu_si256,
    _mm256_sub_epi8, _mm256_zextsi128_si256,
};

use super::bmi2::{self, Bmi2};
use super::row_code::{CODES, CodedDigits};
use super::rows::{Form, RowBlock, Tail};
use super::text_code::{Packed, TextCodes};
use super::vector_rows::{self, TailDigits};
use super::{BitOperations, Task, text_lanes};

/// The digits by their values.
const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// The operations of [`run`], and of those that enable more features; nothing else may name them.
pub(super) struct Avx2;

impl BitOperations for Avx2 {
    #[inline(always)]
    fn select(word: u64, rank: u32) -> u32 {
        Bmi2::select(word, rank)
    }

    #[inline(always)]
    fn put_ones(word: u64, base: u32, out: &mut [u32; 64]) -> usize {
        Bmi2::put_ones(word, base, out)
    }

    #[inline(always)]
    fn encode_four(value: u32) -> u64 {
        Bmi2::encode_four(value)
    }

    #[inline(always)]
    fn decode_hex(digits: &[u8; 32]) -> Option<[u64; 2]> {
        // SAFETY: only `run` instantiates a task with `Avx2`, and its caller vouches for AVX2; the load reads the 32
        // bytes of the array.
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

    #[inline(always)]
    fn code_digits(text: &[u8; 32]) -> CodedDigits {
        // SAFETY: AVX2 is vouched for as above; the loads read the 32 bytes of the text and 16 of each table.
        unsafe {
            let twice =
                |table: &[u8; 16]| _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast()));
            let text = _mm256_loadu_si256(text.as_ptr().cast());
            let is_letter = _mm256_cmpgt_epi8(text, _mm256_set1_epi8(0x40));
            let moved = _mm256_add_epi8(text, _mm256_and_si256(is_letter, _mm256_set1_epi8(9)));
            let values = _mm256_and_si256(moved, _mm256_set1_epi8(15));
            let again = _mm256_shuffle_epi8(twice(&DIGITS), values);
            let long = _mm256_movemask_epi8(_mm256_cmpgt_epi8(values, _mm256_set1_epi8(13)));
            // The first code of each pair plus sixteen times the second, then the low bytes of each half together.
            let codes = _mm256_shuffle_epi8(twice(&CODES), values);
            let pairs = _mm256_maddubs_epi16(codes, _mm256_set1_epi16(0x1001));
            let bytes = _mm256_packus_epi16(pairs, pairs);
            CodedDigits {
                codes: [_mm256_extract_epi64::<0>(bytes), _mm256_extract_epi64::<2>(bytes)]
                    .map(i64::cast_unsigned),
                long: long.cast_unsigned(),
                digits: _mm256_movemask_epi8(_mm256_cmpeq_epi8(again, text)).cast_unsigned(),
            }
        }
    }

    #[inline(always)]
    fn spread(bits: u64, places: u64) -> u64 {
        Bmi2::spread(bits, places)
    }

    #[inline(always)]
    fn pack_text(codes: &TextCodes, text: &[u8], packed: Packed, out: &mut Vec<u8>) -> Packed {
        // SAFETY: AVX2 and BMI2 are vouched for as above.
        unsafe { text_lanes::pack_narrow(codes, text, packed, out) }
    }

    #[inline(always)]
    fn put_rows<F: Form>(block: &RowBlock<'_>, out: &mut Vec<u8>) {
        // SAFETY: AVX2 is vouched for as above.
        unsafe { vector_rows::put::<Self, F, Shuffled>(block, out) };
    }
}

/// A tail's digits by shuffles within AVX2: double words that hold four bytes of the number each, with the next one
/// above, are shifted to where the number starts, and their bytes are spread to two each.
#[derive(Clone, Copy)]
pub(super) struct Shuffled {
    pairs: __m256i,
    spread: __m256i,
    first_nibbles: __m256i,
    second_nibbles: __m256i,
    digits: __m256i,
}

impl TailDigits for Shuffled {
    #[inline(always)]
    unsafe fn new(tail: Tail) -> Self {
        // SAFETY: the caller vouches for AVX2.
        unsafe {
            let pairs = match tail {
                Tail::Digits32 => _mm256_setr_epi32(3, 4, 2, 3, 1, 2, 0, 1),
                Tail::Digits24 => _mm256_setr_epi32(2, 3, 1, 2, 0, 1, 0, 1),
            };
            let spread = _mm256_setr_epi8(
                3, 3, 2, 2, 1, 1, 0, 0, 11, 11, 10, 10, 9, 9, 8, 8, 3, 3, 2, 2, 1, 1, 0, 0, 11, 11, 10, 10,
                9, 9, 8, 8,
            );
            Self {
                pairs,
                spread,
                first_nibbles: _mm256_set1_epi16(0x000f),
                second_nibbles: _mm256_set1_epi16(0x0f00),
                digits: _mm256_broadcastsi128_si256(_mm_loadu_si128(DIGITS.as_ptr().cast())),
            }
        }
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
        // SAFETY: the caller vouches for AVX2, for 32 readable bytes at `window` and as many that may be written at `to`.
        unsafe {
            let bytes = _mm256_permutevar8x32_epi32(_mm256_loadu_si256(window.cast()), self.pairs);
            let mut words = _mm256_srl_epi64(bytes, _mm_cvtsi32_si128(shift as i32));
            if SPLIT {
                let low = _mm_cvtsi32_si128((u32::MAX >> over).cast_signed());
                let top = _mm_cvtsi32_si128(((high << (32 - over)) as u32).cast_signed());
                // The highest four bytes of the tail are in the first double word.
                let others = _mm256_setr_epi32(0, -1, -1, -1, -1, -1, -1, -1);
                let kept = _mm256_or_si256(others, _mm256_zextsi128_si256(low));
                words = _mm256_or_si256(_mm256_and_si256(words, kept), _mm256_zextsi128_si256(top));
            }
            let twice = _mm256_shuffle_epi8(words, self.spread);
            let values = _mm256_or_si256(
                _mm256_and_si256(_mm256_srli_epi16::<4>(twice), self.first_nibbles),
                _mm256_and_si256(twice, self.second_nibbles),
            );
            _mm256_storeu_si256(to.cast(), _mm256_shuffle_epi8(self.digits, values));
        }
    }
}

/// Whether this processor can run [`run`].
pub(super) fn available() -> bool {
    bmi2::available() && is_x86_feature_detected!("avx2")
}

/// Runs a task compiled with the features.
///
/// # Safety
/// [`available`] must have returned true.
#[target_feature(enable = "bmi1,bmi2,popcnt,lzcnt,avx2")]
pub(super) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run::<Avx2>()
}
