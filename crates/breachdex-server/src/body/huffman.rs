//! Computes optimal prefix codes of limited length, as deflate requires them.

#![forbid(unsafe_code)]

/// A code as it goes into the stream, its first bit lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bits: u16,
    pub(super) length: u8,
}

/// Code lengths of at most `limit` bits that are optimal for `weights`, every one of them above 0, by
/// package-merge: a chain of coins of each width, the cheapest 2n - 2 of them taken.
pub(super) fn lengths(weights: &[u64], limit: u8) -> Vec<u8> {
    let mut symbols: Vec<usize> = (0..weights.len()).collect();
    symbols.sort_by_key(|symbol| weights[*symbol]);
    let leaves = || symbols.iter().map(|symbol| Package { weight: weights[*symbol], leaves: vec![*symbol] });
    let mut packages: Vec<Package> = Vec::new();
    for _ in 0..limit {
        let mut merged: Vec<Package> = leaves().chain(pairs(packages)).collect();
        merged.sort_by_key(|package| package.weight);
        packages = merged;
    }
    let mut lengths = vec![0; weights.len()];
    for package in packages.iter().take(2 * weights.len() - 2) {
        for symbol in &package.leaves {
            lengths[*symbol] += 1;
        }
    }
    lengths
}

/// Coins that are only spent together.
struct Package {
    weight: u64,
    leaves: Vec<usize>,
}

/// Packages two by two; one that is left over is dropped.
fn pairs(packages: Vec<Package>) -> impl Iterator<Item = Package> {
    let mut packages = packages.into_iter();
    std::iter::from_fn(move || {
        let (mut first, second) = (packages.next()?, packages.next()?);
        first.weight += second.weight;
        first.leaves.extend(second.leaves);
        Some(first)
    })
}

/// The canonical codes of these lengths; a length of 0 has none.
pub(super) fn canonical(lengths: &[u8]) -> Vec<Code> {
    let mut codes = vec![Code::default(); lengths.len()];
    let mut next = 0_u16;
    for length in 1..=15 {
        for (code, _) in codes.iter_mut().zip(lengths).filter(|(_, own)| **own == length) {
            *code = Code { bits: next.reverse_bits() >> (16 - length), length };
            next += 1;
        }
        next <<= 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(weights: &[u64], lengths: &[u8]) -> u64 {
        weights.iter().zip(lengths).map(|(weight, length)| weight * u64::from(*length)).sum()
    }

    /// Huffman's own way: join the two lightest until one is left. The cost is the sum of all joints.
    fn unlimited_cost(weights: &[u64]) -> u64 {
        let mut weights = weights.to_vec();
        let mut cost = 0;
        while weights.len() > 1 {
            weights.sort_unstable_by(|a, b| b.cmp(a));
            let joint = weights.pop().unwrap_or(0) + weights.pop().unwrap_or(0);
            cost += joint;
            weights.push(joint);
        }
        cost
    }

    #[test]
    fn without_a_limit_that_bites_the_lengths_are_as_good_as_huffmans() {
        for weights in [vec![1, 1], vec![5, 1, 1, 3], vec![1, 1, 2, 3, 5, 8, 13], (1..40).collect()] {
            assert_eq!(cost(&weights, &lengths(&weights, 15)), unlimited_cost(&weights), "{weights:?}");
        }
    }

    #[test]
    fn a_limit_is_kept_and_every_code_is_used() {
        let fibonacci = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144];
        for limit in 4..=11 {
            let lengths = lengths(&fibonacci, limit);
            assert!(lengths.iter().all(|length| (1..=limit).contains(length)), "{lengths:?}");
            let kraft: u32 = lengths.iter().map(|length| 1 << (15 - length)).sum();
            assert_eq!(kraft, 1 << 15, "{lengths:?} leaves codes unused");
        }
        assert_eq!(lengths(&[1, 1, 2, 4], 2), [2, 2, 2, 2]);
    }

    #[test]
    fn canonical_codes_count_up_within_a_length() {
        // The example of RFC 1951, 3.2.2: lengths (3,3,3,3,3,2,4,4), codes 010 011 100 101 110 00 1110 1111.
        let codes = canonical(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let bits = |code: &Code| {
            let digit = |i| if code.bits >> i & 1 == 1 { '1' } else { '0' };
            (0..code.length).map(digit).collect::<String>()
        };
        let texts: Vec<String> = codes.iter().map(bits).collect();
        assert_eq!(texts, ["010", "011", "100", "101", "110", "00", "1110", "1111"]);
    }
}
