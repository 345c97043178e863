//! The directory: an FST from the first bits of a digest to its group.

#![forbid(unsafe_code)]

use std::sync::OnceLock;

use fst::{IntoStreamer, Map, MapBuilder, Streamer};

use super::Layout;
use super::directory_check;

/// Where a group is and the lowest 24 bits of the checksum it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locator(u64);

impl Locator {
    const TAG_BITS: u32 = 24;
    /// What an expanded directory holds for a prefix without entries.
    const ABSENT: u64 = u64::MAX;

    pub(crate) fn new(offset: u64, checksum: u32) -> Self {
        Self(offset << Self::TAG_BITS | u64::from(checksum) & ((1 << Self::TAG_BITS) - 1))
    }

    /// Bytes from the start of the groups section.
    #[inline(always)]
    pub(crate) fn offset(self) -> u64 {
        self.0 >> Self::TAG_BITS
    }

    /// Whether a group with that checksum is the one that was meant.
    pub(crate) fn agrees_with(self, checksum: u32) -> bool {
        Self::new(self.offset(), checksum) == self
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
    pub(crate) fn push(&mut self, prefix: u32, offset: u64, checksum: u32) {
        let inserted =
            self.builder.insert(key(prefix, self.directory_bits), Locator::new(offset, checksum).0);
        debug_assert!(inserted.is_ok(), "groups come in order and memory does not fail");
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
        directory_check::check(bytes.as_ref())?;
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
