//! Why a file of attempts cannot be replayed. No error repeats what a line says.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;

use crate::error::RadarError;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Another number of cells than the header has.
    #[error("has {found} cells, the header has {expected}")]
    Cells {
        /// Cells of the header.
        expected: u64,
        /// Cells of the line.
        found: u64,
    },
    /// Bytes that are not UTF-8.
    #[error("is not UTF-8; convert the file")]
    Encoding,
    /// A column of the header that there is not.
    #[error(
        "has a column that is not known, number {0}; the columns are time, source, account, outcome, known and exposed"
    )]
    UnknownColumn(usize),
    /// A column of the header that is there twice.
    #[error("has the column {0} twice")]
    ColumnTwice(&'static str),
    /// A column that the header must have.
    #[error(
        "has no column {0}; a header with time, source, account and outcome is required, known and exposed are optional"
    )]
    NoColumn(&'static str),
    /// A time that cannot be read.
    #[error("time must be like 2026-09-28T19:04:05+09:00, or seconds since 1970")]
    Time,
    /// A time that is probably in milliseconds.
    #[error("time is after the year 2106; give seconds since 1970, not milliseconds")]
    LateTime,
    /// A time more than an hour older than one before.
    #[error("time is more than an hour before that of an earlier line; sort the file by time")]
    Order,
    /// An outcome that there is not.
    #[error("outcome must be failed or succeeded")]
    Outcome,
    /// A cell that is neither yes nor no.
    #[error("{0} must be yes, no or empty")]
    YesOrNo(&'static str),
    /// A cell that no log-in has.
    #[error("{0} is longer than 4096 bytes; check the quotes")]
    Long(&'static str),
}

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A line is wrong.
    #[error("{}, line {line}: {error}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line on which the row begins, from 1.
        line: u64,
        /// What is wrong.
        error: LineError,
    },
    /// The system refused something about the file.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is read several times and was another one a later time.
    #[error("{} changed while it was read; replay a file that nobody writes", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The options of the radar.
    #[error(transparent)]
    Radar(#[from] RadarError),
}
