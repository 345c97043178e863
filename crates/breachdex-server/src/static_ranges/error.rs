//! Why ranges could not be written.

#![forbid(unsafe_code)]

use std::io;
use std::path::{Path, PathBuf};

use breachdex::Error;

/// Why ranges could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StaticError {
    /// The index cannot be read.
    #[error(transparent)]
    Index(#[from] Error),
    /// The index holds digests from an overlay.
    #[error(
        "{} holds digests from an overlay, and everybody who can read the folder could list them; export the index that it was merged \
         into",
        path.display()
    )]
    HoldsOverlay {
        /// The index.
        path: PathBuf,
    },
    /// The index has no counts, or keeps a part of each digest.
    #[error("{} {reason}, which ranges need", path.display())]
    Unsuitable {
        /// The index.
        path: PathBuf,
        /// What it lacks.
        reason: &'static str,
    },
    /// The index covers some prefixes only.
    #[error("{} covers {prefixes} of {} prefixes; clients take a missing file for \"not exposed\"", path.display(), breachdex::PREFIX_COUNT)]
    Partial {
        /// The index.
        path: PathBuf,
        /// How many it covers.
        prefixes: u32,
    },
    /// The folder holds something else.
    #[error("{} holds files and no manifest of ranges; name an empty folder or a new one", path.display())]
    OtherFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds the ranges of the other kind.
    #[error("{} holds {found} ranges, and {} has {expected} digests; give each kind a folder of its own", path.display(), index.display())]
    OtherKind {
        /// The folder.
        path: PathBuf,
        /// The index.
        index: PathBuf,
        /// Of the folder.
        found: String,
        /// Of the index.
        expected: String,
    },
    /// A manifest is not one.
    #[error("{}, line {line}: {reason}; if the folder is to be written anew, remove it", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another process writes to the folder.
    #[error("{} is being written by another process", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A target that is no folder refused something.
    #[error(transparent)]
    Target(Box<dyn std::error::Error + Send + Sync>),
}

impl StaticError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
