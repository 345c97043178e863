//! The index that an assembled one is made of, beside the ranges handed over.

#![forbid(unsafe_code)]

use super::RANGES;
use crate::build::span::too_large;
use crate::build::splice::collisions::Collisions;
use crate::coverage::Prefix;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::format::MAX_DIRECTORY_BITS;
use crate::index::Index;
use crate::index::groups::{GroupExtent, IndexGroup};
use crate::storage::Follower;

/// An index whose groups are taken over.
pub(super) struct Base<'a> {
    pub(super) index: &'a Index,
    /// Its groups, where they are as long as those of the new index are: only these can be copied.
    groups: Option<Vec<GroupExtent>>,
    /// Reads ahead, for groups are asked for in order.
    follower: Follower<'a>,
}

impl<'a> Base<'a> {
    pub(super) fn new(index: &'a Index) -> Self {
        let can_copy = index.layout().directory_bits == MAX_DIRECTORY_BITS;
        let groups = can_copy.then(|| index.groups());
        Self { index, groups, follower: index.follower() }
    }

    /// Which of a group's 16 ranges the index covers.
    pub(super) fn covered(&self, prefix: u32) -> u16 {
        let coverage = &self.index.metadata().coverage;
        (0..RANGES)
            .filter(|range| coverage.contains(prefix * RANGES + range))
            .fold(0, |mask, range| mask | 1 << range)
    }

    /// The group with a prefix, if there is one that can be copied.
    pub(super) fn group(&mut self, prefix: u32) -> Result<Option<IndexGroup<'a>>> {
        let Some(groups) = &self.groups else { return Ok(None) };
        let Ok(place) = groups.binary_search_by_key(&prefix, |group| group.prefix) else { return Ok(None) };
        let extent = groups[place];
        self.index.follow(&mut self.follower, &extent);
        self.index.group(extent).map(Some)
    }

    /// Appends the bytes of a group, which must have been opened, and says how many they are.
    pub(super) fn copy(&self, group: &IndexGroup<'a>, out: &mut Vec<u8>) -> Result<u64> {
        self.index.copy_groups(group.extent(), group.length(), |bytes| {
            out.extend_from_slice(bytes);
            Ok::<(), Error>(())
        })?;
        Ok(group.length())
    }

    /// Appends the entries of a group's ranges, of which there may be so many, where the index's groups cannot be copied.
    pub(super) fn decode(&self, prefix: u32, most: usize, entries: &mut Vec<Entry>) -> Result<()> {
        if self.groups.is_some() {
            return Ok(());
        }
        let covered = self.covered(prefix);
        for range in (0..RANGES).filter(|range| covered >> range & 1 == 1) {
            for entry in self.index.range_within_coverage(&Prefix::of_range(prefix * RANGES + range)) {
                if entries.len() == most {
                    return Err(too_large());
                }
                entries.push(entry?);
            }
        }
        Ok(())
    }

    /// How many digests of its ranges were folded, where it says so.
    pub(super) fn collisions(&self) -> Result<Option<Collisions>> {
        Collisions::of(self.index)
    }
}
