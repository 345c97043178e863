//! A set of 5-digit prefixes that grows one by one.

#![forbid(unsafe_code)]

use crate::coverage::{Coverage, PREFIX_COUNT};

/// A bit for each prefix: 128 KiB.
pub(super) struct PrefixSet {
    words: Vec<u64>,
    len: u64,
}

impl PrefixSet {
    pub(super) fn new() -> Self {
        Self { words: vec![0; PREFIX_COUNT as usize / 64], len: 0 }
    }

    /// Adds a prefix that is not in the set, below [`PREFIX_COUNT`].
    pub(super) fn insert(&mut self, prefix: u32) {
        self.words[prefix as usize / 64] |= 1 << (prefix % 64);
        self.len += 1;
    }

    pub(super) fn contains(&self, prefix: u32) -> bool {
        self.words.get(prefix as usize / 64).is_some_and(|word| word >> (prefix % 64) & 1 == 1)
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The first prefix of a coverage that is not in the set.
    pub(super) fn first_missing(&self, coverage: &Coverage) -> Option<u32> {
        let all = coverage.ranges().iter().flat_map(|(first, last)| *first..=*last);
        all.into_iter().find(|prefix| !self.contains(*prefix))
    }
}
