//! The flags of `overlay`, which changes a list of one's own.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::flags::KindName;

/// Manage your own list of banned passwords
///
/// An overlay is a small index beside the corpus. Every password in it counts as exposed, however rarely it was seen.
/// check, serve and applications use overlays together with an index and pick up changes within two seconds, without a
/// restart. An overlay holds unsalted digests of passwords that people use, so it and its temporary files have mode 0600.
#[derive(Args)]
#[command(arg_required_else_help = true)]
#[command(after_long_help = "\
Examples:
  Ban the passwords of a new leak:
      breachdex overlay add leaked.txt --overlay overlay.bdx
  Add one password, typed without being shown:
      breachdex overlay add --overlay overlay.bdx
  Check against an index and the overlay:
      breachdex check --index pwned.bdx --overlay overlay.bdx
  Create an empty overlay:
      breachdex overlay add --overlay overlay.bdx < /dev/null")]
pub(crate) struct Flags {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) action: OverlayAction,
}

#[derive(Subcommand)]
pub(crate) enum OverlayAction {
    Add(OverlayAddFlags),
    Remove(OverlayRemoveFlags),
    List(OverlayListFlags),
}

/// Add passwords or digests to an overlay
///
/// Reads one per line from PASSWORDS or standard input; on a terminal, prompts for one password without showing it. A line
/// ends at LF; one CR before it is dropped; empty lines are skipped. Passwords are never taken as arguments. Creates the
/// overlay if it does not exist. If a line is malformed, reports its number and writes nothing. Concurrent writers wait
/// for each other; readers see the old state or the new one. Passwords that are already there stay unchanged.
#[derive(Args)]
pub(crate) struct OverlayAddFlags {
    #[command(flatten)]
    pub(crate) lines: OverlayLines,
    /// Which digest: sha1 or ntlm [default: what the overlay holds; sha1 for a new one]
    #[arg(long, value_name = "KIND", hide_possible_values = true)]
    pub(crate) kind: Option<KindName>,
}

/// Remove passwords or digests from an overlay
///
/// Reads lines as add does. Passwords that are not in the overlay are counted; they are no error.
#[derive(Args)]
pub(crate) struct OverlayRemoveFlags {
    #[command(flatten)]
    pub(crate) lines: OverlayLines,
}

/// The lines of a change, and the overlay that is changed.
#[derive(Args)]
pub(crate) struct OverlayLines {
    /// File of passwords, or - for standard input [default: standard input]
    #[arg(value_name = "PASSWORDS")]
    pub(crate) file: Option<PathBuf>,
    /// The overlay file
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: PathBuf,
    /// Lines are digests in hex, not passwords
    #[arg(long)]
    pub(crate) hash: bool,
    /// Lines end at NUL, not at LF, bytes taken exactly
    #[arg(short = '0', long)]
    pub(crate) null: bool,
}

/// Show the size of an overlay, or its digests
///
/// An overlay stores digests, not passwords.
#[derive(Args)]
pub(crate) struct OverlayListFlags {
    /// The overlay file
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: PathBuf,
    /// Print the number of digests alone
    #[arg(long)]
    pub(crate) count: bool,
    /// Print the digests, one a line, as add --hash reads them
    ///
    /// They are unsalted, and most passwords can be recovered from them: protect them like the overlay itself.
    #[arg(long, conflicts_with = "count")]
    pub(crate) digests: bool,
}
