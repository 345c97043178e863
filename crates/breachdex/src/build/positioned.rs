//! Reading and writing at a place in a file, from many threads at once.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::Path;

use crate::error::{Result, io_error};

/// Writes all of `bytes` at `offset`.
#[cfg(unix)]
pub(crate) fn write_all(file: &File, bytes: &[u8], offset: u64, path: &Path) -> Result<()> {
    use std::os::unix::fs::FileExt;
    file.write_all_at(bytes, offset).map_err(io_error("write", path))
}

/// Fills `bytes` from `offset` on.
#[cfg(unix)]
pub(crate) fn read_exact(file: &File, bytes: &mut [u8], offset: u64, path: &Path) -> Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_exact_at(bytes, offset).map_err(io_error("read", path))
}

/// Writes all of `bytes` at `offset`.
#[cfg(windows)]
pub(crate) fn write_all(file: &File, mut bytes: &[u8], mut offset: u64, path: &Path) -> Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let written = file.seek_write(bytes, offset).map_err(io_error("write", path))?;
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// Fills `bytes` from `offset` on.
#[cfg(windows)]
pub(crate) fn read_exact(file: &File, mut bytes: &mut [u8], mut offset: u64, path: &Path) -> Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let read = file.seek_read(bytes, offset).map_err(io_error("read", path))?;
        if read == 0 {
            return Err(io_error("read", path)(std::io::ErrorKind::UnexpectedEof.into()));
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}
