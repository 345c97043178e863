//! `diff`: what changed between two indexes.

#![forbid(unsafe_code)]

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use breachdex::replica::{DeltaReport, delta_ending, write_delta};
use breachdex::{Change, ContentId, Coverage, Difference, Entry, Error, Index, StepBack, diff, rows};
use clap::Args;
use serde::Serialize;

use crate::commands::export::HOLDS_OVERLAY;
use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::{KeyFlags, ProgressName};
use crate::output::Output;
use crate::printable::{printable_json, printable_lines};
use crate::progress::Reporter;
use crate::target::{self, Target};
use crate::{messages, trust};

/// Text is handed on in pieces of this size.
const PIECE: usize = 1 << 18;

/// Show what changed between two indexes
///
/// Compares what both cover. Exit code 0, whether they differ or not. Most of two states of one corpus is
/// encoded alike and passed over unread but for its checksums.
#[derive(Args)]
#[command(after_long_help = "\
JSON fields:
  old, new             the paths
  same_content         whether the content ids are equal; nothing was then compared
  entries_old          of the whole index
  entries_new          of the whole index
  ranges_changed       5-digit prefixes under which anything differs
  hashes_added         that only NEW has
  hashes_removed       that only OLD has
  counts_changed       hashes whose counts differ, null where an index has no counts
  only_old_covers      object: prefixes (how many), ranges (list of \"FIRST-LAST\")
  only_new_covers      as only_old_covers

Examples:
      breachdex diff october.bdx november.bdx
  The hashes that are new, as HEX:COUNT lines:
      breachdex diff october.bdx november.bdx --export new.txt
  What breachdex pull needs where november.bdx replaces october.bdx, published as pwned.bdx:
      breachdex diff october.bdx november.bdx --delta /srv/www/pwned.bdx")]
pub(crate) struct Flags {
    /// The index as it was
    old: PathBuf,
    /// The index as it is
    new: PathBuf,
    #[command(flatten)]
    keys: KeyFlags,
    /// As one JSON object
    #[arg(long)]
    json: bool,
    /// Write the hashes added as sorted HEX:COUNT lines
    ///
    /// Bare HEX where NEW has no counts. The file appears when it is complete. - is standard output; the summary then
    /// goes to standard error. Needs exact indexes.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Write what changed for breachdex pull, beside the published FILE
    ///
    /// Into FILE.from-ID, where ID is the beginning of OLD's content id. Where NEW is published as FILE, those who have OLD then
    /// fetch the changed entries only, however they are spread.
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    delta: Option<PathBuf>,
    /// Replace FILE if it exists
    #[arg(long)]
    force: bool,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let to_stdout = self.export.as_deref().is_some_and(target::is_stdout);
        if to_stdout && self.json {
            return Err(Failure::Usage(String::from(
                "--json and --export - both write to standard output; name a file for one of them",
            )));
        }
        for target in self.export.iter().chain(&self.delta) {
            target::refuse_keys(target, &self.keys.trusted_key)?;
        }
        let open = trust::mapped(&trust::of_keys(&self.keys.trusted_key, None)?);
        let (old, new) = (Index::open_with(&self.old, open.clone())?, Index::open_with(&self.new, open)?);
        if self.force && self.export.is_none() && self.delta.is_none() {
            return Err(Failure::Usage(String::from(
                "--force replaces a FILE: name one with --export or --delta",
            )));
        }
        // Heard before there is a temporary file that a signal might leave.
        let is_through = self.export.as_deref().is_some_and(target::is_through);
        let auto = ProgressName::Auto;
        let reporter = if is_through { Reporter::beside_output(auto) } else { Reporter::start(auto)? };
        let mut added = self.export.as_deref().map(|path| Added::begin(path, &self, &new)).transpose()?;
        // What cannot be written is refused before anything is compared.
        let delta = self.delta.as_deref().map(|path| Delta::begin(path, &self, (&old, &new))).transpose()?;
        let mut visit = |change| match (&mut added, change) {
            (Some(added), Change::Added(entry)) => added.write(&entry),
            _ => Ok(()),
        };
        let difference = diff(&old, &new, &mut visit, &reporter)?;
        let delta = delta.map(|delta| delta.write((&old, &new), &reporter, self.force)).transpose()?;
        drop(reporter);
        if let Some((path, report)) = delta {
            messages::note(&format!("wrote {}, {} bytes", path.display(), report.bytes));
        }
        if let Some(added) = added {
            added.publish(self.force)?;
            if new.metadata().holds_overlay {
                messages::note(&HOLDS_OVERLAY);
            }
        }
        tell_the_order(&old, &new);
        tell_what_is_left_out(&old, &new);
        let facts = Facts::of(&old, &new, &difference);
        let text = match self.json {
            true => printable_json(&facts.json()?).into_owned(),
            false => printable_lines(&facts.text(new.content_id())).into_owned(),
        };
        if to_stdout {
            // Beside the rows it would be taken for one. Where standard error is closed there is nobody to tell.
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
            return Ok(Exit::Success);
        }
        let mut output = Output::open();
        output.write(text.as_bytes())?;
        output.flush()?;
        Ok(Exit::Success)
    }
}

