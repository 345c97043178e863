//! Operations with AVX-512 on top of those with AVX2 (Ice Lake and later, Zen 4 and later): VBMI moves any byte
//! anywhere and takes eight bits from anywhere in a word, VBMI2 puts the chosen bytes of a register together.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_loadu_si256, _mm256_multishift_epi64_epi8, _mm256_permutexvar_epi8,
    _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_storeu_si256, _mm512_add_epi32,
    _mm512_castsi512_si128, _mm512_cvtepu8_epi32, _mm512_extracti32x4_epi32, _mm512_loadu_si512,
    _mm512_maskz_compress_epi8, _mm512_set1_epi32, _mm512_storeu_si512,
};

use super::avx2::{self, Avx2, Shuffled};
use super::row_code::CodedDigits;
use super::rows::{Form, RowBlock, Tail};
use super::text_code::{Packed, TextCodes};
use super::vector_rows::{self, TailDigits};
use super::{BitOperations, Task, text_lanes};

/// The digits by their values, twice: what selects one looks at five bits.
const DIGITS: [u8; 32] = *b"0123456789ABCDEF0123456789ABCDEF";
/// The bits of a word.
const BITS: [u8; 64] = {
    let mut bits = [0; 64];
    let mut bit = 0;
    while bit < bits.len() {
        bits[bit] = bit as u8;
        bit += 1;
    }
    bits
};

/// The operations of [`run`]; private, so that nothing else can name them.
struct Avx512;

impl BitOperations for Avx512 {
    #[inline(always)]
    fn select(word: u64, rank: u32) -> u32 {
        Avx2::select(word, rank)
    }

    #[inline(always)]
    fn put_ones(word: u64, base: u32, out: &mut [u32; 64]) -> usize {
        let ones = word.count_ones() as usize;
        // SAFETY: only `run` instantiates a task with `Avx512`, and its caller vouches for the features; the load reads
        // the 64 bytes of the array, and the stores write its four quarters of 16 numbers.
        unsafe {
            let bits = _mm512_maskz_compress_epi8(word, _mm512_loadu_si512(BITS.as_ptr().cast()));
            let base = _mm512_set1_epi32(base.cast_signed());
            let quarters = out.as_mut_ptr();
            let first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bits));
            _mm512_storeu_si512(quarters.cast(), _mm512_add_epi32(first, base));
            let second = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<1>(bits));
            _mm512_storeu_si512(quarters.add(16).cast(), _mm512_add_epi32(second, base));
            let third = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<2>(bits));
            _mm512_storeu_si512(quarters.add(32).cast(), _mm512_add_epi32(third, base));
            let fourth = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<3>(bits));
            _mm512_storeu_si512(quarters.add(48).cast(), _mm512_add_epi32(fourth, base));
        }
        ones
    }

    #[inline(always)]
    fn encode_four(value: u32) -> u64 {
        Avx2::encode_four(value)
    }

    #[inline(always)]
    fn decode_hex(digits: &[u8; 32]) -> Option<[u64; 2]> {
        Avx2::decode_hex(digits)
    }

    #[inline(always)]
    fn encode_hex(words: &[u64; 3]) -> [u8; 48] {
        Avx2::encode_hex(words)
    }

    #[inline(always)]
    fn code_digits(text: &[u8; 32]) -> CodedDigits {
        Avx2::code_digits(text)
    }

    #[inline(always)]
    fn spread(bits: u64, places: u64) -> u64 {
        Avx2::spread(bits, places)
    }

    #[inline(always)]
    fn pack_text(codes: &TextCodes, text: &[u8], packed: Packed, out: &mut Vec<u8>) -> Packed {
        // SAFETY: the features are vouched for as above.
        unsafe { text_lanes::pack_wide(codes, text, packed, out) }
    }

    #[inline(always)]
    fn put_rows<F: Form>(block: &RowBlock<'_>, out: &mut Vec<u8>) {
        // SAFETY: the features are vouched for as above.
        unsafe { vector_rows::put::<Self, F, Multishifted>(block, out) };
    }
}

/// A tail's digits by VBMI: words in which the number's bytes lie from their second nibble to their last, of each of
/// which eight nibbles are taken from wherever the number starts.
#[derive(Clone, Copy)]
struct Multishifted {
    words: __m256i,
    nibbles: __m256i,
    digits: __m256i,
    split: Shuffled,
}

impl TailDigits for Multishifted {
    #[inline(always)]
    unsafe fn new(tail: Tail) -> Self {
        // SAFETY: the caller vouches for the features; the load reads the 32 bytes of the array.
        unsafe {
            let words = match tail {
                Tail::Digits32 => _mm256_setr_epi8(
                    12, 13, 14, 15, 16, 17, 18, 19, 8, 9, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7, 8, 9, 10, 11,
                    0, 1, 2, 3, 4, 5, 6, 7,
                ),
                Tail::Digits24 => _mm256_setr_epi8(
                    8, 9, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2,
                    3, 4, 5, 6, 7,
                ),
            };
            Self {
                words,
                // The highest nibble of 32 bits first.
                nibbles: _mm256_set1_epi64x(0x0004_080c_1014_181c),
                digits: _mm256_loadu_si256(DIGITS.as_ptr().cast()),
                split: Shuffled::new(tail),
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
        // SAFETY: the caller vouches for the features, for 32 readable bytes at `window` and as many that may be written
        // at `to`.
        unsafe {
            if SPLIT {
                return self.split.put::<SPLIT>(window, shift, over, high, to);
            }
            let words = _mm256_permutexvar_epi8(self.words, _mm256_loadu_si256(window.cast()));
            let places = _mm256_add_epi8(self.nibbles, _mm256_set1_epi8(shift as i8));
            let values = _mm256_multishift_epi64_epi8(places, words);
            // Of the eight bits that were taken five are looked at.
            _mm256_storeu_si256(to.cast(), _mm256_permutexvar_epi8(values, self.digits));
        }
    }
}

/// Whether this processor can run [`run`].
pub(super) fn available() -> bool {
    avx2::available()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
}

/// Runs a task compiled with the features.
///
/// # Safety
/// [`available`] must have returned true.
#[target_feature(enable = "bmi1,bmi2,popcnt,lzcnt,avx2,avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2")]
pub(super) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run::<Avx512>()
}
