//! An error that prevents a proxy from starting.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex_http::HttpError;
use breachdex_radar::RadarError;

/// An error that prevents a proxy from starting or running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// There is no rule.
    #[error("there is nothing to check: no request is named that carries a password")]
    NoRules,
    /// An index cannot be used.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// The server cannot listen or run.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The radar cannot start.
    #[error(transparent)]
    Radar(#[from] RadarError),
    /// The file of authorities cannot be used.
    #[error("cannot use {} to verify the site: {reason}", path.display())]
    UpstreamCa {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS to the site cannot be set up.
    #[error("cannot set up TLS to the site: {reason}")]
    UpstreamTls {
        /// What is wrong.
        reason: String,
    },
    /// Authorities were given for a site without TLS.
    #[error(
        "the site is reached without TLS, so no certificate is verified; give an https address or no file of authorities"
    )]
    CaWithoutTls,
}
