//! The loops of [`text_code`](super::text_code): with AVX-512, where codes are joined and moved to their places by vectors, and
//! with AVX2, where `PEXT` joins eight codes and each eight are put behind those before.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_storeu_si128, _mm256_add_epi8,
    _mm256_and_si256, _mm256_blendv_epi8, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_shuffle_epi8,
    _mm256_storeu_si256, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512, _mm512_bslli_epi128,
    _mm512_castsi512_si128, _mm512_cmpneq_epi8_mask, _mm512_extracti32x4_epi32, _mm512_loadu_si512,
    _mm512_madd_epi16, _mm512_maddubs_epi16, _mm512_or_si512, _mm512_permutexvar_epi8,
    _mm512_permutexvar_epi64, _mm512_sad_epu8, _mm512_set_epi64, _mm512_set1_epi8, _mm512_set1_epi16,
    _mm512_set1_epi64, _mm512_set4_epi64, _mm512_setzero_si512, _mm512_shldv_epi64, _mm512_shuffle_epi8,
    _mm512_shuffle_epi32, _mm512_slli_epi16, _mm512_slli_epi32, _mm512_sllv_epi16, _mm512_sllv_epi64,
    _mm512_srli_epi64, _mm512_storeu_si512, _mm512_sub_epi64, _mm512_ternarylogic_epi64, _pext_u64,
};

use super::text_code::{BETWEEN, BETWEEN_BITS, Packed, TextCodes};

/// Characters of a block with AVX-512, and the most bytes that it becomes.
const WIDE: usize = 64;
const WIDE_BYTES: usize = 48;
/// Characters of a block with AVX2.
const NARROW: usize = 32;
/// How far behind the place that is written next a block's stores may reach: 7 pending bits, three pairs of eight codes and a
/// store of 16 bytes.
const REACH: usize = 64;

/// Makes room for what `text` becomes and for what is written behind it.
fn reserve(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() / WIDE * WIDE_BYTES + WIDE_BYTES + REACH);
}

/// Packs blocks of 64 characters.
///
/// Codes are joined to pairs and fours by multiplying the later ones by two to the power of the earlier ones' length, and to
/// eights by shifts. A pair of eights, in 128 bits, is shifted by the bits that its place is off a byte. Then all of them are
/// stored in order, each with the bits of the one before that share its first byte.
///
/// # Safety
/// The processor has AVX-512 with VBMI and VBMI2.
#[inline(always)]
pub(super) unsafe fn pack_wide(
    codes: &TextCodes,
    text: &[u8],
    mut packed: Packed,
    out: &mut Vec<u8>,
) -> Packed {
    // SAFETY: the caller vouches for the features. The loads read the 64 bytes of each table, and of the text blocks of 64 bytes
    // that are left of it. Of a block's 64 codes none has more than six bits, so it becomes at most 48 bytes, for which
    // `reserve` made room, and whatever it stores behind the last whole byte ends within `REACH`. The length that is set counts
    // whole bytes, all of which were stored.
    unsafe {
        reserve(text, out);
        let characters = _mm512_loadu_si512(codes.characters.as_ptr().cast());
        let code_table = _mm512_loadu_si512(codes.codes.as_ptr().cast());
        let lengths = _mm512_loadu_si512(codes.lengths.as_ptr().cast());
        let powers = _mm512_loadu_si512(codes.powers.as_ptr().cast());
        let zero = _mm512_setzero_si512();
        let one_each = _mm512_set1_epi16(1);
        let seven = _mm512_set1_epi64(7);
        let low_half = _mm512_set1_epi64(0xffff_ffff);
        let first_word = _mm512_set4_epi64(0, -1, 0, -1);
        let mut carried = _mm512_set_epi64(0, packed.pending.cast_signed(), 0, 0, 0, 0, 0, 0);
        let mut base = _mm512_set1_epi64(i64::from(packed.count));
        let start = out.as_mut_ptr().add(out.len());
        let mut to = start;
        let mut ends = [0_u64; 8];
        let mut rest = text;
        while let Some((block, behind)) = rest.split_first_chunk::<WIDE>() {
            let block = _mm512_loadu_si512(block.as_ptr().cast());
            if _mm512_cmpneq_epi8_mask(_mm512_permutexvar_epi8(block, characters), block) != 0 {
                break;
            }
            let length = _mm512_permutexvar_epi8(block, lengths);
            let eights_length = _mm512_sad_epu8(length, zero);
            // Of both words of a pair, then of all pairs up to each.
            let pair_length = _mm512_add_epi64(eights_length, swap_words(eights_length));
            let two = _mm512_add_epi64(pair_length, _mm512_alignr_epi64::<6>(pair_length, zero));
            let end = _mm512_add_epi64(_mm512_add_epi64(two, _mm512_alignr_epi64::<4>(two, zero)), base);
            _mm512_storeu_si512(ends.as_mut_ptr().cast(), end);
            let eights = join_codes(block, code_table, powers, length, one_each, low_half);

            let off = _mm512_and_si512(_mm512_sub_epi64(end, pair_length), seven);
            // The second word of a pair begins where the first one ends.
            let shift = _mm512_add_epi64(off, _mm512_bslli_epi128::<8>(eights_length));
            let low = _mm512_sllv_epi64(eights, shift);
            // What the first word loses by its shift of at most seven bits is nothing.
            let high = _mm512_shldv_epi64(zero, eights, shift);
            let low = _mm512_ternarylogic_epi64::<0xA8>(low, swap_words(low), first_word);
            // Pairs have 64 bits and more, so the byte in which they end is in the second word.
            let last = _mm512_srli_epi64::<3>(_mm512_add_epi64(off, pair_length));
            let carry = _mm512_shuffle_epi8(high, _mm512_or_si512(last, picked()));
            let before = _mm512_alignr_epi64::<6>(carry, carried);
            let pairs = _mm512_ternarylogic_epi64::<0xFE>(low, high, before);
            carried = carry;

            // Read from memory, where they cost less than taking them out of the vector.
            let end_of = |pair: usize| (ends.as_ptr().add(2 * pair).read_volatile() >> 3) as usize;
            put(_mm512_castsi512_si128(pairs), to);
            put(_mm512_extracti32x4_epi32::<1>(pairs), to.add(end_of(0)));
            put(_mm512_extracti32x4_epi32::<2>(pairs), to.add(end_of(1)));
            put(_mm512_extracti32x4_epi32::<3>(pairs), to.add(end_of(2)));
            to = to.add(end_of(3));
            base = _mm512_and_si512(_mm512_permutexvar_epi64(seven, end), seven);
            rest = behind;
        }
        packed.characters = text.len() - rest.len();
        packed.pending = first_of(_mm512_permutexvar_epi64(_mm512_set1_epi64(6), carried));
        packed.count = first_of(base) as u32;
        out.set_len(out.len() + to.offset_from_unsigned(start));
    }
    packed
}

