//! The flags of `update`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::Args;

use crate::flags::fetch::WorkFlags;
use crate::flags::{FetchFlags, KeyFlags, ProgressFlags, SignFlag};

/// Bring an index up to date
///
/// Asks for every range that the index covers whether it changed, and replaces those that did. Kind, bits, counts and
/// --min-count stay as they are. The new file replaces the old one in one step; if nothing changed, nothing is written. Run
/// the same command again to resume an interrupted update.
#[derive(Args)]
#[command(after_long_help = "\
An index that breachdex downloaded remembers its server and each range's entity tag, so that only
what changed is sent. For any other index every range is fetched once. One that was cut with --top,
or that an overlay was merged into, cannot be updated.

Exit codes: 0 done, also when nothing had changed; 2 an error or stopped; what was fetched is kept.
If some ranges could not be fetched, the others are updated all the same and the exit code is 2.

With trusted keys, or --sign, the index must be signed before it is updated, and what is copied from
it is checked against the signature.

Examples:
      breachdex update pwned.bdx
  What would change:
      breachdex update --dry-run pwned.bdx
  What changed, and the hashes that are new:
      cp pwned.bdx before.bdx && breachdex update pwned.bdx
      breachdex diff before.bdx pwned.bdx --export new.txt")]
pub(crate) struct Flags {
    /// The index
    pub(crate) file: PathBuf,
    /// Print what would change and write nothing
    ///
    /// Fetches every range that changed, as an update does.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Update from a server that is behind the index
    ///
    /// Its newer hashes are removed, and its corpus date goes back. Without this flag such an update is refused.
    #[arg(long)]
    pub(crate) allow_older: bool,
    #[command(flatten)]
    pub(crate) keys: KeyFlags,
    #[command(flatten)]
    pub(crate) sign: SignFlag,
    #[command(flatten)]
    pub(crate) fetch: FetchFlags,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    #[command(flatten)]
    pub(crate) progress: ProgressFlags,
}
