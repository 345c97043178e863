//! Runs of groups, each read ahead and worked on as one piece by those who go through a whole index.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::verify_group::PlacedGroup;
use crate::format::directory::Locator;
use crate::format::header::Header;

/// The groups of an index, cut into parts.
pub(super) struct Parts {
    groups: Vec<(u32, Locator)>,
    /// Bytes of all groups.
    section: u64,
    /// The place in the list at which each part starts, and its end.
    starts: Vec<usize>,
}

impl Parts {
    /// Cuts groups as the directory lists them into parts of at least `size` bytes.
    pub(super) fn new(groups: Vec<(u32, Locator)>, section: u64, size: u64) -> Self {
        let mut starts = vec![0];
        let mut start = groups.first().map_or(0, |(_, locator)| locator.offset());
        for (at, (_, locator)) in groups.iter().enumerate() {
            if locator.offset().saturating_sub(start) >= size {
                starts.push(at);
                start = locator.offset();
            }
        }
        if !groups.is_empty() {
            starts.push(groups.len());
        }
        Self { groups, section, starts }
    }

    /// How many parts there are.
    pub(super) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The groups of a part.
    pub(super) fn groups(&self, part: usize) -> &[(u32, Locator)] {
        &self.groups[self.range(part)]
    }

    /// A group by its place in the list of all, with the bytes up to the next one or to the section's end.
    pub(super) fn placed(&self, at: usize) -> PlacedGroup {
        let (prefix, locator) = self.groups[at];
        let end = self.groups.get(at + 1).map_or(self.section, |(_, next)| next.offset());
        PlacedGroup { prefix, locator, room: end - locator.offset() }
    }

    /// The places of a part's groups in the list of all.
    pub(super) fn range(&self, part: usize) -> Range<usize> {
        self.starts[part]..self.starts[part + 1]
    }

    /// Where the parts start in the file, and where the last one ends.
    pub(super) fn bounds(&self, header: &Header) -> Vec<u64> {
        let offset =
            |start: &usize| self.groups.get(*start).map_or(self.section, |(_, group)| group.offset());
        self.starts.iter().map(|start| header.groups.offset + offset(start)).collect()
    }
}
