//! Positioned reads that are whole or say why not, and that do not wait for the disk where that was asked for.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::path::Path;

use super::ReadMode;
use crate::error::{Error, Fault, Section, io_error};

/// Why bytes could not be had.
#[derive(Debug)]
pub(super) enum Unread {
    /// The file ends before them.
    Short,
    /// The disk would have to be waited for.
    WouldBlock,
    Failed(io::Error),
}

impl Unread {
    pub(super) fn explain(self, path: &Path, name: &str, section: Section, at: u64) -> Error {
        match self {
            Self::Short => Fault::new(section, at, "the file was cut short while it was open").named(name),
            Self::WouldBlock => Error::WouldBlock,
            Self::Failed(source) => io_error("read", path)(source),
        }
    }
}

/// Fills `bytes` from an offset in the file.
pub(super) fn read_at(
    file: &File,
    offset: u64,
    mut bytes: &mut [u8],
    waiting: ReadMode,
) -> Result<(), Unread> {
    let mut at = offset;
    while !bytes.is_empty() {
        match read_some(file, at, bytes, waiting) {
            Ok(0) => return Err(Unread::Short),
            Ok(read) => {
                at += read as u64;
                bytes = &mut bytes[read..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(Unread::WouldBlock),
            Err(error) => return Err(Unread::Failed(error)),
        }
    }
    Ok(())
}

#[cfg(all(target_os = "linux", feature = "system"))]
fn read_some(file: &File, at: u64, bytes: &mut [u8], waiting: ReadMode) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;

    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    if waiting == ReadMode::Cached {
        match preadv2(file, &mut [io::IoSliceMut::new(bytes)], at, ReadWriteFlags::NOWAIT) {
            // File systems that cannot tell are read as any other.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
            done => return done.map_err(io::Error::from),
        }
    }
    file.read_at(bytes, at)
}

#[cfg(all(unix, not(all(target_os = "linux", feature = "system"))))]
fn read_some(file: &File, at: u64, bytes: &mut [u8], _: ReadMode) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;
    file.read_at(bytes, at)
}

#[cfg(windows)]
fn read_some(file: &File, at: u64, bytes: &mut [u8], _: ReadMode) -> io::Result<usize> {
    use std::os::windows::fs::FileExt as _;
    file.seek_read(bytes, at)
}
