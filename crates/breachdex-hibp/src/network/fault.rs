//! What a failed request means, without its address, which contains the prefix.

#![forbid(unsafe_code)]

use std::error::Error as StdError;
use std::fmt;

use super::proxy::ProxyUrl;
use crate::error::FetchFault;

/// How the HTTP library words that a proxy refused a log-in; its types are private.
const REFUSED_LOGINS: [&str; 3] = [
    "tunnel error: proxy authorization required",
    "SOCKS error: credentials not accepted",
    "SOCKS error: server does not support user/pass authentication",
];

/// What a failed request means.
pub(super) fn of(error: reqwest::Error, proxy: Option<&ProxyUrl>) -> FetchFault {
    let error = error.without_url();
    if let Some(reason) = certificate_fault(&error) {
        return FetchFault::Certificate(reason);
    }
    let through = Through(proxy);
    let what = match &error {
        error if error.is_timeout() => return FetchFault::Network(format!("no answer in time{through}")),
        error if error.is_connect() => "cannot connect",
        error if error.is_body() || error.is_decode() => "the answer broke off",
        _ => "the request failed",
    };
    FetchFault::Network(format!("{what}{through}: {}", root_cause(&error)))
}

/// Names the proxy, if there is one.
struct Through<'a>(Option<&'a ProxyUrl>);

impl fmt::Display for Through<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |proxy| write!(f, " through the proxy {proxy}"))
    }
}

/// Whether a proxy refused the log-in before there was an answer.
pub(super) fn is_refused_login(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let text = cause.to_string();
        REFUSED_LOGINS.iter().any(|refused| text == *refused)
    })
}

/// The innermost reason, which says most.
pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The reason why a certificate was refused, if that is what happened.
fn certificate_fault(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| match cause.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(reason)) => Some(reason.to_string()),
        _ => None,
    })
}

/// An error and what caused it, outermost first. What a system error was made of is not its source, and counts too.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        let error: &'a (dyn StdError + 'static) = *error;
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        match inner {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}
