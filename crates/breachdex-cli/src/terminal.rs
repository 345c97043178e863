//! The terminal: whether colour is welcome, and a prompt that does not show what is typed.

#![forbid(unsafe_code)]

use std::env;
use std::io::IsTerminal;

use crate::failure::Failure;
use crate::passwords::Line;

/// Whether colour is welcome on a stream: it is a terminal that knows colour, and `NO_COLOR` is not set.
pub(crate) fn wants_colour(stream: &impl IsTerminal) -> bool {
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let plain = env::var_os("TERM").is_some_and(|name| name == "dumb");
    stream.is_terminal() && !refused && !plain
}

/// Asks on the terminal and reads one line without echo; `None` when the user ended the input instead.
///
/// The bytes are what was typed, without the line's end.
pub(crate) fn prompt(question: &str) -> Result<Option<Line>, Failure> {
    platform::prompt(question)
}

/// The terminal in its own line mode with echo off. Line mode, not single characters, so that the bytes are
/// exactly what the terminal would hand to any program: tabs and bytes that are no UTF-8 included.
#[cfg(unix)]
mod platform {
    use std::fs::OpenOptions;
    use std::io::{self, Write as _};

    use breachdex::memory::LockedBuffer;
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    use crate::failure::Failure;
    use crate::passwords::Line;
    use crate::signals;

    /// The longest line a terminal in line mode hands over whole; beyond it the system drops characters
    /// without a word.
    const LONGEST_LINE: usize = if cfg!(target_os = "linux") { 4095 } else { 1023 };

    pub(super) fn prompt(question: &str) -> Result<Option<Line>, Failure> {
        let refused = Failure::system("turn the terminal's echo off");
        let original = match tcgetattr(io::stdin()) {
            Ok(modes) => modes,
            Err(error) => return Err(refused(error.into())),
        };
        let mut silent = original.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        let _restored = signals::restore_on_exit(move || {
            // Nothing more can be done for a terminal that has gone away.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &original);
        })?;
        tcsetattr(io::stdin(), OptionalActions::Now, &silent).map_err(|error| refused(error.into()))?;
        ask(question);
        read_line()
    }

    /// On the terminal itself, for standard error may go elsewhere.
    fn ask(question: &str) {
        let _ = match OpenOptions::new().write(true).open("/dev/tty") {
            Ok(mut terminal) => terminal.write_all(question.as_bytes()),
            Err(_) => io::stderr().write_all(question.as_bytes()),
        };
    }

    fn read_line() -> Result<Option<Line>, Failure> {
        let mut line = LockedBuffer::new(LONGEST_LINE + 1);
        let mut length = 0;
        while length < line.len() {
            match rustix::io::read(io::stdin(), &mut line[length..]) {
                Ok(0) if length == 0 => return Ok(None),
                Ok(0) => break,
                Ok(read) => length += read,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(Failure::system("read from the terminal")(error.into())),
            }
            if line[length - 1] == b'\n' {
                length -= 1;
                break;
            }
        }
        if length >= LONGEST_LINE {
            return Err(Failure::Usage(String::from(
                "this is longer than a terminal hands over whole; send it on standard input instead",
            )));
        }
        Ok(Some(Line::of(line, length)))
    }
}

#[cfg(not(unix))]
mod platform {
    use zeroize::Zeroizing;

    use crate::failure::Failure;
    use crate::passwords::Line;

    pub(super) fn prompt(question: &str) -> Result<Option<Line>, Failure> {
        match rpassword::prompt_password(question).map(Zeroizing::new) {
            Ok(typed) => {
                let mut line = Line::default();
                line.push(typed.as_bytes());
                Ok(Some(line))
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(Failure::system("read from the terminal")(error)),
        }
    }
}
