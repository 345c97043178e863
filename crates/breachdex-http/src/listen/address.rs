//! Addresses to listen on, as operators write them.

#![forbid(unsafe_code)]

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::HttpError;

/// Mode of a Unix socket if none is given: its owner and its group may connect.
const DEFAULT_MODE: u32 = 0o660;

/// An address to listen on.
///
/// `ADDR:PORT` (IPv6 as `[::1]:8080`), `HOST:PORT` (every address of the name), `PORT` (on 127.0.0.1), or
/// `unix:/path`, also as `unix:/path,mode=0666`. With port 0 the system chooses a free port.
///
/// ```
/// use breachdex_http::Listen;
/// let listen: Listen = "8080".parse()?;
/// assert_eq!(listen.to_string(), "127.0.0.1:8080");
/// # Ok::<(), breachdex_http::ListenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An address and a port.
    Address(SocketAddr),
    /// Every address of a host name.
    Host(String, u16),
    /// A Unix socket.
    Unix {
        /// The path of the socket.
        path: PathBuf,
        /// Its permissions, such as `0o660`.
        mode: u32,
    },
}

/// Text that is no address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// It has none of the known forms.
    #[error(
        "give an address such as 127.0.0.1:8080, [::1]:8080, localhost:8080, 8080 or unix:/run/breachdex.sock"
    )]
    Form,
    /// The mode of a Unix socket is not an octal number from 0600 to 0777.
    #[error("give a mode from 0600 to 0777, as in unix:/run/breachdex.sock,mode=0660")]
    Mode,
    /// The system has no Unix sockets.
    #[error("this system has no Unix sockets")]
    NoUnixSockets,
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        if let Some(rest) = text.strip_prefix("unix:") {
            return unix(rest);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse::<u16>().ok().filter(|_| is_port).ok_or(ListenError::Form)?;
        if host.is_empty() {
            return Ok(Self::Address(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        }
        if is_host_name(host) { Ok(Self::Host(host.to_owned(), port)) } else { Err(ListenError::Form) }
    }
}

fn unix(text: &str) -> Result<Listen, ListenError> {
    if cfg!(not(unix)) {
        return Err(ListenError::NoUnixSockets);
    }
    let (path, mode) = match text.rsplit_once(",mode=") {
        None => (text, DEFAULT_MODE),
        Some((path, mode)) => {
            let mode = u32::from_str_radix(mode, 8).ok().filter(|mode| (0o600..=0o777).contains(mode));
            (path, mode.ok_or(ListenError::Mode)?)
        }
    };
    if path.is_empty() || path.contains('\0') {
        return Err(ListenError::Form);
    }
    Ok(Listen::Unix { path: path.into(), mode })
}

/// Letters, digits, dots, hyphens and underscores, with something else than digits and dots: `1.2.3` is a mistyped
/// address and not a name.
fn is_host_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Host(host, port) => write!(f, "{host}:{port}"),
            Self::Unix { path, .. } => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Listen {
    /// The addresses that it stands for; none for a Unix socket. A name is looked up.
    ///
    /// # Errors
    /// [`HttpError::Listen`] for a name without an address.
    pub(crate) fn addresses(&self) -> Result<Vec<SocketAddr>, HttpError> {
        match self {
            Self::Address(address) => Ok(vec![*address]),
            Self::Unix { .. } => Ok(Vec::new()),
            Self::Host(host, port) => {
                let found = (host.as_str(), *port).to_socket_addrs();
                let found = found.map_err(|source| HttpError::listen(self, source))?;
                let mut addresses: Vec<SocketAddr> = Vec::new();
                for address in found {
                    if !addresses.contains(&address) {
                        addresses.push(address);
                    }
                }
                Ok(addresses)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood() {
        for (text, shown) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:0", "[::1]:0"),
            ("8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("localhost:80", "localhost:80"),
            ("pwned-1.example:443", "pwned-1.example:443"),
        ] {
            assert_eq!(text.parse::<Listen>().expect(text).to_string(), shown);
        }
        let unix = |path: &str, mode| Ok(Listen::Unix { path: path.into(), mode });
        assert_eq!("unix:/run/a.sock".parse(), unix("/run/a.sock", 0o660));
        assert_eq!("unix:a,b.sock,mode=0666".parse(), unix("a,b.sock", 0o666));
    }

    #[test]
    fn anything_else_is_refused_with_the_known_forms() {
        for bad in
            ["", "localhost", "127.0.0.1", "1.2.3:80", "a b:80", "::1:80", "host:", "host:+80", "host:65536"]
        {
            assert_eq!(bad.parse::<Listen>(), Err(ListenError::Form), "{bad:?}");
        }
        assert_eq!("unix:".parse::<Listen>(), Err(ListenError::Form));
        for mode in ["", "8", "0177", "1777", "rw"] {
            assert_eq!(format!("unix:/a,mode={mode}").parse::<Listen>(), Err(ListenError::Mode), "{mode:?}");
        }
    }
}
