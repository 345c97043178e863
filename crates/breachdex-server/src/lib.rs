//! Serves ranges to every Pwned Passwords client from local index files.
//!
//! [`Server::bind`] opens the indexes and listens, [`Server::run`] answers until a [`Shutdown`] is triggered.
//!
//! `listener`, `worker` and `connection` carry bytes, `http` is the protocol, `body` encodes, `indexes` are
//! what answers and how replaced files take over. The protocol's bodies, padding and tags come from
//! `breachdex_protocol`.

#![forbid(unsafe_code)]

mod body;
mod connection;
mod error;
mod http;
mod indexes;
mod listener;
mod metrics;
mod options;
mod server;
mod shutdown;
mod tls;
mod worker;

pub use error::ServeError;
pub use options::{Limits, ServeOptions, TlsFiles};
pub use server::Server;
pub use shutdown::Shutdown;

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<ServeError>();
    shared::<ServeOptions>();
    shared::<Server>();
    shared::<Shutdown>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
