//! Where the server listens: `address` parses addresses, `open` opens their sockets, `socket` accepts from them, and
//! `descriptors` determines how many connections the system allows.

#![forbid(unsafe_code)]

pub(crate) mod address;
pub(crate) mod descriptors;
mod open;
pub(crate) mod socket;
#[cfg(unix)]
mod unix;

pub use address::{Listen, ListenError};
pub use open::{Inherited, Plan, Surface};
pub(crate) use open::{Opened, SocketName};
