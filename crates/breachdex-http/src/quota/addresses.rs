//! Counts what each address uses. An address is in the table only while it uses something.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An IPv4 address, or an IPv6 network of 64 bits: a customer of a provider has at least that many.
type Key = [u8; 8];

fn key(address: IpAddr) -> Key {
    let mut key = [0; 8];
    match address.to_canonical() {
        // Below ::/16, where no IPv6 network is.
        IpAddr::V4(address) => key[4..].copy_from_slice(&address.octets()),
        IpAddr::V6(address) => {
            key.copy_from_slice(&address.octets()[..8]);
            // Loopback, which is no IPv4 address.
            if address.is_loopback() {
                key[0] = 1;
            }
        }
    }
    key
}

/// Connections and answers of an address.
#[derive(Debug, Default)]
struct Counts {
    connections: AtomicUsize,
    answers: AtomicUsize,
}

/// The table of all addresses that use something.
#[derive(Debug, Default)]
pub(crate) struct Addresses(Mutex<HashMap<Key, Arc<Counts>>>);

impl Addresses {
    /// What an address uses. Its counts live as long as a clone of this.
    pub(crate) fn of(self: &Arc<Self>, address: IpAddr) -> AddressUse {
        let key = key(address);
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = Some(Arc::clone(table.entry(key).or_default()));
        AddressUse { table: Arc::clone(self), key, counts }
    }
}

/// What an address uses.
#[derive(Debug)]
pub(crate) struct AddressUse {
    table: Arc<Addresses>,
    key: Key,
    /// Always there, until it is dropped.
    counts: Option<Arc<Counts>>,
}

impl AddressUse {
    /// Adds a connection unless there are `most` already.
    pub(crate) fn add_connection(&self, most: usize) -> bool {
        let Some(counts) = &self.counts else { return false };
        if counts.connections.fetch_add(1, Ordering::Relaxed) < most {
            return true;
        }
        counts.connections.fetch_sub(1, Ordering::Relaxed);
        false
    }

    pub(crate) fn remove_connection(&self) {
        if let Some(counts) = &self.counts {
            counts.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn add_answer(&self) {
        if let Some(counts) = &self.counts {
            counts.answers.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn remove_answer(&self) {
        if let Some(counts) = &self.counts {
            counts.answers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Answers that wait to be read.
    pub(crate) fn answers(&self) -> usize {
        self.counts.as_ref().map_or(0, |counts| counts.answers.load(Ordering::Relaxed))
    }
}

impl Clone for AddressUse {
    fn clone(&self) -> Self {
        Self { table: Arc::clone(&self.table), key: self.key, counts: self.counts.clone() }
    }
}

impl Drop for AddressUse {
    fn drop(&mut self) {
        let mut table = self.table.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.counts = None;
        // The table's own is the last one. Under the lock nobody can take another.
        if table.get(&self.key).is_some_and(|counts| Arc::strong_count(counts) == 1) {
            table.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        assert_eq!(key(ip("2001:db8:1:2::1")), key(ip("2001:db8:1:2:ffff::9")));
        assert_ne!(key(ip("2001:db8:1:2::1")), key(ip("2001:db8:1:3::1")));
        assert_eq!(key(ip("::ffff:10.0.0.1")), key(ip("10.0.0.1")));
        assert_ne!(key(ip("10.0.0.1")), key(ip("10.0.0.2")));
        assert_ne!(key(ip("::1")), key(ip("0.0.0.0")));
    }

    #[test]
    fn an_address_leaves_the_table_with_its_last_use() {
        let table = Arc::new(Addresses::default());
        let first = table.of(ip("10.0.0.1"));
        let second = table.of(ip("10.0.0.1"));
        assert!(first.add_connection(2) && second.add_connection(2));
        assert!(!first.add_connection(2));
        first.remove_connection();
        assert!(second.clone().add_connection(2));
        drop(first);
        assert_eq!(table.0.lock().expect("the table").len(), 1);
        drop(second);
        assert!(table.0.lock().expect("the table").is_empty());
    }
}
