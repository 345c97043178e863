//! Nothing is published that cannot be read: a finished file is opened as its users will open it, its directory is
//! compared with where the groups were written, and a sample of the entries that went in is looked up.
//!
//! The sample is taken while groups are encoded: their first and last entries, and entries in between, thinned out as
//! they become many. [`ReadBack`] can be had from a check that passed alone, and publishing takes one.

#![forbid(unsafe_code)]

use std::path::Path;

use zeroize::Zeroize as _;

use super::groups::{GroupPlace, GroupStore};
use crate::entry::Entry;
use crate::error::{Error, ReadBackFault, Result};
use crate::index::{ContentId, Index, Metadata, OpenOptions, RangeScratch};
use crate::storage::ReadMode;

/// Entries of each sample at most; half as many are left when it is thinned out.
const MOST: usize = 4096;

/// Entries that a check asks for at least, where there are so many.
const LEAST: usize = 1024;

/// Steps into which the entries of one group are cut for the sample: while there are few entries, and later, when most would be
/// thinned out again.
const STEPS: usize = 512;
const FEW_STEPS: usize = 16;

/// A finished file gave back what was written to it.
pub(crate) struct ReadBack(Option<Index>);

impl ReadBack {
    /// What the file says of itself.
    pub(super) fn facts(&self) -> Option<(&Metadata, ContentId)> {
        self.0.as_ref().map(|index| (index.metadata(), index.content_id()))
    }
}

impl ReadBack {
    /// A finished file of which everything was verified.
    pub(crate) fn verified(index: Index) -> Self {
        Self(Some(index))
    }
}

#[cfg(test)]
impl ReadBack {
    /// For tests of publishing by itself.
    pub(super) fn unchecked() -> Self {
        Self(None)
    }
}

/// Entries that were written, evenly spread over the file.
#[derive(Default)]
pub(crate) struct Sample {
    /// The first and last entries of groups.
    ends: Thinned,
    /// Entries from everywhere.
    inner: Thinned,
}

/// Every so manyth of what was added.
struct Thinned {
    stride: u64,
    seen: u64,
    kept: Vec<Entry>,
}

impl Default for Thinned {
    fn default() -> Self {
        Self { stride: 1, seen: 0, kept: Vec::new() }
    }
}

impl Thinned {
    fn add(&mut self, entry: Entry) {
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push(entry);
            if self.kept.len() == MOST {
                let mut keep = false;
                self.kept.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
        }
        self.seen += 1;
    }
}

/// What the sample may take of one group.
#[derive(Default)]
pub(crate) struct Candidates(Vec<Entry>);

impl Candidates {
    /// Notes entries of a group as they are encoded.
    pub(crate) fn take(&mut self, group: &[Entry]) {
        let steps = if self.0.len() < LEAST { STEPS } else { FEW_STEPS };
        let step = group.len().div_ceil(steps).max(1);
        self.0.extend(group.iter().step_by(step));
        self.0.extend(group.last());
    }
}

impl Sample {
    /// Adds what was noted of some groups, in the order of the file. `entries` of each group come first to last.
    pub(crate) fn add(&mut self, candidates: &Candidates) {
        let prefix = |entry: &Entry| entry.key.leading(16);
        for group in candidates.0.chunk_by(|one, other| prefix(one) == prefix(other)) {
            for entry in group.first().into_iter().chain(group.last()) {
                self.ends.add(*entry);
            }
            group.iter().for_each(|entry| self.inner.add(*entry));
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.ends.kept.iter().chain(&self.inner.kept)
    }

    fn len(&self) -> usize {
        self.ends.kept.len() + self.inner.kept.len()
    }
}

/// Opens the finished file under `path` and asks it for what was written. Reads the directory and, of up to some
/// thousand entries, a head and a bucket: milliseconds where they are cached.
///
/// # Errors
/// [`Error::NotPublished`], which names the target.
pub(crate) fn read_back(store: &GroupStore, path: &Path, target: &Path) -> Result<ReadBack> {
    check(store, path).map(|index| ReadBack(Some(index))).map_err(|fault| match fault {
        // The file's temporary name says nothing to anybody.
        ReadBackFault::Unreadable(error) => Error::NotPublished {
            target: target.to_owned(),
            fault: ReadBackFault::Unreadable(Box::new(under_its_name(*error, target))),
        },
        fault => Error::NotPublished { target: target.to_owned(), fault },
    })
}

fn check(store: &GroupStore, path: &Path) -> Result<Index, ReadBackFault> {
    let unreadable = |error| ReadBackFault::Unreadable(Box::new(error));
    let index = Index::open_with(path, OpenOptions::new().any_content()).map_err(unreadable)?;
    check_directory(&index, &store.log.places)?;
    let mut scratch = RangeScratch::default();
    let mut ask = |entry: &Entry| {
        let found = index.find(&entry.key, ReadMode::Blocking, &mut scratch).map_err(unreadable)?;
        let count = if store.layout.counts { entry.count } else { 0 };
        if found == Some(count) { Ok(()) } else { Err(ReadBackFault::Entry { prefix: entry.prefix() }) }
    };
    store.log.sample.entries().try_for_each(&mut ask)?;
    if store.log.sample.len() < LEAST {
        // Groups that were copied as bytes, or written by an earlier run.
        of_groups(store).map_err(unreadable)?.0.iter().try_for_each(&mut ask)?;
    }
    Ok(index)
}

fn check_directory(index: &Index, written: &[GroupPlace]) -> Result<(), ReadBackFault> {
    let found = index.group_count();
    if found != written.len() as u64 {
        return Err(ReadBackFault::Groups { found, written: written.len() as u64 });
    }
    for place in written {
        if !index.leads_to(place.prefix, place.offset, place.checksum) {
            return Err(ReadBackFault::Misplaced(place.offset));
        }
    }
    Ok(())
}

/// Entries of an overlay are secrets, and overlays are written this way too.
impl Drop for Thinned {
    fn drop(&mut self) {
        self.kept.iter_mut().for_each(|entry| entry.key.zeroize());
    }
}

impl Drop for Candidates {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|entry| entry.key.zeroize());
    }
}

/// Some entries of groups all over the file, decoded by the places that they were written to and not by the directory.
fn of_groups(store: &GroupStore) -> Result<Candidates> {
    const GROUPS: usize = 64;
    let places = &store.log.places;
    let (mut bytes, mut entries, mut sample) = (Vec::new(), Vec::new(), Candidates::default());
    let step = places.len().div_ceil(GROUPS).max(1);
    for place in places.iter().step_by(step).chain(places.last()) {
        entries.clear();
        store.read(place, &mut bytes, &mut entries)?;
        let step = (entries.len() * GROUPS.min(places.len())).div_ceil(LEAST).max(1);
        sample.0.extend(entries.iter().step_by(step).chain(entries.last()));
    }
    Ok(sample)
}

/// An error of the file by the name that it would have had.
fn under_its_name(error: Error, target: &Path) -> Error {
    let name = target.display().to_string();
    match error {
        Error::Io { action, source, .. } => Error::Io { action, path: target.to_owned(), source },
        Error::NotAnIndex { reason, .. } => Error::NotAnIndex { name, reason },
        Error::Damaged { fault, .. } => Error::Damaged { name, fault },
        other => other,
    }
}

#[cfg(test)]
#[path = "read_back_tests.rs"]
mod tests;
