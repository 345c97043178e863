//! Is this password already in the attackers' lists?
#![deny(unsafe_code)]

mod coverage;
mod digest;
mod entry;
mod error;
mod hex;

pub use coverage::{Coverage, PREFIX_COUNT, Prefix};
pub use digest::{Digest, Kind, PasswordHasher};
pub use entry::Entry;
pub use error::{Error, Fault, InputError, Result, Section};
