//! Examines the head of a request: host name, other sites, token, content type.

#![forbid(unsafe_code)]

use breachdex_http::HostNames;
use breachdex_messages::Language;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Uri};

use super::problem::Problem;
use super::routes::Route;
use crate::json::MOST_BYTES;
use crate::tokens::Tokens;

/// What a page in a browser can make it send, which no server does.
///
/// A page of another site can have its own name resolve to this server's address (DNS rebinding); then the host name is still the
/// page's. Without that, a browser says where the request comes from.
pub(super) fn refuse_pages(parts: &Parts, hosts: &HostNames) -> Result<(), Problem> {
    if !hosts.allow(&parts.uri, &parts.headers) {
        return Err(Problem::Host);
    }
    let site = parts.headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return Err(Problem::CrossSite);
    }
    let is_own = |origin: &HeaderValue| {
        let uri = Uri::try_from(origin.as_bytes()).ok().filter(|uri| uri.host().is_some());
        uri.is_some_and(|uri| hosts.allow(&uri, &HeaderMap::new()))
    };
    if parts.headers.get_all(header::ORIGIN).iter().all(is_own) { Ok(()) } else { Err(Problem::CrossSite) }
}

/// Refuses a request without a token where one is needed.
pub(super) fn authorize(headers: &HeaderMap, tokens: Option<&Tokens>) -> Result<(), Problem> {
    let Some(tokens) = tokens else { return Ok(()) };
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (given.next(), given.next());
    let token = first.filter(|_| second.is_none()).and_then(|value| bearer(value.as_bytes()));
    if token.is_some_and(|token| tokens.hold(token)) { Ok(()) } else { Err(Problem::Unauthorized) }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// The route of a request, if it takes its method and the head of its body.
pub(super) fn route(parts: &Parts) -> Result<Route, Problem> {
    let route = Route::of(parts.uri.path()).ok_or(Problem::NotFound)?;
    if parts.method != Method::OPTIONS && !route.takes(&parts.method) {
        return Err(Problem::Method(route));
    }
    if parts.uri.query().is_some() {
        return Err(Problem::Query);
    }
    Ok(route)
}

/// Refuses a body by its head. Returns how long it is, if that is said.
pub(super) fn expect_json(headers: &HeaderMap) -> Result<Option<usize>, Problem> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (first, second) = (types.next(), types.next());
    if !first.filter(|_| second.is_none()).is_some_and(|value| is_json(value.as_bytes())) {
        return Err(Problem::ContentType);
    }
    let is_plain = |coding: &HeaderValue| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(header::CONTENT_ENCODING).iter().all(is_plain) {
        return Err(Problem::ContentEncoding);
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match length.map(str::parse::<usize>) {
        None => Ok(None),
        Some(Ok(length)) if length <= MOST_BYTES => Ok(Some(length)),
        // What is no number was refused before; it has too many digits.
        Some(_) => Err(Problem::TooLarge),
    }
}

/// `application/json`, with no parameter but `charset=utf-8`.
fn is_json(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let is_type = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(b"application/json"));
    let is_utf8 = |parameter: &[u8]| {
        [&b"charset=utf-8"[..], b"charset=\"utf-8\""]
            .iter()
            .any(|known| parameter.eq_ignore_ascii_case(known))
    };
    is_type && parts.all(is_utf8)
}

/// The language that a request would like.
pub(super) fn language(headers: &HeaderMap) -> Option<Language> {
    let value = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    Language::negotiate(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_utf_8() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert!(is_json(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/json; charset=shift_jis",
            "application/json; charset=utf-16",
            "application/json; boundary=x",
            "application/json;",
            "application/jsonp",
            "application/x-www-form-urlencoded",
            "application/json, text/plain",
        ] {
            assert!(!is_json(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_bearer_token_is_behind_its_scheme() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc"), Some(&b"abc"[..]));
        for bad in ["", "Bearer", "Basic abc", "Bearerabc"] {
            assert_eq!(bearer(bad.as_bytes()), None, "{bad}");
        }
    }
}
