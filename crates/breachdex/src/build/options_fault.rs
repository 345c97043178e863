//! Why options of a build cannot be met.

#![forbid(unsafe_code)]

use crate::digest::Kind;

/// Why options of a build cannot be met, by themselves or by its inputs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsFault {
    /// An input keeps fewer bits than are wanted.
    #[error("{name} keeps {held} bits of each digest, {asked} are wanted")]
    FewerBits {
        /// The index.
        name: String,
        /// What it keeps.
        held: u32,
        /// What is wanted.
        asked: u32,
    },
    /// Too many passwords would be reported as exposed by chance.
    #[error("with {bits} bits more than one password in 128 would be reported as exposed by chance")]
    TooManyFalsePositives {
        /// Bits kept of each digest.
        bits: u32,
    },
    /// The memory is less than any build needs.
    #[error("a build needs at least 16MiB of memory")]
    LittleMemory,
    /// The most frequent entries are wanted, and none of them.
    #[error("the 0 most frequent entries are nothing")]
    TopNothing,
    /// An input holds digests of the other kind.
    #[error("{name} holds {held} digests, {asked} ones are to be built")]
    OtherKind {
        /// The index.
        name: String,
        /// What it holds.
        held: Kind,
        /// What is to be built.
        asked: Kind,
    },
    /// Counts are wanted, and an input has none.
    #[error("{name} was built without counts")]
    WithoutCounts {
        /// The index.
        name: String,
    },
    /// The prefixes of a folder's files are to be covered, and no input is such a folder.
    #[error("only a folder of range files says what it covers; there is none")]
    NoFolder,
    /// More directory bits are wanted than an index can have.
    #[error("an index has 0 to 16 directory bits, not {0}")]
    DirectoryBits(u32),
    /// A segment has more entries than its whole was said to have.
    #[error(
        "the segment has {entries} entries, which are more than were said of the whole; build it again with the right \
         number"
    )]
    MoreThanWhole {
        /// Entries of the segment.
        entries: u64,
    },
}
