//! `range`: the entries under a prefix as the Pwned Passwords service words them.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::{Lookup as _, Prefix, rows};
use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::TrustFlags;
use crate::output::Output;
use crate::{indexes, trust};

/// Print the range of a prefix as the Pwned Passwords service does
///
/// Rows SUFFIX:COUNT, upper-case and ascending, CRLF between rows and none after the last. A covered prefix
/// without entries gives one row of zeros with count 0. Needs an exact index with counts.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  The body of GET /range/21BD1:
      breachdex range 21BD1 --index pwned.bdx
  Any length of prefix, any case:
      breachdex range 21bd10 --index pwned.bdx")]
pub(crate) struct Flags {
    /// The leading hex digits of the digests
    prefix: String,
    /// The index to ask [default: $BREACHDEX_INDEX, else the starter index]
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustFlags,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let index = indexes::open(self.index.as_slice(), &trust::of(&self.trust)?)?.remove(0);
        let kind = index.kind();
        index.require_exact()?;
        index.require_counts()?;
        let prefix = Prefix::from_hex(kind, &self.prefix)?;
        let mut output = Output::open();
        let mut row = Vec::new();
        for entry in index.range(&prefix)? {
            if !row.is_empty() {
                row.clear();
                row.extend_from_slice(b"\r\n");
            }
            rows::write_row(&mut row, &entry?, kind, prefix.digits(), true);
            output.write(&row)?;
        }
        if row.is_empty() {
            // No client of the service survives an empty body; a row with count 0 is padding to all of them.
            row.resize(kind.hex_digits() - prefix.digits(), b'0');
            row.extend_from_slice(b":0");
            output.write(&row)?;
        }
        output.flush()?;
        Ok(Exit::Success)
    }
}
