//! Where an index is damaged.

#![forbid(unsafe_code)]

use super::Error;

/// What is wrong with an index and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{section} at byte {offset}: {reason}")]
#[non_exhaustive]
pub struct Fault {
    /// The part of the file.
    pub section: Section,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// What does not hold.
    pub reason: &'static str,
}

impl Fault {
    pub(crate) const fn new(section: Section, offset: u64, reason: &'static str) -> Self {
        Self { section, offset, reason }
    }

    pub(crate) fn named(self, name: &str) -> Error {
        Error::Damaged { name: name.to_owned(), fault: self }
    }
}

/// The parts of an index file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Section {
    /// The fixed header at the start.
    Header,
    /// The groups, which hold the buckets' geometry and checksums.
    Groups,
    /// A bucket of entries inside a group.
    Bucket,
    /// The FST from prefix to group.
    Directory,
    /// Coverage and provenance.
    Facts,
    /// The BLAKE3 hashes of the groups.
    Hashes,
    /// What may vary between equal indexes.
    Notes,
}

impl std::fmt::Display for Section {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Groups => "groups",
            Self::Bucket => "bucket",
            Self::Directory => "directory",
            Self::Facts => "facts",
            Self::Hashes => "hashes",
            Self::Notes => "notes",
        })
    }
}
