//! What proves the content: BLAKE3 of every group, of the groups of every unit, and of all of it, the content id.
//!
//! A CRC finds damage and says nothing against somebody who chooses what to change. These hashes do: whoever knows the
//! content id of an index knows its entries and facts, and any unit can be checked alone against the hashes section.

#![forbid(unsafe_code)]

use super::directory::Locator;
use super::header::Header;
#[cfg(feature = "build")]
use crate::kernels::blake3_lanes::Blake3Lanes;

/// A BLAKE3 hash.
pub(crate) type Hash = [u8; 32];

/// Bytes of a hash.
pub(crate) const HASH: usize = 32;

/// Groups have at least so many bytes for each hash, so that these take less than a thousandth of them.
const UNIT_BYTES: u64 = 32 << 10;

/// Keeps content ids apart from every other use of BLAKE3.
const CONTEXT: &str = "breachdex index format 2, content id";

/// `h`: how many leading bits of a prefix tell units apart.
pub(crate) fn unit_bits(groups_length: u64, directory_bits: u32) -> u32 {
    (groups_length / UNIT_BYTES).checked_ilog2().unwrap_or(0).min(directory_bits)
}

/// The hash of a group's bytes.
pub(crate) fn group(bytes: &[u8]) -> Hash {
    blake3::hash(bytes).into()
}

/// Bytes of a group whose own chunks fill the lanes of the crate, which is quicker then.
#[cfg(feature = "build")]
const FILLS_LANES: usize = 48 << 10;

/// The hashes of many groups, which lie one behind the other: many small ones take less time together.
#[cfg(feature = "build")]
pub(crate) fn groups(bytes: &[u8], lengths: impl Iterator<Item = usize>) -> Vec<Hash> {
    let mut rest = bytes;
    let groups: Vec<&[u8]> = lengths.map_while(|length| rest.split_off(..length)).collect();
    let lanes = Blake3Lanes::choose();
    let is_small = |group: &&[u8]| lanes.is_some() && group.len() < FILLS_LANES;
    let small: Vec<&[u8]> = groups.iter().copied().filter(is_small).collect();
    let mut together = lanes.map(|lanes| lanes.hash_all(&small)).unwrap_or_default().into_iter();
    let hash = |bytes: &[u8]| {
        let hashed = is_small(&bytes).then(|| together.next()).flatten();
        hashed.unwrap_or_else(|| group(bytes))
    };
    groups.into_iter().map(hash).collect()
}

/// The hash of a group whose bytes come in pieces.
#[derive(Default)]
pub(crate) struct GroupHasher(blake3::Hasher);

impl GroupHasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What [`group`] gives for all of them.
    pub(crate) fn finish(&self) -> Hash {
        self.0.finalize().into()
    }
}

/// The hash of a unit, from the prefixes and hashes of its groups in order.
pub(crate) fn unit(groups: &[(u32, Hash)]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    groups.iter().for_each(|(prefix, hash)| add_group(&mut hasher, *prefix, hash));
    hasher.finalize().into()
}

fn add_group(hasher: &mut blake3::Hasher, prefix: u32, hash: &Hash) {
    hasher.update(&prefix.to_le_bytes());
    hasher.update(hash);
}

/// Makes the hashes of units from those of groups.
pub(crate) struct UnitHasher {
    /// Bits of a prefix that its unit does not say.
    shift: u32,
    /// The unit at hand.
    unit: u32,
    hasher: blake3::Hasher,
    /// The hashes of the units before it.
    done: Vec<u8>,
}

impl UnitHasher {
    pub(crate) fn new(directory_bits: u32, unit_bits: u32) -> Self {
        let shift = directory_bits.saturating_sub(unit_bits);
        Self { shift, unit: 0, hasher: blake3::Hasher::new(), done: Vec::new() }
    }

    /// Adds a group. Prefixes must ascend.
    pub(crate) fn add(&mut self, prefix: u32, hash: &Hash) {
        self.end_before(prefix >> self.shift);
        add_group(&mut self.hasher, prefix, hash);
    }

