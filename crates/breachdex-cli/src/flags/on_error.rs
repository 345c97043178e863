//! What to do with a password that could not be checked.

#![forbid(unsafe_code)]

use clap::ValueEnum;

/// What to do with a line that could not be checked.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnErrorName {
    Accept,
    Reject,
    Raise,
}

impl From<OnErrorName> for breachdex::OnError {
    fn from(name: OnErrorName) -> Self {
        match name {
            OnErrorName::Accept => Self::Accept,
            OnErrorName::Reject => Self::Reject,
            OnErrorName::Raise => Self::Raise,
        }
    }
}
