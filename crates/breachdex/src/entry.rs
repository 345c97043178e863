//! One row of a corpus: a digest (or its kept leading bits) and how often it was seen.

#![forbid(unsafe_code)]

use std::fmt;

use crate::digest::{Digest, Key, Kind};

/// One row of a corpus or an index. Corpus rows are public; `Debug` is silent all the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub(crate) key: Key,
    pub(crate) count: u64,
}

impl Entry {
    /// An entry of a digest and its count (1 or more; 1 where counts are unknown).
    pub fn new(digest: &Digest, count: u64) -> Self {
        Self { key: *digest.key(), count }
    }

    /// The digest. In a truncated index its bits beyond the fingerprint are zero.
    pub fn digest(&self, kind: Kind) -> Digest {
        Digest::from_key(kind, self.key)
    }

    /// An entry of a digest's bytes, zeros behind them, and its count.
    #[inline]
    pub fn from_key_bytes(bytes: &[u8; 24], count: u64) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let word = |at: usize| u64::from_be_bytes(words[at]);
        Self { key: Key { words: [word(0), word(1), word(2)] }, count }
    }

    /// The digest's bytes, then zeros.
    #[inline]
    pub fn key_bytes(&self) -> [u8; 24] {
        self.key.to_bytes()
    }

    /// The first 20 bits of the digest: the prefix by which the range protocol asks.
    #[inline]
    pub fn prefix(&self) -> u32 {
        self.key.leading(20) as u32
    }

    /// The entry with all bits of its digest behind the first `bits` zero.
    #[must_use]
    #[inline]
    pub fn truncated(&self, bits: u32) -> Self {
        Self { key: self.key.truncated(bits), count: self.count }
    }

    /// The entry with another count.
    #[must_use]
    #[inline]
    pub fn with_count(&self, count: u64) -> Self {
        Self { key: self.key, count }
    }

    /// How often the digest was seen; 1 in an index without counts.
    #[inline]
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry(..)")
    }
}
