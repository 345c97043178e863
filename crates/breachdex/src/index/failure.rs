//! Why a part of an index could not be had, before the file's name is put to it.

#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use crate::error::{Error, Fault, Section, io_error};
use crate::storage::Unread;

/// What became of a read or of a check.
#[derive(Debug)]
pub(crate) enum Failure {
    Damaged(Fault),
    WouldBlock,
    Io(io::Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Damaged(fault)
    }
}

impl Failure {
    /// Of bytes of a section at an offset in the file that were not read.
    #[cold]
    pub(super) fn of(unread: Unread, section: Section, at: u64) -> Self {
        match unread {
            Unread::Short => {
                Self::Damaged(Fault::new(section, at, "the file was cut short while it was open"))
            }
            Unread::WouldBlock => Self::WouldBlock,
            Unread::Failed(source) => Self::Io(source),
        }
    }

    /// The error of the file under a path, or of an index in memory of that name.
    #[cold]
    pub(super) fn named(self, name: &str) -> Error {
        match self {
            Self::Damaged(fault) => fault.named(name),
            Self::WouldBlock => Error::WouldBlock,
            Self::Io(source) => io_error("read", Path::new(name))(source),
        }
    }
}
