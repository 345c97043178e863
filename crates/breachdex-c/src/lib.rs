//! libbreachdex: the library and the policies for C, and for every language that calls C.
//!
//! `include/breachdex.h` is what callers see; it is generated from this crate, and a test compares them. A function reads its
//! arguments, calls one of a crate above and writes its result; every decision is made there. `call` is the boundary: it checks
//! pointers, turns errors into a status and a message, and keeps panics on this side. `error`, `options`, `corpus`, `policy` and
//! `verdict` have a type each, with its functions.
//!
//! Every type is opaque but for two plain ones, so that later versions can add to them. Handles may be shared by threads, but for
//! those of options, and for freeing.

#![expect(
    unsafe_code,
    reason = "an interface for C is made of pointers; `call` is the one place that dereferences those of callers"
)]

mod call;
pub mod corpus;
pub mod error;
pub mod exposure;
pub mod options;
pub mod policy;
pub mod verdict;
