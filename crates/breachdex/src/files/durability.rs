//! Whether a file that was published is known to survive a loss of power.

#![forbid(unsafe_code)]

use std::fmt;
use std::io;

/// Whether a published file is known to be on disk under its name. It is live and complete either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The file and its name are on disk.
    #[default]
    Synced,
    /// The file is on disk and has its name, but the system failed to sync the folder: a loss of power now may bring back
    /// what had the name before. Holds the system's error number, where it gave one.
    FolderNotSynced(Option<i32>),
}

impl Durability {
    pub(crate) fn of(synced: io::Result<()>) -> Self {
        match synced {
            Ok(()) => Self::Synced,
            Err(error) => Self::FolderNotSynced(error.raw_os_error()),
        }
    }

    /// Whether file and name are on disk.
    pub fn is_synced(self) -> bool {
        self == Self::Synced
    }
}

/// What to say about it; for a file that is synced, that it is.
impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self {
            Self::Synced => return f.write_str("published"),
            Self::FolderNotSynced(Some(code)) => io::Error::from_raw_os_error(*code),
            Self::FolderNotSynced(None) => io::Error::other("the system gave no reason"),
        };
        write!(
            f,
            "published; the folder could not be synced: {error}: a loss of power may bring back what was there before"
        )
    }
}
