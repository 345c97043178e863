//! The starter index: the commonest passwords as a small exact breachdex index.
//!
//! Nothing but the bytes lives here, so that a program that brings its own index need not carry them.
//! Provenance, licences and how to rebuild it: `README.md` in this folder.

#![forbid(unsafe_code)]

/// The bytes of `starter.bdx`, a version 1 index of SHA-1 digests with counts.
pub static STARTER_INDEX: &[u8] = include_bytes!("starter.bdx");
