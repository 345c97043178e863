//! Bodies as they are passed on, piece by piece: `request` to the site and `answer` to the client. `buffer` reads a
//! small one whole. `patience` ends those that stand still.

#![forbid(unsafe_code)]

mod answer;
mod buffer;
mod patience;
mod request;

use std::error::Error;

pub(crate) use answer::AnswerBody;
pub(crate) use answer::SiteBody;
pub(crate) use buffer::{Budget, Buffered, buffer};
pub(crate) use request::{Continue, RequestBody, Streamed};

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// No byte came for too long.
    #[error("no byte came for too long")]
    TimedOut,
    /// The connection that it came over has failed.
    #[error("its connection has failed: {0}")]
    Connection(#[from] hyper::Error),
}

impl BodyError {
    /// Whether an error of a connection was caused by the body that was to be sent over it.
    pub(crate) fn is_within(error: &hyper::Error) -> bool {
        Self::within(error).is_some()
    }

    /// Whether that body did not come in time.
    pub(crate) fn is_late(error: &hyper::Error) -> bool {
        matches!(Self::within(error), Some(Self::TimedOut))
    }

    fn within(error: &hyper::Error) -> Option<&Self> {
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }
}
