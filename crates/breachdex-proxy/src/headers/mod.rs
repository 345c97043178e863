//! The heads of requests and answers as they are passed on: what belongs to one connection is removed (`hop_by_hop`),
//! what only this proxy may say is removed (`own`), and who asked is said (`forwarded`). `check` refuses requests that
//! two servers could read differently.

#![forbid(unsafe_code)]

mod check;
mod forwarded;
mod hop_by_hop;
mod own;
#[cfg(test)]
mod tests;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

pub(crate) use check::{BadRequest, check};
pub(crate) use forwarded::Peer;
pub(crate) use hop_by_hop::Upgrade;
pub(crate) use own::{CREDENTIAL_CHECK, RADAR, strip_trailers};

/// What was found in the head of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// Headers that only this proxy may set, and were sent from outside.
    pub(crate) stripped: usize,
    /// The protocol that the connection is to be upgraded to.
    pub(crate) upgrade: Option<Upgrade>,
}

/// Makes the head of a request what the site gets. `host` is the name that the client asked for.
pub(crate) fn prepare_request(headers: &mut HeaderMap, host: &HeaderValue, peer: &Peer) -> Cleaned {
    let upgrade = hop_by_hop::remove_of_request(headers);
    let stripped = own::strip(headers, peer.is_trusted);
    join_cookies(headers);
    if headers.get(header::HOST) != Some(host) {
        headers.insert(header::HOST, host.clone());
    }
    forwarded::say(headers, host, peer);
    Cleaned { stripped, upgrade }
}

/// Makes the head of an answer what the client gets. Returns whether the site closes the connection after it, and how
/// long it keeps it otherwise, in seconds.
pub(crate) fn prepare_answer(headers: &mut HeaderMap) -> (bool, Option<u64>) {
    hop_by_hop::remove_of_answer(headers)
}

/// HTTP/2 clients may send cookies apart; HTTP/1.1 has one header (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut all = headers.get_all(header::COOKIE).iter();
    if all.next().is_none() || all.next().is_none() {
        return;
    }
    let all: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(mut joined) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
        joined.set_sensitive(true);
        headers.insert(header::COOKIE, joined);
    }
}

/// Removes every header whose name meets a condition. Returns how many values there were.
fn remove_where(headers: &mut HeaderMap, is_removed: impl Fn(&HeaderName) -> bool) -> usize {
    let names: Vec<HeaderName> = headers.keys().filter(|name| is_removed(name)).cloned().collect();
    let mut removed = 0;
    for name in names {
        if let header::Entry::Occupied(entry) = headers.entry(name) {
            removed += entry.iter().count();
            entry.remove_entry_mult();
        }
    }
    removed
}
