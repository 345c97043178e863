//! The flags of `download`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::Args;

use crate::flags::fetch::WorkFlags;
use crate::flags::values::{parse_days, parse_positive, parse_prefixes};
use crate::flags::{FetchFlags, KeptFlags, ProgressFlags, TargetFlags};

/// Download breached password hashes straight into an index
///
/// Fetches every range of Pwned Passwords, or those of --prefixes, checks each and makes an index of them.
/// OUT appears only when it is complete. Run the same command again to resume a download that was interrupted or that
/// could not fetch some ranges: what was fetched is kept beside OUT, in files named .OUT.breachdex-download*.
#[derive(Args)]
#[command(after_long_help = "\
Needs disk space for 1.1 times the index while it runs. Proxies are taken from HTTPS_PROXY,
HTTP_PROXY, ALL_PROXY and NO_PROXY, trusted certificates from the system (or SSL_CERT_FILE,
SSL_CERT_DIR). docs/download.md says what is checked and when a request is sent again.

Exit codes: 0 done, 2 an error or stopped; what was fetched is kept.

Examples:
  All SHA-1 hashes, exact, with counts:
      breachdex download -o pwned.bdx
  A third of the size: keep 64 bits of each digest:
      breachdex download -o small.bdx --bits 64
  NTLM hashes seen at least ten times:
      breachdex download -o ntlm.bdx --kind ntlm --min-count 10
  The million most frequent:
      breachdex download -o top.bdx --top 1000000
  A part, from a server of your own:
      breachdex download -o part.bdx --prefixes 00000-000FF --base-url http://127.0.0.1:8080")]
pub(crate) struct Flags {
    #[command(flatten)]
    pub(crate) target: TargetFlags,
    #[command(flatten)]
    pub(crate) kept: KeptFlags,
    /// Keep the N most frequent, after --min-count
    ///
    /// Downloads everything first, into an index .OUT.breachdex-whole.bdx beside OUT that is removed in the end: that needs
    /// the disk space of a whole index. The result cannot be updated.
    #[arg(long, value_name = "N", value_parser = parse_positive, conflicts_with = "no_counts")]
    pub(crate) top: Option<u64>,
    /// Fetch these prefixes only (5 hex digits)
    ///
    /// Inclusive, repeatable. Questions outside them will be errors, never "not found".
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_prefixes)]
    pub(crate) prefixes: Vec<(u32, u32)>,
    /// Also store each range as text, DIR/00000.txt to DIR/FFFFF.txt
    #[arg(long, value_name = "DIR")]
    pub(crate) also_text: Option<PathBuf>,
    /// Write no OUT of ranges that changed longer ago, as in 90 or 12w
    ///
    /// A number of days, or of weeks with a w, since the server last changed a range: a mirror may have stopped following.
    /// What was fetched is kept.
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    pub(crate) max_age: Option<u32>,
    /// Discard the unfinished download of OUT and start over
    #[arg(long)]
    pub(crate) restart: bool,
    /// Write OUT even if some ranges could not be fetched
    ///
    /// OUT then does not cover them: questions there are errors, never "not found". Without it OUT is not written, and the
    /// same command fetches the missing ranges only.
    #[arg(long)]
    pub(crate) allow_missing: bool,
    #[command(flatten)]
    pub(crate) fetch: FetchFlags,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    #[command(flatten)]
    pub(crate) progress: ProgressFlags,
}
