//! Limits the connections of everybody together and of each address.

#![forbid(unsafe_code)]

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::HeaderMap;

use super::addresses::{AddressUse, Addresses};
use super::proxies::{TrustedProxy, forwarded_client};
use crate::metrics::ConnectionMetrics;

/// Connections that an address may have in any case, unless a limit is set: an application opens as many.
const LEAST_SHARE: usize = 64;

/// All connections of a server.
pub(crate) struct Connections {
    most: usize,
    most_per_address: usize,
    proxies: Vec<TrustedProxy>,
    open: AtomicUsize,
    addresses: Arc<Addresses>,
    metrics: ConnectionMetrics,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMany {
    Everybody,
    Address,
}

impl Connections {
    pub(crate) fn new(
        most: usize,
        most_per_address: Option<usize>,
        proxies: Vec<TrustedProxy>,
        metrics: ConnectionMetrics,
    ) -> Arc<Self> {
        let most_per_address = most_per_address.unwrap_or((most / 4).max(LEAST_SHARE)).max(1);
        let addresses = Arc::default();
        Arc::new(Self { most, most_per_address, proxies, open: AtomicUsize::new(0), addresses, metrics })
    }

    /// Whether so many are open that idle ones should go.
    pub(crate) fn is_crowded(&self) -> bool {
        self.open.load(Ordering::Relaxed) > self.most - self.most / 4
    }

    /// A place for a connection of an address; of a Unix socket where there is none.
    ///
    /// # Errors
    /// Which limit is reached.
    pub(crate) fn take(self: &Arc<Self>, peer: Option<IpAddr>) -> Result<Slot, TooMany> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.open.fetch_sub(1, Ordering::Relaxed);
            self.metrics.refused.inc();
            return Err(TooMany::Everybody);
        }
        let is_proxy = self.proxies.iter().any(|proxy| proxy.is(peer));
        let address = peer.filter(|_| !is_proxy).map(|peer| self.addresses.of(peer));
        if address.as_ref().is_some_and(|address| !address.add_connection(self.most_per_address)) {
            self.open.fetch_sub(1, Ordering::Relaxed);
            self.metrics.refused.inc();
            return Err(TooMany::Address);
        }
        self.metrics.accepted.inc();
        self.metrics.open.inc();
        Ok(Slot { connections: Arc::clone(self), peer, address, is_proxy })
    }
}

/// A place among the connections, given back when it is dropped.
pub(crate) struct Slot {
    connections: Arc<Connections>,
    peer: Option<IpAddr>,
    address: Option<AddressUse>,
    is_proxy: bool,
}

impl Slot {
    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }

    /// What the client's address uses; `None` of a trusted proxy and of a Unix socket.
    pub(crate) fn address(&self) -> Option<&AddressUse> {
        self.address.as_ref()
    }

    /// The address at the other end; `None` for a Unix socket.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Whether the other end is a trusted proxy.
    pub(crate) fn is_proxy(&self) -> bool {
        self.is_proxy
    }

    /// The client behind this connection, if the connection is a trusted proxy's that names one.
    pub(crate) fn behind_proxy(&self, headers: &HeaderMap) -> Option<IpAddr> {
        self.is_proxy.then(|| forwarded_client(headers, &self.connections.proxies)).flatten()
    }

    /// What an address uses.
    pub(crate) fn use_of(&self, address: IpAddr) -> AddressUse {
        self.connections.addresses.of(address)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.open.fetch_sub(1, Ordering::Relaxed);
        self.connections.metrics.open.dec();
        if let Some(address) = &self.address {
            address.remove_connection();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(most: usize, per_address: Option<usize>, proxies: &[&str]) -> Arc<Connections> {
        let proxies = proxies.iter().map(|proxy| proxy.parse().expect("a proxy")).collect();
        Connections::new(most, per_address, proxies, ConnectionMetrics::default())
    }

    #[test]
    fn an_address_gets_a_quarter_and_leaves_the_rest_to_others() {
        let all = connections(400, None, &[]);
        let (greedy, other) = ("10.0.0.1".parse().ok(), "10.0.0.2".parse().ok());
        let held: Vec<Slot> = (0..100).map(|_| all.take(greedy).expect("a place")).collect();
        assert_eq!(all.take(greedy).err(), Some(TooMany::Address));
        assert!(all.take(other).is_ok() && all.take(None).is_ok());
        drop(held);
        assert!(all.take(greedy).is_ok());
    }

    #[test]
    fn a_trusted_proxy_is_limited_by_the_whole_alone() {
        let all = connections(4, Some(1), &["10.0.0.0/8"]);
        let proxy = "10.9.9.9".parse().ok();
        let held: Vec<Slot> = (0..4).map(|_| all.take(proxy).expect("a place")).collect();
        assert_eq!(all.take(proxy).err(), Some(TooMany::Everybody));
        assert!(held[0].address().is_none());
        assert!(all.is_crowded());
    }
}
