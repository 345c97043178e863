//! What SHA-1 and MD4 mix words with, in eight or sixteen lanes.

#![forbid(unsafe_code)]

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_and_si256, _mm256_or_si256, _mm256_slli_epi32, _mm256_srli_epi32,
    _mm256_xor_si256, _mm512_rol_epi32, _mm512_ternarylogic_epi32,
};

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn rotate<const LEFT: i32, const RIGHT: i32>(word: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_slli_epi32::<LEFT>(word), _mm256_srli_epi32::<RIGHT>(word))
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn choose(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d)))
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn parity(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(b, c), d)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn majority(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_and_si256(b, c), _mm256_and_si256(d, _mm256_or_si256(b, c)))
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn rotate_wide<const LEFT: i32, const RIGHT: i32>(word: __m512i) -> __m512i {
    _mm512_rol_epi32::<LEFT>(word)
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn choose_wide(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(b, c, d)
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn parity_wide(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(b, c, d)
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn majority_wide(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xe8>(b, c, d)
}
