//! Runs of groups, each read ahead and worked on as one piece by those who go through a whole index.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::format::directory::Locator;
use crate::format::header::Header;

/// The groups of an index, cut into parts.
pub(super) struct Parts {
    groups: Vec<(u32, Locator)>,
    /// The place in the list at which each part starts, and its end.
    starts: Vec<usize>,
}

impl Parts {
    /// Cuts groups as the directory lists them into parts of at least `size` bytes; their offsets may be anything.
    pub(super) fn new(groups: Vec<(u32, Locator)>, size: u64) -> Self {
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
        Self { groups, starts }
    }

    /// How many parts there are.
    pub(super) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The groups of a part.
    pub(super) fn groups(&self, part: usize) -> &[(u32, Locator)] {
        &self.groups[self.range(part)]
    }

    /// The places of a part's groups in the list of all.
    pub(super) fn range(&self, part: usize) -> Range<usize> {
        self.starts[part]..self.starts[part + 1]
    }

    /// Where the parts start in the file, and where the last one ends.
    pub(super) fn bounds(&self, header: &Header) -> Vec<u64> {
        let section = header.groups;
        let mut least = section.offset;
        let mut bound = |offset: u64| {
            // What the directory says was not compared with anything yet.
            least = least.max(section.offset + offset.min(section.length));
            least
        };
        let offset =
            |start: &usize| self.groups.get(*start).map_or(section.length, |(_, group)| group.offset());
        self.starts.iter().map(|start| bound(offset(start))).collect()
    }
}
