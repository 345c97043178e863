//! Standard output as the commands write it: buffered, flushed once, a closed pipe told from a fault.

#![forbid(unsafe_code)]

use std::io::{self, BufWriter, StdoutLock, Write as _};

use crate::failure::Failure;
use crate::printable::{printable_json, printable_lines};

const BUFFER: usize = 1 << 16;
/// What Linux lets any user have of one pipe.
#[cfg(target_os = "linux")]
const WIDE: usize = 1 << 20;

/// Buffered standard output.
pub(crate) struct Output(BufWriter<StdoutLock<'static>>);

impl Output {
    /// Takes standard output for the rest of the command.
    pub(crate) fn open() -> Self {
        Self(BufWriter::with_capacity(BUFFER, io::stdout().lock()))
    }

    /// The same for much output at once: where it is a pipe, it holds more, so that both ends wait for each other less.
    pub(crate) fn open_wide() -> Self {
        // A pipe that stays as it was, or is none, is only slower.
        #[cfg(target_os = "linux")]
        let _ = rustix::pipe::fcntl_setpipe_size(io::stdout(), WIDE);
        Self::open()
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes).map_err(Failure::output)
    }

    /// Writes lines for people: what is in them of files and arguments drives no terminal.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.write(printable_lines(text).as_bytes())
    }

    /// Writes lines of JSON, which drive no terminal either.
    pub(crate) fn write_json(&mut self, json: &str) -> Result<(), Failure> {
        self.write(printable_json(json).as_bytes())
    }

    /// Hands everything written so far to the system.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.0.flush().map_err(Failure::output)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // Whatever is still here was written before an error that is being reported.
        let _ = self.0.flush();
    }
}