    /// The hashes of all units before the one of a prefix.
    pub(crate) fn before(&mut self, prefix: u32) -> &[u8] {
        self.end_before(prefix >> self.shift);
        &self.done
    }

    fn end_before(&mut self, unit: u32) {
        while self.unit < unit {
            self.done.extend_from_slice(self.hasher.finalize().as_bytes());
            self.hasher.reset();
            self.unit += 1;
        }
    }

    /// The hashes of 2^`unit_bits` units.
    pub(crate) fn finish(mut self, unit_bits: u32) -> Vec<u8> {
        self.end_before(1 << unit_bits);
        self.done
    }
}

/// The content id: of the header's facts, of where groups are, of the facts section and of all hashes. It is taken over
/// what the directory says and not over its bytes, for an FST may be written in more than one way.
pub(crate) fn id(
    header: &Header,
    groups: impl ExactSizeIterator<Item = (u32, Locator)>,
    facts: &[u8],
    hashes: &[u8],
) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&header.encode()[8..64]);
    let mut rows = Vec::with_capacity(8 + groups.len() * 12);
    rows.extend_from_slice(&(groups.len() as u64).to_le_bytes());
    for (prefix, locator) in groups {
        rows.extend_from_slice(&prefix.to_le_bytes());
        rows.extend_from_slice(&locator.value().to_le_bytes());
    }
    hasher.update(&rows);
    hasher.update(&(facts.len() as u64).to_le_bytes());
    hasher.update(facts);
    hasher.update(hashes);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_take_less_than_a_thousandth_of_the_groups() {
        assert_eq!([0, 1, 65_535].map(|length| unit_bits(length, 16)), [0; 3]);
        for length in [65_536, 1 << 20, 1_040_000_000, 34_700_000_000] {
            let bits = unit_bits(length, 16);
            assert!(((HASH as u64) << bits) * 1000 <= length);
            assert!(bits == 16 || (UNIT_BYTES << (bits + 1)) > length);
        }
        assert_eq!(unit_bits(1 << 40, 16), 16);
        assert_eq!(unit_bits(1 << 40, 3), 3);
    }

    #[test]
    #[cfg(feature = "build")]
    fn groups_have_the_hashes_that_each_has_by_itself() {
        let lengths = [3, FILLS_LANES - 1, FILLS_LANES, 0, 5_000, 3 * FILLS_LANES, 1_024];
        let bytes: Vec<u8> = (0..lengths.iter().sum::<usize>()).map(|at| (at % 251) as u8).collect();
        let mut rest = &bytes[..];
        let one_by_one: Vec<Hash> = lengths
            .iter()
            .map(|length| {
                let (own, others) = rest.split_at(*length);
                rest = others;
                group(own)
            })
            .collect();
        assert_eq!(groups(&bytes, lengths.into_iter()), one_by_one);
        assert_eq!(groups(&[], std::iter::empty()), [] as [Hash; 0]);
    }

    #[test]
    fn every_unit_has_a_hash_and_one_without_groups_that_of_nothing() {
        let mut hasher = UnitHasher::new(4, 2);
        hasher.add(1, &[7; HASH]);
        hasher.add(2, &[8; HASH]);
        let first = blake3::hash(&[&[1, 0, 0, 0][..], &[7; HASH], &[2, 0, 0, 0], &[8; HASH]].concat());
        assert_eq!(hasher.before(3), b"");
        assert_eq!(hasher.before(9), [*first.as_bytes(), *blake3::hash(b"").as_bytes()].concat());
        hasher.add(15, &[9; HASH]);
        let hashes = hasher.finish(2);
        assert_eq!(hashes.len(), 4 * HASH);
        assert_eq!(hashes[2 * HASH..3 * HASH], *blake3::hash(b"").as_bytes());
        assert_eq!(hashes[3 * HASH..], *blake3::hash(&[&[15, 0, 0, 0][..], &[9; HASH]].concat()).as_bytes());
    }
}
