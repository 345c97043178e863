//! What each subcommand does, one file each, and the exit codes, which are chosen here only.

#![forbid(unsafe_code)]

pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod download;
pub(crate) mod export;
pub(crate) mod info;
pub(crate) mod keygen;
pub(crate) mod man;
pub(crate) mod merge;
pub(crate) mod overlay;
pub(crate) mod policy;
pub(crate) mod range;
pub(crate) mod serve;
pub(crate) mod sign;
mod summary;
pub(crate) mod update;
pub(crate) mod verify;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `check`: asked, and nothing is exposed.
    Success,
    /// `check` only: something is exposed.
    Exposed,
    /// An error, bad usage, or nothing was asked.
    Error,
}

impl Exit {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Exposed => 1,
            Self::Error => 2,
        }
    }
}
