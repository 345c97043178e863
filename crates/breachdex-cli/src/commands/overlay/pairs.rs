//! `overlay` with `--pairs`: pairs of user names and passwords of one's own incidents.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::{Index, OpenOptions, OverlayChange};
use breachdex_pairs::{PairKey, PairRules, Pairs, PairsError, PairsFile, PairsOptions};

use super::flags::{OverlayAddFlags, OverlayLines, OverlayListFlags, OverlayRemoveFlags};
use super::{note_empty, pair_lines};
use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::ProgressName;
use crate::messages;
use crate::output::Output;
use crate::printable::printable;
use crate::progress::Reporter;

pub(super) fn add(flags: &OverlayAddFlags) -> Result<Exit, Failure> {
    let (path, key_path) = (&flags.lines.overlay, key_path(&flags.lines)?);
    // A new key is written when there is something to write with it.
    let (key, is_new) = match PairKey::open(key_path) {
        Ok(key) => (key, false),
        Err(PairsError::Io { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound && !path.exists() =>
        {
            (PairKey::generate()?, true)
        }
        Err(error) => return Err(error.into()),
    };
    // Refused before anything is asked for or read.
    let held = PairsFile::at_existing(path, &key)?;
    let file = match (flags.no_mail_rules, flags.full_names_only) {
        (false, false) => held,
        (no_mail_rules, full_names_only) => {
            let rules = PairRules { mail_rules: !no_mail_rules, local_names: !full_names_only };
            PairsFile::at(path, &key, rules)
        }
    };
    let mut changes = file.changes();
    let empty = pair_lines::read(&flags.lines, "add", &mut changes)?;
    if is_new {
        key.save(key_path)?;
        messages::note(&format!(
            "made the key {} in {}; keep it apart from the overlay, with a backup of its own",
            key.id(),
            key_path.display()
        ));
    }
    let change = changes.add_all(&Reporter::start(ProgressName::Auto)?)?;
    tell(path, empty, change, ["added", "already there"])
}

pub(super) fn remove(flags: &OverlayRemoveFlags) -> Result<Exit, Failure> {
    let path = &flags.lines.overlay;
    let key = PairKey::open(key_path(&flags.lines)?)?;
    open(path)?;
    let file = PairsFile::at_existing(path, &key)?;
    let mut changes = file.changes();
    let empty = pair_lines::read(&flags.lines, "remove", &mut changes)?;
    let change = changes.remove_all(&Reporter::start(ProgressName::Auto)?)?;
    tell(path, empty, change, ["removed", "not there"])
}

pub(super) fn list(flags: &OverlayListFlags) -> Result<Exit, Failure> {
    let path = &flags.overlay;
    if flags.digests {
        return Err(Failure::Usage(format!(
            "{} holds pairs, whose digests mean nothing without the key; they are not listed",
            path.display()
        )));
    }
    let index = open(path)?;
    if let Some(key) = &flags.pair_key {
        Pairs::open(path, key, PairsOptions { mapped: true, reload_every: None })?;
    }
    let mut output = Output::open();
    if flags.count {
        output.write(format!("{}\n", number(&index)).as_bytes())?;
    } else {
        let source = printable(&index.metadata().source).into_owned();
        output.write(format!("{}\n{source}\n", holds(path, &index)).as_bytes())?;
    }
    output.flush()?;
    Ok(Exit::Success)
}

/// The key file, which comes with `--pairs`.
fn key_path(lines: &OverlayLines) -> Result<&Path, Failure> {
    let missing = || Failure::Usage(String::from("--pairs needs --pair-key"));
    lines.pair_key.as_deref().ok_or_else(missing)
}

fn open(path: &Path) -> Result<Index, Failure> {
    Ok(Index::open_with(path, OpenOptions::new().pairs())?)
}

/// Says what a change did: its verb, and what the rest were.
fn tell(path: &Path, empty: u64, change: OverlayChange, [done, rest]: [&str; 2]) -> Result<Exit, Failure> {
    note_empty(empty);
    messages::durability(path, change.durability);
    let mut output = Output::open();
    let OverlayChange { changed, unchanged, .. } = change;
    let line = format!("{changed} {done}, {unchanged} {rest}; {}\n", holds(path, &open(path)?));
    output.write(line.as_bytes())?;
    output.flush()?;
    Ok(Exit::Success)
}

fn holds(path: &Path, index: &Index) -> String {
    let pairs = number(index);
    let noun = if pairs == 1 { "pair" } else { "pairs" };
    format!("{} holds {pairs} {noun}", printable(&path.display().to_string()))
}

/// How many pairs a file holds: one of its entries counts them, and none has a larger count.
fn number(index: &Index) -> u64 {
    index.metadata().max_count
}
