//! Opens the listening socket and determines how many connections the system allows.

#![forbid(unsafe_code)]

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::ServeError;

/// Connections that the system keeps for us until they are accepted; it may keep fewer.
const BACKLOG: i32 = 4096;

/// Descriptors that are not connections: indexes, old and new, the workers' own, standard streams.
const RESERVED_DESCRIPTORS: u64 = 64;

/// Where the system has no such limit.
const DEFAULT_CONNECTIONS: usize = 10_000;

/// Listens. An address left by a server that has just ended can be taken again at once.
///
/// # Errors
/// [`ServeError::Listen`].
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    open(address).map_err(|source| ServeError::Listen { address, source })
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Elsewhere this option lets two servers share a port without knowing.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Raises the limit on open files as far as it goes, and says how many connections that leaves.
#[cfg(unix)]
pub(crate) fn most_connections() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limit.current = limit.maximum;
    }
    let connections = limit.current.map(|most| most.saturating_sub(RESERVED_DESCRIPTORS).max(1));
    connections.and_then(|most| usize::try_from(most).ok()).unwrap_or(DEFAULT_CONNECTIONS)
}

#[cfg(not(unix))]
pub(crate) fn most_connections() -> usize {
    DEFAULT_CONNECTIONS
}
