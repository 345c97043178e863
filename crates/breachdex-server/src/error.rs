//! Why a server does not start or does not go on.

#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use breachdex::{Kind, PREFIX_COUNT};

/// Why a server does not start or does not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An index cannot be opened.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// No index was named.
    #[error("there is no index to serve; name one with --index")]
    NoIndex,
    /// Two indexes of one kind were named.
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
        "{} is truncated to {bits} bits: a range server needs full digests; build one without --bits",
        path.display()
    )]
    Truncated {
        /// The index.
        path: PathBuf,
        /// Bits kept.
        bits: u32,
    },
    /// The index has no counts.
    #[error("{} has no counts, which a range server needs; build one without --no-counts", path.display())]
    WithoutCounts {
        /// The index.
        path: PathBuf,
    },
    /// The index covers a part of the prefixes only.
    #[error(
        "{} covers {prefixes} of {PREFIX_COUNT} prefixes: with --partial it is served, and questions outside \
         are answered with 503",
        path.display()
    )]
    Partial {
        /// The index.
        path: PathBuf,
        /// How many prefixes it covers.
        prefixes: u32,
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
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// A certificate or a key cannot be used.
    #[error("cannot use {} for https: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system refused a thread, a runtime or a setting.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A worker ended on a fault of the program.
    #[error("a worker of the server panicked; this is a fault of the program")]
    WorkerPanicked,
}

impl ServeError {
    /// Names what the system refused.
    pub(crate) fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }
}
