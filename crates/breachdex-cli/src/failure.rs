//! Why a command stopped, as its one line on standard error.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use breachdex::trust::KeyError;
use breachdex_proxy::ProxyError;
use breachdex_server::{ServeError, StaticError};
use breachdex_sidecar::SidecarError;

use crate::hints;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The library refused: a bad input, a damaged index, a question outside it.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// Exposed pairs cannot be asked or changed.
    #[error(transparent)]
    Pairs(#[from] breachdex_pairs::PairsError),
    /// An input cannot be audited.
    #[error(transparent)]
    Audit(#[from] breachdex_audit::AuditError),
    /// A log of attempts cannot be replayed.
    #[error(transparent)]
    Radar(#[from] breachdex_radar::replay::ReplayError),
    /// The network, a range server, or what an unfinished download left.
    #[error("{}", hints::remote(.0))]
    Remote(#[from] breachdex_hibp::Error),
    /// A policy makes no sense.
    #[error(transparent)]
    Policy(#[from] breachdex_policy::PolicyError),
    /// The range server cannot start or go on.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Ranges cannot be written as files.
    #[error(transparent)]
    Static(#[from] StaticError),
    /// The sidecar cannot start or go on.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// The proxy cannot start or go on.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// A key cannot be trusted.
    #[error(transparent)]
    PublicKey(#[from] KeyError),
    /// A key cannot sign.
    #[error("cannot sign with {}: {reason}", path.display())]
    SecretKey {
        /// The key's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The arguments do not make sense together.
    #[error("{0}")]
    Usage(String),
    /// The system refused something that has no path.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// Whoever read standard output has heard enough. Not an error.
    #[error("standard output was closed")]
    ClosedPipe,
}

impl Failure {
    /// What to do about it with this command, to be put behind the message; may be empty.
    pub(crate) fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::Index(error)
            | Self::Remote(breachdex_hibp::Error::Index(error))
            | Self::Serve(ServeError::Index(error))
            | Self::Static(StaticError::Index(error))
            | Self::Proxy(ProxyError::Index(error)) => hints::index(error),
            Self::Static(StaticError::Partial { .. }) => " (--partial writes those that it covers)".into(),
            Self::Pairs(error) => hints::pairs(error),
            Self::Proxy(error) => hints::proxy(error).into(),
            Self::Serve(error) => hints::serve(error).into(),
            Self::Sidecar(error) => hints::sidecar(error),
            Self::Audit(error) => hints::audit(error),
            _ => "".into(),
        }
    }

    /// A failed write to standard output.
    pub(crate) fn output(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::System { action: "write to standard output", source },
        }
    }

    /// A failed action that has no path.
    pub(crate) fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }
}
