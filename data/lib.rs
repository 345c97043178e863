//! The starter index: the commonest passwords as a small exact breachdex index; and the longer of them as words.
//!
//! Nothing but the bytes lives here, so that a program that brings its own index need not carry them.
//! Provenance, licences and how to rebuild it: `README.md` in this folder.

#![forbid(unsafe_code)]

/// The bytes of `starter.bdx`, a version 1 index of SHA-1 digests with counts.
pub static STARTER_INDEX: &[u8] = include_bytes!("starter.bdx");

/// The bytes of `common-words.fst`, an `fst::Set` of the ASCII passwords of the same lists that have seven characters
/// and more, in lower case, each behind `>` as it is and behind `<` backwards: a password of eight characters that is
/// one edit away from a common one is so from these.
pub static COMMON_WORDS: &[u8] = include_bytes!("common-words.fst");
