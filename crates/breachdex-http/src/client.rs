//! Who sent a request.

#![forbid(unsafe_code)]

use std::net::IpAddr;
use std::sync::Arc;

use crate::quota::Answers;

/// Who sent a request.
#[derive(Clone)]
pub struct Client {
    peer: Option<IpAddr>,
    address: Option<IpAddr>,
    is_https: bool,
    is_draining: bool,
    /// Keeps the connection's place among the connections.
    answers: Arc<Answers>,
}

impl Client {
    pub(crate) fn new(
        address: Option<IpAddr>,
        is_https: bool,
        is_draining: bool,
        answers: &Arc<Answers>,
    ) -> Self {
        Self { peer: answers.slot().peer(), address, is_https, is_draining, answers: Arc::clone(answers) }
    }

    /// The address of the client: the one that trusted proxies name, or else [`peer`](Self::peer). `None` if it
    /// connected over a Unix socket.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The address at the other end of the connection; `None` for a Unix socket.
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Whether the other end of the connection is a trusted proxy.
    pub fn is_proxied(&self) -> bool {
        self.answers.slot().is_proxy()
    }

    /// Notes that a piece of the request's body was read, so that an upload may take longer than
    /// [`answer_timeout`](crate::Limits::answer_timeout) altogether.
    pub fn progressed(&self) {
        self.answers.progressed();
    }

    /// Whether the server is about to end: [`Shutdown::start_drain`](crate::Shutdown::start_drain). Load balancers that ask
    /// are told.
    pub fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// Whether the request came over TLS.
    pub fn is_https(&self) -> bool {
        self.is_https
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.address)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
