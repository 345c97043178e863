//! An error that prevents the sidecar from starting or running.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex_http::HttpError;
use breachdex_radar::RadarError;

/// An error that prevents the sidecar from starting or running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SidecarError {
    /// The sidecar cannot listen.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An index cannot be used.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// The radar cannot be made, or its state cannot be read or written.
    #[error(transparent)]
    Radar(#[from] RadarError),
    /// A token file cannot be used.
    #[error("cannot use the token file {}: {reason}", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It would listen where other machines reach it, and nothing would ask who they are.
    #[error(
        "{address} can be reached by other machines, which could then test passwords here; listen on a loopback address or \
         a Unix socket, or ask for a token or a client certificate"
    )]
    Open {
        /// The address.
        address: String,
    },
}
