//! What changed between two indexes. Buckets that are encoded alike are passed over without decoding them.

#![forbid(unsafe_code)]

use std::cmp::Ordering;

use super::groups::{GroupExtent, IndexGroup};
use super::{Index, Range};
use crate::coverage::Coverage;
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Incomparable, Result};
use crate::monitor::{Monitor, Phase, Progress};

/// Entries compared between two looks at the monitor.
const ROUND: u64 = 1 << 16;

/// One hash that differs between two indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only the new one has it.
    Added(Entry),
    /// Only the old one has it.
    Removed(Entry),
    /// Both have it, and its count is another.
    Recounted {
        /// As the new one has it.
        entry: Entry,
        /// Its count in the old one.
        before: u64,
    },
}

/// How two indexes differ where both cover.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Whether they are the same entries with the same facts: their content ids are equal, and nothing was found to differ.
    pub same_content: bool,
    /// Entries of the old one.
    pub entries_old: u64,
    /// Entries of the new one.
    pub entries_new: u64,
    /// 5-digit prefixes under which anything differs.
    pub ranges_changed: u64,
    /// Hashes that only the new one has.
    pub hashes_added: u64,
    /// Hashes that only the old one has.
    pub hashes_removed: u64,
    /// Hashes whose counts differ; `None` where one of the indexes has no counts.
    pub counts_changed: Option<u64>,
    /// What only the old one covers; it was not compared.
    pub only_old: Coverage,
    /// What only the new one covers; it was not compared.
    pub only_new: Coverage,
}

/// Compares two indexes of one kind and as many bits, telling `visit` of every hash that differs, in ascending
/// order. Where only one of them covers, nothing is compared; where one has no counts, presence alone.
///
/// Both are read once, and what is encoded alike, as most of a corpus is from one state to the next, only as fast as memory is
/// compared and summed. This is also so where content ids are equal, for they are what the files say of themselves.
///
/// # Errors
/// [`Error::Incomparable`]; [`Error::Damaged`]; [`Error::Cancelled`]; what `visit` gives ends the comparison.
pub fn diff<E: From<Error>>(
    old: &Index,
    new: &Index,
    visit: &mut dyn FnMut(Change) -> Result<(), E>,
    monitor: &dyn Monitor,
) -> Result<Difference, E> {
    refuse_incomparable(old, new)?;
    let (old_facts, new_facts) = (old.metadata(), new.metadata());
    let same_content = old.content_id() == new.content_id();
    let counts = old_facts.has_counts && new_facts.has_counts;
    let difference = Difference {
        same_content,
        entries_old: old.len(),
        entries_new: new.len(),
        ranges_changed: 0,
        hashes_added: 0,
        hashes_removed: 0,
        counts_changed: counts.then_some(0),
        only_old: old_facts.coverage.difference(&new_facts.coverage),
        only_new: new_facts.coverage.difference(&old_facts.coverage),
    };
    let mut comparison = Comparison {
        old,
        new,
        both: old_facts.coverage.intersection(&new_facts.coverage),
        difference,
        counts,
        last_changed: None,
        last_covered: None,
        compared: 0,
        visit,
        monitor,
    };
    if old.layout().directory_bits == new.layout().directory_bits {
        comparison.compare_groups()?;
    } else {
        comparison.compare_between(Key::default(), Key { words: [u64::MAX; 3] })?;
    }
    let mut difference = comparison.difference;
    difference.same_content &= difference.ranges_changed == 0;
    Ok(difference)
}

fn refuse_incomparable(old: &Index, new: &Index) -> Result<()> {
    let misfit = if old.kind() != new.kind() {
        Incomparable::Kinds { old: old.kind(), new: new.kind() }
    } else if old.metadata().bits != new.metadata().bits {
        Incomparable::Bits { old: old.metadata().bits, new: new.metadata().bits }
    } else {
        return Ok(());
    };
    Err(Error::Incomparable { old: old.name().to_owned(), new: new.name().to_owned(), misfit })
}

/// A comparison on its way from the first key to the last.
struct Comparison<'a, E> {
    old: &'a Index,
    new: &'a Index,
    /// What both cover.
    both: Coverage,
    difference: Difference,
    counts: bool,
    /// The last 5-digit prefix under which anything differed.
    last_changed: Option<u32>,
    /// The last that was found to be covered by both.
    last_covered: Option<u32>,
    compared: u64,
    visit: &'a mut dyn FnMut(Change) -> Result<(), E>,
    monitor: &'a dyn Monitor,
}