/// Each eight codes in a word, the first one lowest.
///
/// # Safety
/// As [`pack_wide`].
#[inline(always)]
unsafe fn join_codes(
    block: __m512i,
    codes: __m512i,
    powers: __m512i,
    length: __m512i,
    one_each: __m512i,
    low_half: __m512i,
) -> __m512i {
    // SAFETY: the caller vouches for the features.
    unsafe {
        // For each second byte two to the power of the first one's length, for each first byte one.
        let weights = _mm512_permutexvar_epi8(_mm512_slli_epi16::<8>(block), powers);
        let twos = _mm512_maddubs_epi16(_mm512_permutexvar_epi8(block, codes), weights);
        let length = _mm512_maddubs_epi16(length, _mm512_set1_epi8(1));
        let fours = _mm512_madd_epi16(twos, _mm512_sllv_epi16(one_each, _mm512_slli_epi32::<16>(length)));
        let length = _mm512_and_si512(_mm512_madd_epi16(length, one_each), low_half);
        let later = _mm512_sllv_epi64(_mm512_srli_epi64::<32>(fours), length);
        // The later ones, or the first four under the mask.
        _mm512_ternarylogic_epi64::<0xF8>(later, fours, low_half)
    }
}

/// What takes the byte with the number in the lowest byte of each pair there, and nothing elsewhere, where it is joined with it.
///
/// # Safety
/// As [`pack_wide`].
#[inline(always)]
unsafe fn picked() -> __m512i {
    const NONE: i64 = 0x8080_8080_8080_8080_u64.cast_signed();
    // SAFETY: the caller vouches for the features.
    unsafe { _mm512_set4_epi64(NONE, NONE & !0xff, NONE, NONE & !0xff) }
}

/// # Safety
/// As [`pack_wide`].
#[inline(always)]
unsafe fn swap_words(pairs: __m512i) -> __m512i {
    // SAFETY: the caller vouches for the features.
    unsafe { _mm512_shuffle_epi32::<0x4e>(pairs) }
}

/// # Safety
/// As [`pack_wide`].
#[inline(always)]
unsafe fn first_of(words: __m512i) -> u64 {
    // SAFETY: the caller vouches for the features.
    unsafe { _mm_cvtsi128_si64(_mm512_castsi512_si128(words)) }.cast_unsigned()
}

