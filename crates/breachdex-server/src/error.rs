//! An error that prevents a server from starting or running.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::{Kind, PREFIX_COUNT};
use breachdex_http::HttpError;

/// An error that prevents a server from starting or running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An index cannot be opened.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// No index was given.
    #[error("there is no index to serve")]
    NoIndex,
    /// Two indexes of the same kind were given.
    #[error("{} and {} both hold {kind} digests; serve one index of each kind", first.display(), second.display())]
    TwoOfOneKind {
        /// What both hold.
        kind: Kind,
        /// The first.
        first: PathBuf,
        /// The second.
        second: PathBuf,
    },
    /// The index keeps a part of each digest only.
    #[error(
        "{} is truncated to {bits} bits: a range server needs full digests",
        path.display()
    )]
    Truncated {
        /// The index.
        path: PathBuf,
        /// Bits kept.
        bits: u32,
    },
    /// The index has no counts.
    #[error("{} has no counts, which a range server needs", path.display())]
    WithoutCounts {
        /// The index.
        path: PathBuf,
    },
    /// The index covers a part of the prefixes only.
    #[error("{} covers {prefixes} of {PREFIX_COUNT} prefixes", path.display())]
    Partial {
        /// The index.
        path: PathBuf,
        /// How many prefixes it covers.
        prefixes: u32,
    },
    /// Digests from an overlay would be served, which nobody asked for.
    #[error(
        "{} holds digests from an overlay, and every client of this server could list them range by range",
        path.display()
    )]
    OverlayNotAgreed {
        /// The overlay, or the index that one was merged into.
        path: PathBuf,
    },
    /// Digests from an overlay would be served to other machines, which nobody asked for.
    #[error(
        "{} holds digests from an overlay, and other machines could list them range by range at {address}; listen on \
         127.0.0.1",
        path.display()
    )]
    OverlayOnNetwork {
        /// The overlay, or the index that one was merged into.
        path: PathBuf,
        /// Where the server would listen.
        address: String,
    },
    /// An overlay has no base.
    #[error(
        "{} holds {kind} digests, and no {kind} index is served beside it",
        path.display()
    )]
    OverlayWithoutBase {
        /// The overlay.
        path: PathBuf,
        /// What it holds.
        kind: Kind,
    },
    /// A replaced file holds the other kind of digest.
    #[error("{} holds {found} digests, the index it replaces {expected} digests", path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What the index holds that is being served.
        expected: Kind,
        /// What the new file holds.
        found: Kind,
    },
    /// The server cannot listen or run.
    #[error(transparent)]
    Http(#[from] HttpError),
}
