//! Shared by the tests.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used)]

pub mod faults;
pub mod fuzz;
pub mod judge;
#[cfg(target_os = "linux")]
pub mod memory;
pub mod parts;
pub mod range_server;
pub mod subject;

/// Whether this is the run of the long tier, `make thorough`, and not that of every change.
pub fn is_thorough() -> bool {
    std::env::var_os("BREACHDEX_THOROUGH").is_some()
}
