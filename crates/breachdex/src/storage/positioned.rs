//! Positioned reads that are whole or say why not, and that do not wait for the disk where that was asked for.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io;

/// Whether a read may wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMode {
    /// The read may wait for the disk.
    Blocking,
    /// Only what is cached is read, else [`Error::WouldBlock`](crate::Error::WouldBlock), where the system can tell;
    /// elsewhere the read waits, and so do the page faults of a mapping.
    Cached,
}

/// Why bytes could not be had.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The file ends before them.
    Short,
    /// The disk would have to be waited for.
    WouldBlock,
    Failed(io::Error),
}

/// Fills `bytes` from an offset in the file.
pub(crate) fn read_at(file: &File, offset: u64, bytes: &mut [u8], mode: ReadMode) -> Result<(), Unread> {
    read_at_least(file, offset, bytes, bytes.len(), mode).map(drop)
}

/// Fills at least the first `least` of `bytes` from an offset in the file, and as many of the others as come with them.
/// Returns how many there are.
pub(crate) fn read_at_least(
    file: &File,
    offset: u64,
    bytes: &mut [u8],
    least: usize,
    mode: ReadMode,
) -> Result<usize, Unread> {
    let mut filled = 0;
    while filled < least {
        let rest = bytes.get_mut(filled..).unwrap_or_default();
        match read_some(file, offset.saturating_add(filled as u64), rest, mode) {
            Ok(0) => return Err(Unread::Short),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(Unread::WouldBlock),
            Err(error) => return Err(Unread::Failed(error)),
        }
    }
    Ok(filled)
}

#[cfg(all(target_os = "linux", feature = "system"))]
fn read_some(file: &File, at: u64, bytes: &mut [u8], mode: ReadMode) -> io::Result<usize> {
    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    if mode == ReadMode::Cached {
        #[cfg(feature = "simulation")]
        if let Some(read) = crate::files::simulated(file, bytes, at) {
            return read;
        }
        match preadv2(file, &mut [io::IoSliceMut::new(bytes)], at, ReadWriteFlags::NOWAIT) {
            // File systems that cannot tell are read as any other.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
            done => return done.map_err(io::Error::from),
        }
    }
    crate::files::read_at(file, bytes, at)
}

#[cfg(not(all(target_os = "linux", feature = "system")))]
fn read_some(file: &File, at: u64, bytes: &mut [u8], _: ReadMode) -> io::Result<usize> {
    crate::files::read_at(file, bytes, at)
}
