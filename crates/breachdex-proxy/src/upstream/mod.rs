//! The site: where it is (`address`), connections to it (`connect`, `tls`, `stream`), those that are kept (`pool`), and one
//! request and its answer on one of them (`exchange`).

#![forbid(unsafe_code)]

mod address;
mod connect;
mod exchange;
mod pool;
mod stream;
mod tls;

use std::path::PathBuf;
use std::time::Duration;

pub use address::{UpstreamAddress, UpstreamAddressError};
pub(crate) use exchange::UpstreamError;
pub(crate) use pool::Lease;

use connect::Connector;
use pool::Pool;

use crate::error::ProxyError;

/// How the site is reached.
#[derive(Clone, Debug)]
pub struct UpstreamOptions {
    /// Where it is.
    pub address: UpstreamAddress,
    /// PEM file of the authorities whose certificates are accepted; those of the system if there is none.
    pub ca: Option<PathBuf>,
    /// Time to connect, with TLS.
    pub connect_timeout: Duration,
    /// Time from the last byte of a request to the head of its answer.
    pub answer_timeout: Duration,
    /// Time that a connection may be kept without a request. The site may ask for less.
    pub idle_timeout: Duration,
    /// Connections that each worker keeps.
    pub idle_connections: usize,
}

/// The site.
#[derive(Debug)]
pub(crate) struct Upstream {
    connector: Connector,
    pool: Pool,
    answer_timeout: Duration,
}

impl Upstream {
    /// Prepares to reach the site, without connecting.
    ///
    /// # Errors
    /// [`ProxyError::UpstreamCa`], [`ProxyError::UpstreamTls`].
    pub(crate) fn new(options: &UpstreamOptions) -> Result<Self, ProxyError> {
        Ok(Self {
            connector: Connector::new(options)?,
            pool: Pool::new(options.idle_connections, options.idle_timeout),
            answer_timeout: options.answer_timeout,
        })
    }

    /// The name of the site, for requests that name none.
    pub(crate) fn authority(&self) -> String {
        self.connector.address().authority()
    }
}
