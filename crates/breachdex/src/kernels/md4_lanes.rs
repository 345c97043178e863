//! MD4 of sixteen messages of one block each, side by side: AVX-512, AVX2 twice, and the same in plain arithmetic.

#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

#[cfg(any(test, target_arch = "x86_64"))]
use super::sha1_lanes::LANES;
use super::sha1_lanes::Lanes;
#[cfg(target_arch = "x86_64")]
use super::sha1_lanes::Sha1Lanes;

/// Where every message begins.
#[cfg(any(test, target_arch = "x86_64"))]
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// How messages are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Md4Lanes {
    /// In plain arithmetic: one message after another, for comparison.
    #[cfg(test)]
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Md4Lanes {
    /// The fastest that this processor can run and `BREACHDEX_KERNEL` allows, if any is worth it.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn choose() -> Option<Self> {
        match Sha1Lanes::choose()? {
            #[cfg(test)]
            Sha1Lanes::Portable => None,
            Sha1Lanes::Avx2 => Some(Self::Avx2),
            Sha1Lanes::Avx512 => Some(Self::Avx512),
        }
    }

    /// None is worth it here.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn choose() -> Option<Self> {
        None
    }

    /// The digests, word by word, of messages that are one block with their padding: the block's sixteen little-endian words.
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
    pub(crate) fn hash(self, block: &[Lanes; 16]) -> [Lanes; 4] {
        match self {
            #[cfg(test)]
            Self::Portable => portable(block),
            // SAFETY: `choose`, and a test that looks for them itself, give these where the processor has the features.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { x86::avx2(block) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { x86::avx512(block) },
        }
    }
}

/// The word of the block that a step adds.
#[cfg(any(test, target_arch = "x86_64"))]
const fn word_of(step: usize) -> usize {
    let at = step % 16;
    match step / 16 {
        0 => at,
        1 => at % 4 * 4 + at / 4,
        _ => [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15][at],
    }
}

/// The constant of a step.
#[cfg(any(test, target_arch = "x86_64"))]
const fn constant(step: usize) -> u32 {
    [0, 0x5a82_7999, 0x6ed9_eba1][step / 16]
}

/// The bits that a step rotates by.
#[cfg(any(test, target_arch = "x86_64"))]
const fn rotation(step: usize) -> i32 {
    [[3, 7, 11, 19], [3, 5, 9, 13], [3, 9, 11, 15]][step / 16][step % 4]
}

