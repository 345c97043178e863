//! Opens the sockets that the server listens on, and takes those that a service manager opened.

#![forbid(unsafe_code)]

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use socket2::{Domain, Protocol, Type};

use super::address::Listen;
use super::descriptors::Needs;
use super::socket::Socket;
#[cfg(unix)]
use super::unix::{self, SocketFile};
use crate::error::HttpError;
use crate::limits::{Limits, TlsFiles};
use crate::quota::TrustedProxy;
use crate::tls::Tls;
use crate::transport::{Transport, TransportOptions};
use crate::worker;

/// Connections that the system keeps for us until they are accepted; it may keep fewer.
const BACKLOG: i32 = 4096;

/// What a socket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// What the server is for, and status pages too unless they have a socket of their own.
    Main,
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
    pub(crate) file: Arc<SocketName>,
    pub(crate) socket: Socket,
    pub(crate) surface: Surface,
    /// `None` for a Unix socket.
    pub(crate) address: Option<SocketAddr>,
    /// As clients and operators write it.
    pub(crate) name: String,
}

/// Removes the file of a Unix socket when it is dropped, which is before the socket is closed.
#[derive(Debug, Default)]
pub(crate) struct SocketName {
    #[cfg(unix)]
    _file: Option<SocketFile>,
}

/// Sockets to open, after names were looked up, and those that are open already.
#[derive(Debug)]
pub struct Plan {
    inherited: Vec<Opened>,
    addresses: Vec<(Listen, Surface)>,
    workers: usize,
    most_connections: usize,
    tls: Option<TlsFiles>,
    trusted_proxies: Vec<TrustedProxy>,
    limits: Limits,
}

impl Plan {
    /// Looks up the names, and raises the limit on open files. `files` is how many files the server has open at once
    /// beside its connections, twice: each may be replaced.
    ///
    /// # Errors
    /// [`HttpError::NoAddress`], [`HttpError::Listen`] for a name without an address, [`HttpError::OpenFiles`],
    /// [`HttpError::System`] for an inherited socket that cannot be used.
    pub fn new(
        options: &TransportOptions,
        inherited: Vec<Inherited>,
        files: usize,
    ) -> Result<Self, HttpError> {
        let take = |Inherited { socket, surface }| take(socket, surface);
        let inherited: io::Result<Vec<Opened>> = inherited.into_iter().map(take).collect();
        let inherited = inherited.map_err(HttpError::system("use an inherited socket"))?;
        let workers = match options.workers {
            0 => thread::available_parallelism().map_or(1, std::num::NonZero::get),
            workers => workers,
        };
        let mut plan = Self {
            inherited,
            addresses: addresses(options)?,
            workers,
            most_connections: 0,
            tls: options.tls.clone(),
            trusted_proxies: options.trusted_proxies.clone(),
            limits: options.limits.clone(),
        };
        if !plan.surfaces().any(|surface| surface == Surface::Main) {
            return Err(HttpError::NoAddress);
        }
        let sockets = plan.inherited.len() + plan.addresses.len();
        plan.most_connections = Needs { workers, sockets, files }.most_connections()?;
        Ok(plan)
    }

    fn surfaces(&self) -> impl Iterator<Item = Surface> {
        let inherited = self.inherited.iter().map(|socket| socket.surface);
        inherited.chain(self.addresses.iter().map(|(_, surface)| *surface))
    }

    /// Whether status pages have a socket of their own.
    pub fn has_status(&self) -> bool {
        self.surfaces().any(|surface| surface == Surface::Status)
    }

    /// The addresses of the main surface, without Unix sockets.
    pub fn main_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let inherited = self.inherited.iter().filter(|socket| socket.surface == Surface::Main);
        let named = self.addresses.iter().filter_map(|(listen, surface)| match (listen, surface) {
            (Listen::Address(address), Surface::Main) => Some(*address),
            _ => None,
        });
        inherited.filter_map(|socket| socket.address).chain(named)
    }

    /// Reads the certificate and opens the sockets.
    ///
    /// # Errors
    /// [`HttpError::Tls`], [`HttpError::System`], [`HttpError::Listen`], [`HttpError::SocketInUse`],
    /// [`HttpError::NotASocket`].
    pub fn open(self) -> Result<Transport, HttpError> {
        let tls = self.tls.as_ref().map(Tls::new).transpose()?.map(Arc::new);
        let runtimes = (0..self.workers).map(|_| worker::runtime()).collect::<Result<_, _>>()?;
        let mut sockets = self.inherited;
        for (listen, surface) in self.addresses {
            sockets.push(open(&listen, surface)?);
        }
        let (most_connections, trusted_proxies, limits) =
            (self.most_connections, self.trusted_proxies, self.limits);
        Ok(Transport { sockets, tls, runtimes, most_connections, trusted_proxies, limits })
    }
}

/// Where to listen, with every address of each name.
fn addresses(options: &TransportOptions) -> Result<Vec<(Listen, Surface)>, HttpError> {
    let mut addresses = Vec::new();
    let main = options.listen.iter().map(|listen| (listen, Surface::Main));
    for (listen, surface) in main.chain(options.status_listen.iter().map(|listen| (listen, Surface::Status)))
    {
        match listen {
            Listen::Unix { .. } => addresses.push((listen.clone(), surface)),
            _ => addresses.extend(listen.addresses()?.into_iter().map(|address| (address.into(), surface))),
        }
    }
    Ok(addresses)
}

fn open(listen: &Listen, surface: Surface) -> Result<Opened, HttpError> {
    let fault = |source| HttpError::listen(listen, source);
    match listen {
        #[cfg(unix)]
        Listen::Unix { path, mode } => {
            let (listener, file) = unix::listen(path, *mode)?;
            let opened = Opened::named(Socket::Unix(listener), surface, listen.to_string());
            Ok(Opened { file: Arc::new(SocketName { _file: Some(file) }), ..opened })
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
        Self { file: Arc::default(), socket, surface, address: None, name }
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
