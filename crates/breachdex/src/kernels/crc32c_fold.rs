//! CRC-32C by carry-less multiplication of 64 bytes at a time, where the processor has AVX-512 and VPCLMULQDQ; elsewhere by the
//! crate `crc32c`, which uses the processor's instruction for eight bytes.
//!
//! 256 bytes are folded into the 256 behind them until fewer are left: a polynomial that has the same remainder. Sixteen bytes
//! of it are left in the end, whose checksum is made as that of any others.

#![allow(unsafe_code)]

/// The checksum of bytes with these behind them.
#[inline]
pub(crate) fn append(checksum: u32, bytes: &[u8]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if bytes.len() >= LEAST && x86::is_wanted() {
        // SAFETY: the processor has the features.
        return unsafe { x86::append(checksum, bytes) };
    }
    crc32c::crc32c_append(checksum, bytes)
}

/// Fewer bytes are not worth it.
#[cfg(target_arch = "x86_64")]
const LEAST: usize = 1024;

/// The polynomial without its highest term, the highest of the others in the highest bit.
#[cfg(any(test, target_arch = "x86_64"))]
const POLYNOMIAL: u32 = 0x1edc_6f41;

/// x to that power less what is a multiple of the polynomial, its bits reversed, for a multiplication of reversed bits.
#[cfg(any(test, target_arch = "x86_64"))]
const fn power(exponent: u32) -> i64 {
    let (mut remainder, mut done) = (1_u32, 0);
    while done < exponent {
        let over = remainder >> 31 == 1;
        remainder <<= 1;
        if over {
            remainder ^= POLYNOMIAL;
        }
        done += 1;
    }
    (remainder.reverse_bits() as i64) << 1
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512i, _mm_cvtsi32_si128, _mm512_castsi128_si512, _mm512_clmulepi64_epi128, _mm512_loadu_si512,
        _mm512_mask_xor_epi32, _mm512_set_epi64, _mm512_set4_epi64, _mm512_storeu_si512,
        _mm512_ternarylogic_epi64,
    };
    use std::sync::LazyLock;

    use super::power;

    /// Registers that are folded side by side, and their bytes.
    const WIDE: usize = 4;
    const REGISTER: usize = 64;

    /// Whether this processor can run [`append`], and `BREACHDEX_KERNEL` allows it.
    pub(super) fn is_wanted() -> bool {
        static WANTED: LazyLock<bool> = LazyLock::new(|| {
            let named = std::env::var_os("BREACHDEX_KERNEL");
            named.is_none_or(|named| named == "avx512") && is_available()
        });
        *WANTED
    }

    pub(super) fn is_available() -> bool {
        is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("vpclmulqdq")
    }

    /// Folds a register into others that lie as far behind it as the factors say.
    #[inline]
    #[target_feature(enable = "avx512f,vpclmulqdq")]
    fn fold(before: __m512i, factors: __m512i, behind: __m512i) -> __m512i {
        let low = _mm512_clmulepi64_epi128::<0x00>(before, factors);
        let high = _mm512_clmulepi64_epi128::<0x11>(before, factors);
        // All three added.
        _mm512_ternarylogic_epi64::<0x96>(low, high, behind)
    }

    /// # Safety
    /// The processor must have AVX-512F and VPCLMULQDQ.
    #[target_feature(enable = "avx512f,vpclmulqdq")]
    pub(super) unsafe fn append(checksum: u32, bytes: &[u8]) -> u32 {
        const FAR: [i64; 2] = [power(8 * 256 + 32), power(8 * 256 - 32)];
        const NEAR: [i64; 2] = [power(8 * 64 + 32), power(8 * 64 - 32)];
        // The first three quarters of a register over what is between them and the last one.
        const QUARTERS: [i64; 6] = [
            power(8 * 48 + 32),
            power(8 * 48 - 32),
            power(8 * 32 + 32),
            power(8 * 32 - 32),
            power(8 * 16 + 32),
            power(8 * 16 - 32),
        ];
        let (blocks, rest) = bytes.as_chunks::<{ WIDE * REGISTER }>();
        let [first, blocks @ ..] = blocks else { return crc32c::crc32c_append(checksum, bytes) };
        // SAFETY: each load reads one of the four registers' bytes of a block.
        let load = |block: &[u8; WIDE * REGISTER], at: usize| unsafe {
            _mm512_loadu_si512(block.as_ptr().add(at * REGISTER).cast())
        };
        let mut wide: [__m512i; WIDE] = std::array::from_fn(|at| load(first, at));
        // What came before is added to the first four bytes.
        let before = _mm512_castsi128_si512(_mm_cvtsi32_si128((!checksum).cast_signed()));
        wide[0] = _mm512_mask_xor_epi32(wide[0], 1, wide[0], before);
        let far = _mm512_set4_epi64(FAR[1], FAR[0], FAR[1], FAR[0]);
        for block in blocks {
            wide = std::array::from_fn(|at| fold(wide[at], far, load(block, at)));
        }
        let near = _mm512_set4_epi64(NEAR[1], NEAR[0], NEAR[1], NEAR[0]);
        let [a, b, c, d] = wide;
        let one = fold(fold(fold(a, near, b), near, c), near, d);
        let [a, b, c, d, e, f] = QUARTERS;
        let quarters = _mm512_set_epi64(0, 0, f, e, d, c, b, a);
        let (low, high) = (
            _mm512_clmulepi64_epi128::<0x00>(one, quarters),
            _mm512_clmulepi64_epi128::<0x11>(one, quarters),
        );
        let (mut own, mut lows, mut highs) = ([0_u8; REGISTER], [0_u8; REGISTER], [0_u8; REGISTER]);
        // SAFETY: each store writes the 64 bytes of an array.
        unsafe {
            _mm512_storeu_si512(own.as_mut_ptr().cast(), one);
            _mm512_storeu_si512(lows.as_mut_ptr().cast(), low);
            _mm512_storeu_si512(highs.as_mut_ptr().cast(), high);
        }
        let number = |bytes: &[u8; REGISTER], at: usize| {
            bytes[16 * at..].first_chunk().map_or(0, |sixteen| u128::from_le_bytes(*sixteen))
        };
        let mut last = number(&own, 3);
        for at in 0..3 {
            last ^= number(&lows, at) ^ number(&highs, at);
        }
        // As of a message that begins with these, without the inversion of its first bytes.
        let checksum = crc32c::crc32c_append(!0, &last.to_le_bytes());
        crc32c::crc32c_append(checksum, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published for CRC-32 of the polynomial 0x04c11db7 is that 0x1_5444_2bd4 folds by 512 bits; of this one the remainder of
    /// x^32 is the polynomial itself.
    #[test]
    fn powers_are_remainders_with_their_bits_reversed() {
        assert_eq!(power(0), i64::from(1_u32.reverse_bits()) << 1);
        assert_eq!(power(32), i64::from(POLYNOMIAL.reverse_bits()) << 1);
        assert_eq!(power(33), i64::from((POLYNOMIAL << 1).reverse_bits()) << 1);
    }

    #[cfg(target_arch = "x86_64")]
    #[allow(clippy::print_stderr)]
    #[test]
    fn folding_gives_what_the_crate_gives() {
        if !x86::is_available() {
            eprintln!("skipped: this processor has no AVX-512 with VPCLMULQDQ");
            return;
        }
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            random = random.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
            (random >> 40) as u8
        })
        .take(20_000)
        .collect();
        for length in (0..1_600).chain([4_095, 4_096, 4_097, 16_384, 19_990]) {
            for (start, checksum) in [(0, 0), (1, 1), (7, u32::MAX), (3, 0xdead_beef)] {
                let bytes = &bytes[start..start + length];
                // SAFETY: the features were looked for.
                let found = unsafe { x86::append(checksum, bytes) };
                assert_eq!(
                    found,
                    crc32c::crc32c_append(checksum, bytes),
                    "{length} bytes after {checksum:x}"
                );
                assert_eq!(append(checksum, bytes), found);
            }
        }
        // SAFETY: as above.
        assert_eq!(unsafe { x86::append(0, &[0; 512]) }, crc32c::crc32c(&[0; 512]));
    }
}
