//! Removes what belongs to one connection (RFC 9110, section 7.6.1).

#![forbid(unsafe_code)]

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

/// A protocol that a connection may be upgraded to. Others are not passed on: `h2c` would let a client talk to the site
/// past this proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upgrade {
    WebSocket,
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Headers for the site that a client cannot have removed by naming them in `Connection`. They are meant for every
/// recipient, and a request without them would be another one.
const FOR_EVERYBODY: [HeaderName; 11] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::AUTHORIZATION,
    header::COOKIE,
    header::ORIGIN,
    header::REFERER,
    header::EXPECT,
    header::CACHE_CONTROL,
    header::FORWARDED,
];

/// Removes them from a request. `TE: trailers` stays, because trailers are passed on.
pub(super) fn remove_of_request(headers: &mut HeaderMap) -> Option<Upgrade> {
    let upgrade = asked_upgrade(headers);
    let takes_trailers =
        headers.contains_key(header::TE) && names(headers, &header::TE).any(|name| name == "trailers");
    remove(headers);
    headers.remove(header::PROXY_AUTHORIZATION);
    headers.remove(HTTP2_SETTINGS);
    match upgrade {
        Some(Upgrade::WebSocket) => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, WEBSOCKET);
        }
        None if takes_trailers => {
            headers.insert(header::TE, TRAILERS);
            headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
        }
        None => {}
    }
    upgrade
}

/// Removes them from an answer. An upgrade that was agreed on stays.
pub(super) fn remove_of_answer(headers: &mut HeaderMap) -> (bool, Option<u64>) {
    let closes = headers.contains_key(header::CONNECTION)
        && names(headers, &header::CONNECTION).any(|name| name == "close");
    let keeps = headers.get(KEEP_ALIVE).and_then(|value| timeout(value.to_str().ok()?));
    remove(headers);
    headers.remove(header::PROXY_AUTHENTICATE);
    (closes, keeps)
}

fn remove(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let is_kept =
            |name: &HeaderName| FOR_EVERYBODY.contains(name) || name.as_str().starts_with("x-forwarded-");
        let nominated: Vec<HeaderName> = names(headers, &header::CONNECTION)
            .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok())
            .filter(|name| !is_kept(name))
            .collect();
        for name in nominated {
            headers.remove(name);
        }
        headers.remove(header::CONNECTION);
    }
    for name in [KEEP_ALIVE, PROXY_CONNECTION, header::TE, header::TRANSFER_ENCODING, header::UPGRADE] {
        headers.remove(name);
    }
}

/// The protocol that a request asks for, if it is one that is passed on. A list of several is none.
fn asked_upgrade(headers: &HeaderMap) -> Option<Upgrade> {
    let mut asked = headers.get_all(header::UPGRADE).iter();
    let (Some(protocol), None) = (asked.next(), asked.next()) else { return None };
    let is_asked = names(headers, &header::CONNECTION).any(|name| name == "upgrade");
    let is_websocket = protocol.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket");
    (is_asked && is_websocket).then_some(Upgrade::WebSocket)
}

/// The elements of a list in lower case, without what follows a semicolon.
fn names(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let elements = values.flat_map(|value| value.split(','));
    elements.map(|element| element.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// The seconds of `timeout=5, max=100`.
fn timeout(value: &str) -> Option<u64> {
    value.split(',').find_map(|part| part.trim().strip_prefix("timeout=")?.parse().ok())
}
