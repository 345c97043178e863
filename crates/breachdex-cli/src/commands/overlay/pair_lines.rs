//! The pairs that are to be added or removed: lines `user:password`, or two columns of a CSV file.
//!
//! All of them are read before anything is written, so that a bad one leaves the file as it is. No message repeats a line.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use breachdex::text::{self, Places};
use breachdex_audit::{Format, Input, ReadOptions, read_accounts};
use breachdex_pairs::{PairChanges, PairFault};

use super::flags::OverlayLines;
use super::lines::{open, unwritten};
use crate::failure::Failure;
use crate::flags::ProgressName;
use crate::passwords::{
    Content, Event, HOLDS_NUL, Line, Lines, Listing, Stopped, Terminator, standard_input,
};
use crate::progress::Reporter;
use crate::{messages, terminal};

/// How many bad lines are named. The others are counted.
const NAMED: u64 = 10;

/// Lines that cannot be used.
#[derive(Default)]
struct Bad(u64);

impl Bad {
    fn add(&mut self, line: u64, fault: &dyn std::fmt::Display) {
        self.0 += 1;
        if self.0 <= NAMED {
            messages::line_error(line, &fault);
        }
    }

    fn refuse(&self, name: &str) -> Result<(), Failure> {
        match self.0 {
            0 => Ok(()),
            1 => Err(Failure::Usage(format!("a line of {name} cannot be used; nothing was written"))),
            bad => Err(Failure::Usage(format!("{bad} lines of {name} cannot be used; nothing was written"))),
        }
    }
}

/// Why a line is no pair. Never repeats it.
#[derive(Debug, thiserror::Error)]
enum LineFault {
    #[error("has no colon, which is between user name and password")]
    NoColon,
    #[error("has a user name that is not UTF-8")]
    UserNotUtf8,
    #[error("is longer than 1 MiB, which no pair is")]
    TooLong,
    #[error("{HOLDS_NUL}")]
    Nul,
    #[error(transparent)]
    Pair(#[from] PairFault),
}

/// Reads all that the flags name; returns how many lines were empty.
pub(super) fn read(flags: &OverlayLines, verb: &str, changes: &mut PairChanges<'_>) -> Result<u64, Failure> {
    let file = flags.file.as_deref().filter(|path| path.as_os_str() != "-");
    match (file, &flags.password_column) {
        (file, Some(column)) => read_columns(flags, file, column, changes),
        (Some(path), None) => read_lines(open(path)?, "the file", flags, changes),
        (None, None) if io::stdin().is_terminal() => ask(verb, changes),
        (None, None) => read_lines(standard_input()?, "standard input", flags, changes),
    }
}

fn ask(verb: &str, changes: &mut PairChanges<'_>) -> Result<u64, Failure> {
    let line = terminal::prompt(&format!("user:password to {verb} (not shown): "))?;
    let Some(typed) = line.as_ref().and_then(Line::bytes).filter(|line| !line.is_empty()) else {
        return Err(Failure::Usage(String::from("nothing was typed; nothing was written")));
    };
    let refused = |fault: LineFault| Failure::Usage(format!("what was typed {fault}; nothing was written"));
    push(typed, changes).map_err(refused)?;
    Ok(0)
}

/// What is behind the first colon.
fn password_of(line: &[u8]) -> Option<&[u8]> {
    line.iter().position(|byte| *byte == b':').map(|colon| &line[colon + 1..])
}

fn push(line: &[u8], changes: &mut PairChanges<'_>) -> Result<(), LineFault> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(LineFault::NoColon)?;
    let user = std::str::from_utf8(&line[..colon]).map_err(|_| LineFault::UserNotUtf8)?;
    Ok(changes.push(user, &line[colon + 1..])?)
}

fn read_lines(
    input: impl Read,
    name: &'static str,
    flags: &OverlayLines,
    changes: &mut PairChanges<'_>,
) -> Result<u64, Failure> {
    let terminator = if flags.null { Terminator::Nul } else { Terminator::Newline };
    let listing = Listing {
        name,
        terminator,
        content: Content::Passwords,
        takes_hash: false,
        hashes_bytes: true,
        are_passwords: false,
    };
    let mut lines = Lines::new(input, listing);
    let (mut line, mut number, mut empty, mut bad) = (Line::default(), 0, 0, Bad::default());
    let mut in_notation = Places::default();
    loop {
        let more = lines.next_line(|event| {
            if let Event::Piece(piece) = event {
                line.push(piece);
            }
            Ok::<(), Stopped>(())
        });
        if !more.map_err(|stopped| unwritten(name, stopped))? {
            break;
        }
        number += 1;
        let taken = match line.bytes() {
            None => Err(LineFault::TooLong),
            Some(b"") => {
                empty += 1;
                Ok(())
            }
            Some(_) if lines.held_nul() => Err(LineFault::Nul),
            Some(bytes) => {
                if password_of(bytes).is_some_and(text::is_hex_notation) {
                    in_notation.add(number);
                }
                push(bytes, changes)
            }
        };
        if let Err(fault) = taken {
            bad.add(number, &fault);
        }
        line.clear();
    }
    bad.refuse(name)?;
    if in_notation.count > 0 {
        messages::note(&format!("{name}: {}", text::hex_notation_within(in_notation, "line")));
    }
    Ok(empty)
}

fn read_columns(
    flags: &OverlayLines,
    file: Option<&Path>,
    column: &str,
    changes: &mut PairChanges<'_>,
) -> Result<u64, Failure> {
    let input = match file {
        Some(path) => Input::File(path.to_owned()),
        None if io::stdin().is_terminal() => {
            return Err(Failure::Usage(String::from("name a CSV file, or send one on standard input")));
        }
        None => Input::Stream(Box::new(standard_input()?)),
    };
    let options = ReadOptions {
        format: Some(Format::Csv),
        encoding: flags.encoding,
        column: Some(column.to_owned()),
        user_column: flags.user_column.clone(),
        digests: false,
        delimiter: flags.delimiter,
    };
    let bad = std::cell::RefCell::new(Bad::default());
    let read = read_accounts(
        input,
        &options,
        &Reporter::start(ProgressName::Auto)?,
        &mut |account| {
            if let Err(fault) = changes.push(account.user, account.password) {
                bad.borrow_mut().add(account.number, &fault);
            }
        },
        &mut |number, fault| bad.borrow_mut().add(number, &fault),
    )?;
    for assumption in &read.assumptions {
        messages::note(&format!("{}: {assumption}", read.name));
    }
    bad.into_inner().refuse(if file.is_some() { "the file" } else { "standard input" })?;
    Ok(0)
}
