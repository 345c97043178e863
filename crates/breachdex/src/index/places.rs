//! Where the buckets are that lookups have found sound, one relaxed word each: a lookup that meets such a bucket again goes
//! to it at once, without the directory, the group's head and the bits of what was verified.
//!
//! A word is written once all of these were checked, and whole, so whoever sees it needs nothing else to be ordered with
//! it. It is read only for bytes in memory that do not change; what it says is still held against the bytes' length and the
//! bucket's, so no word can lead out of the file.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use crate::digest::Key;
use crate::format::Layout;
use crate::format::group::{self, BucketRecord};
use crate::format::header::Header;
use crate::storage::zeroed_words;

/// The most prefix bits that have a word each: 4 MiB of words, and 120 million entries of an exact index. Beyond it they
/// would no longer stay in the processor's cache, and every process would have them for itself.
const MOST_BITS: u32 = 19;

const START_BITS: u32 = 32;
const ENTRIES_BITS: u32 = 12;
const SPARE_BITS: u32 = 3;
const LENGTH_BITS: u32 = 64 - START_BITS - ENTRIES_BITS - SPARE_BITS;

/// The words of one open index.
pub(super) struct Places {
    /// None where nothing is to be remembered.
    words: Box<[AtomicU64]>,
    /// Bits of the prefix that a word stands for.
    bits: u32,
}

/// What a word says of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Bytes from the start of the groups.
    pub(super) start: usize,
    /// Bytes of the bucket.
    pub(super) length: usize,
    /// Never 0.
    pub(super) entries: usize,
    /// Bits of the bucket's prefix.
    pub(super) prefix_bits: u32,
}

impl Places {
    /// Nothing known yet, from zeroed pages that cost nothing until they are touched. Where the index has too many buckets,
    /// or there is no room, as of [`Places::never`].
    pub(super) fn new(header: &Header) -> Self {
        let Layout { bits: kept, directory_bits, .. } = header.layout;
        let mean = header.entries / header.group_count.max(1);
        // As deep as all but a fortieth of the groups are split, if their sizes are those of random digests.
        let bits = directory_bits + group::extra_bits(kept, mean + 2 * mean.isqrt());
        if bits > MOST_BITS {
            return Self::never();
        }
        Self { words: zeroed_words(1 << bits).unwrap_or_default(), bits }
    }

    /// Remembers nothing.
    pub(super) fn never() -> Self {
        Self { words: Box::default(), bits: 0 }
    }

    /// The bucket of a key, if it is known.
    #[inline(always)]
    pub(super) fn get(&self, key: &Key) -> Option<Known> {
        let word = self.words.get(key.leading(self.bits) as usize)?.load(Ordering::Relaxed);
        (word != 0).then(|| self.unpack(word))
    }

    #[inline(always)]
    fn unpack(&self, word: u64) -> Known {
        let field = |at: u32, bits: u32| word >> at & ((1 << bits) - 1);
        Known {
            start: field(0, START_BITS) as usize,
            entries: field(START_BITS, ENTRIES_BITS) as usize,
            length: field(START_BITS + ENTRIES_BITS, LENGTH_BITS) as usize,
            prefix_bits: self.bits - field(64 - SPARE_BITS, SPARE_BITS) as u32,
        }
    }

    /// Remembers the bucket of a key, `prefix_bits` deep, that starts at `start` in the groups section: it was found sound,
    /// and so were its group's head and, where units have hashes to be held against, its unit. What does not fit into a word
    /// is not remembered.
    #[inline]
    pub(super) fn remember(&self, key: &Key, prefix_bits: u32, start: u64, record: &BucketRecord) {
        let Some(spare) = self.bits.checked_sub(prefix_bits) else { return };
        let fields = [
            (start, START_BITS),
            (u64::from(record.entries), ENTRIES_BITS),
            (record.length as u64, LENGTH_BITS),
            (u64::from(spare), SPARE_BITS),
        ];
        if record.entries == 0 || fields.iter().any(|(value, bits)| value >> bits != 0) {
            return;
        }
        let (word, _) =
            fields.iter().fold((0, 0), |(word, at), (value, bits)| (word | value << at, at + bits));
        if let Some(place) = self.words.get(key.leading(self.bits) as usize) {
            place.store(word, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn places(bits: u32) -> Places {
        Places { words: zeroed_words(1 << bits).unwrap(), bits }
    }

    #[test]
    fn what_fits_a_word_is_remembered_and_nothing_else() {
        let edge = |bits: u32| [0, 1, (1 << bits) - 1, 1 << bits, u64::from(u32::MAX)];
        for start in edge(START_BITS) {
            for entries in edge(ENTRIES_BITS) {
                for length in edge(LENGTH_BITS) {
                    for prefix_bits in [0, 1, 3, 9, 10, 11] {
                        let places = places(10);
                        let key = Key { words: [0xABC0_0000_0000_0000 | start, 7, 0] };
                        let record = BucketRecord {
                            start: 0,
                            length: length as usize,
                            entries: entries as u32,
                            checksum: 0,
                        };
                        assert_eq!(places.get(&key), None);
                        places.remember(&key, prefix_bits, start, &record);
                        let fits = start >> START_BITS == 0
                            && entries != 0
                            && entries >> ENTRIES_BITS == 0
                            && length >> LENGTH_BITS == 0
                            && (3..=10).contains(&prefix_bits);
                        let (start, length, entries) = (start as usize, length as usize, entries as usize);
                        let known = Known { start, length, entries, prefix_bits };
                        assert_eq!(places.get(&key), fits.then_some(known));
                        // Another bucket's word is another.
                        assert_eq!(places.get(&Key { words: [0x1BC0 << 48, 7, 0] }), None);
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_remembered_without_words() {
        let places = Places::never();
        let record = BucketRecord { start: 0, length: 5, entries: 1, checksum: 0 };
        places.remember(&Key::default(), 0, 9, &record);
        assert_eq!(places.get(&Key::default()), None);
    }
}
