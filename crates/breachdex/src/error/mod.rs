//! What can go wrong, in the user's terms: what happened, where, and what to do.
//!
//! No variant holds a password or a full digest.

#![forbid(unsafe_code)]

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Kind;
use crate::format::directory::Locator;
use crate::mappable::AddressSpace;

mod damage;
mod input;
mod misfit;

pub use damage::{Fault, Section};
pub use input::{InputError, Remedy};
pub use misfit::{BaseMisfit, Incomparable, RangeFault, ReadBackFault, SegmentFault};

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// What was tried, as a verb: `open`, `read`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is larger than what this process can map.
    #[error("cannot map {}: it takes {needed} bytes of address space, {room}; {}, or ask `breachdex serve`, which reads the file and does not map it", path.display(), room.remedy())]
    NotMappable {
        /// The file.
        path: PathBuf,
        /// Its length.
        needed: u64,
        /// What there is.
        room: AddressSpace,
    },
    /// The file does not begin as an index does.
    #[error("{name} is not a breachdex index: {reason}")]
    NotAnIndex {
        /// The file, or a name for bytes in memory.
        name: String,
        /// What was found instead.
        reason: &'static str,
    },
    /// The index has a version that this library does not read.
    #[error("{name} has format version {found}; this breachdex reads version {supported}. {}", remedy(*found, *supported))]
    UnsupportedVersion {
        /// The file, or a name for bytes in memory.
        name: String,
        /// The version in the file.
        found: u32,
        /// The version this library reads.
        supported: u32,
    },
    /// The index is damaged: nothing it says may be believed.
    #[error("{name} is damaged: {fault}; restore it from a copy or build it again")]
    Damaged {
        /// The file, or a name for bytes in memory.
        name: String,
        /// What is wrong and where.
        fault: Fault,
    },
    /// A digest of one kind was asked of an index of the other.
    #[error("the index holds {held} digests, the question is {} {asked} digest", article(*asked))]
    WrongKind {
        /// What the index holds.
        held: Kind,
        /// What was asked.
        asked: Kind,
    },
    /// The question lies outside what the index covers, so its answer is not known.
    #[error("prefix {prefix:05X} is outside the coverage of {name}: what is exposed there is not known")]
    NotCovered {
        /// The file, or a name for bytes in memory.
        name: String,
        /// The first 20 bits asked for.
        prefix: u32,
    },
    /// Counts were asked of an index that was built without them.
    #[error("{name} was built without counts: it can only say whether a password is exposed")]
    CountsUnavailable {
        /// The file, or a name for bytes in memory.
        name: String,
    },
    /// Full digests were asked of an index that keeps fewer bits.
    #[error("{name} keeps {bits} of {full} bits of each digest; ranges and exports need an exact index")]
    NotExact {
        /// The file, or a name for bytes in memory.
        name: String,
        /// Kept bits.
        bits: u32,
        /// Bits of a full digest.
        full: u32,
    },
    /// A digest of the wrong width.
    #[error("{} {kind} digest has {} {unit}, found {found}", article(*kind), if *unit == "bytes" { kind.bytes() } else { kind.hex_digits() })]
    InvalidDigest {
        /// The kind asked for.
        kind: Kind,
        /// The width found.
        found: usize,
        /// `bytes` or `hex digits`.
        unit: &'static str,
    },
    /// A byte that is not a hexadecimal digit.
    #[error("not a hexadecimal digest: only the digits 0-9 and A-F are allowed")]
    InvalidHex,
    /// An NTLM digest is made of text.
    #[error("the password is not UTF-8, which an NTLM digest needs")]
    PasswordNotUtf8,
    /// A prefix that is not hexadecimal or too long.
    #[error("not a prefix: give at most {0} hexadecimal digits")]
    InvalidPrefix(usize),
    /// Indexes of different kinds put together.
    #[error(
        "{} holds {found} digests, {} holds {expected}: indexes of one kind only can be used together",
        name,
        first
    )]
    MixedKinds {
        /// The first index.
        first: String,
        /// Its kind.
        expected: Kind,
        /// The index that differs.
        name: String,
        /// Its kind.
        found: Kind,
    },
    /// A corpus without a source.
    #[error("no index and no range server is named: name at least one")]
    NoSource,
    /// The entries of a source that can only be asked.
    #[error("{name} can be asked but not listed; name an index file")]
    NotListable {
        /// The file or the server's address.
        name: String,
    },
    /// An index without a valid signature of a trusted key.
    #[cfg(feature = "signatures")]
    #[error("{name} is not signed by a trusted key: {fault}")]
    NotSigned {
        /// The file.
        name: String,
        /// What is wrong with its signature.
        fault: Box<crate::trust::SignatureFault>,
    },
    /// An index that is older than it may be.
    #[cfg(feature = "signatures")]
    #[error("{name} is not new enough: {reason}")]
    Stale {
        /// The file.
        name: String,
        /// Why.
        reason: Box<crate::trust::Staleness>,
    },
    /// An index took the place of one that holds other digests.
    #[error(
        "{name} holds {found} digests now, before it held {expected} ones; put an index of the same kind there"
    )]
    OtherKind {
        /// The file.
        name: String,
        /// What it held.
        expected: Kind,
        /// What it holds.
        found: Kind,
    },
    /// A question to an index that was closed.
    #[error("{name} was closed; open it again")]
    Closed {
        /// The file, or a name for bytes in memory.
        name: String,
    },
    /// A fault in a file of hashes, passwords or ranges.
    #[error("{0}")]
    Input(#[from] InputError),
    /// A build was asked for something that cannot be.
    #[error("{0}")]
    Unbuildable(String),
    /// Entries that must be in memory at once are more than the memory allowed.
    #[error("{what} {} into the memory allowed", if *.are_many { "do not fit" } else { "does not fit" })]
    TooLittleMemory {
        /// What does not fit.
        what: String,
        /// Whether that is in the plural.
        are_many: bool,
    },
    /// The options of a build cannot be met.
    #[cfg(feature = "build")]
    #[error(transparent)]
    Options(#[from] crate::build::OptionsFault),
    /// The groups would reach beyond what the directory of an index can say.
    #[error(
        "group {prefix:04X} would start {offset} bytes behind the first, an index holds groups up to {}; keep fewer bits of each digest, leave out the counts, or make several indexes",
        Locator::MOST_OFFSET
    )]
    TooLarge {
        /// The group's prefix.
        prefix: u32,
        /// Bytes from the first group to where it would start.
        offset: u64,
    },
    /// An index that cannot be the base of another.
    #[error("{name} cannot be the base: {misfit}")]
    UnfitBase {
        /// The base.
        name: String,
        /// Where it differs from what is asked for.
        misfit: BaseMisfit,
    },
    /// An index that cannot be joined with others.
    #[error("{name} cannot be joined: {fault}")]
    UnfitSegment {
        /// The segment.
        name: String,
        /// What is wrong with it, or where it differs from another one.
        fault: Box<SegmentFault>,
    },
    /// Inputs that were to cover everything, and do not.
    #[error("none of the inputs covers prefix {prefix:05X}")]
    MissingPrefix {
        /// The first such prefix.
        prefix: u32,
    },
    /// A range that cannot be put into an index.
    #[error("range {prefix:05X}: {fault}")]
    UnfitRange {
        /// The range's 5-digit prefix.
        prefix: u32,
        /// What is wrong with it.
        fault: RangeFault,
    },
    /// Two indexes that have nothing to be compared by.
    #[error("{old} and {new} cannot be compared: {misfit}")]
    Incomparable {
        /// The one index.
        old: String,
        /// The other.
        new: String,
        /// Where they differ.
        misfit: Incomparable,
    },
    /// An overlay was to be changed or listed, and the file is none.
    #[error("{name} is no overlay: {reason}")]
    NotAnOverlay {
        /// The file.
        name: String,
        /// What it is instead.
        reason: &'static str,
    },
    /// Digests of one kind were to be added to or removed from an overlay of the other.
    #[error("{name} is an overlay of {held} digests, not of {asked} ones; name another overlay for those")]
    OverlayKind {
        /// The overlay.
        name: String,
        /// What it holds.
        held: Kind,
        /// What was to be changed.
        asked: Kind,
    },
    /// A file of pairs was named where an index of passwords is wanted.
    #[error(
        "{name} holds exposed pairs of user names and passwords, which are asked with their key alone; name it as pairs, \
         not as an index or an overlay"
    )]
    HoldsPairs {
        /// The file.
        name: String,
    },
    /// A file was named as pairs, and is another index.
    #[error("{name} holds no pairs: {reason}")]
    HoldsNoPairs {
        /// The file.
        name: String,
        /// What it is instead.
        reason: &'static str,
    },
    /// A file of pairs took the place of one under another key or with other rules for user names.
    #[error(
        "{name} holds pairs under another key, or with other rules for user names, than before; put a file there that \
         was made with the same key, or name both files"
    )]
    OtherPairs {
        /// The file.
        name: String,
    },
    /// The target exists and was not to be replaced.
    #[error("{} exists", .0.display())]
    TargetExists(PathBuf),
    /// Another build of the same target is running.
    #[error("another build is writing {}; wait for it or choose another target", .0.display())]
    TargetBusy(PathBuf),
    /// An index that was to be in memory is larger than what can be had.
    #[error(
        "{} does not fit: it needs {needed} bytes and there are {available} of {what}; make room, or open it on demand",
        path.display()
    )]
    DoesNotFit {
        /// The index file.
        path: PathBuf,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are.
        available: u64,
        /// What there is too little of.
        what: &'static str,
    },
    /// A finished index did not give back what was written to it, and was thrown away.
    #[error(
        "{} was not published, and what was there is unchanged: the finished file does not read back ({fault}); check the \
         disk and try again",
        target.display()
    )]
    NotPublished {
        /// The index file that was to be.
        target: PathBuf,
        /// What reading it back met.
        fault: ReadBackFault,
    },
    /// The answer is not in memory, and the question was not to wait for the disk.
    #[error("the answer would have to be read from the disk")]
    WouldBlock,
    /// The work was stopped on request.
    #[error("stopped; nothing was written")]
    Cancelled,
}