#[cfg(test)]
fn portable(block: &[Lanes; 16]) -> [Lanes; 4] {
    let mut out = [[0; LANES]; 4];
    for lane in 0..LANES {
        let [mut a, mut b, mut c, mut d] = START;
        for step in 0..48 {
            let mixed = match step / 16 {
                0 => b & c | !b & d,
                1 => b & c | b & d | c & d,
                _ => b ^ c ^ d,
            };
            let sum =
                a.wrapping_add(mixed).wrapping_add(constant(step)).wrapping_add(block[word_of(step)][lane]);
            (a, d, c, b) = (d, c, b, sum.rotate_left(rotation(step).cast_unsigned()));
        }
        for (i, word) in [a, b, c, d].into_iter().enumerate() {
            out[i][lane] = START[i].wrapping_add(word);
        }
    }
    out
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_add_epi32, _mm256_loadu_si256, _mm256_set1_epi32, _mm256_storeu_si256, _mm512_add_epi32,
        _mm512_loadu_si512, _mm512_set1_epi32, _mm512_storeu_si512,
    };

    use super::super::lane_words::{
        choose, choose_wide, majority, majority_wide, parity, parity_wide, rotate, rotate_wide,
    };
    use super::{LANES, Lanes, START, constant, rotation, word_of};

    /// All steps, with the operations of a width of vectors. Each is written out: in a loop the compiler would look up at every
    /// step which one it is.
    macro_rules! steps {
        ([$($step:literal)*], $words:ident, $set:ident, $add:ident, $rotate:ident, $choose:ident, $parity:ident, $majority:ident) => {{
            let start = START.map(|word| $set(word.cast_signed()));
            let [mut a, mut b, mut c, mut d] = start;
            $({
                let mixed = match $step / 16 {
                    0 => $choose(b, c, d),
                    1 => $majority(b, c, d),
                    _ => $parity(b, c, d),
                };
                let known = $add($words[word_of($step)], $set(const { constant($step).cast_signed() }));
                let sum = $add($add(a, known), mixed);
                let next = $rotate::<{ rotation($step) }, { 32 - rotation($step) }>(sum);
                (a, d, c, b) = (d, c, b, next);
            })*
            [$add(start[0], a), $add(start[1], b), $add(start[2], c), $add(start[3], d)]
        }};
    }

    /// # Safety
    /// The processor must have AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn avx2(block: &[Lanes; 16]) -> [Lanes; 4] {
        let mut out = [[0; LANES]; 4];
        for half in 0..2 {
            // SAFETY: each load reads lanes 0 to 7, or 8 to 15, of one of the block's words.
            let words = std::array::from_fn::<_, 16, _>(|i| unsafe {
                _mm256_loadu_si256(block[i].as_ptr().add(8 * half).cast())
            });
            let digest = steps!(
                [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47],
                words, _mm256_set1_epi32, _mm256_add_epi32, rotate, choose, parity, majority
            );
            for (lanes, word) in out.iter_mut().zip(digest) {
                // SAFETY: the store writes lanes 0 to 7, or 8 to 15, of one of the digests' words.
                unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().add(8 * half).cast(), word) };
            }
        }
        out
    }

    /// # Safety
    /// The processor must have AVX-512F.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512(block: &[Lanes; 16]) -> [Lanes; 4] {
        // SAFETY: each load reads the sixteen lanes of one of the block's words.
        let words = block.each_ref().map(|lanes| unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) });
        let digest = steps!(
            [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47],
            words, _mm512_set1_epi32, _mm512_add_epi32, rotate_wide, choose_wide, parity_wide, majority_wide
        );
        let mut out = [[0; LANES]; 4];
        for (lanes, word) in out.iter_mut().zip(digest) {
            // SAFETY: the store writes the sixteen lanes of one of the digests' words.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), word) };
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use md4::{Digest as _, Md4};

    use super::*;

    /// Every one that this processor can run.
    fn all() -> Vec<Md4Lanes> {
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
        let mut all = vec![Md4Lanes::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(is_x86_feature_detected!("avx2").then_some(Md4Lanes::Avx2));
            all.extend(is_x86_feature_detected!("avx512f").then_some(Md4Lanes::Avx512));
        }
        all
    }

    #[test]
    fn every_width_hashes_as_the_crate_does() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..200 {
            let messages: Vec<Vec<u8>> = (0..LANES)
                .map(|lane| {
                    let length = (round + lane * 7) % 56;
                    let next = |_| {
                        random = random.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
                        (random >> 40) as u8
                    };
                    (0..length).map(next).collect()
                })
                .collect();
            let mut block = [[0; LANES]; 16];
            for (lane, message) in messages.iter().enumerate() {
                let mut bytes = [0; 64];
                bytes[..message.len()].copy_from_slice(message);
                bytes[message.len()] = 0x80;
                bytes[56..].copy_from_slice(&(message.len() as u64 * 8).to_le_bytes());
                for (word, four) in block.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    word[lane] = u32::from_le_bytes(*four);
                }
            }
            for lanes in all() {
                let digests = lanes.hash(&block);
                for (lane, message) in messages.iter().enumerate() {
                    let found: Vec<u8> = digests.iter().flat_map(|word| word[lane].to_le_bytes()).collect();
                    assert_eq!(found, Md4::digest(message).to_vec(), "{lanes:?}, lane {lane}, round {round}");
                }
            }
        }
    }
}
