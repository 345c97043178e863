//! How often passwords are seen: the shares measured over 115,928 rows of the real corpus, and a tail up to the
//! count of the commonest password.

#![forbid(unsafe_code)]

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;

/// Share of the rows with count 1, 2, ... 31, in parts per million. The bumps (3, 15, 20, 24) are real.
const EXACT: [u32; 31] = [
    435_270, 140_397, 132_660, 74_115, 44_933, 30_726, 21_255, 18_719, 12_956, 9_851, 8_635, 6_504, 4_779,
    4_106, 4_615, 3_744, 2_829, 2_398, 2_407, 3_985, 2_553, 1_613, 1_673, 1_803, 1_397, 1_026, 1_208, 923,
    906, 776, 707,
];
/// Share of the rows with a count of 2^5 to 2^6 - 1, 2^6 to 2^7 - 1, ... in parts per million.
const MEASURED_OCTAVES: [u32; 8] = [10_964, 5_141, 2_312, 1_078, 587, 259, 104, 78];
/// Share of all counts from 2^13 on, in parts per million: one row in 115,928 was seen there.
const TAIL: u32 = 9;
/// Octaves of the tail, up to the one that holds [`MAX_COUNT`].
const TAIL_OCTAVES: usize = 13;
/// All octaves.
const OCTAVES: usize = MEASURED_OCTAVES.len() + TAIL_OCTAVES;
/// Weights are parts per 10^12: the last octave's share is a few rows in two thousand million.
const FINE: u64 = 1_000_000;
/// The largest count: that of "password" in the real corpus.
pub(super) const MAX_COUNT: u32 = 52_256_179;
/// The first octave's exponent.
const FIRST_OCTAVE: u32 = 5;

/// Draws counts with the real shares: a table below 32, then octaves in each of which a count's probability
/// falls with its square. Entropy: 3.06 bits.
pub struct CountModel {
    slots: [Slot; SLOTS],
}

/// One column of the alias table: with probability `threshold` / 2^32 its own number, else the other's.
#[derive(Clone, Copy, Default)]
struct Slot {
    threshold: u64,
    alias: u8,
}

const SLOTS: usize = 64;
const _: () = assert!(EXACT.len() + OCTAVES <= SLOTS);

impl CountModel {
    /// The model from the measured shares (Vose's alias table, so that a draw is one look-up).
    pub fn measured() -> Self {
        let total: u64 = weights().sum();
        // Scaled so that the mean over all slots is `total`; what is missing or too much moves between them.
        let mut scaled = [0; SLOTS];
        scaled.iter_mut().zip(weights()).for_each(|(place, weight)| *place = weight * SLOTS as u64);
        let (mut poor, mut rich): (Vec<usize>, Vec<usize>) = (0..SLOTS).partition(|i| scaled[*i] < total);
        let mut slots = [Slot { threshold: 1 << 32, alias: 0 }; SLOTS];
        while let (Some(needy), Some(giver)) = (poor.pop(), rich.last().copied()) {
            // 2^50 times 2^32: more than 64 bits.
            let threshold = ((u128::from(scaled[needy]) << 32) / u128::from(total)) as u64;
            slots[needy] = Slot { threshold, alias: giver as u8 };
            scaled[giver] -= total - scaled[needy];
            if scaled[giver] < total {
                rich.pop();
                poor.push(giver);
            }
        }
        Self { slots }
    }

    /// One count.
    #[inline]
    pub fn sample(&self, random: &mut Xoshiro256PlusPlus) -> u32 {
        let draw = random.next_u64();
        let column = (draw >> 58) as usize;
        let slot = self.slots[column];
        let number = if draw & 0xffff_ffff < slot.threshold { column } else { usize::from(slot.alias) };
        if number < EXACT.len() { number as u32 + 1 } else { sample_octave(number - EXACT.len(), random) }
    }

    /// The probability of a count.
    pub fn share(count: u32) -> f64 {
        if count == 0 || count > MAX_COUNT {
            return 0.0;
        }
        if count == MAX_COUNT {
            return Self::share_from(MAX_COUNT);
        }
        Self::share_from(count) - Self::share_from(count + 1)
    }

    /// The probability of a count or a larger one.
    pub fn share_from(count: u32) -> f64 {
        let weights: Vec<u64> = weights().collect();
        let total = weights.iter().sum::<u64>() as f64;
        if count as usize <= EXACT.len() {
            return weights[(count as usize).saturating_sub(1)..].iter().sum::<u64>() as f64 / total;
        }
        if count > MAX_COUNT {
            return 0.0;
        }
        let octave = count.ilog2();
        let (place, start) = (EXACT.len() + (octave - FIRST_OCTAVE) as usize, f64::from(1_u32 << octave));
        let beyond = weights[place + 1..].iter().sum::<u64>() as f64;
        // Within an octave P(count < x) = 2 (1 - start / x).
        (weights[place] as f64 * (2.0 * start / f64::from(count) - 1.0) + beyond) / total
    }

    /// The entropy of a count in bits: what no encoding of independent counts can go below.
    pub fn entropy_bits() -> f64 {
        let tail = 1_u32 << (FIRST_OCTAVE as usize + MEASURED_OCTAVES.len());
        let body: f64 = (1..tail).map(Self::share).map(|share| -share * share.log2()).sum();
        // The density 2 start / x^2 over an octave has log2(start) - 0.1146 bits; exact enough for so few rows.
        let total = weights().sum::<u64>() as f64;
        let octaves = weights().skip(EXACT.len()).zip(FIRST_OCTAVE..).skip(MEASURED_OCTAVES.len());
        body + octaves
            .map(|(weight, octave)| {
                let share = weight as f64 / total;
                share * (f64::from(octave) - 0.1146 - share.log2())
            })
            .sum::<f64>()
    }
}

/// Shares in parts per 10^12 of the counts 1, 2, ... 31 and of the octaves. In the tail each octave has half the
/// rows of the one before (so that P(count >= x) falls as 1 / x, as it does for real passwords), and the last one
/// has what remains.
fn weights() -> impl Iterator<Item = u64> {
    let tail = u64::from(TAIL) * FINE;
    let halves = (0..TAIL_OCTAVES).map(move |octave| tail >> (octave + 1).min(TAIL_OCTAVES - 1));
    EXACT.into_iter().chain(MEASURED_OCTAVES).map(|share| u64::from(share) * FINE).chain(halves)
}

fn sample_octave(octave: usize, random: &mut Xoshiro256PlusPlus) -> u32 {
    let start = 1_u32 << (octave + FIRST_OCTAVE as usize);
    let uniform = f64::from(random.next_u32()) / f64::from(u32::MAX);
    // The inverse of P(count < x) = 2 (1 - start / x).
    let count = f64::from(start) / (1.0 - uniform / 2.0);
    (count as u32).min(start * 2 - 1).min(MAX_COUNT)
}
