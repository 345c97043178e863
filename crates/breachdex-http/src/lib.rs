//! The transport of breachdex's servers: everything below what they answer.
//!
//! A [`Plan`] says where to listen, [`Plan::open`] opens the sockets, [`Transport::start`] answers with a [`Service`] until
//! a [`Shutdown`] is triggered.
//!
//! `listen` opens sockets, `worker` and `connection` carry bytes, `framing` refuses requests
//! whose length is said twice, `frames` counts those of HTTP/2, `quota` limits what one client may take, `tls` is https,
//! `host` knows the names of a server, `transport` puts it together.

#![forbid(unsafe_code)]

mod client;
mod connection;
mod error;
mod frames;
mod framing;
mod host;
mod limits;
mod listen;
mod metrics;
mod quota;
mod service;
mod shutdown;
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub mod simulation;
mod tls;
mod transport;
mod worker;
mod workers;

pub use client::Client;
pub use error::HttpError;
pub use host::{HostNames, HostPattern, HostPatternError};
pub use limits::{Limits, TlsFiles};
pub use listen::{Inherited, Listen, ListenError, Plan, Surface};
pub use metrics::ConnectionMetrics;
pub use quota::{NoPressure, Pressure, TrustedProxy, TrustedProxyError};
pub use service::{Service, Services, Whole};
pub use shutdown::Shutdown;
pub use tls::Tls;
pub use transport::{Transport, TransportOptions};
pub use workers::{Pulse, Workers, spawn};

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<HttpError>();
    shared::<Pulse>();
    shared::<Shutdown>();
    shared::<Transport>();
    shared::<TransportOptions>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