impl Error {
    /// The message without where in an index the answer to a question would be, for logs and reports: the place is as
    /// good as a prefix of the digest that was asked for.
    ///
    /// ```
    /// let error = breachdex::Error::NotCovered { name: String::from("part.bdx"), prefix: 0x5BAA6 };
    /// assert_eq!(
    ///     error.without_place(),
    ///     "the question is outside the coverage of part.bdx: what is exposed there is not known"
    /// );
    /// ```
    pub fn without_place(&self) -> String {
        match self {
            Self::NotCovered { name, .. } => {
                format!("the question is outside the coverage of {name}: what is exposed there is not known")
            }
            Self::Damaged { name, fault } if matches!(fault.section, Section::Bucket | Section::Groups) => {
                format!(
                    "{name} is damaged ({}: {}); find where with `breachdex verify`, then restore it from a copy or build \
                     it again",
                    fault.section, fault.reason
                )
            }
            other => other.to_string(),
        }
    }
}

/// What to do about an index of another version.
fn remedy(found: u32, supported: u32) -> &'static str {
    if found < supported {
        "Build it again with `breachdex build`, or download it again with `breachdex download`"
    } else {
        "Use a newer breachdex"
    }
}

/// The article that a kind's name takes when it is read aloud.
pub(crate) fn article(kind: Kind) -> &'static str {
    match kind {
        Kind::Sha1 => "a",
        Kind::Ntlm => "an",
    }
}

/// What to do about a failed system call, where its reason leaves that open: to be put behind the reason.
pub fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::FileTooLarge => {
            "; its file system, or a limit of this process (ulimit -f), holds no larger file: choose a folder elsewhere \
             or raise the limit"
        }
        // As Unix numbers it: there is no kind for it.
        _ if cfg!(unix) && source.raw_os_error() == Some(24) => {
            "; raise the limit of open files of this process (ulimit -n), or name fewer files"
        }
        _ => "",
    }
}

/// Names the action and the path of a failed system call.
pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { action, path: path.to_owned(), source }
}
