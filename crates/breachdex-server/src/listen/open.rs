//! Opens the sockets that the server listens on, and takes those that a service manager opened.

#![forbid(unsafe_code)]

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Type};

use super::address::Listen;
use super::socket::Socket;
#[cfg(unix)]
use super::unix::{self, SocketFile};
use crate::error::ServeError;

/// Connections that the system keeps for us until they are accepted; it may keep fewer.
const BACKLOG: i32 = 4096;

/// What a socket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Ranges, and status pages too unless they have a socket of their own.
    Ranges,
    /// `/healthz` and `/metrics` only, without https.
    Status,
}

/// A listening socket that a service manager opened before it started this process.
#[derive(Debug)]
pub struct Inherited {
    pub(crate) socket: Socket,
    pub(crate) surface: Surface,
}

impl Inherited {
    /// Takes a TCP socket that listens.
    pub fn tcp(listener: TcpListener, surface: Surface) -> Self {
        Self { socket: Socket::Tcp(listener), surface }
    }

    /// Takes a Unix socket that listens.
    #[cfg(unix)]
    pub fn unix(listener: std::os::unix::net::UnixListener, surface: Surface) -> Self {
        Self { socket: Socket::Unix(listener), surface }
    }
}

/// A socket that listens, and what is known about it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) socket: Socket,
    pub(crate) surface: Surface,
    /// `None` for a Unix socket.
    pub(crate) address: Option<SocketAddr>,
    /// As clients and operators write it.
    pub(crate) name: String,
    /// Removes the file of a Unix socket when the server ends.
    #[cfg(unix)]
    _file: Option<SocketFile>,
}

/// Sockets to open, after names were looked up, and those that are open already.
pub(crate) struct Plan {
    inherited: Vec<Opened>,
    addresses: Vec<(Listen, Surface)>,
}

impl Plan {
    /// Looks up the names.
    ///
    /// # Errors
    /// [`ServeError::NoAddress`], [`ServeError::Listen`] for a name without an address, [`ServeError::System`] for an
    /// inherited socket that cannot be used.
    pub(crate) fn new(
        ranges: &[Listen],
        status: &[Listen],
        inherited: Vec<Inherited>,
    ) -> Result<Self, ServeError> {
        let take = |Inherited { socket, surface }| take(socket, surface);
        let inherited: io::Result<Vec<Opened>> = inherited.into_iter().map(take).collect();
        let inherited = inherited.map_err(ServeError::system("use an inherited socket"))?;
        let mut addresses = Vec::new();
        let ranges = ranges.iter().map(|listen| (listen, Surface::Ranges));
        for (listen, surface) in ranges.chain(status.iter().map(|listen| (listen, Surface::Status))) {
            match listen {
                Listen::Unix { .. } => addresses.push((listen.clone(), surface)),
                _ => {
                    addresses.extend(listen.addresses()?.into_iter().map(|address| (address.into(), surface)))
                }
            }
        }
        let plan = Self { inherited, addresses };
        let has_ranges = plan.surfaces().any(|surface| surface == Surface::Ranges);
        if has_ranges { Ok(plan) } else { Err(ServeError::NoAddress) }
    }

    fn surfaces(&self) -> impl Iterator<Item = Surface> {
        let inherited = self.inherited.iter().map(|socket| socket.surface);
        inherited.chain(self.addresses.iter().map(|(_, surface)| *surface))
    }

    /// Whether status pages have a socket of their own.
    pub(crate) fn has_status(&self) -> bool {
        self.surfaces().any(|surface| surface == Surface::Status)
    }

    /// How many sockets there will be.
    pub(crate) fn sockets(&self) -> usize {
        self.inherited.len() + self.addresses.len()
    }

    /// The addresses at which ranges will be answered, without Unix sockets.
    pub(crate) fn range_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let inherited = self.inherited.iter().filter(|socket| socket.surface == Surface::Ranges);
        let named = self.addresses.iter().filter_map(|(listen, surface)| match (listen, surface) {
            (Listen::Address(address), Surface::Ranges) => Some(*address),
            _ => None,
        });
        inherited.filter_map(|socket| socket.address).chain(named)
    }

    /// Opens the sockets.
    ///
    /// # Errors
    /// [`ServeError::Listen`], [`ServeError::SocketInUse`], [`ServeError::NotASocket`].
    pub(crate) fn open(self) -> Result<Vec<Opened>, ServeError> {
        let mut all = self.inherited;
        for (listen, surface) in self.addresses {
            all.push(open(&listen, surface)?);
        }
        Ok(all)
    }
}

fn open(listen: &Listen, surface: Surface) -> Result<Opened, ServeError> {
    let fault = |source| ServeError::listen(listen, source);
    match listen {
        #[cfg(unix)]
        Listen::Unix { path, mode } => {
            let (listener, file) = unix::listen(path, *mode)?;
            let opened = Opened::named(Socket::Unix(listener), surface, listen.to_string());
            Ok(Opened { _file: Some(file), ..opened })
        }
        Listen::Address(address) => {
            let listener = tcp(*address).map_err(fault)?;
            Opened::new(Socket::Tcp(listener), surface, None).map_err(fault)
        }
        // Names were looked up.
        _ => Err(fault(io::ErrorKind::Unsupported.into())),
    }
}

impl Opened {
    fn new(socket: Socket, surface: Surface, name: Option<String>) -> io::Result<Self> {
        let address = socket.address()?;
        let name = name.or_else(|| address.map(|address| address.to_string())).unwrap_or_default();
        Ok(Self { address, ..Self::named(socket, surface, name) })
    }

    fn named(socket: Socket, surface: Surface, name: String) -> Self {
        Self {
            socket,
            surface,
            address: None,
            name,
            #[cfg(unix)]
            _file: None,
        }
    }
}

fn take(socket: Socket, surface: Surface) -> io::Result<Opened> {
    let name = match &socket {
        Socket::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            None
        }
        #[cfg(unix)]
        Socket::Unix(listener) => {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            let path = address.as_pathname().map(|path| format!("unix:{}", path.display()));
            Some(path.unwrap_or_else(|| String::from("an inherited Unix socket")))
        }
    };
    Opened::new(socket, surface, name)
}

/// Listens. An address left by a server that has just ended can be taken again at once.
fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Elsewhere this option lets two servers share a port without knowing.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
