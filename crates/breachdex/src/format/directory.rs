//! The directory: an FST from the first bits of a digest to its group.

#![forbid(unsafe_code)]

use fst::MapBuilder;
use fst::raw::Fst;

use super::Layout;
use super::directory_check;
use crate::error::{Error, Result};

/// Where a group is and the lowest 24 bits of the checksum it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locator(u64);

impl Locator {
    const TAG_BITS: u32 = 24;
    const TAG: u64 = (1 << Self::TAG_BITS) - 1;
    /// What an open directory holds for a prefix without entries; more than any locator.
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

    /// Offset and checksum as the directory holds them.
    pub(crate) fn value(self) -> u64 {
        self.0
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
    pub(crate) fn push(&mut self, prefix: u32, offset: u64, checksum: u32) -> Result<Locator> {
        let locator = Locator::new(offset, checksum).ok_or(Error::TooLarge { prefix, offset })?;
        self.builder
            .insert(key(prefix, self.directory_bits), locator.0)
            .map_err(|_| Error::Unbuildable(format!("group {prefix:04X} comes after a later one")))?;
        Ok(locator)
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

/// The directory of an open index: one word for each prefix, 512 KiB at most.
///
/// The FST is walked once, at open, and whatever answers, lists, copies or verifies asks the words that came of it. So
/// all of them see the same groups, whatever the FST holds.
pub(crate) struct Directory {
    words: Box<[u64]>,
    groups: usize,
}

impl Directory {
    /// Opens bytes whose checksum holds, the directory of `groups` groups in a section of `length` bytes. They are
    /// checked node by node, because the `fst` crate panics on bytes that it did not write.
    pub(crate) fn open(
        bytes: &[u8],
        layout: Layout,
        groups: u64,
        length: u64,
    ) -> Result<Self, (u64, &'static str)> {
        directory_check::check(bytes, Locator::MOST)?;
        let fst = Fst::new(bytes).map_err(|_| (0, "the FST is not one of this version"))?;
        let mut words = vec![Locator::ABSENT; 1 << layout.directory_bits].into_boxed_slice();
        let (mut found, mut end) = (0, None);
        each_key(&fst, |key, value| {
            let (prefix, locator) = (prefix_of(key, layout.directory_bits)?, Locator(value));
            if locator.offset() >= length {
                return Err("the directory points beyond the groups");
            }
            if end.is_some_and(|end| locator.offset() <= end) {
                return Err("a group does not start behind the one before it");
            }
            end = Some(locator.offset());
            words[prefix as usize] = value;
            found += 1;
            Ok(())
        })
        .map_err(|reason| (0, reason))?;
        if found != groups || fst.len() as u64 != groups {
            return Err((0, "the FST has another number of groups than the header says"));
        }
        Ok(Self { words, groups: found as usize })
    }

    /// The group of a prefix of `g` bits.
    #[inline(always)]
    pub(crate) fn find(&self, prefix: u32) -> Option<Locator> {
        let word = *self.words.get(prefix as usize)?;
        (word != Locator::ABSENT).then_some(Locator(word))
    }

    /// Up to where the group behind that of a prefix starts, if one of the next prefixes has one.
    pub(crate) fn next_offset(&self, prefix: u32) -> Option<u64> {
        const LOOKED_AT: usize = 64;
        let behind = self.words.get(prefix as usize + 1..).unwrap_or_default();
        let next = behind.iter().take(LOOKED_AT).find(|word| **word != Locator::ABSENT)?;
        Some(Locator(*next).offset())
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.groups
    }

    /// Every group, in order.
    pub(crate) fn all(&self) -> Vec<(u32, Locator)> {
        let mut all = Vec::with_capacity(self.groups);
        all.extend(self.iter(0, self.words.len().saturating_sub(1) as u32));
        all
    }

    /// The groups whose prefixes lie between `first` and `last` (inclusive), in order.
    pub(crate) fn between(&self, first: u32, last: u32) -> Vec<(u32, Locator)> {
        self.iter(first, last).collect()
    }

    fn iter(&self, first: u32, last: u32) -> impl Iterator<Item = (u32, Locator)> {
        let words = self.words.get(first as usize..=last as usize).unwrap_or_default();
        let numbered = (first..).zip(words);
        numbered.filter(|(_, word)| **word != Locator::ABSENT).map(|(prefix, word)| (prefix, Locator(*word)))
    }
}

/// Tells of every key of an FST whose nodes were checked, and its value, transition by transition. The nodes' tables,
/// which lead from a byte to its transition, are not used.
fn each_key(
    fst: &Fst<&[u8]>,
    mut tell: impl FnMut(u16, u64) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    let root = fst.root();
    if root.is_final() {
        return Err("a key of the FST is empty");
    }
    let mut last = None;
    for first in root.transitions() {
        let node = fst.node(first.addr);
        if node.is_final() {
            return Err("a key of the FST is one byte");
        }
        for second in node.transitions() {
            let key = u16::from_be_bytes([first.inp, second.inp]);
            if last.is_some_and(|last| last >= key) {
                return Err("the keys of the FST are not in order");
            }
            last = Some(key);
            tell(key, first.out.value() + second.out.value())?;
        }
    }
    Ok(())
}

/// The prefix that a key stands for.
fn prefix_of(key: u16, directory_bits: u32) -> Result<u32, &'static str> {
    let shifted = u32::from(key);
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

    fn open(bytes: &[u8], groups: u64) -> Result<Directory, &'static str> {
        Directory::open(bytes, layout(Kind::Sha1, 160, 16), groups, 1 << 40).map_err(|fault| fault.1)
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
                let directory = open(&bytes, groups.len() as u64).unwrap();
                assert_eq!(directory.all(), groups);
                for (prefix, locator) in &groups {
                    assert_eq!(directory.find(*prefix), Some(*locator));
                    assert!(locator.agrees_with(checksum) && !locator.agrees_with(checksum ^ 1));
                    assert_eq!(directory.find(*prefix + 1), None);
                    assert_eq!(directory.between(*prefix, *prefix), [(*prefix, *locator)]);
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
            open(&builder.into_inner().unwrap(), words.len() as u64).err()
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
        // Offsets that do not ascend are refused, but behind what this test is about.
        assert_eq!(open(&bytes, 4).err(), Some("a group does not start behind the one before it"));
        // 2^63 and 2^63 - 1 become two sums beyond a word: one bit of the second child's output is enough.
        let high = bytes.iter().rposition(|byte| *byte == 0x7f).unwrap();
        let mut forged = bytes;
        forged[high] = 0xff;
        assert_eq!(open(&forged, 4).err(), beyond);
    }

    /// A root of more than 32 transitions has a table of 256 bytes that leads from a byte to its transition.
    #[test]
    fn tables_that_do_not_agree_with_their_transitions_are_refused() {
        let groups: Vec<(u32, Locator)> =
            (0..256_u32).map(|i| (i << 8 | 7, Locator::new(u64::from(i) * 1000, 5).unwrap())).collect();
        let bytes = built(&groups, 5);
        assert_eq!(open(&bytes, 256).unwrap().all(), groups);
        let table = bytes.windows(256).rposition(|part| part.iter().copied().eq(0..=255)).unwrap();
        let disagree = Some("a table of the FST does not agree with its transitions");
        let mut all = bytes.clone();
        all[table..table + 256].fill(0xff);
        assert_eq!(open(&all, 256).err(), disagree);
        for byte in [0, 7, 255] {
            let mut one = bytes.clone();
            one[table + byte] ^= 1;
            assert_eq!(open(&one, 256).err(), disagree);
        }
    }
}
