//! One range that is handed over: checked, made what the index keeps of it, and compared with what it replaces.

#![forbid(unsafe_code)]

use std::cmp::Ordering;

use super::collisions::Collisions;
use super::options::{ChangedRange, SpliceReport};
use crate::build::report::BuildReport;
use crate::build::span::{Totals, fold};
use crate::coverage::Prefix;
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::error::{Error, RangeFault, Result};
use crate::format::Layout;

/// What the ranges handed over change, added up.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) ranges_changed: u64,
    pub(super) added: u64,
    pub(super) removed: u64,
    pub(super) recounted: u64,
    /// Of the entries replaced: the sum of their counts and the largest.
    pub(super) old_count: u128,
    pub(super) old_max: u64,
    /// Of the entries that replace them.
    pub(super) collisions: Collisions,
    pub(super) groups_copied: u64,
    pub(super) groups_encoded: u64,
    pub(super) bytes_copied: u64,
}

impl Tally {
    /// What a splice of so many ranges did. Where all was encoded afresh, nothing was copied.
    pub(super) fn report(&self, ranges_given: u64, encoded_afresh: bool, index: BuildReport) -> SpliceReport {
        let copied = |number| if encoded_afresh { 0 } else { number };
        SpliceReport {
            ranges_given,
            ranges_changed: self.ranges_changed,
            hashes_added: self.added,
            hashes_removed: self.removed,
            counts_changed: self.recounted,
            groups_copied: copied(self.groups_copied),
            groups_encoded: if encoded_afresh { index.groups } else { self.groups_encoded },
            bytes_copied: copied(self.bytes_copied),
            index,
        }
    }

    /// Adds that of later ranges.
    pub(super) fn add(&mut self, later: Self) {
        self.ranges_changed += later.ranges_changed;
        self.added += later.added;
        self.removed += later.removed;
        self.recounted += later.recounted;
        self.old_count += later.old_count;
        self.old_max = self.old_max.max(later.old_max);
        self.collisions.append(later.collisions);
        self.groups_copied += later.groups_copied;
        self.groups_encoded += later.groups_encoded;
        self.bytes_copied += later.bytes_copied;
    }

    /// Counts what the replacement of a range's rows changes.
    pub(super) fn compare(&mut self, old: &[Entry], new: &[Entry], counts: bool) {
        if old.is_empty() {
            self.added += new.len() as u64;
            self.ranges_changed += u64::from(!new.is_empty());
            return;
        }
        for entry in old {
            self.old_count += u128::from(entry.count);
            self.old_max = self.old_max.max(entry.count);
        }
        let before = self.added + self.removed + self.recounted;
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(old), Some(new)) => old.key.cmp(&new.key),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let old = if order.is_le() { old.next() } else { None };
            let new = if order.is_ge() { new.next() } else { None };
            match (old, new) {
                (Some(old), Some(new)) => self.recounted += u64::from(counts && old.count != new.count),
                (Some(_), None) => self.removed += 1,
                _ => self.added += 1,
            }
        }
        self.ranges_changed += u64::from(self.added + self.removed + self.recounted > before);
    }
}

/// A range on its way into the index.
pub(super) struct Change {
    pub(super) range: ChangedRange,
    /// Whether it is the base's own, as the base holds it.
    pub(super) kept: bool,
}

impl Change {
    /// The first and the last key that the range may hold.
    pub(super) fn bounds(&self) -> (Key, Key) {
        Prefix::of_range(self.range.prefix).bounds()
    }

    /// Checks the entries and makes of them what the index keeps.
    pub(super) fn settle(
        &mut self,
        layout: Layout,
        min_count: u64,
        totals: &mut Totals,
        tally: &mut Tally,
    ) -> Result<()> {
        let ChangedRange { prefix, entries, folded } = &mut self.range;
        if !self.kept {
            check(*prefix, entries, layout.kind)?;
            if min_count > 1 {
                entries.retain(|entry| entry.count >= min_count);
            }
            if layout.bits < layout.kind.bits() {
                let folded = folded.checked_add(fold(entries, layout.bits));
                let folded = folded.and_then(|folded| u32::try_from(folded).ok());
                let unfit = Error::UnfitRange { prefix: *prefix, fault: RangeFault::TooManyFolded };
                tally.collisions.push(*prefix, folded.ok_or(unfit)?);
            }
        }
        for entry in entries {
            totals.count += u128::from(entry.count);
            totals.max_count = totals.max_count.max(entry.count);
        }
        Ok(())
    }
}

/// Refuses entries that cannot be a range's. One pass: all ranges of a corpus go through here.
fn check(prefix: u32, entries: &[Entry], kind: Kind) -> Result<()> {
    let beyond = Key { words: [u64::MAX; 3] }.truncated(kind.bits()).words.map(|kept| !kept);
    let mut previous: Option<&Key> = None;
    let (mut is_sorted, mut is_narrow, mut is_seen) = (true, true, true);
    for Entry { key, count } in entries {
        is_sorted &= previous.is_none_or(|previous| previous < key);
        is_narrow &= key.words[1] & beyond[1] | key.words[2] & beyond[2] == 0;
        is_seen &= *count > 0;
        previous = Some(key);
    }
    // Of sorted keys, the first and the last say it of all.
    let is_inside =
        |entry: Option<&Entry>| entry.is_none_or(|entry| entry.key.leading(20) == u64::from(prefix));
    let fault = if !is_sorted {
        RangeFault::Disorder
    } else if !is_inside(entries.first()) || !is_inside(entries.last()) {
        RangeFault::ForeignDigest
    } else if !is_narrow {
        RangeFault::WrongKind(kind)
    } else if !is_seen {
        RangeFault::ZeroCount
    } else {
        return Ok(());
    };
    Err(Error::UnfitRange { prefix, fault })
}
