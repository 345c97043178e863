//! Reading and writing at an offset in a file, from many threads at once, and what the file is called when
//! that fails.

#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use crate::error::{Error, Result};

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

/// Writes all of `bytes` at `offset`.
#[cfg(unix)]
pub(crate) fn write_all(file: &File, bytes: &[u8], offset: u64, place: &Place) -> Result<()> {
    use std::os::unix::fs::FileExt;
    file.write_all_at(bytes, offset).map_err(place.write_failed())
}

/// Fills `bytes` from `offset` on.
#[cfg(unix)]
pub(crate) fn read_exact(file: &File, bytes: &mut [u8], offset: u64, place: &Place) -> Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_exact_at(bytes, offset).map_err(place.read_failed())
}

/// Writes all of `bytes` at `offset`.
#[cfg(windows)]
pub(crate) fn write_all(file: &File, mut bytes: &[u8], mut offset: u64, place: &Place) -> Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let written = file.seek_write(bytes, offset).map_err(place.write_failed())?;
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// Fills `bytes` from `offset` on.
#[cfg(windows)]
pub(crate) fn read_exact(file: &File, mut bytes: &mut [u8], mut offset: u64, place: &Place) -> Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let read = file.seek_read(bytes, offset).map_err(place.read_failed())?;
        if read == 0 {
            return Err(place.read_failed()(io::ErrorKind::UnexpectedEof.into()));
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}
