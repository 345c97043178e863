//! The server over real sockets: the protocol byte by byte, limits, hot swap, faults of the file under it.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod cache;
mod client;
mod conditional;
mod drain;
mod encodings;
mod faults;
mod files;
mod floods;
mod h2;
mod hostile;
mod hosts;
mod limits;
#[cfg(unix)]
mod listen;
mod overlays;
mod padding;
mod protocol;
mod recorded;
mod refusals;
mod replicas;
#[cfg(all(unix, feature = "static-ranges"))]
mod static_ranges;
mod status;
mod subject;
mod swap;
mod test_password;
mod tls;
