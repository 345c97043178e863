//! Headers that only this proxy may set.
//!
//! Some servers make one name of several: CGI, WSGI and Rack have `-` and `_` be the same, some have every other
//! character be `_`. So every spelling of these names is removed.

#![forbid(unsafe_code)]

use hyper::header::{HeaderMap, HeaderName};

use super::remove_where;

/// What Cloudflare calls it.
pub(crate) const CREDENTIAL_CHECK: HeaderName = HeaderName::from_static("exposed-credential-check");

/// How the radar sees the client.
pub(crate) const RADAR: HeaderName = HeaderName::from_static("breachdex-radar");

/// What proxies say about the client and its request, beside `x-forwarded-*`. Servers behind a proxy believe some of them;
/// those with the target would have a site take a request for another one than the rules see.
const FORWARDED: [&str; 9] = [
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-original-forwarded-for",
    "x-original-url",
    "x-rewrite-url",
];

/// What says how the body is to be read. Another spelling would have a site read another one than was checked.
const BODY: [&str; 7] = [
    "content-type",
    "content-length",
    "content-encoding",
    "content-disposition",
    "content-transfer-encoding",
    "transfer-encoding",
    "host",
];

/// Removes what the client has no right to say. Returns how many values of [`CREDENTIAL_CHECK`] and [`RADAR`] there were.
pub(super) fn strip(headers: &mut HeaderMap, is_trusted: bool) -> usize {
    if !headers.keys().any(may_be_own) {
        return 0;
    }
    let stripped = remove_where(headers, is_own);
    remove_where(headers, |name| {
        !is_plain(name.as_str()) && BODY.iter().any(|plain| is_spelling_of(name, plain))
    });
    // A trusted proxy's word stands; other spellings of it are nobody's.
    remove_where(headers, |name| is_about_client(name) && !(is_trusted && is_plain(name.as_str())));
    stripped
}

/// Removes the same from trailers.
pub(crate) fn strip_trailers(trailers: &mut HeaderMap) -> usize {
    let stripped = remove_where(trailers, is_own);
    remove_where(trailers, |name| {
        is_about_client(name) || BODY.iter().any(|plain| is_spelling_of(name, plain))
    });
    stripped
}

/// A quick look at the first letter, which no spelling changes.
fn may_be_own(name: &HeaderName) -> bool {
    matches!(name.as_str().as_bytes().first(), Some(b'b' | b'c' | b'e' | b'f' | b't' | b'x'))
}

fn is_own(name: &HeaderName) -> bool {
    is_spelling_of(name, CREDENTIAL_CHECK.as_str()) || is_spelling_of(name, RADAR.as_str())
}

fn is_about_client(name: &HeaderName) -> bool {
    let own = name.as_str().as_bytes();
    let prefix = b"x-forwarded-";
    let begins = own.len() > prefix.len() && own.iter().zip(prefix).all(|(own, plain)| is_same(*own, *plain));
    begins || FORWARDED.iter().any(|plain| is_spelling_of(name, plain))
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a name is another one to a server that does not tell separators apart. Names are in lower case.
fn is_spelling_of(name: &HeaderName, plain: &str) -> bool {
    let (own, plain) = (name.as_str().as_bytes(), plain.as_bytes());
    own.len() == plain.len() && own.iter().zip(plain).all(|(own, plain)| is_same(*own, *plain))
}

fn is_same(own: u8, plain: u8) -> bool {
    own == plain || (plain == b'-' && !own.is_ascii_alphanumeric())
}
