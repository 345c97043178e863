//! Has the fixed answers and the headers that all answers share.

#![forbid(unsafe_code)]

use breachdex::Kind;
use bytes::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::question::BadPrefix;

const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
pub(super) const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// An answer: its body is whole before it is sent.
pub(crate) type Answer = Response<Bytes>;

/// A body of a type, with the headers that every answer has.
pub(super) fn answer(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Answer {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(10);
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
    response
}

/// [`answer`] with further headers.
pub(super) fn with<const N: usize>(mut response: Answer, headers: [(HeaderName, HeaderValue); N]) -> Answer {
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    response
}

fn sentence(status: StatusCode, text: &'static str) -> Answer {
    answer(status, PLAIN_TEXT, Bytes::from_static(text.as_bytes()))
}

/// 503: what was asked is not known here and now. Never a 404, which some clients take for "not found".
fn unavailable(text: &'static str) -> Answer {
    with(sentence(StatusCode::SERVICE_UNAVAILABLE, text), [(header::CACHE_CONTROL, NO_STORE)])
}

pub(super) fn bad_prefix(bad: BadPrefix) -> Answer {
    sentence(
        StatusCode::BAD_REQUEST,
        match bad {
            BadPrefix::Length => "The hash prefix was not in a valid format",
            BadPrefix::Digits => "The hash prefix was not valid hexadecimal",
        },
    )
}

pub(super) fn bad_path() -> Answer {
    sentence(StatusCode::BAD_REQUEST, "Invalid API query")
}

/// Not the name itself: what a client sent is not sent back. `remedy` is how the operator allows a name.
pub(super) fn other_host(remedy: Option<&str>) -> Answer {
    let mut text =
        "This server does not answer this page under this host name; its operator can allow the name"
            .to_owned();
    if let Some(remedy) = remedy {
        text.push(' ');
        text.push_str(remedy);
    }
    let response = answer(StatusCode::MISDIRECTED_REQUEST, PLAIN_TEXT, Bytes::from(text));
    with(response, [(header::CACHE_CONTROL, NO_STORE)])
}

pub(super) fn method_not_allowed() -> Answer {
    let response = sentence(StatusCode::METHOD_NOT_ALLOWED, "Only GET, HEAD and OPTIONS are allowed");
    with(response, [(header::ALLOW, ALLOWED)])
}

/// What a browser asks before it sends `Add-Padding` from another site.
pub(super) fn preflight() -> Answer {
    with(
        sentence(StatusCode::OK, ""),
        [
            (header::ALLOW, ALLOWED),
            (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET")),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Add-Padding")),
            (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("1728000")),
        ],
    )
}

pub(super) fn not_loaded(kind: Kind) -> Answer {
    unavailable(match kind {
        Kind::Sha1 => "This server has no SHA-1 index: it cannot say whether the password is exposed",
        Kind::Ntlm => "This server has no NTLM index: it cannot say whether the password is exposed",
    })
}

pub(super) fn not_covered() -> Answer {
    unavailable("This range is outside what the index covers: what is exposed there is not known")
}

pub(super) fn unreadable() -> Answer {
    let text = "The index cannot be read; the server's log has the reason";
    with(unavailable(text), [(header::RETRY_AFTER, HeaderValue::from_static("10"))])
}

pub(super) fn busy() -> Answer {
    let text = "Too many answers are waiting for slow clients; try again soon";
    with(unavailable(text), [(header::RETRY_AFTER, HeaderValue::from_static("1"))])
}
