//! `overlay`: a list of one's own, changed while others ask it. `pairs` is the same for pairs of user names and passwords.

#![forbid(unsafe_code)]

mod flags;
mod lines;
mod pair_lines;
mod pairs;

use breachdex::{Kind, OverlayChange, OverlayFile};

use self::flags::{OverlayAction, OverlayAddFlags, OverlayListFlags, OverlayRemoveFlags};
use self::lines::{Action, Given};
use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::ProgressName;
use crate::messages;
use crate::output::Output;
use crate::printable::printable;
use crate::progress::Reporter;

pub(crate) use flags::Flags;

/// Digests are handed on in pieces of this size.
const PIECE: usize = 1 << 16;

impl Subcommand for Flags {
    const TAKES_PASSWORDS: bool = true;

    fn run(self) -> Result<Exit, Failure> {
        match self.action {
            OverlayAction::Add(flags) if flags.lines.pairs => pairs::add(&flags),
            OverlayAction::Add(flags) => add(&flags),
            OverlayAction::Remove(flags) if flags.lines.pairs => pairs::remove(&flags),
            OverlayAction::Remove(flags) => remove(&flags),
            OverlayAction::List(flags) => list(&flags),
        }
    }
}

fn add(flags: &OverlayAddFlags) -> Result<Exit, Failure> {
    let overlay = OverlayFile::at(&flags.lines.overlay);
    // Refused before anything is asked for or read.
    let held = overlay.kind()?;
    let kind = flags.kind.map(Kind::from).or(held).unwrap_or(Kind::Sha1);
    if let Some(held) = held.filter(|held| *held != kind) {
        let name = overlay.path().display().to_string();
        return Err(breachdex::Error::OverlayKind { name, held, asked: kind }.into());
    }
    let given = lines::read(&flags.lines, kind, Action::Add)?;
    let change = overlay.add(kind, &given.digests, &Reporter::start(ProgressName::Auto)?)?;
    tell(&overlay, kind, &given, change, ["added", "already there"])
}

fn remove(flags: &OverlayRemoveFlags) -> Result<Exit, Failure> {
    let overlay = OverlayFile::at(&flags.lines.overlay);
    let kind = overlay.open()?.kind();
    let given = lines::read(&flags.lines, kind, Action::Remove)?;
    let change = overlay.remove(kind, &given.digests, &Reporter::start(ProgressName::Auto)?)?;
    tell(&overlay, kind, &given, change, ["removed", "not there"])
}

/// Says what a change did: its verb, and what the rest were.
fn tell(
    overlay: &OverlayFile,
    kind: Kind,
    given: &Given,
    change: OverlayChange,
    [done, rest]: [&str; 2],
) -> Result<Exit, Failure> {
    note_empty(given.empty);
    let OverlayChange { changed, unchanged, entries, durability, .. } = change;
    messages::durability(overlay.path(), durability);
    let mut output = Output::open();
    output.write(
        format!("{changed} {done}, {unchanged} {rest}; {}\n", holds(overlay, kind, entries)).as_bytes(),
    )?;
    output.flush()?;
    Ok(Exit::Success)
}

/// Says how many lines without a byte were passed over.
fn note_empty(lines: u64) {
    match lines {
        0 => {}
        1 => messages::note(&"an empty line was passed over"),
        lines => messages::note(&format!("{lines} empty lines were passed over")),
    }
}

fn holds(overlay: &OverlayFile, kind: Kind, entries: u64) -> String {
    let digests = if entries == 1 { "digest" } else { "digests" };
    let name = overlay.path().display().to_string();
    format!("{} holds {entries} {kind} {digests}", printable(&name))
}

fn list(flags: &OverlayListFlags) -> Result<Exit, Failure> {
    let overlay = OverlayFile::at(&flags.overlay);
    let index = match overlay.open() {
        Err(breachdex::Error::HoldsPairs { .. }) => return pairs::list(flags),
        _ if flags.pair_key.is_some() => return pairs::list(flags),
        opened => opened?,
    };
    let mut output = Output::open();
    if flags.digests {
        let mut piece = Vec::with_capacity(PIECE + 64);
        for entry in &index {
            breachdex::rows::write_row(&mut piece, &entry?, index.kind(), 0, false);
            piece.push(b'\n');
            if piece.len() >= PIECE {
                output.write(&piece)?;
                piece.clear();
            }
        }
        output.write(&piece)?;
    } else if flags.count {
        output.write(format!("{}\n", index.len()).as_bytes())?;
    } else {
        output.write(format!("{}\n", holds(&overlay, index.kind(), index.len())).as_bytes())?;
    }
    output.flush()?;
    Ok(Exit::Success)
}
