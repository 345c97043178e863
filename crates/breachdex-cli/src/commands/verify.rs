//! `verify`: every byte of indexes against their checksums, and their signatures.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use breachdex::trust::Trust;
use breachdex::{Error, Index};
use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::values::parse_days;
use crate::flags::{ProgressFlags, ProgressName};
use crate::messages;
use crate::output::Output;
use crate::printable::printable;
use crate::progress::Reporter;
use crate::{hints, trust};

/// Check every byte of indexes
///
/// Exit code 0 when all are sound, 2 when one is damaged; the message names the first fault's section and its
/// offset in bytes. The others are checked all the same.
#[derive(Args)]
#[command(after_long_help = "\
Example:
      breachdex verify pwned.bdx --public-key breachdex.pub
      breachdex verify pwned.bdx && cp pwned.bdx /srv/")]
pub(crate) struct Flags {
    /// The indexes
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    progress: ProgressFlags,
    /// Also check its signature, by this key; repeatable
    ///
    /// A file of minisign's format, or the key's 56 characters. One of several keys is enough. Default:
    /// $BREACHDEX_TRUSTED_KEYS, with commas between keys.
    #[arg(long, value_name = "KEY")]
    public_key: Vec<PathBuf>,
    /// Refuse an index whose corpus date is older, as in 90 or 12w
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    max_age: Option<u32>,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let trusted = trust::of_keys(&self.public_key, self.max_age)?;
        let mut damaged = 0;
        for file in &self.files {
            match verify(file, &trusted, self.progress.progress) {
                Ok(line) => {
                    let mut output = Output::open();
                    output.write(line.as_bytes())?;
                    output.flush()?;
                }
                Err(error @ Error::Cancelled) => return Err(error.into()),
                Err(error) => {
                    damaged += 1;
                    messages::error(&format!("{error}{}", hints::index(&error)));
                }
            }
        }
        Ok(if damaged == 0 { Exit::Success } else { Exit::Error })
    }
}

/// What is said of a sound index.
fn verify(file: &Path, trusted: &Trust, progress: ProgressName) -> Result<String, Error> {
    let index = Index::open_with(file, trust::mapped(trusted).any_content())?;
    let reporter = Reporter::start(progress).map_err(|failure| Error::Unbuildable(failure.to_string()))?;
    index.verify(&reporter)?;
    let (name, metadata) = (printable(index.name()), index.metadata());
    let signed = index.signed().map(|signed| format!(", signed with key {}", signed.key)).unwrap_or_default();
    Ok(format!("{name}: sound, {} entries, {} bytes{signed}\n", metadata.entries, metadata.file_length))
}
