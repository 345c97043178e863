//! Refuses requests that this proxy and the site could read differently, and finds the name that was asked for.

#![forbid(unsafe_code)]

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Uri, Version};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadRequest {
    /// `CONNECT` and `TRACE` are for other kinds of proxies.
    Method,
    NoHost,
    SeveralHosts,
    BadHost,
    /// Another expectation than `100-continue`.
    Expectation,
    /// `Content-Length` and `Transfer-Encoding` together, or another transfer coding than chunked.
    Framing,
}

/// Checks the head of a request as it came. Returns the name that was asked for; `None` for a request of HTTP/1.0 without
/// one.
pub(crate) fn check(
    method: &Method,
    uri: &Uri,
    version: Version,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, BadRequest> {
    if matches!(*method, Method::CONNECT | Method::TRACE) {
        return Err(BadRequest::Method);
    }
    check_framing(headers)?;
    if let Some(expectation) = headers.get(header::EXPECT)
        && !expectation.as_bytes().eq_ignore_ascii_case(b"100-continue")
    {
        return Err(BadRequest::Expectation);
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(BadRequest::SeveralHosts),
        (host, None) => host,
    };
    // The authority of the target is the name that was asked for (RFC 9112, section 3.2.2); with HTTP/2 there is no other.
    let named = match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => return Err(BadRequest::BadHost),
        Some(authority) => Some(HeaderValue::from_str(authority.as_str()).map_err(|_| BadRequest::BadHost)?),
        None => host.cloned(),
    };
    match named {
        Some(host) if !is_host(host.as_bytes()) => Err(BadRequest::BadHost),
        Some(host) => Ok(Some(host)),
        None if version < Version::HTTP_11 => Ok(None),
        None => Err(BadRequest::NoHost),
    }
}

/// The connection already refused or resolved most of this; nothing ambiguous goes further.
fn check_framing(headers: &HeaderMap) -> Result<(), BadRequest> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let (length, second) = (lengths.next(), lengths.next());
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let (coding, other) = (codings.next(), codings.next());
    let is_digits =
        |value: &HeaderValue| !value.is_empty() && value.as_bytes().iter().all(u8::is_ascii_digit);
    let is_chunked = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"chunked");
    let is_plain = second.is_none()
        && other.is_none()
        && !(length.is_some() && coding.is_some())
        && length.is_none_or(is_digits)
        && coding.is_none_or(is_chunked);
    if is_plain { Ok(()) } else { Err(BadRequest::Framing) }
}

/// Whether a text can be the name of a host with a port: nothing that could end it, or be read as another part of a URL.
fn is_host(text: &[u8]) -> bool {
    let is_fine = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]%~".contains(byte);
    !text.is_empty() && text.len() <= 300 && text.iter().all(is_fine)
}
