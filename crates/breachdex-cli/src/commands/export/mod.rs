//! `export`: an index's entries as sorted text, or (`ranges`) as a folder of ranges for web servers.

#![forbid(unsafe_code)]

#[cfg(feature = "s3")]
mod objects;
#[cfg(not(feature = "s3"))]
#[path = "objects_left_out.rs"]
mod objects;
mod ranges;

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic;

use breachdex::{Entry, Error, Index, Monitor, Phase, Progress, rows};
use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::values::parse_positive;
use crate::flags::{ProgressFlags, TrustFlags};
use crate::output::Output;
use crate::progress::Reporter;
use crate::target::{self, Target};
use crate::{messages, signals, trust};

/// Text is handed on in pieces of this size.
const PIECE: usize = 1 << 18;
/// Entries that are looked at between two looks at the monitor.
const ROUND: u64 = 1 << 16;

/// What text cannot say of rows that were an overlay's.
pub(super) const HOLDS_OVERLAY: &str =
    "these rows hold digests from an overlay, which text cannot say: keep them as secret as the overlay";

/// Write an index's entries as sorted HEX:COUNT lines, or as range files
///
/// Upper-case, LF after every line, bare HEX where the index has no counts. Building from the result gives
/// the same entries. Needs an exact index.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  Compressed:
      breachdex export pwned.bdx | zstd > pwned.txt.zst
  Into a file, which appears when it is complete:
      breachdex export pwned.bdx -o pwned.txt
  The million most frequent, the first one first:
      breachdex export pwned.bdx --top 1000000
  Every range as a file, for a web server or a CDN; again later, for what changed:
      breachdex export pwned.bdx --ranges /srv/pwned/range --gzip --lower-case
  Every range as an object, in a build with the feature s3:
      breachdex export pwned.bdx --ranges s3://pwned-ranges/range")]
pub(crate) struct Flags {
    /// The index
    file: PathBuf,
    #[command(flatten)]
    trust: TrustFlags,
    /// Write the N most frequent, ordered by count
    ///
    /// Equal counts are ordered by hash. Takes about 70 bytes of memory for each.
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    top: Option<u64>,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace OUT if it exists
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    ranges: ranges::RangeFlags,
    #[command(flatten)]
    progress: ProgressFlags,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let index = Index::open_with(&self.file, trust::mapped(&trust::of(&self.trust)?))?;
        if let Some(folder) = &self.ranges.ranges {
            return ranges::write(&index, folder, &self.ranges, self.progress.progress);
        }
        let metadata = index.metadata();
        if !metadata.is_exact() {
            let name = index.name().to_owned();
            return Err(Error::NotExact { name, bits: metadata.bits, full: metadata.kind.bits() }.into());
        }
        if self.top.is_some() && !metadata.has_counts {
            return Err(Error::CountsUnavailable { name: index.name().to_owned() }.into());
        }
        match self.output.as_deref().filter(|path| path.as_os_str() != "-") {
            Some(path) => into_file(&index, &self, path)?,
            None => {
                let reporter = Reporter::beside_output(self.progress.progress);
                let mut output = Output::open_wide();
                write_rows(&index, self.top, &mut |piece| output.write(piece), &reporter)?;
                output.flush()?;
            }
        }
        tell_what_is_missing(&index);
        Ok(Exit::Success)
    }
}

/// Hands on all rows, or the most frequent ones.
fn write_rows(
    index: &Index,
    top: Option<u64>,
    write: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    monitor: &dyn Monitor,
) -> Result<(), Failure> {
    let Some(top) = top else { return index.export(0, write, monitor) };
    let mut piece = Vec::with_capacity(PIECE + 128);
    for Ranked { entry, .. } in most_frequent(index, top, monitor)? {
        rows::write_row(&mut piece, &entry, index.kind(), 0, true);
        piece.push(b'\n');
        if piece.len() >= PIECE {
            write(&piece)?;
            piece.clear();
        }
    }
    write(&piece)
}

/// An entry by its count; of equal counts the one that comes first is the greater.
struct Ranked {
    entry: Entry,
    number: u64,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.entry.count().cmp(&other.entry.count()).then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

/// The entries with the highest counts, the highest first.
fn most_frequent(index: &Index, top: u64, monitor: &dyn Monitor) -> Result<Vec<Ranked>, Failure> {
    index.hold_to_hashes()?;
    let total = Some(index.len());
    let mut kept: BinaryHeap<Reverse<Ranked>> = BinaryHeap::new();
    for (number, entry) in (0..).zip(index) {
        let entry = Ranked { entry: entry?, number };
        if (kept.len() as u64) < top {
            kept.push(Reverse(entry));
        } else if let Some(mut least) = kept.peek_mut().filter(|least| least.0 < entry) {
            *least = Reverse(entry);
        }
        if number % ROUND == 0 {
            let progress = Progress { phase: Phase::Selecting, done: number, total };
            if monitor.progress(progress).is_break() {
                return Err(Error::Cancelled.into());
            }
        }
    }
    Ok(kept.into_sorted_vec().into_iter().map(|Reverse(ranked)| ranked).collect())
}

fn into_file(index: &Index, flags: &Flags, path: &Path) -> Result<(), Failure> {
    let (source, force) = (&flags.file, flags.force);
    if breachdex::files::is_same_file(source, path) {
        return Err(Failure::Usage(format!("{} is the index itself; choose another OUT", path.display())));
    }
    target::refuse_keys(path, &flags.trust.keys.trusted_key)?;
    // A pipe's reader may keep us waiting: then a signal ends this as it ends any program. Else signals are heard before
    // there is a temporary file that they might leave.
    let waits = target::is_through(path);
    let mode = flags.progress.progress;
    let reporter = if waits { Reporter::beside_output(mode) } else { Reporter::start(mode)? };
    let mut target = Target::create(path, force, index.metadata().holds_overlay)?;
    let mut write = |piece: &[u8]| {
        let written = target.file().write_all(piece);
        written.map_err(|source| target::failed("write", path, source))
    };
    write_rows(index, flags.top, &mut write, &reporter)?;
    if !waits && signals::stop_flag()?.load(atomic::Ordering::Relaxed) {
        return Err(Error::Cancelled.into());
    }
    target.publish(force)
}

/// Text cannot say what it does not cover, so that the next index built from it might claim too much.
fn tell_what_is_missing(index: &Index) {
    let metadata = index.metadata();
    if metadata.holds_overlay {
        messages::note(&HOLDS_OVERLAY);
    }
    if !metadata.coverage.is_whole() {
        messages::note(&format!("the index covers {} only, which its text cannot say", metadata.coverage));
    }
    if metadata.floor > 1 {
        messages::note(&format!(
            "entries seen fewer than {} times may be missing from the index, which its text cannot say",
            metadata.floor
        ));
    }
}
