//! What adding and removing do to an overlay's entries.

#![forbid(unsafe_code)]

use std::cmp::Ordering;

use zeroize::Zeroize as _;

use super::OverlayChange;
use crate::digest::{Digest, Key};
use crate::entry::Entry;
use crate::error::Result;
use crate::files::Durability;
use crate::index::Index;

/// What is done with the digests that are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Add,
    Remove,
}

/// Entries that ascend and differ; overwritten when they are dropped.
#[derive(Default)]
pub(super) struct Entries(Vec<Entry>);

impl Entries {
    /// All entries of an index.
    pub(super) fn of(index: &Index) -> Result<Self> {
        // Grown beforehand, for growing would leave copies behind that nobody overwrites.
        let mut entries = Self(Vec::with_capacity(usize::try_from(index.len()).unwrap_or(0)));
        for entry in index {
            entries.0.push(entry?);
        }
        Ok(entries)
    }

    /// None yet, with room for so many: growing would leave copies behind.
    pub(super) fn with_capacity(entries: usize) -> Self {
        Self(Vec::with_capacity(entries))
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    pub(super) fn as_slice(&self) -> &[Entry] {
        &self.0
    }

    /// The entries after a change, and what it did.
    pub(super) fn changed(&self, digests: &[Digest], change: Change) -> (Self, OverlayChange) {
        let mut asked = Keys(Vec::with_capacity(digests.len()));
        asked.0.extend(digests.iter().map(|digest| *digest.key()));
        asked.0.sort_unstable();
        asked.0.dedup();
        let most = self.0.len() + if change == Change::Add { asked.0.len() } else { 0 };
        let mut new = Self(Vec::with_capacity(most));
        let (mut old, mut asked) = (self.0.iter().peekable(), asked.0.iter().peekable());
        let (mut found, mut missing) = (0, 0);
        loop {
            let order = match (old.peek(), asked.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(entry), Some(key)) => entry.key.cmp(key),
            };
            let entry = if order.is_le() { old.next().copied() } else { None };
            let key = if order.is_ge() { asked.next().copied() } else { None };
            let stays = match (entry, key) {
                (Some(entry), Some(_)) => {
                    found += 1;
                    (change == Change::Add).then_some(entry)
                }
                (None, Some(key)) => {
                    missing += 1;
                    (change == Change::Add).then_some(Entry { key, count: 1 })
                }
                (entry, None) => entry,
            };
            new.0.extend(stays);
        }
        let (changed, unchanged) = if change == Change::Add { (missing, found) } else { (found, missing) };
        let entries = new.0.len() as u64;
        (new, OverlayChange { changed, unchanged, entries, durability: Durability::default() })
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|entry| entry.key.zeroize());
    }
}

/// Keys that are overwritten when they are dropped.
struct Keys(Vec<Key>);

impl Drop for Keys {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Key::zeroize);
    }
}
