//! SHA-1 of sixteen messages of one block each, side by side: AVX-512, AVX2 twice, and the same in plain arithmetic.
//!
//! A single SHA-1 waits for its own last step at every step, also with the processor's SHA instructions. Messages side by side
//! do not wait for one another.

#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

/// Messages that are hashed side by side.
pub(crate) const LANES: usize = 16;

/// A number of each message.
pub(crate) type Lanes = [u32; LANES];

/// Where every message begins.
#[cfg(any(test, target_arch = "x86_64"))]
const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// How messages are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sha1Lanes {
    /// In plain arithmetic: one message after another, for comparison.
    #[cfg(test)]
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Sha1Lanes {
    /// The fastest that this processor can run and `BREACHDEX_KERNEL` allows, if any is worth it.
    pub(crate) fn choose() -> Option<Self> {
        let named = std::env::var_os("BREACHDEX_KERNEL");
        let is_named =
            |names: &[&str]| named.as_ref().is_some_and(|named| names.iter().any(|name| named == name));
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && !is_named(&["portable", "bmi2", "avx2"]) {
                return Some(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && !is_named(&["portable", "bmi2"]) {
                return Some(Self::Avx2);
            }
        }
        let _ = is_named;
        None
    }

    /// The digests, word by word, of messages that are one block with their padding: the block's sixteen big-endian words.
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
    pub(crate) fn hash(self, block: &[Lanes; 16]) -> [Lanes; 5] {
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

/// The constant of a step.
#[cfg(any(test, target_arch = "x86_64"))]
const fn constant(step: usize) -> u32 {
    [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6][step / 20]
}

#[cfg(test)]
fn portable(block: &[Lanes; 16]) -> [Lanes; 5] {
    let mut out = [[0; LANES]; 5];
    for lane in 0..LANES {
        let mut words = [0_u32; 80];
        for (word, lanes) in words.iter_mut().zip(block) {
            *word = lanes[lane];
        }
        for i in 16..80 {
            words[i] = (words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = START;
        for (step, word) in words.iter().enumerate() {
            let mixed = match step / 20 {
                0 => b & c | !b & d,
                2 => b & c | b & d | c & d,
                _ => b ^ c ^ d,
            };
            let next = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e);
            let next = next.wrapping_add(constant(step)).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (i, word) in [a, b, c, d, e].into_iter().enumerate() {
            out[i][lane] = START[i].wrapping_add(word);
        }
    }
    out
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_add_epi32, _mm256_loadu_si256, _mm256_set1_epi32, _mm256_storeu_si256,
        _mm256_xor_si256, _mm512_add_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_storeu_si512,
        _mm512_xor_si512,
    };

    use super::super::lane_words::{
        choose, choose_wide, majority, majority_wide, parity, parity_wide, rotate, rotate_wide,
    };
    use super::{LANES, Lanes, START, constant};

    /// All eighty steps, with the operations of a width of vectors. Each is written out: in a loop the compiler would look up
    /// at every step which one it is.
    macro_rules! steps {
        ([$($step:literal)*], $words:ident, $set:ident, $add:ident, $rotate:ident, $choose:ident, $parity:ident, $majority:ident, $schedule:ident) => {{
            let start = START.map(|word| $set(word.cast_signed()));
            let [mut a, mut b, mut c, mut d, mut e] = start;
            $({
                let at = $step % 16;
                if $step >= 16 {
                    $words[at] =
                        $schedule($words[(at + 13) % 16], $words[(at + 8) % 16], $words[(at + 2) % 16], $words[at]);
                }
                let mixed = match $step / 20 {
                    0 => $choose(b, c, d),
                    2 => $majority(b, c, d),
                    _ => $parity(b, c, d),
                };
                let sum = $add($add(e, $set(const { constant($step).cast_signed() })), $words[at]);
                let next = $add($add(sum, mixed), $rotate::<5, 27>(a));
                (e, d, c, b, a) = (d, c, $rotate::<30, 2>(b), a, next);
            })*
            [$add(start[0], a), $add(start[1], b), $add(start[2], c), $add(start[3], d), $add(start[4], e)]
        }};
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn schedule(w: __m256i, x: __m256i, y: __m256i, z: __m256i) -> __m256i {
        rotate::<1, 31>(_mm256_xor_si256(_mm256_xor_si256(w, x), _mm256_xor_si256(y, z)))
    }

    /// # Safety
    /// The processor must have AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn avx2(block: &[Lanes; 16]) -> [Lanes; 5] {
        let mut out = [[0; LANES]; 5];
        for half in 0..2 {
            // SAFETY: each load reads lanes 0 to 7, or 8 to 15, of one of the block's words.
            let mut words = std::array::from_fn::<_, 16, _>(|i| unsafe {
                _mm256_loadu_si256(block[i].as_ptr().add(8 * half).cast())
            });
            let digest = steps!(
                [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79], words, _mm256_set1_epi32, _mm256_add_epi32, rotate, choose, parity, majority, schedule
            );
            for (lanes, word) in out.iter_mut().zip(digest) {
                // SAFETY: the store writes lanes 0 to 7, or 8 to 15, of one of the digests' words.
                unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().add(8 * half).cast(), word) };
            }
        }
        out
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn schedule_wide(w: __m512i, x: __m512i, y: __m512i, z: __m512i) -> __m512i {
        rotate_wide::<1, 31>(_mm512_xor_si512(parity_wide(w, x, y), z))
    }

    /// # Safety
    /// The processor must have AVX-512F.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512(block: &[Lanes; 16]) -> [Lanes; 5] {
        // SAFETY: each load reads the sixteen lanes of one of the block's words.
        let mut words = block.each_ref().map(|lanes| unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) });
        let digest = steps!(
            [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79], words, _mm512_set1_epi32, _mm512_add_epi32, rotate_wide, choose_wide, parity_wide, majority_wide,
            schedule_wide
        );
        let mut out = [[0; LANES]; 5];
        for (lanes, word) in out.iter_mut().zip(digest) {
            // SAFETY: the store writes the sixteen lanes of one of the digests' words.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), word) };
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use sha1::{Digest as _, Sha1};

    use super::*;

    /// Every one that this processor can run.
    fn all() -> Vec<Sha1Lanes> {
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
        let mut all = vec![Sha1Lanes::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(is_x86_feature_detected!("avx2").then_some(Sha1Lanes::Avx2));
            all.extend(is_x86_feature_detected!("avx512f").then_some(Sha1Lanes::Avx512));
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
                bytes[56..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
                for (word, four) in block.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    word[lane] = u32::from_be_bytes(*four);
                }
            }
            for lanes in all() {
                let digests = lanes.hash(&block);
                for (lane, message) in messages.iter().enumerate() {
                    let found: Vec<u8> = digests.iter().flat_map(|word| word[lane].to_be_bytes()).collect();
                    assert_eq!(
                        found,
                        Sha1::digest(message).to_vec(),
                        "{lanes:?}, lane {lane}, round {round}"
                    );
                }
            }
        }
    }
}
