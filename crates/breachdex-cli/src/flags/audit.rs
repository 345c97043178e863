//! The flags of `audit`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex_audit::{Encoding, Format};
use breachdex_messages::Language;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};

use crate::flags::language::LanguageParser;
use crate::flags::values::parse_positive;

/// Report which accounts have exposed passwords
///
/// Reads a dump of NTLM hashes, a list of hashes, an export of a password manager or browser, or a column of a CSV,
/// Parquet or Arrow file. Says how many accounts there are, how many have exposed passwords, how often those were seen,
/// and how many accounts share a password. Passwords and hashes are in no output. Accounts are named by pseudonyms that are
/// good for one run, unless --users is given; their numbers lead back to the input.
///
/// Machine accounts, former passwords (histories, recycle bins) and empty passwords are counted apart; the exit code is
/// about accounts and machine accounts. A line that cannot be read is counted and named on standard error by its number,
/// the others are answered all the same, and the exit code is 2.
#[derive(Args)]
#[command(after_long_help = format!("{}{DETAILS}", formats()))]
pub(crate) struct AuditFlags {
    /// The file to audit, or - [default: standard input]
    ///
    /// Standard input needs --format, and Parquet needs a file.
    pub(crate) file: Option<PathBuf>,
    /// The index to ask; repeatable, counts are summed
    ///
    /// All must be of one kind. Default: $BREACHDEX_INDEX, else the starter index, which is part of the program.
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Vec<PathBuf>,
    /// Your own list of banned passwords (see overlay); repeatable
    ///
    /// What it holds is exposed, whatever --min-count says. If it cannot be read, passwords that no index holds are unknown.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    /// Format of the input [default: auto-detect]
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), hide_possible_values = true)]
    pub(crate) format: Option<Format>,
    /// Text encoding: utf-8, cp932 or utf-16 [default: utf-8, or by the byte order mark]
    ///
    /// A line that is not valid in the encoding is an error and is never looked up.
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    pub(crate) encoding: Option<EncodingName>,
    /// Column of the passwords, or with --hash of the hashes
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// Column of the account names
    #[arg(long, value_name = "NAME", requires = "column")]
    pub(crate) user_column: Option<String>,
    /// Cell delimiter of CSV input: a character, or tab [default: comma]
    #[arg(long, value_name = "DELIMITER", value_parser = parse_delimiter)]
    pub(crate) delimiter: Option<u8>,
    /// The column holds hashes of the index's kind, in hex or binary, not passwords
    #[arg(long, requires = "column")]
    pub(crate) hash: bool,
    /// Look up passwords exactly as read, without their other forms
    ///
    /// By default a password is also looked up as Unicode normalization makes it: ｐａｓｓｗｏｒｄ finds password.
    #[arg(long)]
    pub(crate) exact_bytes: bool,
    /// Exposed means seen at least N times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_positive)]
    pub(crate) min_count: u64,
    /// Show real account names instead of pseudonyms
    #[arg(long)]
    pub(crate) users: bool,
    /// List at most N exposed accounts, the most often seen first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) top: usize,
    /// Language of the summary and the page
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = LanguageParser)]
    pub(crate) lang: Language,
    /// Print one JSON object instead of the summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing on standard output
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Write an HTML page with charts; - for standard output
    ///
    /// One file that loads nothing and runs no script. Like all report files it can be read by its owner only (mode 0600).
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,
    /// Write all rows as CSV; - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) csv: Option<PathBuf>,
    /// Write all rows as Parquet; - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) parquet: Option<PathBuf>,
    /// Replace reports that exist
    #[arg(long)]
    pub(crate) force: bool,
    /// Exit with 0, not 1, when something is exposed
    #[arg(long)]
    pub(crate) exit_zero: bool,
}

