//! The flags of `check`.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use breachdex_hibp::BaseUrl;
use breachdex_messages::Language;
use clap::Args;

use crate::flags::language::LanguageParser;
use crate::flags::values::{parse_positive, parse_seconds};
use crate::flags::{KindName, OnErrorName, PairFlags, TrustFlags};

/// Check whether passwords are exposed
///
/// On a terminal one password is asked for and not shown. Otherwise standard input holds one password a
/// line, taken as it is: a line ends at LF, one CR before it is dropped, the empty line is the empty
/// password. A byte order mark is skipped; UTF-16 and compressed input are refused, and so is a line with a NUL.
/// Passwords are never taken as arguments, where others could see them, and never printed.
///
/// Answers one line each: the line's number, "exposed" or "not found", and how often the password was seen
/// ("-" in an index without counts), with tabs between; with --user one column more: "pair", "similar_pair", "user_name" or
/// "-". A line that cannot be answered is reported on
/// standard error, the others are answered all the same, and the exit code is 2.
#[derive(Args)]
#[command(after_long_help = "\
JSON, one object a line of input:
  line     number, from 1
  exposed  true or false: seen at least --min-count times
  count    how often it was seen, 0 when not found, also when below --min-count;
           null in an index without counts
  exact    false where the index may report an absent password as exposed (kept fewer bits)
  floor    seen less often than this, a password may be missing from the index
  index    the index's path, or \"starter\"; of several, overlays among them, joined by \", \"
  source   with --overlay, if exposed: \"base\" or \"overlay\"
  form     with --forms, if exposed: \"raw\", \"nfc\", \"nfkc\", \"trimmed\" or \"visible\"
  pair     with --user: \"pair\", \"similar_pair\", \"user_name\" (in the list with other passwords),
           or null
  partial  true if exposed and another source could not be checked; count is then a lower bound
  A malformed line is {\"line\": ..., \"error\": ...}. One that could not be checked has, with
  --on-error accept or reject, \"unknown\": true, and \"exposed\": null for accept, true for reject.

Thresholds: --min-count N means seen N times or more. A rule of \"more than N\" is N + 1 here.

Examples:
  Ask for one password:
      breachdex check
  A file of passwords, only the exit code (0 nothing exposed, 1 something is, 2 error):
      breachdex check --quiet --index pwned.bdx < passwords.txt
  NUL-terminated passwords, which may hold line feeds:
      breachdex check -0 --json < passwords.bin
  Digests instead, against two indexes together:
      breachdex check --hash --index pwned.bdx --index own.bdx < digests.txt
  An index and your own list of banned passwords:
      breachdex check --index pwned.bdx --overlay overlay.bdx
  Full-width and half-width spellings too (ｐａｓｓｗｏｒｄ):
      breachdex check --forms --index pwned.bdx < passwords.txt
  For an account, exposed pairs of your own incidents too (exit code 1 for a pair or a similar one):
      breachdex check --pairs pairs.bdx --pair-key pairs.key --user hanako@example.jp
  Without an index, by a range server that learns five hex digits of each digest:
      breachdex check --api https://api.pwnedpasswords.com < passwords.txt")]
pub(crate) struct Flags {
    /// The index to ask; repeatable, counts are summed
    ///
    /// All must be of one kind. A password is covered where any of them covers it. A replaced file is picked up within two
    /// seconds, a large one once it is verified. Default: $BREACHDEX_INDEX, else the starter index, which is part of the
    /// program.
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Vec<PathBuf>,
    /// Your own list of banned passwords (see overlay); repeatable
    ///
    /// What it holds is exposed, whatever --min-count says, even where the index or the server gives no answer. Changes
    /// are picked up within two seconds.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    /// User name or address to ask --pairs for; repeatable
    ///
    /// Several are one account's: the severest answer counts.
    #[arg(long, value_name = "NAME", requires = "pairs")]
    pub(crate) user: Vec<String>,
    /// Report the test password as exposed
    ///
    /// That is "Breachdex-Test-Password-4711", which is in no leak: try with it what a script or a site does about an exposed
    /// password. $BREACHDEX_TEST_PASSWORD=1 says the same.
    #[arg(long)]
    pub(crate) test_password: bool,
    #[command(flatten)]
    pub(crate) trust: TrustFlags,
    /// Ask a range server, together with any --index
    ///
    /// It learns the first five hex digits of each digest and nothing else; answers are padded. Redirects are not
    /// followed. Without --index it is asked alone.
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<BaseUrl>,
    /// Which digest to ask the server for: sha1 or ntlm
    #[arg(long, value_name = "KIND", default_value = "sha1", requires = "api", hide_possible_values = true)]
    pub(crate) kind: KindName,
    /// Timeout of a request to the server
    #[arg(long, value_name = "SECONDS", default_value = "10", requires = "api", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
    /// Allow http, which others can read, to another machine
    ///
    /// Only on a network that is yours alone.
    #[arg(long, requires = "api")]
    pub(crate) insecure_http: bool,
    /// Proxy to the server [default: from the environment]
    ///
    /// That is HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. http://host:port, https://host:port, or socks4, socks4a, socks5 or socks5h; with an a or h at the end the proxy
    /// resolves host names. Give a user name and a password in the environment variable instead.
    #[arg(long, value_name = "URL", requires = "api")]
    pub(crate) proxy: Option<String>,
    /// Certificates to trust beside the system's, in PEM
    #[arg(long, value_name = "FILE", requires = "api")]
    pub(crate) ca_file: Option<PathBuf>,
    /// If a line cannot be checked: accept, reject or raise
    ///
    /// Applies where no source that can be read holds the password and one gave no answer or does not cover it. raise:
    /// exit code 2. accept: the line is "unknown" and not exposed. reject: it is "unknown" and counts as exposed. A
    /// malformed line is always exit code 2.
    #[arg(long, value_name = "RULE", default_value = "raise", hide_possible_values = true)]
    pub(crate) on_error: OnErrorName,
    /// Lines are digests in hex, not passwords
    #[arg(long, conflicts_with = "user")]
    pub(crate) hash: bool,
    /// Also look up the other forms of each password
    ///
    /// NFC and NFKC, so that ｐａｓｓｗｏｒｄ finds password; the yen sign as a backslash; without white space at the ends;
    /// without characters that are not shown. Plain ASCII without white space at its ends has one form.
    #[arg(long, conflicts_with = "hash")]
    pub(crate) forms: bool,
    /// Exposed means seen at least N times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_positive)]
    pub(crate) min_count: u64,
    /// Lines end at NUL, not at LF, bytes taken exactly
    #[arg(short = '0', long)]
    pub(crate) null: bool,
    /// Answer with one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing on standard output
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Language of the answer
    ///
    /// Of the sentence on a terminal: lines for programs and JSON are the same in every language.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = LanguageParser)]
    pub(crate) lang: Language,
    /// Exit with 0, not 1, when something is exposed
    #[arg(long)]
    pub(crate) exit_zero: bool,
    /// Catches passwords given as arguments, so that they can be refused without being repeated.
    #[arg(hide = true)]
    pub(crate) misplaced: Vec<OsString>,
}
