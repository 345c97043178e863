//! Pulls of published indexes: of any index onto any other, from servers that behave and that misbehave, killed and gone on
//! with.
//!
//! `place` publishes in memory, `server` on a socket, `world` makes indexes and keys. `property` compares what is made with what
//! is published, `hostile` has every fault of servers, `trust` what is refused, `resume` kills, `nginx` asks a real server.

#![forbid(unsafe_code)]
#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod hostile;
mod nginx;
mod place;
mod property;
#[cfg(unix)]
mod resume;
mod server;
mod trust;
mod world;
