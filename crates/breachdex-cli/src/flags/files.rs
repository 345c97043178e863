//! The flags of the commands that look at an index as a file, and of those about the command itself.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

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
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Replace OUT if it exists
    #[arg(long, requires = "output")]
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
  coverage             object: whole (true or false), prefixes (how many of 1048576),
                       ranges (list of \"FIRST-LAST\")
  source, date         as given to build, null where not given
  bytes                the file's length
  bytes_per_entry      null without entries
  directory_bits       leading bits that the directory resolves
  groups               in the file
  content_id           equal for indexes with the same entries and facts
  notes                object: what may vary between equal indexes, such as tool

Examples:
      breachdex info pwned.bdx
      breachdex info --json pwned.bdx | jq .entries")]
pub(crate) struct InfoFlags {
    /// The index
    pub(crate) file: PathBuf,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Check every byte of an index
///
/// Exit code 0 when it is sound, 2 when it is damaged; the message names the first fault's section and its
/// offset in bytes.
#[derive(Args)]
#[command(after_long_help = "\
Example:
      breachdex verify pwned.bdx && cp pwned.bdx /srv/")]
pub(crate) struct VerifyFlags {
    /// The index
    pub(crate) file: PathBuf,
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
