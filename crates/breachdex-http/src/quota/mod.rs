//! What one client may take, so that the others are still served: connections (`connections`), and answers that wait to
//! be read, for each connection (`answers`) and each address (`addresses`), and frames of HTTP/2 beside requests (`frames`).
//! `proxies` finds the client behind a trusted proxy.
//!
//! A request asks for permission before it is answered. Beyond the limit of its connection it waits, holding nothing
//! but its head; an answer that is not read in time ends the connection, and with it everything that waits on it.

#![forbid(unsafe_code)]

mod addresses;
mod answers;
mod body;
mod connections;
mod frames;
mod proxies;

pub(crate) use answers::{AnswerLimits, Answers};
pub use answers::{NoPressure, Pressure};
pub(crate) use body::CountedBody;
pub(crate) use connections::{Connections, Slot, TooMany};
pub(crate) use frames::FrameAllowance;
pub use proxies::{TrustedProxy, TrustedProxyError};
