//! The flags of the commands that fetch ranges: `download` and `update`.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex_hibp::{BaseUrl, ProxyUrl};
use clap::Args;

use crate::failure::Failure;
use crate::flags::values::{parse_positive, parse_prefixes, parse_seconds, parse_size};
use crate::flags::{KeyFlags, KindName, ProgressFlags, SignFlag, TargetFlags};

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
    #[arg(long, conflicts_with = "top")]
    pub(crate) no_counts: bool,
    /// Leave out what was seen less often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_positive)]
    pub(crate) min_count: u64,
    /// Keep the N most frequent, after --min-count
    ///
    /// Downloads everything first, into an index .OUT.breachdex-whole.bdx beside OUT that is removed in the end: that needs
    /// the disk space of a whole index. The result cannot be updated.
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    pub(crate) top: Option<u64>,
    /// Fetch these prefixes only (5 hex digits)
    ///
    /// Inclusive, repeatable. Questions outside them will be errors, never "not found".
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_prefixes)]
    pub(crate) prefixes: Vec<(u32, u32)>,
    /// Also store each range as text, DIR/00000.txt to DIR/FFFFF.txt
    #[arg(long, value_name = "DIR")]
    pub(crate) also_text: Option<PathBuf>,
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

With trusted keys, or --sign, the index must be signed before it is updated, and what of it is copied
is checked against the signature.

Examples:
      breachdex update pwned.bdx
  What would change:
      breachdex update --dry-run pwned.bdx
  What changed, and the hashes that are new:
      cp pwned.bdx before.bdx && breachdex update pwned.bdx
      breachdex diff before.bdx pwned.bdx --export new.txt")]
pub(crate) struct UpdateFlags {
    /// The index
    pub(crate) file: PathBuf,
    /// Print what would change and write nothing
    ///
    /// Fetches every range that changed, as an update does.
    #[arg(long)]
    pub(crate) dry_run: bool,
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

/// How ranges are fetched.
#[derive(Args)]
pub(crate) struct FetchFlags {
    /// The range server [default: https://api.pwnedpasswords.com, for an update the one the index came from]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<BaseUrl>,
    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) concurrency: u32,
    /// How often to retry a failed request
    ///
    /// After half a second, then after twice as long each time, up to half a minute. If a server asks for a pause, nothing is
    /// sent until it is over. A range that still fails is tried again when all others are fetched.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) retries: u32,
    /// Timeout of a connection, and of each piece of an answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
    /// Timeout of a request and its whole answer
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = parse_seconds)]
    pub(crate) request_timeout: Duration,
    /// Accept what some mirrors send and the service does not
    ///
    /// A line end after the last row, padding (rows with count 0), and for a range without rows an empty body or status 404.
    /// Also a compressed answer without a length.
    #[arg(long)]
    pub(crate) mirror_quirks: bool,
    #[command(flatten)]
    pub(crate) network: NetworkFlags,
}

/// How a server is reached.
#[derive(Args)]
pub(crate) struct NetworkFlags {
    /// Proxy to use [default: from the environment]
    ///
    /// That is HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. http://host:port, https://host:port, or socks4, socks4a, socks5 or socks5h; with an a or h at the end the proxy
    /// resolves host names. Give a user name and a password in the environment variable instead, where other users of this
    /// machine do not see them.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Certificates to trust beside the system's, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// Reads a proxy's address. One that holds a password is refused, and not repeated in the message: other users can see the
/// arguments of a process.
pub(crate) fn proxy_from(text: Option<&String>) -> Result<Option<ProxyUrl>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let proxy: ProxyUrl = text.parse().map_err(|error| Failure::Usage(format!("--{error}")))?;
    if proxy.has_credentials() {
        return Err(Failure::Usage(String::from(
            "--proxy must not hold a user name or a password, which other users could see: give the proxy in \
             HTTPS_PROXY, HTTP_PROXY or ALL_PROXY",
        )));
    }
    Ok(Some(proxy))
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
