//! Serves ranges to every Pwned Passwords client from local index files.
//!
//! [`Server::bind`] opens the indexes and listens, [`Server::run`] answers until a [`Shutdown`] is triggered.
//!
//! `listen`, `worker` and `connection` carry bytes, `quota` limits what one client may take, `http` is the protocol, `body`
//! encodes, `cache` keeps what is asked for often, `indexes` are what answers and how replaced files take over. The protocol's bodies, padding and tags come from
//! `breachdex_protocol`.

#![forbid(unsafe_code)]

mod announce;
mod body;
mod cache;
mod connection;
mod error;
mod http;
mod indexes;
mod listen;
mod metrics;
mod options;
mod quota;
mod running;
mod server;
mod shutdown;
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub mod simulation;
mod tls;
mod worker;

pub use error::ServeError;
pub use http::host::{HostPattern, HostPatternError};
pub use listen::{Inherited, Listen, ListenError, Surface};
pub use options::{Limits, ServeOptions, TlsFiles};
pub use quota::{TrustedProxy, TrustedProxyError};
pub use running::{Pulse, Reload, RunningServer};
pub use server::Server;
pub use shutdown::Shutdown;

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<ServeError>();
    shared::<ServeOptions>();
    shared::<Server>();
    shared::<Reload>();
    shared::<Pulse>();
    shared::<Shutdown>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