impl<E: From<Error>> Comparison<'_, E> {
    /// Compares group with group; both directories resolve as many bits.
    fn compare_groups(&mut self) -> Result<(), E> {
        let bits = self.old.layout().directory_bits;
        let (old, new) = (self.old.groups(), self.new.groups());
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        let (mut old_follower, mut new_follower) = (self.old.follower(), self.new.follower());
        while let Some(prefix) = old.peek().into_iter().chain(new.peek()).map(|group| group.prefix).min() {
            self.report(u64::from(prefix) << (32 - bits))?;
            let is_here = |group: &&GroupExtent| group.prefix == prefix;
            let (old_group, new_group) = (old.next_if(is_here), new.next_if(is_here));
            old_group.into_iter().for_each(|group| self.old.follow(&mut old_follower, group));
            new_group.into_iter().for_each(|group| self.new.follow(&mut new_follower, group));
            match (old_group, new_group) {
                (Some(one), Some(other)) => {
                    let (mut one, mut other) = (self.old.group(*one)?, self.new.group(*other)?);
                    self.compare_buckets(&mut one, &mut other)?;
                }
                _ => self.compare_prefix(u64::from(prefix), bits)?,
            }
        }
        Ok(())
    }

    /// Compares two groups of one prefix.
    fn compare_buckets(&mut self, old: &mut IndexGroup<'_>, new: &mut IndexGroup<'_>) -> Result<(), E> {
        let (prefix, bits) = (u64::from(old.extent().prefix), self.old.layout().directory_bits);
        let flags_differ = self.old.layout().flags() != self.new.layout().flags();
        if flags_differ || old.extra_bits() != new.extra_bits() {
            return self.compare_prefix(prefix, bits);
        }
        for bucket in old.buckets() {
            let (one, other) = (old.bucket(bucket)?, new.bucket(bucket)?);
            if one.bytes != other.bytes || one.entries != other.entries {
                let extra_bits = old.extra_bits();
                self.compare_prefix(prefix << extra_bits | bucket as u64, bits + extra_bits)?;
            }
        }
        Ok(())
    }

    /// Compares all entries under a prefix of so many bits.
    fn compare_prefix(&mut self, prefix: u64, bits: u32) -> Result<(), E> {
        let mut first = Key::default();
        first.place(0, bits, prefix);
        let mut last = first;
        last.words[0] |= if bits == 0 { u64::MAX } else { u64::MAX >> bits };
        last.words[1..].fill(u64::MAX);
        self.compare_between(first, last)
    }

    fn compare_between(&mut self, first: Key, last: Key) -> Result<(), E> {
        let mut old = Range::new(&self.old.core, first, last);
        let mut new = Range::new(&self.new.core, first, last);
        let (mut next_old, mut next_new) = (old.next().transpose()?, new.next().transpose()?);
        loop {
            let order = match (&next_old, &next_new) {
                (Some(old), Some(new)) => old.key.cmp(&new.key),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Ok(()),
            };
            let (before, after) = (next_old, next_new);
            if order.is_le() {
                next_old = old.next().transpose()?;
            }
            if order.is_ge() {
                next_new = new.next().transpose()?;
            }
            self.compare(before.filter(|_| order.is_le()), after.filter(|_| order.is_ge()))?;
        }
    }

    /// Compares what both have of one key.
    fn compare(&mut self, old: Option<Entry>, new: Option<Entry>) -> Result<(), E> {
        let Some(Entry { key, .. }) = old.or(new) else { return Ok(()) };
        self.compared += 1;
        if self.compared.is_multiple_of(ROUND) {
            self.report(key.leading(32))?;
        }
        let change = match (old, new) {
            (Some(old), Some(new)) if self.counts && old.count != new.count => {
                Change::Recounted { entry: new, before: old.count }
            }
            (Some(entry), None) => Change::Removed(entry),
            (None, Some(entry)) => Change::Added(entry),
            _ => return Ok(()),
        };
        let prefix = key.leading(20) as u32;
        if self.last_covered != Some(prefix) {
            if !self.both.contains(prefix) {
                return Ok(());
            }
            self.last_covered = Some(prefix);
        }
        self.count(prefix, &change);
        (self.visit)(change)
    }

    fn count(&mut self, prefix: u32, change: &Change) {
        let Difference { ranges_changed, hashes_added, hashes_removed, counts_changed, .. } =
            &mut self.difference;
        match change {
            Change::Added(_) => *hashes_added += 1,
            Change::Removed(_) => *hashes_removed += 1,
            Change::Recounted { .. } => *counts_changed = counts_changed.map(|number| number + 1),
        }
        if self.last_changed.replace(prefix) != Some(prefix) {
            *ranges_changed += 1;
        }
    }

    /// Tells the monitor how far the first 32 bits of the keys have come.
    fn report(&self, position: u64) -> Result<()> {
        let bytes = self.old.metadata().file_length + self.new.metadata().file_length;
        let done = ((u128::from(bytes) * u128::from(position)) >> 32) as u64;
        let progress = Progress { phase: Phase::Reading, done, total: Some(bytes) };
        if self.monitor.progress(progress).is_break() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
