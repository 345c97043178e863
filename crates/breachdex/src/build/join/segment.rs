//! What is kept of each segment of a join, whose file is open only while its groups are copied: there may be more segments
//! than files that a process may have open.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::build::control::lock;
use crate::error::{Error, Result};
use crate::format::Layout;
use crate::index::groups::GroupExtent;
use crate::index::whole_groups::ContentProof;
use crate::index::{ContentId, Index, Metadata, OpenOptions};

/// Bits of a prefix that coverage tells apart.
const RANGE_BITS: u32 = 20;

/// Segments that are open at a time. Each takes half a megabyte for its directory.
const OPEN: usize = 32;

/// What a segment says of itself.
pub(crate) struct Segment {
    pub(super) name: String,
    pub(super) layout: Layout,
    pub(super) metadata: Metadata,
    content_id: ContentId,
}

impl Segment {
    pub(super) fn of(index: &Index) -> Self {
        Self {
            name: index.name().to_owned(),
            layout: index.layout(),
            metadata: index.metadata().clone(),
            content_id: index.content_id(),
        }
    }

    /// Whether this one covers every prefix of a group of the segment's directory bits.
    pub(super) fn covers(&self, prefix: u32) -> bool {
        let below = RANGE_BITS - self.layout.directory_bits;
        let (first, last) = (prefix << below, (prefix << below) + ((1 << below) - 1));
        self.metadata.coverage.first_gap(first, last).is_none()
    }
}

/// Opens segments.
pub(super) enum Files<'a> {
    /// They are open.
    Held(Vec<&'a Index>),
    /// Those that were opened last.
    Paths { paths: &'a [PathBuf], options: &'a OpenOptions, open: Mutex<VecDeque<(usize, Index)>> },
}

impl<'a> Files<'a> {
    pub(super) fn new(paths: &'a [PathBuf], options: &'a OpenOptions) -> Self {
        Self::Paths { paths, options, open: Mutex::default() }
    }

    /// An open segment, which must be the one that was looked at before.
    pub(super) fn index(&self, place: usize, expected: &Segment) -> Result<Index> {
        let (paths, options, open) = match self {
            Self::Held(indexes) => return Ok(indexes[place].clone()),
            Self::Paths { paths, options, open } => (paths, *options, open),
        };
        let mut open = lock(open);
        if let Some((_, index)) = open.iter().find(|(other, _)| *other == place) {
            return Ok(index.clone());
        }
        let index = look_at(&paths[place], options)?;
        if index.content_id() != expected.content_id {
            let said = format!("{} was replaced while it was read; join the segments again", expected.name);
            return Err(Error::Unbuildable(said));
        }
        if open.len() == OPEN {
            open.pop_front();
        }
        open.push_back((place, index.clone()));
        Ok(index)
    }
}

/// Opens a segment.
pub(super) fn look_at(path: &Path, options: &OpenOptions) -> Result<Index> {
    Index::open_with(path, options.clone())
}

/// The groups of a segment, and what all of them must make.
pub(super) struct Contents {
    pub(super) groups: Vec<GroupExtent>,
    pub(super) proof: ContentProof,
}

impl Contents {
    /// Of a segment, all of which but for its groups has its checksums.
    pub(super) fn of(index: &Index) -> Result<Self> {
        Ok(Self { groups: index.groups(), proof: index.content_proof()? })
    }
}
