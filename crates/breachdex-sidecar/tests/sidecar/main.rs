//! The sidecar over real sockets: what it answers, what it refuses, and what it forgets.

#![allow(clippy::unwrap_used)]

mod client;
mod hostile;
mod leak;
mod live;
mod policy;
mod protocol;
mod radar;
mod refusals;
mod schema;
mod subject;
mod tls;
