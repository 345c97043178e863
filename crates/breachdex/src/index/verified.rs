//! Which parts of the file have passed their checksum, one relaxed bit each.
//!
//! Relaxed is enough: the bits guard bytes that do not change, so whoever sees a bit set needs nothing else
//! to be ordered with it, and whoever does not see it yet checks once more.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use crate::kernels::prefetch_item;
use crate::storage::zeroed_words;

/// One bit stands for so many bytes of the groups section. Two buckets of at least this length never start
/// within the same so many bytes; shorter ones are not remembered.
const CELL: u64 = 512;

/// The bits of one open index.
pub(crate) struct Verified {
    groups: Box<[AtomicU64]>,
    cells: Box<[AtomicU64]>,
}

impl Verified {
    /// Nothing verified yet: 2^g bits and a bit for every 512 bytes, from zeroed pages that cost nothing until they are
    /// touched, which takes a sound bucket of the file. Where there is no room for them, as of [`Verified::never`].
    pub(crate) fn new(directory_bits: u32, groups_length: u64) -> Self {
        let zeros = |bits: u64| zeroed_words(usize::try_from(bits.div_ceil(64)).ok()?);
        let (groups, cells) = (zeros(1 << directory_bits), zeros(groups_length / CELL + 1));
        Self { groups: groups.unwrap_or_default(), cells: cells.unwrap_or_default() }
    }

    /// Remembers nothing, so that every touch is like the first.
    pub(crate) fn never() -> Self {
        Self { groups: Box::default(), cells: Box::default() }
    }

    #[inline(always)]
    pub(crate) fn group(&self, prefix: u32) -> bool {
        get(&self.groups, prefix as usize)
    }

    pub(crate) fn remember_group(&self, prefix: u32) {
        set(&self.groups, prefix as usize);
    }

    /// Has every group be checked again when it is touched next.
    pub(crate) fn forget_groups(&self) {
        self.groups.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }

    /// Whether the bucket at `offset` in the groups section is known to be sound.
    #[inline(always)]
    pub(crate) fn bucket(&self, offset: u64, length: usize) -> bool {
        length as u64 >= CELL && get(&self.cells, (offset / CELL) as usize)
    }

    /// Asks for what is known of buckets at about an offset in the groups section: a line of it speaks of 256 KiB.
    #[inline(always)]
    pub(crate) fn prefetch(&self, offset: u64) {
        prefetch_item(&self.cells, (offset / CELL / 64) as usize);
    }

    pub(crate) fn remember_bucket(&self, offset: u64, length: usize) {
        if length as u64 >= CELL {
            set(&self.cells, (offset / CELL) as usize);
        }
    }
}

#[inline(always)]
fn get(bits: &[AtomicU64], bit: usize) -> bool {
    bits.get(bit / 64).is_some_and(|word| word.load(Ordering::Relaxed) >> (bit % 64) & 1 == 1)
}

fn set(bits: &[AtomicU64], bit: usize) {
    if let Some(word) = bits.get(bit / 64) {
        word.fetch_or(1 << (bit % 64), Ordering::Relaxed);
    }
}
