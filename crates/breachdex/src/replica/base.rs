//! The index that is there, of which what did not change is copied.

#![forbid(unsafe_code)]

use super::published::Published;
use crate::error::Result;
use crate::format::Layout;
use crate::format::content::HASH;
use crate::format::directory::Locator;
use crate::index::groups::{GroupExtent, IndexGroup};
use crate::index::{Index, Metadata};

/// An index of which parts are copied. Nothing that it says is believed: what is made of its parts is held against the
/// published hashes.
pub struct Base {
    index: Index,
    layout: Layout,
    groups: Vec<GroupExtent>,
    /// `h` and the hashes of units, where they can be read.
    hashes: Option<(u32, Vec<u8>)>,
}

impl Base {
    /// Takes an index that is there. Reads its hashes, 2 MB at most.
    pub fn new(index: Index) -> Self {
        let hashes = index.unit_hashes().ok().map(|(bits, hashes)| (bits, hashes.into_owned()));
        Self { layout: index.layout(), groups: index.groups(), hashes, index }
    }

    /// What the index says of itself.
    pub fn metadata(&self) -> &Metadata {
        self.index.metadata()
    }

    /// The index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The header's bytes.
    pub fn head(&self) -> [u8; 256] {
        self.index.header_bytes()
    }

    /// Whether its groups can be those of a published index: with as many bits, and the same marks.
    pub fn has_layout_of(&self, published: &Published) -> bool {
        self.layout == published.layout()
    }

    /// Whether a unit of a published index has the same hash here.
    pub(super) fn has_unit(&self, published: &Published, unit: u32) -> bool {
        let Some((bits, hashes)) = &self.hashes else { return false };
        let start = unit as usize * HASH;
        *bits == published.unit_bits()
            && self.has_layout_of(published)
            && hashes.get(start..start + HASH) == Some(&published.hash(unit))
    }

    /// The group with a prefix.
    pub(super) fn find(&self, prefix: u32) -> Option<GroupExtent> {
        let place = self.groups.binary_search_by_key(&prefix, |group| group.prefix).ok()?;
        Some(self.groups[place])
    }

    /// The group with a prefix, if its checksum may be the one that a directory says.
    pub(super) fn find_same(&self, prefix: u32, locator: Locator) -> Option<GroupExtent> {
        self.find(prefix).filter(|group| group.has_tag_of(locator))
    }

    pub(super) fn open(&self, extent: GroupExtent) -> Result<IndexGroup<'_>> {
        self.index.group(extent)
    }

    /// Appends the bytes of a group.
    pub(super) fn copy(&self, extent: GroupExtent, out: &mut Vec<u8>) -> Result<()> {
        let length = self.open(extent)?.length();
        self.index.copy_groups(extent, length, |bytes| {
            out.extend_from_slice(bytes);
            Ok(())
        })
    }
}
