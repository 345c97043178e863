//! Serves ranges to every Pwned Passwords client from local index files.
//!
//! [`Server::bind`] opens the indexes and listens, [`Server::run`] answers until a [`Shutdown`] is triggered.
//!
//! `http` is the protocol, `body` encodes, `cache` keeps what is asked for often, `indexes` are what answers and how
//! replaced files take over. Sockets, TLS, workers and limits are those of `breachdex_http`; the protocol's bodies, padding
//! and tags come from `breachdex_protocol`.

#![forbid(unsafe_code)]

mod announce;
mod body;
mod cache;
mod error;
mod http;
mod indexes;
mod metrics;
mod options;
mod running;
mod server;
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub mod simulation;
#[cfg(feature = "static-ranges")]
mod static_ranges;

pub use breachdex_http::{
    HostPattern, HostPatternError, HttpError, Inherited, Limits, Listen, ListenError, Pulse, Shutdown,
    Surface, TlsFiles, TrustedProxy, TrustedProxyError,
};
pub use error::ServeError;
pub use options::ServeOptions;
pub use running::{Reload, RunningServer};
pub use server::Server;
#[cfg(feature = "static-ranges")]
pub use static_ranges::{
    PrefixSpan, RangeEncoding, RangeFacts, RangeTarget, RangesHead, RangesManifest, StaticError,
    StaticOptions, StaticReport, read_manifest, read_span, span_text, write_ranges, write_ranges_to,
};

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<ServeError>();
    shared::<ServeOptions>();
    shared::<Server>();
    shared::<Reload>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
