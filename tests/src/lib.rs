//! Shared by the tests.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used)]

pub mod fuzz;
