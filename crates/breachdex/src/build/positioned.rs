//! Reading and writing at an offset in a file, from many threads at once, and what the file is called when
//! that fails.

#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::files::{self, Disk};

/// What a file is called in messages. Temporary files have no names of their own worth telling.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The target at this path, though it is still being made.
    Target(PathBuf),
    /// A temporary file in this folder.
    TemporaryIn(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(path) => path.display().fmt(f),
            Self::TemporaryIn(folder) => write!(f, "a temporary file in {}", folder.display()),
        }
    }
}

impl Place {
    /// Names a failed write.
    pub(crate) fn write_failed(&self) -> impl FnOnce(io::Error) -> Error {
        self.failed("write", "write a temporary file in")
    }

    fn read_failed(&self) -> impl FnOnce(io::Error) -> Error {
        self.failed("read", "read a temporary file in")
    }

    fn failed(&self, of_target: &'static str, of_temporary: &'static str) -> impl FnOnce(io::Error) -> Error {
        let (action, path) = match self {
            Self::Target(path) => (of_target, path.clone()),
            Self::TemporaryIn(folder) => (of_temporary, folder.clone()),
        };
        move |source| Error::Io { action, path, source }
    }
}

/// A file and the disk that it is written to by.
#[derive(Debug)]
pub(crate) struct DiskFile {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) file: File,
}

impl DiskFile {
    /// Another handle on the same file.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { disk: Arc::clone(&self.disk), file: self.file.try_clone()? })
    }

    /// Cuts the file or fills it up with zeros.
    pub(crate) fn set_len(&self, length: u64) -> io::Result<()> {
        self.disk.set_len(&self.file, length)
    }

    /// Waits until what was written is on disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.disk.sync(&self.file)
    }
}

/// For reading: the seam is about writing.
impl Deref for DiskFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

/// Writes all of `bytes` at `offset`.
pub(crate) fn write_all(file: &DiskFile, bytes: &[u8], offset: u64, place: &Place) -> Result<()> {
    files::write_all_at(&*file.disk, &file.file, bytes, offset).map_err(place.write_failed())
}

/// Fills `bytes` from `offset` on.
pub(crate) fn read_exact(file: &File, bytes: &mut [u8], offset: u64, place: &Place) -> Result<()> {
    files::ReadFrom::new(file, offset).read_exact(bytes).map_err(place.read_failed())
}
