//! Everything the command says on standard error, each message one line that begins with its name.
//!
//! Where standard error is closed there is nobody to tell, so failed writes are let go.

#![forbid(unsafe_code)]

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use breachdex::{Durability, files};

use crate::printable::printable;
use crate::terminal;

/// `breachdex: error: ...`
pub(crate) fn error(message: &impl Display) {
    say("error: ", AnsiColor::Red.on_default().bold(), message);
}

/// `breachdex: note: ...`, for what the user should know and need not act on.
pub(crate) fn note(message: &impl Display) {
    say("note: ", Style::new().bold(), message);
}

/// Says what is not known to be on disk of a file that was published.
pub(crate) fn durability(path: &Path, durability: Durability) {
    if !durability.is_synced() {
        note(&format!("{}: {durability}", path.display()));
    }
    if files::Lock::lock_files_were_used() {
        note(&format!(
            "the file system of {} has no locks (flock); a lock file was used instead",
            path.display()
        ));
    }
}

/// `breachdex: ...`, how far a long job is.
pub(crate) fn progress(message: &impl Display) {
    say("", Style::new(), message);
}

/// A line for programs, as it is.
pub(crate) fn json(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// `breachdex: line N: ...`, for one bad line among others. Never given the line itself.
pub(crate) fn line_error(line: u64, message: &impl Display) {
    numbered_error("line", line, message);
}

/// The same for one bad row, item or entry.
pub(crate) fn numbered_error(unit: &str, number: u64, message: &impl Display) {
    say(&format!("{unit} {number}: "), AnsiColor::Red.on_default().bold(), message);
}

fn say(label: &str, style: Style, message: &impl Display) {
    let stderr = io::stderr();
    let style = if terminal::wants_colour(&stderr) { style } else { Style::new() };
    // One write, so that lines of parallel processes do not mix.
    let message = message.to_string();
    let line = format!("{style}breachdex: {label}{style:#}{}\n", printable(&message));
    let _ = stderr.lock().write_all(line.as_bytes());
}
