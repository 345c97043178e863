//! Why one try of a pull ended.

#![forbid(unsafe_code)]

use super::fetch::Fault;
use super::reader::Failed;
use crate::error::{Error, FetchFault};

/// Why one try ended.
pub(super) enum Stop {
    Error(Error),
    /// The published file is another one by now.
    Replaced,
    Fault(Fault),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::File { fault: FetchFault::Replaced, .. } => Self::Replaced,
            error => Self::Error(error),
        }
    }
}

impl From<breachdex::Error> for Stop {
    fn from(error: breachdex::Error) -> Self {
        Self::Error(match error {
            breachdex::Error::Cancelled => Error::Stopped,
            error => error.into(),
        })
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Fetch(Failed { fault: FetchFault::Replaced, .. }) => Self::Replaced,
            fault => Self::Fault(fault),
        }
    }
}
