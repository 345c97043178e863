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
    stream.is_terminal() && !refused && !plain && platform::knows_colour()
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

    /// `TERM` says so, which was asked.
    pub(super) fn knows_colour() -> bool {
        true
    }

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

/// The console in its line mode with echo off. What is typed comes as UTF-16 and is handed on as UTF-8, whatever the code page.
#[cfg(windows)]
mod platform {
    use std::fs::OpenOptions;
    use std::io::{self, Read as _, Write as _};

    use breachdex::memory::LockedBuffer;
    use winapi_util::{HandleRef, console};

    use crate::failure::Failure;
    use crate::passwords::Line;
    use crate::signals;

    const ENABLE_PROCESSED_INPUT: u32 = 0x1;
    const ENABLE_LINE_INPUT: u32 = 0x2;
    const ENABLE_ECHO_INPUT: u32 = 0x4;
    const ENABLE_VIRTUAL_TERMINAL_PROCESSING: u32 = 0x4;

    /// Into less than this, standard input reads by a buffer of the standard library's, in which what was read would stay.
    const DIRECT: usize = 16 << 10;
    const BUFFER: usize = 4 * DIRECT;

    /// Has consoles that know colour take it for that; older ones show the bytes.
    pub(super) fn knows_colour() -> bool {
        let enable = |stream: HandleRef| {
            let mode = console::mode(&stream)?;
            console::set_mode(&stream, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING)
        };
        // Either may be no console, and only what is one is asked about.
        let enabled = [enable(HandleRef::stdout()), enable(HandleRef::stderr())];
        enabled.iter().any(io::Result::is_ok)
    }

    pub(super) fn prompt(question: &str) -> Result<Option<Line>, Failure> {
        let refused = Failure::system("turn the terminal's echo off");
        let original = match console::mode(HandleRef::stdin()) {
            Ok(mode) => mode,
            Err(error) => return Err(refused(error)),
        };
        let silent = (original | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT) & !ENABLE_ECHO_INPUT;
        let _restored = signals::restore_on_exit(move || {
            // Nothing more can be done for a console that has gone away.
            let _ = console::set_mode(HandleRef::stdin(), original);
        })?;
        console::set_mode(HandleRef::stdin(), silent).map_err(refused)?;
        say(question);
        let line = read_line();
        // The line's end is not shown either.
        say("\r\n");
        line
    }

    /// On the console itself, for standard error may go elsewhere.
    fn say(text: &str) {
        let _ = match OpenOptions::new().write(true).open("CONOUT$") {
            Ok(mut console) => console.write_all(text.as_bytes()),
            Err(_) => io::stderr().write_all(text.as_bytes()),
        };
    }

    fn read_line() -> Result<Option<Line>, Failure> {
        let mut line = LockedBuffer::new(BUFFER);
        let mut length = 0;
        let mut input = io::stdin().lock();
        while length + DIRECT <= line.len() {
            match input.read(&mut line[length..]) {
                Ok(0) if length == 0 => return Ok(None),
                Ok(0) => return Ok(Some(Line::of(line, length))),
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::system("read from the terminal")(error)),
            }
            if line[length - 1] == b'\n' {
                length -= 1;
                length -= usize::from(length > 0 && line[length - 1] == b'\r');
                return Ok(Some(Line::of(line, length)));
            }
        }
        Err(Failure::Usage(String::from(
            "this is longer than a terminal hands over whole; send it on standard input instead",
        )))
    }
}
