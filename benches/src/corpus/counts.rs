//! How often passwords are seen: the shares measured over 115,928 rows of the real corpus.

#![forbid(unsafe_code)]

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;

/// Share of the rows with count 1, 2, ... 31, in parts per million. The bumps (3, 15, 20, 24) are real.
const EXACT: [u32; 31] = [
    435_270, 140_397, 132_660, 74_115, 44_933, 30_726, 21_255, 18_719, 12_956, 9_851, 8_635, 6_504, 4_779,
    4_106, 4_615, 3_744, 2_829, 2_398, 2_407, 3_985, 2_553, 1_613, 1_673, 1_803, 1_397, 1_026, 1_208, 923,
    906, 776, 707,
];
/// Share of the rows with a count of 2^5 to 2^6 - 1, 2^6 to 2^7 - 1, ... in parts per million. Beyond 2^13
/// one row in 115,928 was seen; its share is spread over three octaves.
const OCTAVES: [u32; 11] = [10_964, 5_141, 2_312, 1_078, 587, 259, 104, 78, 4, 3, 2];
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

impl CountModel {
    /// The model from the measured shares (Vose's alias table, so that a draw is one look-up).
    pub fn measured() -> Self {
        let total: u64 = weights().map(u64::from).sum();
        // Scaled so that the mean over all slots is `total`; what is missing or too much moves between them.
        let mut scaled = [0; SLOTS];
        scaled
            .iter_mut()
            .zip(weights())
            .for_each(|(place, weight)| *place = u64::from(weight) * SLOTS as u64);
        let (mut poor, mut rich): (Vec<usize>, Vec<usize>) = (0..SLOTS).partition(|i| scaled[*i] < total);
        let mut slots = [Slot { threshold: 1 << 32, alias: 0 }; SLOTS];
        while let (Some(needy), Some(giver)) = (poor.pop(), rich.last().copied()) {
            slots[needy] = Slot { threshold: (scaled[needy] << 32) / total, alias: giver as u8 };
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
        let total = f64::from(weights().sum::<u32>());
        if count == 0 {
            return 0.0;
        }
        if let Some(weight) = EXACT.get(count as usize - 1) {
            return f64::from(*weight) / total;
        }
        let octave = count.ilog2();
        let weight = OCTAVES.get((octave - FIRST_OCTAVE) as usize).copied().unwrap_or(0);
        let start = f64::from(1_u32 << octave);
        let within = 2.0 * start * (1.0 / f64::from(count) - 1.0 / f64::from(count + 1));
        f64::from(weight) / total * within
    }

    /// The entropy of a count in bits: what no encoding of independent counts can go below.
    pub fn entropy_bits() -> f64 {
        let last = 1_u32 << (FIRST_OCTAVE as usize + OCTAVES.len());
        (1..last).map(Self::share).filter(|share| *share > 0.0).map(|share| -share * share.log2()).sum()
    }
}

fn weights() -> impl Iterator<Item = u32> {
    EXACT.into_iter().chain(OCTAVES)
}

fn sample_octave(octave: usize, random: &mut Xoshiro256PlusPlus) -> u32 {
    let start = 1_u32 << (octave + FIRST_OCTAVE as usize);
    let uniform = f64::from(random.next_u32()) / f64::from(u32::MAX);
    // The inverse of P(count < x) = 2 (1 - start / x).
    let count = f64::from(start) / (1.0 - uniform / 2.0);
    (count as u32).min(start * 2 - 1)
}
