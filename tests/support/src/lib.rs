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