/// An index is not replaced by what is made of it.
fn refuse_input(flags: &Flags, path: &Path) -> Result<(), Failure> {
    let is_input = |input: &PathBuf| breachdex::files::is_same_file(input, path);
    if is_input(&flags.old) || is_input(&flags.new) {
        return Err(Failure::Usage(format!("{} is one of the indexes; choose another FILE", path.display())));
    }
    Ok(())
}

/// The file of what `pull` needs of a change.
struct Delta {
    path: PathBuf,
    target: Target,
}

impl Delta {
    fn begin(published: &Path, flags: &Flags, (old, new): (&Index, &Index)) -> Result<Self, Failure> {
        let mut path = published.as_os_str().to_owned();
        path.push(delta_ending(old.content_id()));
        let path = PathBuf::from(path);
        refuse_input(flags, &path)?;
        let holds_overlay = old.metadata().holds_overlay || new.metadata().holds_overlay;
        let target = Target::create(&path, flags.force, holds_overlay)?;
        Ok(Self { path, target })
    }

    /// Writes it, and says where.
    fn write(
        self,
        (old, new): (&Index, &Index),
        reporter: &Reporter,
        replace: bool,
    ) -> Result<(PathBuf, DeltaReport), Failure> {
        let Self { path, mut target } = self;
        let file = target.file();
        let report = write_delta(old, new, reporter, |offset, bytes| {
            let mut file = file;
            let written = file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes));
            written.map_err(|source| target::failed("write", &path, source))
        })?;
        target.publish(replace)?;
        Ok((path, report))
    }
}

/// The file of the hashes added, while it is being written.
struct Added<'a> {
    index: &'a Index,
    path: PathBuf,
    target: Target,
    piece: Vec<u8>,
}

impl<'a> Added<'a> {
    fn begin(path: &Path, flags: &Flags, index: &'a Index) -> Result<Self, Failure> {
        let metadata = index.metadata();
        if !metadata.is_exact() {
            let (name, full) = (index.name().to_owned(), metadata.kind.bits());
            return Err(Error::NotExact { name, bits: metadata.bits, full }.into());
        }
        refuse_input(flags, path)?;
        let target = Target::create(path, flags.force, metadata.holds_overlay)?;
        Ok(Self { index, path: path.to_owned(), target, piece: Vec::with_capacity(PIECE + 128) })
    }

    fn write(&mut self, entry: &Entry) -> Result<(), Failure> {
        let metadata = self.index.metadata();
        rows::write_row(&mut self.piece, entry, metadata.kind, 0, metadata.has_counts);
        self.piece.push(b'\n');
        if self.piece.len() < PIECE { Ok(()) } else { self.hand_on() }
    }

    fn hand_on(&mut self) -> Result<(), Failure> {
        let Self { path, target, piece, .. } = self;
        target.file().write_all(piece).map_err(|source| target::failed("write", path, source))?;
        piece.clear();
        Ok(())
    }

    fn publish(mut self, force: bool) -> Result<(), Failure> {
        self.hand_on()?;
        self.target.publish(force)
    }
}

