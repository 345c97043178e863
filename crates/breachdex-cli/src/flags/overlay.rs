//! The flags of `overlay`, which changes a list of one's own.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::flags::KindName;

/// Keep a list of your own passwords that must not be used
///
/// An overlay is a small index beside the corpus. Whatever is in it is exposed, however rare it is: check, serve and
/// applications take a base and overlays and see a change within two seconds, without a restart. It holds unsalted
/// digests of passwords that people use, so the file and all that is made on the way is mode 0600.
#[derive(Args)]
#[command(arg_required_else_help = true)]
#[command(after_long_help = "\
Examples:
  This morning's leak, refused a moment later:
      breachdex overlay add leaked.txt --index overlay.bdx
  One password, asked for and not shown:
      breachdex overlay add --index overlay.bdx
  Ask a corpus and the overlay:
      breachdex check --index pwned.bdx --overlay overlay.bdx
  An empty overlay, for applications to start with:
      breachdex overlay add --index overlay.bdx < /dev/null")]
pub(crate) struct OverlayFlags {
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
/// One a line from FILE or standard input; on a terminal one password is asked for and not shown. A line ends at LF, one
/// CR before it is dropped, nothing else is; empty lines are passed over. Passwords are never taken as arguments. The
/// overlay is made where there is none. A bad line is named by its number, and then nothing is written. Writers wait
/// for one another, and readers see the old state or the new one. What is there already stays as it is.
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
/// Lines are read as by add. What is not there is counted and no error.
#[derive(Args)]
pub(crate) struct OverlayRemoveFlags {
    #[command(flatten)]
    pub(crate) lines: OverlayLines,
}

/// The lines of a change, and the overlay that is changed.
#[derive(Args)]
pub(crate) struct OverlayLines {
    /// A file of passwords, or - for standard input [default: standard input]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The overlay
    #[arg(long, value_name = "OVERLAY")]
    pub(crate) index: PathBuf,
    /// Lines are digests in hex, not passwords
    #[arg(long)]
    pub(crate) hash: bool,
    /// Lines end at NUL, not at LF, bytes taken exactly
    #[arg(short = '0', long)]
    pub(crate) null: bool,
}

/// Say how much an overlay holds
///
/// One sentence, unless a flag asks for something else. An overlay does not know the passwords, only their digests.
#[derive(Args)]
pub(crate) struct OverlayListFlags {
    /// The overlay
    #[arg(long, value_name = "OVERLAY")]
    pub(crate) index: PathBuf,
    /// Print the number of digests alone
    #[arg(long)]
    pub(crate) count: bool,
    /// Print the digests, one a line, as add --hash reads them
    ///
    /// They are unsalted: whoever has them finds most of the passwords. Keep them as you keep the overlay.
    #[arg(long, conflicts_with = "count")]
    pub(crate) digests: bool,
}
