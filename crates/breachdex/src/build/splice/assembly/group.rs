//! What the program that assembles an index keeps of each group.

#![forbid(unsafe_code)]

use crate::build::splice::range::Tally;

/// A group that was encoded, and what it adds to the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembledGroup {
    /// The group's prefix, 16 bits.
    pub prefix: u32,
    /// Which of the group's 16 ranges it was made of, the base's too: bit 0 is the first one.
    pub ranges: u16,
    /// Bytes of the group and the zeros before it; 0 where no range has entries.
    pub length: u64,
    /// How many of these bytes are zeros before the group, so that its head lies in one page: fewer than 4,096.
    pub padding: u64,
    /// The checksum that the group begins with; 0 for one without bytes.
    pub checksum: u32,
    /// BLAKE3 of the group's bytes, without the zeros before it; zeros for one without bytes.
    pub hash: [u8; 32],
    /// Entries of the group.
    pub entries: u64,
    /// Sum of the counts of the ranges handed over.
    pub count: u128,
    /// The largest count of the ranges handed over; 0 without entries.
    pub max_count: u64,
    /// Prefixes of 20 bits that were handed over, ascending, each with how many digests under it were folded into others,
    /// 1 or more.
    pub collisions: Vec<(u32, u32)>,
    /// How the ranges handed over differ from the base's.
    pub changes: GroupChanges,
}

/// How the ranges of a group that were handed over differ from those of the base, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChanges {
    /// Which of the group's 16 ranges were handed over: bit 0 is the first one.
    pub given: u16,
    /// How many of them have other rows than the base.
    pub ranges_changed: u16,
    /// Hashes that the base did not have.
    pub hashes_added: u64,
    /// Hashes that only the base had.
    pub hashes_removed: u64,
    /// Hashes whose counts differ; 0 without counts.
    pub counts_changed: u64,
    /// Sum of the counts that the base had in these ranges.
    pub old_count: u128,
    /// The largest of these counts; 0 without entries.
    pub old_max: u64,
    /// Bytes that were copied as they were encoded.
    pub bytes_copied: u64,
}

impl GroupChanges {
    pub(super) fn new(given: u16, tally: &Tally) -> Self {
        Self {
            given,
            // A group has 16 ranges.
            ranges_changed: u16::try_from(tally.ranges_changed).unwrap_or(16),
            hashes_added: tally.added,
            hashes_removed: tally.removed,
            counts_changed: tally.recounted,
            old_count: tally.old_count,
            old_max: tally.old_max,
            bytes_copied: tally.bytes_copied,
        }
    }

    /// As a part of what a splice counts. `is_empty` says that the group has no bytes.
    pub(super) fn tally(&self, is_empty: bool) -> Tally {
        let is_copied = self.given == 0;
        Tally {
            ranges_changed: u64::from(self.ranges_changed),
            added: self.hashes_added,
            removed: self.hashes_removed,
            recounted: self.counts_changed,
            old_count: self.old_count,
            old_max: self.old_max,
            groups_copied: u64::from(is_copied && !is_empty),
            groups_encoded: u64::from(!is_copied && !is_empty),
            bytes_copied: self.bytes_copied,
            ..Tally::default()
        }
    }
}
