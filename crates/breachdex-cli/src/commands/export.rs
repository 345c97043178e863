//! `export`: an index's entries as sorted text.

#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use breachdex::{Error, Index};
use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::{ProgressFlags, TrustFlags};
use crate::output::Output;
use crate::progress::Reporter;
use crate::target::{self, Target};
use crate::{messages, signals, trust};

/// What text cannot say of rows that were an overlay's.
pub(super) const HOLDS_OVERLAY: &str =
    "these rows hold digests from an overlay, which text cannot say: keep them as secret as the overlay";

/// Write an index's entries as sorted HEX:COUNT lines
///
/// Upper-case, LF after every line, bare HEX where the index has no counts. Building from the result gives
/// the same entries. Needs an exact index.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  Compressed:
      breachdex export pwned.bdx | zstd > pwned.txt.zst
  Into a file, which appears when it is complete:
      breachdex export pwned.bdx -o pwned.txt")]
pub(crate) struct Flags {
    /// The index
    file: PathBuf,
    #[command(flatten)]
    trust: TrustFlags,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace OUT if it exists
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    progress: ProgressFlags,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let index = Index::open_with(&self.file, trust::mapped(&trust::of(&self.trust)?))?;
        let metadata = index.metadata();
        if !metadata.is_exact() {
            let name = index.name().to_owned();
            return Err(Error::NotExact { name, bits: metadata.bits, full: metadata.kind.bits() }.into());
        }
        match self.output.as_deref().filter(|path| path.as_os_str() != "-") {
            Some(path) => into_file(&index, &self, path)?,
            None => {
                let reporter = Reporter::beside_output(self.progress.progress);
                let mut output = Output::open();
                index.export(0, &mut |piece| output.write(piece), &reporter)?;
                output.flush()?;
            }
        }
        tell_what_is_missing(&index);
        Ok(Exit::Success)
    }
}

fn into_file(index: &Index, flags: &Flags, path: &Path) -> Result<(), Failure> {
    let (source, force) = (&flags.file, flags.force);
    if breachdex::files::is_same_file(source, path) {
        return Err(Failure::Usage(format!("{} is the index itself; choose another OUT", path.display())));
    }
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
    index.export(0, &mut write, &reporter)?;
    if !waits && signals::stop_flag()?.load(Ordering::Relaxed) {
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
