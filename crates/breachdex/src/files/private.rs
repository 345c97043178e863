//! Files with secrets: keys, tokens and saved states that hold one. One check for all of them.

#![forbid(unsafe_code)]

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::reading::{InputFile, open_regular};

/// Why a file may not hold a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateFault {
    /// It cannot be opened or read, or is no regular file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is neither this user's nor root's.
    #[error("it belongs to another user")]
    Foreign,
    /// Others may read or write it.
    #[error("other users can access it (mode {mode:04o}); run chmod 0600")]
    Public {
        /// Its mode.
        mode: u32,
    },
}

impl From<PrivateFault> for io::Error {
    fn from(fault: PrivateFault) -> Self {
        match fault {
            PrivateFault::Io(error) => error,
            fault => Self::new(ErrorKind::PermissionDenied, fault),
        }
    }
}

/// Opens a file with a secret, which must be a regular one, of this user or root, and closed to all others. Never waits for a
/// pipe's writer.
///
/// # Errors
/// [`PrivateFault`]; [`ErrorKind::InvalidInput`] inside for what is no regular file.
pub fn open_private(path: &Path) -> Result<(File, Metadata), PrivateFault> {
    let (file, facts) = open_regular(path)?;
    check(&facts)?;
    Ok((file, facts))
}

/// Opens a secret that is read once, from its beginning to its end: a regular file, or a pipe, as a shell's `<(...)` and
/// secret managers hand one over. Returns also what [`open_private`] refuses such a file for: the owner and the mode of a
/// pipe say too who else may take the secret out of it. Nothing waits for a pipe's writer until it is read.
///
/// # Errors
/// The system's; [`ErrorKind::InvalidInput`] for a folder, a socket or a device.
pub fn open_secret(path: &Path) -> io::Result<(InputFile, Option<PrivateFault>)> {
    let (file, facts) = InputFile::open_file_or_pipe(path)?;
    Ok((file, check(&facts).err()))
}

/// The bytes of a small file with a secret, at most one more than `most`; no copy of them stays in memory.
///
/// # Errors
/// As [`open_private`].
pub fn read_private(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, PrivateFault> {
    let (file, _) = open_private(path)?;
    Ok(read_secret(file, most)?)
}

/// The bytes of an open file, as [`read_private`] reads them.
///
/// # Errors
/// The system's.
pub fn read_secret(mut file: impl Read, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // In one piece: a buffer that grows leaves copies behind.
    let (mut bytes, mut length) = (Zeroizing::new(vec![0; most + 1]), 0);
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// Service managers and orchestrators hand secrets over as files of root that a group may read.
#[cfg(all(unix, any(feature = "build", feature = "system")))]
fn check(facts: &Metadata) -> Result<(), PrivateFault> {
    use std::os::unix::fs::MetadataExt as _;

    if ![rustix::process::geteuid().as_raw(), 0].contains(&facts.uid()) {
        return Err(PrivateFault::Foreign);
    }
    let mode = facts.mode() & 0o777;
    let forbidden = if facts.uid() == 0 { 0o037 } else { 0o077 };
    if mode & forbidden != 0 {
        return Err(PrivateFault::Public { mode });
    }
    Ok(())
}

#[cfg(not(all(unix, any(feature = "build", feature = "system"))))]
fn check(_: &Metadata) -> Result<(), PrivateFault> {
    Ok(())
}