/// # Safety
/// 16 bytes may be written at `to`.
#[inline(always)]
unsafe fn put(bytes: __m128i, to: *mut u8) {
    // SAFETY: as the caller vouches.
    unsafe { _mm_storeu_si128(to.cast(), bytes) }
}

/// Packs blocks of 32 characters.
///
/// # Safety
/// The processor has BMI2, POPCNT and AVX2.
#[inline(always)]
pub(super) unsafe fn pack_narrow(
    codes: &TextCodes,
    text: &[u8],
    mut packed: Packed,
    out: &mut Vec<u8>,
) -> Packed {
    // SAFETY: the caller vouches for the features. The loads read 32 bytes of the text and 16 of each table, the vector stores
    // write the 32 bytes of an array. Codes have at most six bits, so 32 of them become at most 24 bytes, for which `reserve`
    // made room, as for a store of eight behind the last whole byte. The length that is set counts whole bytes, all of which
    // were stored.
    unsafe {
        reserve(text, out);
        let tables = NarrowTables::new(codes);
        let start = out.as_mut_ptr().add(out.len());
        let mut to = start;
        let (mut pending, mut count) = (packed.pending, u64::from(packed.count));
        let (mut code_words, mut masks) = ([0_u64; 4], [0_u64; 4]);
        let mut rest = text;
        while let Some((block, behind)) = rest.split_first_chunk::<NARROW>() {
            let Some((code, mask)) = tables.look_up(_mm256_loadu_si256(block.as_ptr().cast())) else { break };
            _mm256_storeu_si256(code_words.as_mut_ptr().cast(), code);
            _mm256_storeu_si256(masks.as_mut_ptr().cast(), mask);
            for (word, mask) in code_words.iter().zip(masks) {
                pending |= _pext_u64(*word, mask) << count;
                to.cast::<u64>().write_unaligned(pending.to_le());
                count += u64::from(mask.count_ones());
                to = to.add((count >> 3) as usize);
                pending >>= count & !7;
                count &= 7;
            }
            rest = behind;
        }
        packed = Packed { characters: text.len() - rest.len(), pending, count: count as u32 };
        out.set_len(out.len() + to.offset_from_unsigned(start));
    }
    packed
}

/// The tables of digits, twice each.
#[derive(Clone, Copy)]
struct NarrowTables {
    digits: __m256i,
    codes: __m256i,
    masks: __m256i,
    between: [u8; 3],
}

impl NarrowTables {
    /// # Safety
    /// As [`pack_narrow`].
    #[inline(always)]
    unsafe fn new(codes: &TextCodes) -> Self {
        // SAFETY: the caller vouches for the features; the loads read 16 bytes of each table.
        unsafe {
            let twice =
                |table: &[u8; 16]| _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast()));
            let [digit_codes, digit_masks] = &codes.digits;
            Self {
                digits: twice(b"0123456789ABCDEF"),
                codes: twice(digit_codes),
                masks: twice(digit_masks),
                between: codes.between,
            }
        }
    }

    /// The code of each character, and as many ones as it has bits; `None` where one has no code.
    ///
    /// # Safety
    /// As [`pack_narrow`].
    #[inline(always)]
    unsafe fn look_up(self, text: __m256i) -> Option<(__m256i, __m256i)> {
        // SAFETY: the caller vouches for the features.
        unsafe {
            let is_letter = _mm256_cmpgt_epi8(text, _mm256_set1_epi8(0x40));
            let moved = _mm256_add_epi8(text, _mm256_and_si256(is_letter, _mm256_set1_epi8(9)));
            let values = _mm256_and_si256(moved, _mm256_set1_epi8(15));
            let is_digit = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(self.digits, values), text);
            let mut known = is_digit;
            let mut code = _mm256_and_si256(is_digit, _mm256_shuffle_epi8(self.codes, values));
            for (character, its_code) in BETWEEN.iter().zip(self.between) {
                let is_it = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(character.cast_signed()));
                let its_code = _mm256_set1_epi8(its_code.cast_signed());
                known = _mm256_or_si256(known, is_it);
                code = _mm256_or_si256(code, _mm256_and_si256(is_it, its_code));
            }
            let between = _mm256_set1_epi8((1 << BETWEEN_BITS) - 1);
            let mask = _mm256_blendv_epi8(between, _mm256_shuffle_epi8(self.masks, values), is_digit);
            (_mm256_movemask_epi8(known) == -1).then_some((code, mask))
        }
    }
}
