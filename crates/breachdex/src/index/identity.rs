//! Telling one file from another under the same path.

#![forbid(unsafe_code)]

use std::fs::Metadata;
use std::time::SystemTime;

/// Device, inode, length and time of the last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    file: Option<(u64, u64)>,
    length: u64,
    modified: Option<SystemTime>,
}

impl Identity {
    pub(super) fn of(facts: &Metadata) -> Self {
        Self { file: file_number(facts), length: facts.len(), modified: facts.modified().ok() }
    }

    /// Whether both are one file, whatever was done to it. `false` where the system has no file numbers.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        self.file.is_some() && self.file == other.file
    }
}

#[cfg(unix)]
fn file_number(facts: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((facts.dev(), facts.ino()))
}

#[cfg(not(unix))]
fn file_number(_: &Metadata) -> Option<(u64, u64)> {
    None
}
