//! The log of the server on standard error.
//!
//! Only our own events are written. The libraries below log what clients do, a line for each of their connections, and
//! at `debug` parts of their requests.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::flags::{LogFormatName, LogLevelName};
use crate::printable::{printable, printable_json};

/// Has events written to standard error.
pub(super) fn start(level: LogLevelName, format: LogFormatName) {
    let level = match level {
        LogLevelName::Error => LevelFilter::ERROR,
        LogLevelName::Warn => LevelFilter::WARN,
        LogLevelName::Info => LevelFilter::INFO,
        LogLevelName::Debug => LevelFilter::DEBUG,
    };
    let own = Targets::new().with_target("breachdex", level).with_default(LevelFilter::OFF);
    let escape = match format {
        LogFormatName::Text => without_controls,
        LogFormatName::Json => json_without_controls,
    };
    let writer = PlainStderr { escape };
    let lines = tracing_subscriber::fmt::layer().with_target(false).with_ansi(false).with_writer(writer);
    let log = tracing_subscriber::registry().with(own);
    // Another program that ships this command may have a log of its own, which then stays.
    let _ = match format {
        LogFormatName::Text => tracing::subscriber::set_global_default(log.with(lines)),
        LogFormatName::Json => {
            tracing::subscriber::set_global_default(log.with(lines.json().flatten_event(true)))
        }
    };
}

/// Standard error without control characters: a path or an error may contain some, which would write lines of their own
/// or command the terminal.
#[derive(Clone, Copy)]
struct PlainStderr {
    escape: fn(&[u8]) -> Vec<u8>,
}

impl<'a> MakeWriter<'a> for PlainStderr {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

impl Write for PlainStderr {
    /// Given a whole line each time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(&(self.escape)(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The line with every control character escaped as in `\u{1b}`, but for its own end.
fn without_controls(line: &[u8]) -> Vec<u8> {
    let (text, end) = line.strip_suffix(b"\n").map_or((line, ""), |text| (text, "\n"));
    format!("{}{end}", printable(&String::from_utf8_lossy(text))).into_bytes()
}

/// The same as JSON has it: the line stays one.
fn json_without_controls(line: &[u8]) -> Vec<u8> {
    printable_json(&String::from_utf8_lossy(line)).into_owned().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_and_commands_no_terminal() {
        let plain = |line: &str| String::from_utf8(without_controls(line.as_bytes())).expect("text");
        assert_eq!(plain("INFO serving a.bdx\n"), "INFO serving a.bdx\n");
        assert_eq!(
            plain("a\nERROR forged\x1b[2J\r\u{9b}1m\u{202e}\n"),
            "a\\nERROR forged\\u{1b}[2J\\r\\u{9b}1m\\u{202e}\n"
        );
        assert_eq!(plain("日本\n"), "日本\n");
        let json = json_without_controls("{\"index\":\"a\\u001b\u{9b}1m\u{202e}\"}\n".as_bytes());
        assert_eq!(json, b"{\"index\":\"a\\u001b\\u009b1m\\u202e\"}\n");
    }
}
