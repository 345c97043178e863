//! The errors of the radar.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;

/// Why a radar cannot be made, saved or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RadarError {
    /// An option is out of its range.
    #[error("the radar's option {name} must be {range}")]
    Option {
        /// The option.
        name: &'static str,
        /// The values that it takes.
        range: &'static str,
    },
    /// The system has no random bytes.
    #[error("cannot get random bytes for the radar's key: {0}")]
    Random(getrandom::Error),
    /// A saved state is damaged, or it is none.
    #[error("the saved radar state is damaged ({0}); delete it to start with an empty radar")]
    Damaged(&'static str),
    /// A saved state is of another version.
    #[error(
        "the saved radar state has version {found}, this program reads {expected}; delete it to start with an empty radar"
    )]
    Version {
        /// Its version.
        found: u32,
        /// The version that can be read.
        expected: u32,
    },
    /// A saved state was made with another limit of sources.
    #[error(
        "the saved radar state has room for {saved} sources, the option sources asks for {asked}; use the same number, or delete it to start with an empty radar"
    )]
    Sources {
        /// What the saved state has.
        saved: usize,
        /// What the options ask for.
        asked: usize,
    },
    /// The saved state in a file cannot be used.
    #[error("{}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<Self>,
    },
    /// The system refused something about the file of a saved state.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// The result of what can fail here.
pub type Result<T> = std::result::Result<T, RadarError>;
