//! A random order of the 2^20 prefixes without a table: a Feistel network over two halves of ten bits, which
//! is a permutation whatever its round function is.

#![forbid(unsafe_code)]

use breachdex::PREFIX_COUNT;

const HALF_BITS: u32 = 10;
const HALF_MASK: u32 = (1 << HALF_BITS) - 1;
const ROUNDS: u64 = 4;

/// Every prefix once, in an order that depends on the seed.
pub(super) fn scattered_prefixes(seed: u64) -> impl Iterator<Item = u32> {
    (0..PREFIX_COUNT).map(move |place| permute(place, seed))
}

fn permute(place: u32, seed: u64) -> u32 {
    let (mut left, mut right) = (place >> HALF_BITS, place & HALF_MASK);
    for round in 0..ROUNDS {
        let scrambled = mix(seed ^ mix(round << 32 | u64::from(right))) as u32 & HALF_MASK;
        (left, right) = (right, left ^ scrambled);
    }
    left << HALF_BITS | right
}

/// A bijection of 64 bits in which every input bit moves about half of the output (SplitMix64's finaliser).
pub(super) fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
