//! The flags of the commands that fetch ranges: `download` and `update`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex_hibp::BaseUrl;
use clap::Args;

use crate::flags::values::{parse_positive, parse_prefixes, parse_seconds, parse_size};
use crate::flags::{KindName, TargetFlags};

/// Download breached password hashes straight into an index
///
/// Fetches every range of Pwned Passwords, or those of --prefixes, checks each and makes an index of them.
/// OUT appears only when it is complete. Whatever ends a download, Ctrl-C, a lost network, a reboot, the same
/// command resumes it: what arrived is kept beside OUT, in files named .OUT.breachdex-download*, until the index
/// is complete.
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
  A part, from a server of your own:
      breachdex download -o part.bdx --prefixes 00000-000FF --base-url http://127.0.0.1:8080")]
pub(crate) struct DownloadFlags {
    #[command(flatten)]
    pub(crate) target: TargetFlags,
    /// Which digest: sha1 or ntlm
    #[arg(long, value_name = "KIND", default_value = "sha1", hide_possible_values = true)]
    pub(crate) kind: KindName,
    /// Bits kept of each digest [default: all, which is exact]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(32..=160))]
    pub(crate) bits: Option<u32>,
    /// Build even where more than 1 in 128 answers would be wrong
    #[arg(long, requires = "bits")]
    pub(crate) force_bits: bool,
    /// Store no counts
    #[arg(long)]
    pub(crate) no_counts: bool,
    /// Leave out what was seen less often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_positive)]
    pub(crate) min_count: u64,
    /// Fetch these prefixes only (5 hex digits)
    ///
    /// Inclusive, repeatable. Questions outside them will be errors, never "not found".
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_prefixes)]
    pub(crate) prefixes: Vec<(u32, u32)>,
    /// Keep each range as it came, too, as DIR/00000.txt to DIR/FFFFF.txt
    #[arg(long, value_name = "DIR")]
    pub(crate) also_text: Option<PathBuf>,
    /// Throw away what an unfinished download of OUT has fetched
    #[arg(long)]
    pub(crate) restart: bool,
    #[command(flatten)]
    pub(crate) fetch: FetchFlags,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
}

/// Bring an index up to date
///
/// Asks for every range that the index covers whether it changed, and puts those that did in the place of the
/// old ones. Kind, bits, counts and --min-count stay as they are. The new file takes the old one's place in one
/// step; where nothing changed, nothing is written. Run the same command again to resume an unfinished
/// update.
#[derive(Args)]
#[command(after_long_help = "\
An index that breachdex downloaded remembers its server and each range's entity tag, so that only
what changed is sent. For any other index every range is fetched once. One that was cut with --top,
or that an overlay was merged into, cannot be updated.

Exit codes: 0 done, also when nothing had changed; 2 an error or stopped; what was fetched is kept.

Examples:
      breachdex update pwned.bdx
  What changed, and the hashes that are new:
      cp pwned.bdx before.bdx && breachdex update pwned.bdx
      breachdex diff before.bdx pwned.bdx --export new.txt")]
pub(crate) struct UpdateFlags {
    /// The index
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) fetch: FetchFlags,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
}

/// How ranges are fetched.
#[derive(Args)]
pub(crate) struct FetchFlags {
    /// The range server [default: https://api.pwnedpasswords.com, for an update the one the index came from]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<BaseUrl>,
    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) concurrency: u32,
    /// How often a failed request is sent again
    ///
    /// After half a second, then after twice as long each time, up to half a minute. A server that asks to be
    /// left alone for a while is.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) retries: u32,
    /// How long to wait for a connection, and for each piece of an answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) timeout: std::time::Duration,
}

/// What making the index may take.
#[derive(Args)]
pub(crate) struct WorkFlags {
    /// Memory to use, as in 512MiB
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = parse_size)]
    pub(crate) memory: u64,
    /// Threads to use [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
}
