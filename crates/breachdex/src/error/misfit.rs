//! Why indexes and ranges do not fit together, and a finished index not to what was written.

#![forbid(unsafe_code)]

use super::Error;
use crate::digest::Kind;

/// Why an index cannot be the base of the one that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseMisfit {
    /// It holds other digests.
    #[error("it holds {held} digests, {asked} ones are asked for")]
    Kind {
        /// What it holds.
        held: Kind,
        /// What is asked for.
        asked: Kind,
    },
    /// It keeps more or fewer bits.
    #[error("it keeps {held} bits of each digest, {asked} are asked for")]
    Bits {
        /// What it keeps.
        held: u32,
        /// What is asked for.
        asked: u32,
    },
    /// It has no counts.
    #[error("it was built without counts, which are asked for")]
    WithoutCounts,
    /// It has counts.
    #[error("it was built with counts, none are asked for")]
    WithCounts,
    /// It leaves out more or less.
    #[error("it holds what was seen {held} times or more, {asked} is asked for")]
    Floor {
        /// Its floor.
        held: u64,
        /// What is asked for.
        asked: u64,
    },
    /// It was cut.
    #[error("it was cut to its most frequent entries, so it does not say what is missing; build it again")]
    Cut,
    /// It holds entries of an overlay, which no source knows.
    #[error(
        "an overlay was merged into it, whose entries the source does not know; keep the overlay apart and lay it over a base that is updated"
    )]
    HoldsOverlay,
    /// It covers what the result would not.
    #[error("it covers prefix {0:05X}, which the result would not")]
    Coverage(u32),
}

/// Why an index cannot be joined with others as a segment. `first` names the segment that it is compared with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentFault {
    /// It is named more than once.
    #[error("it is named twice; name each segment once")]
    Twice,
    /// Another segment covers the same prefix.
    #[error(
        "it covers prefix {prefix:05X}, which {first} covers too; build segments that do not overlap, or use breachdex merge"
    )]
    Overlap {
        /// The first such prefix.
        prefix: u32,
        /// The other segment.
        first: String,
    },
    /// It holds other digests.
    #[error("it holds {held} digests, {first} holds {expected}")]
    Kind {
        /// What it holds.
        held: Kind,
        /// The other segment.
        first: String,
        /// What that holds.
        expected: Kind,
    },
    /// It keeps more or fewer bits.
    #[error(
        "it keeps {held} bits of each digest, {first} keeps {expected}; build all segments with the same bits"
    )]
    Bits {
        /// What it keeps.
        held: u32,
        /// The other segment.
        first: String,
        /// What that keeps.
        expected: u32,
    },
    /// It has counts and the other has none.
    #[error("it has counts, {first} has none; build all segments with counts or all without")]
    WithCounts {
        /// The other segment.
        first: String,
    },
    /// It has no counts and the other has.
    #[error("it has no counts, {first} has; build all segments with counts or all without")]
    WithoutCounts {
        /// The other segment.
        first: String,
    },
    /// It leaves out more or less.
    #[error(
        "its floor is {held}, that of {first} is {expected}; build all segments with the same minimum count"
    )]
    Floor {
        /// Its floor.
        held: u64,
        /// The other segment.
        first: String,
        /// The floor of that.
        expected: u64,
    },
    /// It names another source.
    #[error(
        "its source is {held:?}, that of {first} is {expected:?}; say the source of the whole, or build all segments of one"
    )]
    Source {
        /// Its source.
        held: String,
        /// The other segment.
        first: String,
        /// The source of that.
        expected: String,
    },
    /// It has another corpus date.
    #[error(
        "its corpus date is {held:?}, that of {first} is {expected:?}; say the date of the whole, or build all segments of one corpus"
    )]
    Date {
        /// Its date, empty where it has none.
        held: String,
        /// The other segment.
        first: String,
        /// The date of that.
        expected: String,
    },
    /// One was cut to its most frequent entries and the other was not.
    #[error("it and {first} were not both cut to the most frequent entries; cut the joined index instead")]
    Cut {
        /// The other segment.
        first: String,
    },
    /// One holds entries of an overlay and the other does not.
    #[error("it and {first} do not both hold entries of an overlay; build all segments of the same inputs")]
    HoldsOverlay {
        /// The other segment.
        first: String,
    },
    /// It is an overlay.
    #[error("it is an overlay, which covers everything; use breachdex build or breachdex merge")]
    IsOverlay,
}

/// What is wrong with a range that is handed over. Never repeats a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeFault {
    /// It is beyond the last one.
    #[error("there is no such prefix")]
    NoPrefix,
    /// The ranges do not ascend.
    #[error("it comes after a later one, or a second time")]
    OutOfTurn,
    /// The result is not to cover it.
    #[error("it is outside the coverage asked for")]
    NotCovered,
    /// The result is to cover it, but nobody said what it holds.
    #[error("it is to be covered, but neither the base nor the ranges handed over hold it")]
    Missing,
    /// Its digests are not in order or not distinct.
    #[error("its digests are not in ascending order, or one occurs twice; fetch it again")]
    Disorder,
    /// A digest belongs to another range.
    #[error("a digest in it begins with another prefix; fetch it again")]
    ForeignDigest,
    /// A digest is too wide.
    #[error("a digest in it is wider than {0} ones are; fetch it again")]
    WrongKind(Kind),
    /// A digest that was never seen.
    #[error("a count in it is 0; fetch it again")]
    ZeroCount,
    /// More digests were folded into others than a note can say.
    #[error("more than 4294967295 of its digests are said to be folded into others")]
    TooManyFolded,
}

/// Why two indexes cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Incomparable {
    /// They hold different digests.
    #[error("one holds {old} digests, the other {new} ones")]
    Kinds {
        /// What the one holds.
        old: Kind,
        /// What the other holds.
        new: Kind,
    },
    /// They keep different numbers of bits.
    #[error("one keeps {old} bits of each digest, the other {new}")]
    Bits {
        /// What the one keeps.
        old: u32,
        /// What the other keeps.
        new: u32,
    },
}

/// What reading a finished index back met.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadBackFault {
    /// It does not open, or a part of it cannot be read.
    #[error("{0}")]
    Unreadable(Box<Error>),
    /// The directory has another number of groups than were written.
    #[error("its directory has {found} groups, {written} were written")]
    Groups {
        /// Groups of the directory.
        found: u64,
        /// Groups written.
        written: u64,
    },
    /// The directory leads somewhere else than to where a group was written.
    #[error("its directory does not lead to the group at byte {0} of the groups")]
    Misplaced(u64),
    /// An entry is missing or has another count.
    #[error("an entry under {prefix:05X} that was written is not found there with its count")]
    Entry {
        /// The 5-digit prefix of the entry.
        prefix: u32,
    },
}
