//! Unix sockets: their file, its mode, and what is done about a file that is there already.

#![forbid(unsafe_code)]

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::address::Listen;
use crate::error::HttpError;

const BACKLOG: i32 = 4096;

/// Removes the file of a socket when it is dropped, unless another one has its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|facts| (facts.dev(), facts.ino()))
}

/// Listens on a path. A socket that a dead server left there is removed; anything else is not.
///
/// # Errors
/// [`HttpError::SocketInUse`] if another process listens there, [`HttpError::NotASocket`] for any other file,
/// [`HttpError::Listen`].
pub(super) fn listen(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile), HttpError> {
    let fault = |source| HttpError::listen(&Listen::Unix { path: path.to_owned(), mode }, source);
    match fs::symlink_metadata(path) {
        Ok(facts) if facts.file_type().is_socket() => remove_stale(path)?,
        Ok(_) => return Err(HttpError::NotASocket { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(error)),
    }
    open(path, mode).map_err(fault)
}

/// Only a socket that refuses connections has nobody who listens. Does not wait for one whose queue is full.
fn remove_stale(path: &Path) -> Result<(), HttpError> {
    let fault = |source| HttpError::listen(&Listen::Unix { path: path.to_owned(), mode: 0 }, source);
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(fault)?;
    probe.set_nonblocking(true).map_err(fault)?;
    match probe.connect(&SockAddr::unix(path).map_err(fault)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(fault)
        }
        _ => Err(HttpError::SocketInUse { path: path.to_owned() }),
    }
}

/// The mode is set before anything can connect.
fn open(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile { path: path.to_owned(), identity: identity(path)? };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    socket.listen(BACKLOG)?;
    Ok((socket.into(), file))
}
