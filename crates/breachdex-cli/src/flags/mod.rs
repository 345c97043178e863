//! What every command line begins with, and the flags that several commands have.
//!
//! The flags of one command are with the code that runs them, in `commands`. A help text is next to the flag that it
//! explains.

#![forbid(unsafe_code)]

pub(crate) mod fetch;
pub(crate) mod language;
mod on_error;
pub(crate) mod pairs;
mod progress;
mod radar;
mod target;
mod trust;
pub(crate) mod values;

use clap::Parser;

use crate::commands::Command;

pub(crate) use fetch::{FetchFlags, proxy_from};
pub(crate) use on_error::OnErrorName;
pub(crate) use pairs::PairFlags;
pub(crate) use progress::{ProgressFlags, ProgressName};
pub(crate) use radar::UsualFlags;
pub(crate) use target::{KeptFlags, KindName, MergeRuleName, ResourceFlags, TargetFlags};
pub(crate) use trust::{KeyFlags, SignFlag, TrustFlags};

/// Is this password already in the attackers' lists?
///
/// breachdex answers from one file, offline. `check` works at once, on a small index of the most common
/// passwords that is part of the program; `download` fetches a full corpus of breached password hashes into
/// an exact index, `update` keeps it up to date, and `serve` answers other programs from it.
#[derive(Parser)]
#[command(name = "breachdex", bin_name = "breachdex", version, max_term_width = 100)]
#[command(after_long_help = "\
Examples:
  Is a password exposed? It is asked for and not shown:
      breachdex check
  Download a full corpus into an index, then use it:
      breachdex download -o pwned.bdx
      export BREACHDEX_INDEX=$PWD/pwned.bdx
      breachdex check < passwords.txt
  Let other programs ask it:
      breachdex serve --index pwned.bdx

Exit codes:
  0  done; for check and audit: asked, and nothing is exposed
  1  check and audit only: something is exposed
  2  an error, bad usage, or nothing was asked")]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}
