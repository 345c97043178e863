//! What is wrong with a file of hashes, passwords or ranges.

#![forbid(unsafe_code)]

use crate::digest::Kind;

/// A fault in an input, with the place.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {reason}", input, line.map(|n| format!(", line {n}")).unwrap_or_default())]
pub struct InputError {
    /// The file, or `standard input`.
    pub input: String,
    /// The line, from 1, where the fault has one.
    pub line: Option<u64>,
    /// What is wrong. Never repeats the line.
    pub reason: String,
    /// What may help: a surface says it in words of its own.
    pub remedy: Option<Remedy>,
}

impl InputError {
    pub(crate) fn new(input: impl Into<String>, line: Option<u64>, reason: impl Into<String>) -> Self {
        Self { input: input.into(), line, reason: reason.into(), remedy: None }
    }

    pub(crate) fn with(self, remedy: Option<Remedy>) -> Self {
        Self { remedy, ..self }
    }
}

/// An option of a build that may help against a fault of its input. The library does not know how its caller names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Read it as an index, [`Format::Index`](crate::Format).
    IndexFormat,
    /// Read it as a folder of range files, [`Format::Ranges`](crate::Format).
    RangesFormat,
    /// Read it as passwords, [`Format::Passwords`](crate::Format).
    PasswordsFormat,
    /// Build an index of the other kind of digest.
    Kind(Kind),
    /// Build without counts.
    NoCounts,
    /// Merge equal digests, by sum or maximum.
    Merge,
    /// Keep the larger of two counts.
    MergeMax,
    /// Say which prefixes the input covers, or that it is not whole.
    Partial,
}
