//! A client of Pwned Passwords range servers. What a client and a server both need is in `breachdex_protocol`.
//!
//! - [`RangeClient`] checks a digest against a range server of which it tells only five digits.
//! - [`pull::pull`] copies a published index from a web server: what changed is fetched, the rest is copied.
//! - [`download`] makes an index of a whole corpus, [`update`] brings one up to date. Both keep what they
//!   fetched beside the target, so that whatever ends them, the next run goes on from there.
//!
//! Passwords and full digests never leave the process: only 20-bit prefixes are in addresses.

#![forbid(unsafe_code)]

mod assembly;
mod base_url;
mod client;
mod date;
mod distill;
mod download;
mod error;
mod fetch;
mod journal;
mod network;
mod notes;
pub mod pull;
mod run;
mod update;

pub use base_url::BaseUrl;
pub use client::{RangeClient, RangeClientOptions};
pub use download::{DownloadOptions, DownloadReport, download};
pub use error::{Error, FailedRange, FetchFault, MissingRanges, Quirk, Result};
pub use fetch::retry::RetryPolicy;
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub use network::simulation;
pub use network::{NetworkOptions, ProxyUrl, client_builder};
pub use run::{FetchOptions, FetchReport};
pub use update::{BehindIndex, UpdateOptions, UpdatePreview, UpdateReport, preview_update, update};

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<BaseUrl>();
    shared::<DownloadOptions>();
    shared::<Error>();
    shared::<RangeClient>();
    shared::<UpdateOptions>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
