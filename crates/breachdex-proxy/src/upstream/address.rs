//! Where the site is: `http://127.0.0.1:3000`, `https://app.internal`, `unix:/run/app.sock`.

#![forbid(unsafe_code)]

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use hyper::Uri;

/// Where the site is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamAddress {
    /// Plain http.
    Http {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// Http over TLS.
    Https {
        /// Name or address, as it is in the certificate.
        host: String,
        /// Port.
        port: u16,
    },
    /// Plain http over a Unix socket.
    Unix(PathBuf),
}

/// A text that is no address of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamAddressError {
    /// It is none of the three.
    #[error("give http://HOST:PORT, https://HOST:PORT or unix:/path")]
    Unknown,
    /// It has more than a host and a port.
    #[error("give a host and a port alone: paths are those that the client asks for")]
    More,
    /// The path of the socket is relative.
    #[error("the path of a Unix socket begins with /")]
    Relative,
    /// The system has no Unix sockets.
    #[error("this system has no Unix sockets; give http://HOST:PORT or https://HOST:PORT")]
    NoUnixSockets,
}

impl FromStr for UpstreamAddress {
    type Err = UpstreamAddressError;

    fn from_str(text: &str) -> Result<Self, UpstreamAddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            if cfg!(not(unix)) {
                return Err(UpstreamAddressError::NoUnixSockets);
            }
            let is_absolute = path.starts_with('/') && !path.starts_with("//");
            return if is_absolute {
                Ok(Self::Unix(path.into()))
            } else {
                Err(UpstreamAddressError::Relative)
            };
        }
        let uri: Uri = text.parse().map_err(|_| UpstreamAddressError::Unknown)?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host().filter(|host| !host.is_empty()))
        else {
            return Err(UpstreamAddressError::Unknown);
        };
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let has_path = uri.path_and_query().is_some_and(|target| target.as_str() != "/");
        if has_user || has_path {
            return Err(UpstreamAddressError::More);
        }
        let host = host.to_owned();
        match scheme {
            "http" => Ok(Self::Http { host, port: uri.port_u16().unwrap_or(80) }),
            "https" => Ok(Self::Https { host, port: uri.port_u16().unwrap_or(443) }),
            _ => Err(UpstreamAddressError::Unknown),
        }
    }
}

impl UpstreamAddress {
    /// What `Host` says for a request that names no host.
    pub(crate) fn authority(&self) -> String {
        match self {
            Self::Http { host, port: 80 } | Self::Https { host, port: 443 } => host.clone(),
            Self::Http { host, port } | Self::Https { host, port } => format!("{host}:{port}"),
            Self::Unix(_) => String::from("localhost"),
        }
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { host, port } => write!(formatter, "http://{host}:{port}"),
            Self::Https { host, port } => write!(formatter, "https://{host}:{port}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, written, authority) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000", "127.0.0.1:3000"),
            ("http://app.internal/", "http://app.internal:80", "app.internal"),
            ("https://[::1]:8443", "https://[::1]:8443", "[::1]:8443"),
            #[cfg(unix)]
            ("unix:/run/app.sock", "unix:/run/app.sock", "localhost"),
        ] {
            let address: UpstreamAddress = text.parse().expect("an address");
            assert_eq!((address.to_string().as_str(), address.authority().as_str()), (written, authority));
        }
        let said = |text: &str| text.parse::<UpstreamAddress>().expect_err(text).to_string();
        for unknown in ["", "127.0.0.1:3000", "ftp://a", "http://", "/run/app.sock"] {
            assert_eq!(said(unknown), "give http://HOST:PORT, https://HOST:PORT or unix:/path", "{unknown}");
        }
        for more in ["http://a/app", "http://a/?x", "http://u:p@a"] {
            assert_eq!(said(more), "give a host and a port alone: paths are those that the client asks for");
        }
        #[cfg(unix)]
        assert_eq!(said("unix:app.sock"), "the path of a Unix socket begins with /");
        #[cfg(not(unix))]
        assert_eq!(
            said("unix:/run/app.sock"),
            "this system has no Unix sockets; give http://HOST:PORT or https://HOST:PORT"
        );
    }
}
