//! Password checks, policy verdicts and the stuffing radar over HTTP and JSON, for programs in any language.
//!
//! [`Sidecar::bind`] opens what is kept and listens, [`Sidecar::start`] answers until a [`Shutdown`] is triggered. A sidecar sits
//! beside the program that asks it, on a Unix socket or a loopback address: what it is sent are passwords.
//!
//! `http` is the API, `json` reads bodies strictly and without copies, `requests` says what they may hold, `judge` asks
//! corpus and policy, `radar` is told attempts. `watcher` looks after files, `policy_file` after the policy's, `tokens` after who may ask,
//! `metrics` counts. The transport is `breachdex_http`.

#![forbid(unsafe_code)]

mod error;
mod http;
mod json;
mod judge;
mod metrics;
mod openapi;
mod options;
mod policy_file;
mod radar;
mod requests;
mod server;
mod tokens;
mod watcher;

pub use breachdex_http::{
    HostPattern, Inherited, Limits, Listen, Shutdown, Surface, TlsFiles, TransportOptions, TrustedProxy,
};
pub use error::SidecarError;
pub use http::Route;
pub use json::{Body, Fault, MOST_BYTES};
pub use openapi::DOCUMENT;
pub use options::SidecarOptions;
pub use policy_file::{Overrides, PolicyFile};
pub use server::{Reload, RunningSidecar, Sidecar};

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Reload>();
    shared::<SidecarError>();
    shared::<SidecarOptions>();
    shared::<Shutdown>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
