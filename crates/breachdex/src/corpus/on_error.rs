//! What a caller wants done where a source could not answer.

#![forbid(unsafe_code)]

use super::{Exposure, Finding, SourceError};

/// What a fault at run time means: a source cannot be read, is damaged, or gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnError {
    /// The password is treated as not exposed.
    Accept,
    /// The password is refused.
    Reject,
    /// The fault is raised.
    Raise,
}

/// What becomes of a finding under an [`OnError`].
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// The password is exposed.
    Exposed(Exposure),
    /// The password is not exposed.
    NotExposed {
        /// As [`Finding::NotExposed`].
        count: u64,
    },
    /// It is not known, and the password is accepted.
    Accepted(Box<SourceError>),
    /// It is not known, and the password is refused.
    Refused(Box<SourceError>),
}

impl OnError {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Accept, Self::Reject, Self::Raise];

    /// `accept`, `reject` or `raise`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Raise => "raise",
        }
    }

    /// Applies the choice to a finding. It never turns an exposed password into one that is not, and passes over faults
    /// of the moment only ([`SourceError::is_transient`]).
    ///
    /// # Errors
    /// The fault, with [`OnError::Raise`] and always where it is a wrong question or configuration.
    pub fn decide(self, finding: Finding) -> Result<Decision, Box<SourceError>> {
        match (finding, self) {
            (Finding::Exposed(exposure), _) => Ok(Decision::Exposed(exposure)),
            (Finding::NotExposed { count }, _) => Ok(Decision::NotExposed { count }),
            (Finding::Unknown(fault), Self::Accept) if fault.is_transient() => Ok(Decision::Accepted(fault)),
            (Finding::Unknown(fault), Self::Reject) if fault.is_transient() => Ok(Decision::Refused(fault)),
            (Finding::Unknown(fault), _) => Err(fault),
        }
    }
}
