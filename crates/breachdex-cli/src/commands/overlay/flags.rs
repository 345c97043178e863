//! The flags of `overlay`, which changes a list of one's own.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex_audit::Encoding;
use clap::{Args, Subcommand};

use crate::flags::KindName;
use crate::flags::values::{parse_delimiter, parse_encoding};

/// Manage your own list of banned passwords
///
/// An overlay is a small index beside the corpus. Every password in it counts as exposed, however rarely it was seen.
/// check, serve and applications use overlays together with an index and pick up changes within two seconds, without a
/// restart. An overlay holds unsalted digests of passwords that people use, so it and its temporary files have mode 0600.
///
/// With --pairs, the file holds pairs of user names and passwords of your own incidents instead, as keyed digests: checks that
/// know the account ask it, with the key from another file.
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
      breachdex overlay add --overlay overlay.bdx < /dev/null
  Add the pairs of an incident, lines user:password; makes the key if there is none yet:
      breachdex overlay add --pairs --pair-key pairs.key --overlay pairs.bdx incident.txt
  The same from columns of a CSV file:
      breachdex overlay add --pairs --pair-key pairs.key --overlay pairs.bdx \\
          --user-column mail --password-column password incident.csv
  Ask both for an account:
      breachdex check --pairs pairs.bdx --pair-key pairs.key --user hanako@example.jp")]
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
///
/// With --pairs, lines are user:password, split at the first colon, or the two named columns of a CSV file. The first call
/// makes the key file too, with mode 0600. No user name and no password is kept in plain text, and none can be read back.
///
/// Changing the key of pairs means a new key and a new file, made from the source of the incident: digests under one key
/// cannot be turned into digests under another, and breachdex keeps nothing else. Adding with another key is refused.
/// Old and new file can be asked side by side, each with its key, until the old one is deleted.
#[derive(Args)]
pub(crate) struct OverlayAddFlags {
    #[command(flatten)]
    pub(crate) lines: OverlayLines,
    /// Which digest: sha1 or ntlm [default: what the overlay holds; sha1 for a new one]
    #[arg(long, value_name = "KIND", hide_possible_values = true, conflicts_with = "pairs")]
    pub(crate) kind: Option<KindName>,
    /// Compare mail addresses as written, without providers' rules
    ///
    /// By default taro.yamada+shop@gmail.com is taroyamada@gmail.com; see the table in docs/pairs.md. For a new file; kept in it.
    #[arg(long, requires = "pairs")]
    pub(crate) no_mail_rules: bool,
    /// Compare mail addresses with their host only
    ///
    /// By default a list with taro@example.jp also knows the user name taro. For a new file; kept in it.
    #[arg(long, requires = "pairs")]
    pub(crate) full_names_only: bool,
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
    #[arg(long, conflicts_with = "pairs")]
    pub(crate) hash: bool,
    /// Lines end at NUL, not at LF, bytes taken exactly
    #[arg(short = '0', long, conflicts_with = "password_column")]
    pub(crate) null: bool,
    /// Lines are pairs user:password, and the overlay holds pairs
    #[arg(long, requires = "pair_key")]
    pub(crate) pairs: bool,
    /// Key file of the pairs
    ///
    /// Keep it apart from the overlay, with a backup of its own. Made by the first add; see also keygen --pair-key.
    #[arg(long, value_name = "FILE", requires = "pairs")]
    pub(crate) pair_key: Option<PathBuf>,
    /// With --pairs: the input is CSV with a header, and this is its column of user names
    #[arg(long, value_name = "NAME", requires = "pairs", requires = "password_column")]
    pub(crate) user_column: Option<String>,
    /// With --pairs: its column of passwords
    #[arg(long, value_name = "NAME", requires = "pairs", requires = "user_column")]
    pub(crate) password_column: Option<String>,
    /// Cell delimiter of CSV input: a character, or tab [default: auto-detect]
    #[arg(long, value_name = "DELIMITER", requires = "password_column", value_parser = parse_delimiter)]
    pub(crate) delimiter: Option<u8>,
    /// Text encoding of CSV input, such as cp932 [default: utf-8 or utf-16, auto-detect]
    #[arg(long, value_name = "NAME", requires = "password_column", value_parser = parse_encoding)]
    pub(crate) encoding: Option<Encoding>,
}

/// Show the size of an overlay, or its digests
///
/// An overlay stores digests, not passwords. Of a file of pairs, shows how many it holds, the id of its key and its rules for
/// user names; pairs are never listed.
#[derive(Args)]
pub(crate) struct OverlayListFlags {
    /// The overlay file
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: PathBuf,
    /// Print the number of digests or pairs alone
    #[arg(long)]
    pub(crate) count: bool,
    /// Key file of a file of pairs: check that it is the one
    #[arg(long, value_name = "FILE", conflicts_with = "digests")]
    pub(crate) pair_key: Option<PathBuf>,
    /// Print the digests, one a line, as add --hash reads them
    ///
    /// They are unsalted, and most passwords can be recovered from them: protect them like the overlay itself.
    #[arg(long, conflicts_with = "count")]
    pub(crate) digests: bool,
}
