//! Lines of passwords or digests from a stream, in constant memory however long a line is.
//!
//! `lines` hands a line on in pieces as they are read, `question` makes a digest of them, and `line` keeps a line whole, up
//! to 1 MiB. `start` looks at what a list begins with, and `oddities` at lines that are probably not what was meant. The buffers are locked in memory, and overwritten once a line has been handed on.

#![forbid(unsafe_code)]

mod line;
mod lines;
mod oddities;
mod question;
mod start;

use std::io;

use breachdex::text::NotText;
pub(crate) use line::Line;
pub(crate) use lines::{Event, Lines, Listing, Terminator};
pub(crate) use question::{Content, Question};

use crate::failure::Failure;

/// What is said of a line with a NUL that ends at LF.
pub(crate) const HOLDS_NUL: &str =
    "holds a NUL byte, which no text does; use -0 for passwords of any bytes, each ended by NUL";

/// Standard input, read without the buffer of the standard library, which nobody overwrites.
pub(crate) fn standard_input() -> Result<std::fs::File, Failure> {
    breachdex::memory::standard_input().map_err(Failure::system("read standard input"))
}

/// Why reading lines ended early.
pub(crate) enum Stopped {
    /// What was done with a line failed.
    Failure(Failure),
    /// The stream did.
    Input(io::Error),
    /// The stream is not a list of text.
    NotText(NotText),
}

impl From<NotText> for Stopped {
    fn from(found: NotText) -> Self {
        Self::NotText(found)
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Input(error)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failure(failure) => failure,
            Stopped::Input(error) => Self::system("read standard input")(error),
            Stopped::NotText(found) => Self::Usage(format!("standard input {found}")),
        }
    }
}
