//! A reverse proxy in front of one site that reads sign-up and log-in posts and tells the site, in a header of the
//! request, whether the password is exposed, as Cloudflare does.
//!
//! [`ProxyServer::bind`] listens, [`ProxyServer::start`] answers until a [`Shutdown`] is triggered.
//!
//! `rule` says which requests carry credentials, `fields` reads them, `inspect` checks them and tells the site and the
//! radar (`attempt`, by `failed_when`). `headers` cleans heads, `body` passes bodies on, `upstream` talks to the site,
//! `proxy` puts one request together. The transport is `breachdex_http`'s.

#![forbid(unsafe_code)]

mod answers;
mod attempt;
mod body;
mod check;
mod error;
mod failed_when;
mod fields;
mod headers;
mod inspect;
mod metrics;
mod options;
mod proxy;
mod rule;
mod server;
mod service;
mod upgrade;
mod upstream;

pub use breachdex_http::Shutdown;
pub use error::ProxyError;
pub use failed_when::{FailedWhen, FailedWhenError, default_conditions};
pub use fields::{FieldName, FieldNameError, Fields, Unread, Value};
pub use options::{CheckOptions, FailMode, ProxyOptions, RadarFeedOptions, default_limits};
pub use rule::{Event, Rule, RuleError, Rules};
pub use server::{ProxyReload, ProxyServer, RunningProxy};
pub use upstream::{UpstreamAddress, UpstreamAddressError, UpstreamOptions};

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<ProxyError>();
    shared::<ProxyOptions>();
    shared::<ProxyServer>();
    shared::<ProxyReload>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
