//! Is this password already in the attackers' lists?
//!
//! An index holds the digests of breached passwords (Have I Been Pwned's Pwned Passwords, some two thousand
//! million) in one file that is smaller than the hashes themselves, answers in well under a microsecond where the file
//! is mapped, and never gives a silent wrong answer: what is damaged, outside the coverage or asked of the
//! wrong kind is an error.
//!
//! - [`Index`] opens a file, reads or maps it, and answers; [`Corpus`] asks several indexes, overlays and a range server as one.
//! - [`Digest`] is what is asked. Passwords enter through [`Digest::sha1`], [`Digest::ntlm`] or, piece by
//!   piece, [`PasswordHasher`], which hash them and overwrite what they copied.
//! - `build` and `merge` make index files from range responses, `HEX:COUNT` text, password lists and
//!   other indexes; `splice` brings one up to date, and `diff` says what changed.
//! - [`OverlayFile`] is a list of your own beside the corpus: passwords are added and removed while others ask it.
//!
//! ```no_run
//! use breachdex::{Digest, Index};
//! let index = Index::open("pwned.bdx")?;
//! let seen = index.count(&Digest::sha1(b"password"))?;
//! println!("seen {seen} times");
//! # Ok::<(), breachdex::Error>(())
//! ```
//!
//! The file format is described in `docs/format.md`. `unsafe` is confined to the mapping and to the kernels.

#![deny(unsafe_code)]
// Much below is there for building alone. What is used nowhere shows in a build with that feature.
#![cfg_attr(not(feature = "build"), allow(dead_code))]

#[cfg(feature = "build")]
mod build;
mod calendar;
#[cfg(feature = "live")]
mod corpus;
mod coverage;
mod digest;
mod digest_list;
mod entry;
mod error;
#[doc(hidden)]
pub mod files;
mod format;
mod hex;
mod index;
#[cfg(feature = "build")]
mod input;
mod kernels;
mod mappable;
pub mod memory;
mod monitor;
#[cfg(feature = "build")]
mod overlay;
#[cfg(feature = "build")]
pub mod replica;
pub mod rows;
mod storage;
#[cfg(test)]
mod testing;
pub mod text;
mod throttle;
#[cfg(feature = "signatures")]
pub mod trust;
#[cfg(feature = "decompression")]
pub mod unpack;

#[cfg(feature = "build")]
pub use build::{
    AssembledGroup, Assembler, BeforePublish, BuildOptions, BuildReport, ChangedRange, CoverageRule,
    GroupChanges, JoinOptions, MergeOptions, MergeRule, OptionsFault, SpliceOptions, SpliceReport,
    UnfinishedIndex, build, build_entries, collisions_by_range, join, merge, splice,
};
pub use calendar::Day;
#[cfg(feature = "live")]
pub use corpus::{
    Corpus, CorpusBuilder, Decision, Exposure, Finding, Form, MergedEntries, OnError, Origin, Question,
    RangeServer, RemoteError, Snapshot, Source as CorpusSource, SourceError, TEST_PASSWORD,
};
#[cfg(all(feature = "forms", feature = "live"))]
pub use corpus::{
    FormSet, MOST_VARIATIONS, PairFinding, PairList, PairMatch, PairQuestion, each_form, fold_case,
    for_each_variation, is_invisible,
};
pub use coverage::{Coverage, PREFIX_COUNT, Prefix};
pub use digest::{Digest, Kind, PasswordHasher};
pub use digest_list::DigestList;
pub use entry::Entry;
pub use error::{
    BaseMisfit, Error, Fault, Incomparable, InputError, RangeFault, ReadBackFault, Remedy, Result, Section,
    SegmentFault, advice,
};
#[cfg(feature = "build")]
pub use files::Durability;
pub use format::{MIN_BITS, directory_bits};
pub use index::{
    Answer, Change, Checks, ContentId, Difference, Index, Lookup, Metadata, OpenOptions, Range, RangeScratch,
    StepBack, VerifyOptions, diff,
};
#[cfg(feature = "live")]
pub use index::{LiveIndex, Reload};
#[cfg(feature = "build")]
pub use input::{
    BodyFault, EntryBatches, Format, Input, ListNotes, PackedRows, PackedSorter, Partitions, Source,
    TextPlace, TextRows, read_range_body,
};
pub use kernels::Kernel;
#[doc(hidden)]
pub use kernels::{row_code, text_code};
pub use mappable::AddressSpace;
pub use monitor::{Monitor, Phase, Progress};
#[cfg(feature = "build")]
pub use overlay::{KeyedFile, KeyedPair, OverlayChange, OverlayFile};
pub use storage::positioned::ReadMode;
pub use storage::residency::{Residency, UnknownResidency};
pub use throttle::LogThrottle;

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Digest>();
    shared::<Error>();
    shared::<Index>();
    shared::<Metadata>();
    #[cfg(feature = "live")]
    shared::<LiveIndex>();
    #[cfg(feature = "live")]
    #[cfg(feature = "build")]
    shared::<OverlayFile>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
