//! Tells the site who asked, how and for what name: `X-Forwarded-For`, `-Proto`, `-Host` and `Forwarded` (RFC 7239).

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::net::IpAddr;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its address; `None` over a Unix socket.
    pub(crate) address: Option<IpAddr>,
    /// The client: the peer, or the one that a trusted proxy names.
    pub(crate) client: Option<IpAddr>,
    /// Whether it is a trusted proxy, whose word about its client is passed on.
    pub(crate) is_trusted: bool,
    /// Whether it came over https.
    pub(crate) is_tls: bool,
}

/// Sets them, and adds to those of a trusted proxy. Those of others were removed before.
pub(super) fn say(headers: &mut HeaderMap, host: &HeaderValue, peer: &Peer) {
    let proto = if peer.is_tls { "https" } else { "http" };
    let mut text = String::with_capacity(96);
    if let Some(address) = peer.address {
        join(headers, &FOR, &mut text);
        let _ = write!(text, "{}", address.to_canonical());
        set(headers, FOR, &text);
    }
    text.clear();
    join(headers, &header::FORWARDED, &mut text);
    match peer.address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => write!(text, "for={address}"),
        Some(IpAddr::V6(address)) => write!(text, "for=\"[{address}]\""),
        None => write!(text, "for=unknown"),
    }
    .and_then(|()| write!(text, ";host=\"{}\";proto={proto}", host.to_str().unwrap_or_default()))
    .unwrap_or_default();
    set(headers, header::FORWARDED, &text);
    if !headers.contains_key(PROTO) {
        headers.insert(PROTO, HeaderValue::from_static(proto));
    }
    if !headers.contains_key(HOST) {
        headers.insert(HOST, host.clone());
    }
}

/// Appends all values of a header to a text, each with a comma behind it.
fn join(headers: &HeaderMap, name: &HeaderName, into: &mut String) {
    for value in headers.get_all(name).iter().filter_map(|value| value.to_str().ok()) {
        into.push_str(value);
        into.push_str(", ");
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    match HeaderValue::from_str(text) {
        Ok(value) => {
            headers.insert(name, value);
        }
        Err(_) => {
            headers.remove(name);
        }
    }
}
