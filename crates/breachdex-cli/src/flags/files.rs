//! The flags of the commands that look at an index as a file, and of those about the command itself.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::flags::values::parse_days;
use crate::flags::{ProgressFlags, TrustFlags};

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
pub(crate) struct ExportFlags {
    /// The index
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustFlags,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Replace OUT if it exists
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) progress: ProgressFlags,
}

/// Say what changed from one index to another
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
      breachdex diff october.bdx november.bdx --export new.txt")]
pub(crate) struct DiffFlags {
    /// The index as it was
    pub(crate) old: PathBuf,
    /// The index as it is
    pub(crate) new: PathBuf,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the hashes added as sorted HEX:COUNT lines
    ///
    /// Bare HEX where NEW has no counts. The file appears when it is complete. - is standard output; the summary then
    /// goes to standard error. Needs exact indexes.
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    /// Replace FILE if it exists
    #[arg(long, requires = "export")]
    pub(crate) force: bool,
}

/// Say what an index holds
#[derive(Args)]
#[command(after_long_help = "\
JSON fields:
  index                the path
  format_version       of the file
  kind                 \"sha1\" or \"ntlm\"
  bits                 kept of each digest
  exact                whether that is all of them
  entries              how many digests
  counts               whether counts are stored
  total_count          sum of all counts, null without counts
  max_count            the largest count, null without counts
  floor                seen less often than this, a password may be missing
  cut                  whether --top left entries out
  collisions           digests folded into another that shares the kept bits
  false_positive_rate  chance that a password outside the source is found
  overlay              whether this is an overlay
  holds_overlay        whether it is one or one was merged into it: keep the file secret
  coverage             object: whole (true or false), prefixes (how many of 1048576),
                       ranges (list of \"FIRST-LAST\")
  source, date         as given to build, null where not given
  bytes                the file's length
  bytes_per_entry      null without entries
  directory_bits       leading bits that the directory resolves
  groups               in the file
  content_id           equal for indexes with the same entries and facts
  signed_by            the key that the signature names, null without one
  signature_checked    whether that key is trusted and the signature valid; see --trusted-key
  notes                object: what may vary between equal indexes, such as tool; long ones
                       and those that are not text only by their length

Examples:
      breachdex info pwned.bdx
      breachdex info --json pwned.bdx | jq .entries")]
pub(crate) struct InfoFlags {
    /// The index
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustFlags,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Check every byte of indexes
///
/// Exit code 0 when all are sound, 2 when one is damaged; the message names the first fault's section and its
/// offset in bytes. The others are checked all the same.
#[derive(Args)]
#[command(after_long_help = "\
Example:
      breachdex verify pwned.bdx --public-key breachdex.pub
      breachdex verify pwned.bdx && cp pwned.bdx /srv/")]
pub(crate) struct VerifyFlags {
    /// The indexes
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) progress: ProgressFlags,
    /// Also check its signature, by this key; repeatable
    ///
    /// A file of minisign's format, or the key's 56 characters. One of several keys is enough. Default:
    /// $BREACHDEX_TRUSTED_KEYS, with commas between keys.
    #[arg(long, value_name = "KEY")]
    pub(crate) public_key: Vec<PathBuf>,
    /// Refuse an index whose corpus date is older, as in 90 or 12w
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    pub(crate) max_age: Option<u32>,
}

/// Print a shell's completion script
#[derive(Args)]
#[command(after_long_help = "\
Examples:
      breachdex completions bash > ~/.local/share/bash-completion/completions/breachdex
      breachdex completions fish > ~/.config/fish/completions/breachdex.fish")]
pub(crate) struct CompletionsFlags {
    /// The shell
    pub(crate) shell: Shell,
}

/// Print a manual page
#[derive(Args)]
#[command(after_long_help = "\
Examples:
      breachdex man | man -l -
      breachdex man check > breachdex-check.1")]
pub(crate) struct ManFlags {
    /// The page of one command [default: the page of breachdex]
    pub(crate) command: Option<String>,
}
