//! The directory: an FST from the first bits of a digest to its group.

#![forbid(unsafe_code)]

use std::sync::OnceLock;

use fst::{IntoStreamer, Map, MapBuilder, Streamer};

use super::Layout;
use super::directory_check;
use crate::error::{Error, Result};

/// Where a group is and the lowest 24 bits of the checksum it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locator(u64);

impl Locator {
    const TAG_BITS: u32 = 24;
    const TAG: u64 = (1 << Self::TAG_BITS) - 1;
    /// What an expanded directory holds for a prefix without entries; more than any locator.
    const ABSENT: u64 = u64::MAX;
    /// The largest offset: 2^40 - 2, for the one after it could give [`Locator::ABSENT`].
    pub(crate) const MOST_OFFSET: u64 = (u64::MAX >> Self::TAG_BITS) - 1;
    /// The largest locator.
    const MOST: u64 = Self::MOST_OFFSET << Self::TAG_BITS | Self::TAG;

    /// `None` where the offset is more than [`Locator::MOST_OFFSET`].
    pub(crate) fn new(offset: u64, checksum: u32) -> Option<Self> {
        (offset <= Self::MOST_OFFSET)
            .then(|| Self(offset << Self::TAG_BITS | u64::from(checksum) & Self::TAG))
    }

    /// Bytes from the start of the groups section.
    #[inline(always)]
    pub(crate) fn offset(self) -> u64 {
        self.0 >> Self::TAG_BITS
    }

    /// Whether a group with that checksum is the one that was meant.
    pub(crate) fn agrees_with(self, checksum: u32) -> bool {
        self.0 & Self::TAG == u64::from(checksum) & Self::TAG
    }
}

/// Builds the directory's bytes from groups in prefix order.
pub(crate) struct DirectoryBuilder {
    builder: MapBuilder<Vec<u8>>,
    directory_bits: u32,
}

impl DirectoryBuilder {
    pub(crate) fn new(directory_bits: u32) -> Self {
        Self { builder: MapBuilder::memory(), directory_bits }
    }

    /// Adds a group; prefixes must come in ascending order.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for an offset that no locator can say; [`Error::Unbuildable`] for a prefix out of order.
    pub(crate) fn push(&mut self, prefix: u32, offset: u64, checksum: u32) -> Result<()> {
        let locator = Locator::new(offset, checksum).ok_or(Error::TooLarge { prefix, offset })?;
        self.builder
            .insert(key(prefix, self.directory_bits), locator.0)
            .map_err(|_| Error::Unbuildable(format!("group {prefix:04X} comes after a later one")))
    }

    /// The section's bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.builder.into_inner().unwrap_or_default()
    }
}

/// The two key bytes of a group's prefix.
fn key(prefix: u32, directory_bits: u32) -> [u8; 2] {
    ((prefix << (16 - directory_bits)) as u16).to_be_bytes()
}

/// The directory of an open index.
pub(crate) struct Directory<D> {
    map: Map<D>,
    directory_bits: u32,
    /// One word per prefix, once that was asked for; until then lookups walk the FST.
    expanded: OnceLock<Box<[u64]>>,
}

impl<D: AsRef<[u8]>> Directory<D> {
    /// Opens bytes whose checksum holds. They are checked again, node by node, because the `fst` crate
    /// panics on bytes that it did not write.
    pub(crate) fn open(bytes: D, layout: Layout, groups: u64) -> Result<Self, (u64, &'static str)> {
        directory_check::check(bytes.as_ref(), Locator::MOST)?;
        let map = Map::new(bytes).map_err(|_| (0, "the FST is not one of this version"))?;
        if map.len() as u64 != groups {
            return Err((0, "the FST has another number of groups than the header says"));
        }
        Ok(Self { map, directory_bits: layout.directory_bits, expanded: OnceLock::new() })
    }

    /// Spreads the FST out into 2^g words on the heap (512 KiB at most), which makes a lookup one load.
    pub(crate) fn expand(&self) -> Result<(), &'static str> {
        if self.expanded.get().is_none() {
            let mut words = vec![Locator::ABSENT; 1 << self.directory_bits];
            for (prefix, locator) in self.between(0, (1 << self.directory_bits) - 1)? {
                words[prefix as usize] = locator.0;
            }
            self.expanded.get_or_init(|| words.into_boxed_slice());
        }
        Ok(())
    }

    /// The group of a prefix of `g` bits.
    #[inline(always)]
    pub(crate) fn find(&self, prefix: u32) -> Option<Locator> {
        let Some(words) = self.expanded.get() else {
            return self.map.get(key(prefix, self.directory_bits)).map(Locator);
        };
        let word = words[prefix as usize];
        (word != Locator::ABSENT).then_some(Locator(word))
    }

    /// Every group, in order. Unlike [`Directory::between`] it sees the keys that no prefix of `g` bits has.
    pub(crate) fn all(&self) -> Result<Vec<(u32, Locator)>, &'static str> {
        let mut stream = self.map.stream();
        let mut found = Vec::with_capacity(self.map.len().min(1 << self.directory_bits));
        while let Some((key, value)) = stream.next() {
            found.push((prefix_of(key, self.directory_bits)?, Locator(value)));
        }
        if found.len() == self.map.len() {
            Ok(found)
        } else {
            Err("the FST has another number of keys than it says")
        }
    }

    /// The groups whose prefixes lie between `first` and `last` (inclusive), in order.
    pub(crate) fn between(&self, first: u32, last: u32) -> Result<Vec<(u32, Locator)>, &'static str> {
        let bits = self.directory_bits;
        let mut stream = self.map.range().ge(key(first, bits)).le(key(last, bits)).into_stream();
        let mut found = Vec::new();
        while let Some((key, value)) = stream.next() {
            found.push((prefix_of(key, bits)?, Locator(value)));
        }
        Ok(found)
    }
}

