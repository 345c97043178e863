//! The digests that are to be added or removed, from a file, standard input or the terminal.
//!
//! All lines are read before anything is written, so that a bad one leaves the overlay as it is. No message repeats a
//! line, nor the name of a file that is not there: it may be a password in the wrong place.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use breachdex::files::InputFile;
use breachdex::text::NotText;
use breachdex::{Digest, Kind, memory};

use super::flags::OverlayLines;
use crate::failure::Failure;
use crate::passwords::{
    Content, Event, HOLDS_NUL, Line, Lines, Listing, Question, Stopped, Terminator, standard_input,
};
use crate::{messages, terminal};

/// How many bad lines are named. The others are counted.
const NAMED: u64 = 10;

/// What the digests are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Remove,
}

/// What was read.
#[derive(Default)]
pub(super) struct Given {
    pub(super) digests: Vec<Digest>,
    /// Lines without a byte, which are passed over.
    pub(super) empty: u64,
}

/// Reads all that the flags name.
pub(super) fn read(flags: &OverlayLines, kind: Kind, action: Action) -> Result<Given, Failure> {
    match flags.file.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => read_lines(open(path)?, "the file", flags, kind),
        None if io::stdin().is_terminal() => ask(flags, kind, action),
        None => read_lines(standard_input()?, "standard input", flags, kind),
    }
}

pub(super) fn open(path: &Path) -> Result<InputFile, Failure> {
    let refused = |reason: String| {
        Failure::Usage(format!(
            "cannot read the file of passwords that was named: {reason}; its name is not repeated here, for it may be \
             a password, which an argument would show to others on this machine"
        ))
    };
    InputFile::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::IsADirectory => refused(String::from("it is a folder")),
        _ => refused(error.to_string()),
    })
}

fn ask(flags: &OverlayLines, kind: Kind, action: Action) -> Result<Given, Failure> {
    let what = if flags.hash { format!("{kind} digest in hex") } else { String::from("Password") };
    let action = if action == Action::Add { "add" } else { "remove" };
    let line = terminal::prompt(&format!("{what} to {action} (not shown): "))?;
    let Some(typed) = line.as_ref().and_then(Line::bytes).filter(|line| !line.is_empty()) else {
        return Err(Failure::Usage(String::from("nothing was typed; nothing was written")));
    };
    let mut question = Question::new(content(flags), kind);
    question.update(typed);
    Ok(Given { digests: vec![question.finish()?], empty: 0 })
}

fn content(flags: &OverlayLines) -> Content {
    if flags.hash { Content::Digests } else { Content::Passwords }
}

fn read_lines(
    input: impl Read,
    name: &'static str,
    flags: &OverlayLines,
    kind: Kind,
) -> Result<Given, Failure> {
    let terminator = if flags.null { Terminator::Nul } else { Terminator::Newline };
    let listing = Listing {
        name,
        terminator,
        content: content(flags),
        takes_hash: true,
        hashes_bytes: kind == Kind::Sha1,
        are_passwords: !flags.hash,
    };
    let mut lines = Lines::new(input, listing);
    let (mut given, mut line, mut bad) = (Given::default(), 0, 0);
    let mut question = Question::new(content(flags), kind);
    loop {
        let mut length = 0;
        let more = lines.next_line(|event| {
            if let Event::Piece(piece) = event {
                question.update(piece);
                length += piece.len();
            }
            Ok(())
        });
        if !more.map_err(|stopped| unwritten(name, stopped))? {
            break;
        }
        line += 1;
        match question.finish() {
            _ if length == 0 => given.empty += 1,
            Ok(_) if lines.held_nul() => {
                bad += 1;
                if bad <= NAMED {
                    messages::line_error(line, &HOLDS_NUL);
                }
            }
            Ok(digest) => memory::push(&mut given.digests, digest),
            Err(error) => {
                bad += 1;
                if bad <= NAMED {
                    messages::line_error(line, &error);
                }
            }
        }
    }
    match bad {
        0 => Ok(given),
        1 => Err(Failure::Usage(format!("a line of {name} cannot be used; nothing was written"))),
        bad => Err(Failure::Usage(format!("{bad} lines of {name} cannot be used; nothing was written"))),
    }
}

/// Why reading stopped, and that it changed nothing.
pub(super) fn unwritten(name: &str, stopped: Stopped) -> Failure {
    match stopped {
        Stopped::Failure(failure) => failure,
        Stopped::Input(error) => Failure::Usage(format!("cannot read {name}: {error}; nothing was written")),
        Stopped::NotText(NotText::Index) => Failure::Usage(format!(
            "{name} is an index; `breachdex overlay list --digests` lists an overlay's digests, for --hash; nothing was \
             written"
        )),
        Stopped::NotText(found) => Failure::Usage(format!("{name} {found}; nothing was written")),
    }
}