/// Newer hashes show as removed where the indexes are given the wrong way round.
fn tell_the_order(old: &Index, new: &Index) {
    if let Some(StepBack { date, previous, .. }) = StepBack::between(old.metadata(), new.metadata())
        && !date.is_empty()
    {
        let (old, new) = (old.name(), new.name());
        messages::note(&format!("NEW ({new}, {date}) is older than OLD ({old}, {previous})"));
    }
}

/// Where the indexes leave out different entries, those are among the differences.
fn tell_what_is_left_out(old: &Index, new: &Index) {
    let floors_differ = old.metadata().floor != new.metadata().floor;
    for index in [old, new].into_iter().filter(|index| floors_differ && index.metadata().floor > 1) {
        messages::note(&format!(
            "entries seen fewer than {} times may be missing from {}, which shows as added or removed",
            index.metadata().floor,
            index.name()
        ));
    }
}

/// The fields of `--json`, in this order. They may gain companions but do not change.
#[derive(Serialize)]
struct Facts<'a> {
    old: &'a str,
    new: &'a str,
    same_content: bool,
    entries_old: u64,
    entries_new: u64,
    ranges_changed: u64,
    hashes_added: u64,
    hashes_removed: u64,
    counts_changed: Option<u64>,
    only_old_covers: CoverageFacts,
    only_new_covers: CoverageFacts,
}

#[derive(Serialize)]
struct CoverageFacts {
    prefixes: u32,
    ranges: Vec<String>,
    #[serde(skip)]
    short: String,
}

impl CoverageFacts {
    fn of(coverage: &Coverage) -> Self {
        let ranges = coverage.ranges().iter();
        Self {
            prefixes: coverage.prefixes(),
            ranges: ranges.map(|(first, last)| format!("{first:05X}-{last:05X}")).collect(),
            short: coverage.to_string(),
        }
    }

    fn text(&self) -> Option<String> {
        let unit = if self.prefixes == 1 { "prefix" } else { "prefixes" };
        (self.prefixes > 0).then(|| format!("{} {unit}, not compared: {}", self.prefixes, self.short))
    }
}

impl<'a> Facts<'a> {
    fn of(old: &'a Index, new: &'a Index, difference: &Difference) -> Self {
        Self {
            old: old.name(),
            new: new.name(),
            same_content: difference.same_content,
            entries_old: difference.entries_old,
            entries_new: difference.entries_new,
            ranges_changed: difference.ranges_changed,
            hashes_added: difference.hashes_added,
            hashes_removed: difference.hashes_removed,
            counts_changed: difference.counts_changed,
            only_old_covers: CoverageFacts::of(&difference.only_old),
            only_new_covers: CoverageFacts::of(&difference.only_new),
        }
    }

    fn json(&self) -> Result<String, Failure> {
        let json = serde_json::to_string(self).map_err(|error| Failure::output(error.into()))?;
        Ok(json + "\n")
    }

    fn text(&self, content_id: ContentId) -> String {
        let entries = |number: u64| format!("{number} {}", if number == 1 { "entry" } else { "entries" });
        if self.same_content {
            let held = entries(self.entries_new);
            return format!("{} and {} are the same: {held}, content id {content_id}\n", self.old, self.new);
        }
        let counts = match self.counts_changed {
            Some(number) => number.to_string(),
            None => String::from("not compared, for one index has no counts"),
        };
        let rows = [
            ("old", Some(format!("{}, {}", self.old, entries(self.entries_old)))),
            ("new", Some(format!("{}, {}", self.new, entries(self.entries_new)))),
            ("ranges changed", Some(self.ranges_changed.to_string())),
            ("hashes added", Some(self.hashes_added.to_string())),
            ("hashes removed", Some(self.hashes_removed.to_string())),
            ("counts changed", Some(counts)),
            ("only in old", self.only_old_covers.text()),
            ("only in new", self.only_new_covers.text()),
        ];
        rows.into_iter().filter_map(|(name, value)| Some(format!("{name:<14}  {}\n", value?))).collect()
    }
}