fn prefix_of(key: &[u8], directory_bits: u32) -> Result<u32, &'static str> {
    let key: [u8; 2] = key.try_into().map_err(|_| "a key of the FST is not two bytes")?;
    let shifted = u32::from(u16::from_be_bytes(key));
    let prefix = shifted >> (16 - directory_bits);
    if prefix << (16 - directory_bits) == shifted {
        Ok(prefix)
    } else {
        Err("a key of the FST has too many bits")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::digest::Kind;
    use crate::testing::layout;

    /// Around every width that an offset or a locator can have, and the largest.
    const EDGES: [u64; 14] = [
        0,
        1,
        (1 << 24) - 1,
        (1 << 31) + 3,
        (1 << 32) - 1,
        1 << 32,
        (1 << 32) + 1,
        (1 << 33) + 7,
        1 << 36,
        (1 << 39) - 1,
        1 << 39,
        (1 << 39) + 1,
        Locator::MOST_OFFSET - 1,
        Locator::MOST_OFFSET,
    ];

    /// The key, offset and checksum of groups at the edges, spread so that some share a node and some do not.
    fn groups(checksum: u32) -> Vec<(u32, Locator)> {
        let prefix = |i: usize| (i / 5 * 256 + i % 5 * 3) as u32;
        let groups = EDGES.iter().enumerate();
        groups.map(|(i, offset)| (prefix(i), Locator::new(*offset, checksum).unwrap())).collect()
    }

    fn built(groups: &[(u32, Locator)], checksum: u32) -> Vec<u8> {
        let mut builder = DirectoryBuilder::new(16);
        for (prefix, locator) in groups {
            builder.push(*prefix, locator.offset(), checksum).unwrap();
        }
        builder.finish()
    }

    #[test]
    fn groups_are_found_at_every_offset_that_an_index_can_have() {
        for checksum in [0, 1, 0x00ff_ffff, u32::MAX] {
            let groups = groups(checksum);
            // All together, and each alone with the first: outputs take the width of a node's largest.
            let mut sets: Vec<Vec<(u32, Locator)>> =
                (1..groups.len()).map(|i| vec![groups[0], groups[i]]).collect();
            sets.push(groups);
            for groups in sets {
                let bytes = built(&groups, checksum);
                let directory =
                    Directory::open(bytes, layout(Kind::Sha1, 160, 16), groups.len() as u64).unwrap();
                assert_eq!(directory.all().unwrap(), groups);
                for expand in [false, true] {
                    if expand {
                        directory.expand().unwrap();
                    }
                    for (prefix, locator) in &groups {
                        assert_eq!(directory.find(*prefix), Some(*locator));
                        assert!(locator.agrees_with(checksum) && !locator.agrees_with(checksum ^ 1));
                        assert_eq!(directory.find(*prefix + 1), None);
                        assert_eq!(directory.between(*prefix, *prefix).unwrap(), [(*prefix, *locator)]);
                    }
                }
            }
        }
    }

    #[test]
    fn an_offset_that_no_locator_can_say_is_refused() {
        let mut builder = DirectoryBuilder::new(16);
        builder.push(0, Locator::MOST_OFFSET, 7).unwrap();
        for offset in [Locator::MOST_OFFSET + 1, 1 << 40, u64::MAX] {
            assert_eq!(Locator::new(offset, 0), None);
            assert_eq!(
                builder.push(0xABCD, offset, 0).unwrap_err().to_string(),
                format!(
                    "group ABCD would start {offset} bytes behind the first, an index holds groups up to \
                     1099511627774; keep fewer bits of each digest, leave out the counts, or make several indexes"
                )
            );
        }
        assert_eq!(builder.push(0, 9, 0).unwrap_err().to_string(), "group 0000 comes after a later one");
    }

    #[test]
    fn outputs_that_add_up_to_more_than_a_locator_are_refused() {
        let refused = |words: &[(u16, u64)]| {
            let mut builder = MapBuilder::memory();
            for (key, word) in words {
                builder.insert(key.to_be_bytes(), *word).unwrap();
            }
            let bytes = builder.into_inner().unwrap();
            Directory::open(bytes, layout(Kind::Sha1, 160, 16), words.len() as u64).err().map(|fault| fault.1)
        };
        let beyond = Some("the directory points beyond what an index can hold");
        assert_eq!(refused(&[(0, Locator::MOST)]), None);
        assert_eq!(refused(&[(0, Locator::MOST + 1)]), beyond);
        assert_eq!(refused(&[(0, 0), (0x0100, u64::MAX), (0x0101, 1)]), beyond);
        // A child adds what its keys have beyond the least of them; a root transition the least.
        let mut bytes = MapBuilder::memory();
        for (key, word) in [(0_u16, 0), (1, 1 << 63), (0x0100, 1 << 63), (0x0101, Locator::MOST)] {
            bytes.insert(key.to_be_bytes(), word).unwrap();
        }
        let bytes = bytes.into_inner().unwrap();
        let open = |bytes: Vec<u8>| {
            Directory::open(bytes, layout(Kind::Sha1, 160, 16), 4).err().map(|fault| fault.1)
        };
        assert_eq!(open(bytes.clone()), None);
        // 2^63 and 2^63 - 1 become two sums beyond a word: one bit of the second child's output is enough.
        let high = bytes.iter().rposition(|byte| *byte == 0x7f).unwrap();
        let mut forged = bytes;
        forged[high] = 0xff;
        assert_eq!(open(forged), beyond);
    }
}
