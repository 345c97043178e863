//! A file of keyed digests of pairs of a user name and a password: what `breachdex-pairs` writes, and reads with its key.
//!
//! Each pair is some entries: a digest of the pair, which tells whether it is there, and *companions* that several
//! pairs may share, such as a digest of the user name. The count of a companion says how many pairs of the file have it, so
//! that it goes with the last of them. All of a change is made or none of it, as in an overlay of passwords.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use zeroize::Zeroize as _;

use super::change::{Change, Entries};
use super::lock::Lock;
use super::{OverlayChange, is_missing, owner, resolved, write};
use crate::digest::{Digest, Key, Kind};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::files::Durability;
use crate::format::OverlayMark;
use crate::index::{Index, OpenOptions};
use crate::monitor::Monitor;

/// A pair as its keyed digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedPair {
    /// Of the user name and the password.
    pub pair: Digest,
    /// What it shares with other pairs.
    pub companions: [Option<Digest>; 3],
}

/// A file of keyed pairs under its path, whether it is there yet or not. Holds nothing open. The digests are the caller's
/// business: `breachdex-pairs` makes them.
#[derive(Clone, Debug)]
pub struct KeyedFile {
    path: PathBuf,
    label: String,
}

impl KeyedFile {
    /// The kind by which keyed digests are handed over: 160 bits.
    pub const KIND: Kind = Kind::Sha1;

    /// The file under a path. `label` is what the file says about its key and rules; only files with the same are changed.
    pub fn at(path: impl AsRef<Path>, label: impl Into<String>) -> Self {
        Self { path: path.as_ref().to_owned(), label: label.into() }
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds pairs; one that is there stays as it is. The file is made where there is none, also of no pair at all. Waits
    /// for other writers; where nothing changes the file stays as it is. Reads and writes all of it, and needs some 300
    /// bytes of memory for each pair.
    ///
    /// # Errors
    /// [`Error::HoldsNoPairs`], [`Error::OtherPairs`]; otherwise as [`super::OverlayFile::add`].
    pub fn add(&self, pairs: &[KeyedPair], monitor: &dyn Monitor) -> Result<OverlayChange> {
        self.change(pairs, Change::Add, monitor)
    }

    /// Removes pairs, and what no pair shares any more. What is left may be nothing.
    ///
    /// # Errors
    /// As [`KeyedFile::add`]; [`Error::Io`] where there is no file.
    pub fn remove(&self, pairs: &[KeyedPair], monitor: &dyn Monitor) -> Result<OverlayChange> {
        self.change(pairs, Change::Remove, monitor)
    }

    fn change(&self, pairs: &[KeyedPair], change: Change, monitor: &dyn Monitor) -> Result<OverlayChange> {
        let path = resolved(&self.path)?;
        if change == Change::Remove || path.exists() {
            // Before a lock is left beside what is no file of pairs.
            self.open()?;
        }
        let lock = Lock::take(&path, monitor)?;
        let old = match self.open() {
            Ok(index) => {
                index.verify(monitor)?;
                Some(Entries::of(&index)?)
            }
            Err(error) if change == Change::Add && is_missing(&error) => None,
            Err(error) => return Err(error),
        };
        let (new, mut outcome) = changed(old.as_ref().unwrap_or(&Entries::default()), pairs, change);
        match old {
            Some(_) if outcome.changed == 0 => owner::narrow(&path)?,
            _ => outcome.durability = write(&path, Self::KIND, OverlayMark::Pairs, &self.label, &new)?,
        }
        drop(lock);
        Ok(outcome)
    }

    fn open(&self) -> Result<Index> {
        let index = Index::open_with(&self.path, OpenOptions::new().pairs())?;
        if index.metadata().source != self.label {
            return Err(Error::OtherPairs { name: index.name().to_owned() });
        }
        Ok(index)
    }
}

/// Keys with what their counts change by; overwritten when they are dropped.
struct Deltas(Vec<(Key, u64)>);

impl Drop for Deltas {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(key, _)| key.zeroize());
    }
}

impl Deltas {
    /// Those of the pairs that a change affects, ascending, each key once; and how many pairs it does not affect.
    fn of(old: &Entries, pairs: &[KeyedPair], change: Change) -> (Self, u64, u64) {
        let mut ordered: Vec<&KeyedPair> = pairs.iter().collect();
        ordered.sort_unstable_by(|one, other| one.pair.key().cmp(other.pair.key()));
        ordered.dedup_by(|one, other| one.pair == other.pair);
        let (mut deltas, mut affected) = (Self(Vec::with_capacity(ordered.len() * 4)), 0);
        let mut entries = old.as_slice().iter().peekable();
        for pair in &ordered {
            let key = pair.pair.key();
            while entries.next_if(|entry| entry.key < *key).is_some() {}
            let is_there = entries.peek().is_some_and(|entry| entry.key == *key);
            if is_there == (change == Change::Remove) {
                affected += 1;
                let companions = pair.companions.iter().flatten().map(Digest::key);
                deltas.0.extend([key].into_iter().chain(companions).map(|key| (*key, 1)));
            }
        }
        deltas.0.sort_unstable();
        deltas.0.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 += later.1;
            }
            is_same
        });
        (deltas, affected, ordered.len() as u64 - affected)
    }
}

/// The entries after a change, and what it did, in pairs.
fn changed(old: &Entries, pairs: &[KeyedPair], change: Change) -> (Entries, OverlayChange) {
    let (deltas, affected, unaffected) = Deltas::of(old, pairs, change);
    let most = old.as_slice().len() + if change == Change::Add { deltas.0.len() } else { 0 };
    let mut new = Entries::with_capacity(most);
    let (mut entries, mut deltas) = (old.as_slice().iter().peekable(), deltas.0.iter().peekable());
    loop {
        let order = match (entries.peek(), deltas.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(entry), Some((key, _))) => entry.key.cmp(key),
        };
        let entry = if order.is_le() { entries.next() } else { None };
        let delta = if order.is_ge() { deltas.next() } else { None };
        let before = entry.map_or(0, |entry| entry.count);
        let after = match (delta, change) {
            (None, _) => before,
            (Some((_, by)), Change::Add) => before.saturating_add(*by),
            (Some((_, by)), Change::Remove) => before.saturating_sub(*by),
        };
        if let Some(key) = entry.map(|entry| entry.key).or(delta.map(|(key, _)| *key))
            && after > 0
        {
            new.push(Entry { key, count: after });
        }
    }
    let entries = new.as_slice().len() as u64;
    let outcome = OverlayChange {
        changed: affected,
        unchanged: unaffected,
        entries,
        durability: Durability::default(),
    };
    (new, outcome)
}