/// Every format with what there is to say about it, those whose name says it all together.
fn formats() -> String {
    let (plain, explained): (Vec<Format>, Vec<Format>) =
        Format::ALL.iter().partition(|format| format.help().is_empty());
    let row = |format: &Format| format!("  {:<15} {}\n", format.name(), format.help());
    let names: Vec<&str> = plain.iter().map(|format| format.name()).collect();
    let names: String = names.chunks(4).map(|row| format!("  {}\n", row.join("  "))).collect();
    format!("Formats:\n{}{names}", explained.iter().map(row).collect::<String>())
}

/// What help says behind the formats.
const DETAILS: &str = "\
  Without --format a file's is told by its extension (.json, .xml, .parquet, .arrow, .feather), a
  .csv by its header, and a dump by its first line. Where that is not certain it is an error. Columns
  and lists hold passwords unless --hash or the format says otherwise: that is never guessed.

JSON, one object:
  input, format        what was read, and as what
  index, overlays      what was asked; kind, exact, entries, corpus_date, floor, min_count: about it
  accounts             with a password that was looked up
  exposed              of these, seen at least --min-count times or in an overlay
  by_overlay           of these, in an overlay
  below_min_count      seen, but fewer times
  bands                list of {band, from, to, accounts}: exposed accounts by how often the password
                       was seen; from is null for not known, to is null for no end
  shared               {groups, exposed_groups, accounts, largest: [{accounts, exposed}]}: passwords
                       that several accounts have
  disabled             {checked, exposed} of the accounts that are disabled
  machines, former     {checked, exposed}, not among the accounts
  empty, without_password, other_items    not looked up
  lm_hashes            accounts that keep an LM hash
  malformed            lines that could not be read
  unanswered           passwords of which it is not known whether they are exposed: no index covers them,
                       or one could not be read; unanswered_because lists the reasons
  users                whether accounts are named as in the input
  listed               the --top exposed accounts: {number, account, standing, count, overlay,
                       disabled, lm_hash, shared_by}; count is null where not known; form (nfc, nfkc)
                       where another form than the password as read is exposed; partial is true
                       where a source could not be read and count is a lower bound
  unlisted             how many more there are

CSV and Parquet, a row for each password that was looked up:
  number, account, standing (account, machine, former), exposed (empty or null: not known), count,
  band, source (base, overlay), shared_by, disabled, lm_hash, form (nfc, nfkc; empty or null for the
  password as read), partial (true: a source could not be read, count is a lower bound)
  In CSV, an account that begins with = + - @ tab or CR has an apostrophe before it, so that no
  spreadsheet takes it for a formula.

Examples:
  A domain's dump, with a page to show:
      breachdex audit domain.ntds --index ntlm.bdx --html report.html
  A browser's passwords:
      breachdex audit passwords.csv --index pwned.bdx
  A column of an export of Excel in Japan:
      breachdex audit members.csv --column パスワード --user-column 会員番号 \\
          --encoding cp932 --lang ja --index pwned.bdx
  A column of SHA-1 hashes, all rows into Parquet:
      breachdex audit users.parquet --column sha1 --hash --user-column id \\
          --index pwned.bdx --users --parquet audit.parquet";

/// How the input's text is encoded.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum EncodingName {
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    #[value(name = "cp932", aliases = ["shift_jis", "sjis"])]
    Cp932,
    #[value(name = "utf-16", alias = "utf16")]
    Utf16,
}

impl From<EncodingName> for Encoding {
    fn from(name: EncodingName) -> Self {
        match name {
            EncodingName::Utf8 => Self::Utf8,
            EncodingName::Cp932 => Self::Cp932,
            EncodingName::Utf16 => Self::Utf16,
        }
    }
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.iter().map(|format| format.name()))
        .try_map(|name| Format::named(&name).ok_or("no such format"))
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [character] if character.is_ascii() && !matches!(character, b'"' | b'\r' | b'\n') => Ok(*character),
        _ => Err(String::from("give one character such as ; or the word tab")),
    }
}
