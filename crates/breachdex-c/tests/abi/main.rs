//! The header is that of the sources, and C programs get right answers through it: linked dynamically and statically, and where
//! valgrind is there, without an access or a byte too many.
//!
//! `BREACHDEX_C_WRITE_HEADER=1 cargo test -p breachdex-c --test abi header` writes the header anew.
//! `BREACHDEX_C_THOROUGH=1` runs the programs under valgrind too.

#![forbid(unsafe_code)]
#![allow(missing_docs, clippy::print_stderr, reason = "a test that says what it skips")]

mod header;
mod programs;
