//! Opens connections to the site.

#![forbid(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::UpstreamAddress;
use super::exchange::UpstreamError;
use super::stream::ToSite;
use super::{UpstreamOptions, tls};
use crate::body::RequestBody;
use crate::error::ProxyError;

/// Bytes of an answer that are read ahead of the client.
const READ_AHEAD: usize = 64 << 10;

/// Opens connections to the site.
pub(super) struct Connector {
    address: UpstreamAddress,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    connect_timeout: Duration,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connector").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(options: &UpstreamOptions) -> Result<Self, ProxyError> {
        let address = options.address.clone();
        let tls = match &address {
            UpstreamAddress::Https { host, .. } => {
                let name = ServerName::try_from(bare(host).to_owned())
                    .map_err(|error| ProxyError::UpstreamTls { reason: error.to_string() })?;
                Some((TlsConnector::from(Arc::new(tls::config(options.ca.as_deref())?)), name))
            }
            _ if options.ca.is_some() => return Err(ProxyError::CaWithoutTls),
            _ => None,
        };
        Ok(Self { address, tls, connect_timeout: options.connect_timeout })
    }

    pub(super) fn address(&self) -> &UpstreamAddress {
        &self.address
    }

    /// Opens a connection that takes a request.
    pub(super) async fn connect(&self) -> Result<SendRequest<RequestBody>, UpstreamError> {
        let stream = timeout(self.connect_timeout, self.stream()).await;
        let stream = stream.map_err(|_| UpstreamError::ConnectTimeout)?.map_err(UpstreamError::Connect)?;
        let handshake = Builder::new().max_buf_size(READ_AHEAD).handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(UpstreamError::Broken)?;
        // Its end is told to whoever waits for an answer.
        tokio::spawn(async move {
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
    }

    async fn stream(&self) -> io::Result<ToSite> {
        let (host, port) = match &self.address {
            #[cfg(unix)]
            UpstreamAddress::Unix(path) => return Ok(ToSite::new(UnixStream::connect(path).await?)),
            #[cfg(not(unix))]
            UpstreamAddress::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
            UpstreamAddress::Http { host, port } | UpstreamAddress::Https { host, port } => {
                (bare(host), *port)
            }
        };
        let stream = tcp(host, port).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(ToSite::new(stream)),
            Some((connector, name)) => Ok(ToSite::new(connector.connect(name.clone(), stream).await?)),
        }
    }
}

/// Tries every address of a name; it is looked up each time, so that a change is followed.
async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut fault = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in lookup_host((host, port)).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => fault = error,
        }
    }
    Err(fault)
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
