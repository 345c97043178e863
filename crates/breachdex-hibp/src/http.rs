//! The HTTP client: rustls with the system's roots, proxies from the environment, HTTP/2 where it is offered,
//! no redirections.

#![forbid(unsafe_code)]

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use crate::error::{Error, FetchFault, Result};

const USER_AGENT: &str = concat!("breachdex/", env!("CARGO_PKG_VERSION"));

/// A client that waits at most `timeout` for a connection and for each piece of an answer.
pub(crate) fn client(timeout: Duration, idle_connections: usize) -> Result<Client> {
    // Fails where the process has chosen a provider before, which then serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .connect_timeout(timeout)
        .read_timeout(timeout)
        .pool_max_idle_per_host(idle_connections)
        .http2_adaptive_window(true)
        .build()
        .map_err(|error| Error::System { action: "set up the HTTP client", reason: root_cause(&error) })
}

/// What a failed request means. Addresses are left out: they hold the prefix.
pub(crate) fn fault(error: reqwest::Error) -> FetchFault {
    let error = error.without_url();
    if let Some(reason) = certificate_fault(&error) {
        return FetchFault::Certificate(reason);
    }
    let what = match &error {
        error if error.is_timeout() => return FetchFault::Network("no answer in time".into()),
        error if error.is_connect() => "cannot connect",
        error if error.is_body() || error.is_decode() => "the answer broke off",
        _ => "the request failed",
    };
    FetchFault::Network(format!("{what}: {}", root_cause(&error)))
}

/// The innermost reason, which says most.
fn root_cause(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// The reason why a certificate was refused, if that is what happened.
fn certificate_fault(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&dyn StdError> = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(reason)) = error.downcast_ref() {
            return Some(reason.to_string());
        }
        // What a system error was made of is not its source.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
