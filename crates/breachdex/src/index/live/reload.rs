//! What a log says of a file that was replaced.

#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;

use super::super::StepBack;
use crate::error::Error;

/// What a log says of a file that was replaced.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reload {
    /// The new file was refused; the previous index stays in use.
    Refused(Arc<Error>),
    /// The new file is in use, and older than the previous one. Where keys are trusted it is refused instead, unless
    /// `Trust::with_rollback` allows it.
    Older {
        /// The path of the file.
        name: String,
        /// How far.
        step_back: Arc<StepBack>,
    },
}

impl fmt::Display for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => {
                write!(f, "a replaced file was refused, still using the previous one: {error}")
            }
            Self::Older { name, step_back } => {
                write!(f, "{name} was replaced by an older index, which is in use: {step_back}")
            }
        }
    }
}
