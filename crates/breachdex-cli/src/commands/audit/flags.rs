//! The flags of `audit`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex_audit::report::CsvEncoding;
use breachdex_audit::{Encoding, Format};
use breachdex_messages::Language;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};

use crate::flags::language::LanguageParser;
use crate::flags::values::{parse_delimiter, parse_encoding, parse_positive};
use crate::flags::{PairFlags, TrustFlags};

/// Report which accounts have exposed passwords
///
/// Reads dumps of NTLM hashes, lists of hashes, exports of password managers and browsers, and columns of CSV, Parquet and
/// Arrow files. Reports how many accounts there are, which of them have an empty or exposed password or one that is their own
/// name, how often exposed passwords were seen, and which accounts share a password. No output contains a password or a
/// hash. Accounts have pseudonyms that are valid for one run, unless --users is given; their numbers lead back to the input.
///
/// Machine accounts, former passwords (histories, recycle bins) and empty passwords are counted separately. A line that cannot
/// be read is counted and named on standard error by its number, the others are answered all the same, and the exit code
/// is 2.
#[derive(Args)]
#[command(after_long_help = format!("{}{DETAILS}", formats()))]
pub(crate) struct Flags {
    /// Files or folders to audit together, or - [default: standard input]
    ///
    /// A folder stands for all files in it and below that are not hidden. Standard input needs --format, and Parquet needs a
    /// file. Files compressed with gzip, zstd, bzip2 or xz are decompressed, and the only file of a ZIP or 7z archive is read.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Index to search; repeatable, counts are summed
    ///
    /// All must be of one kind. Default: $BREACHDEX_INDEX, else the starter index, which is part of the program.
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Vec<PathBuf>,
    /// Your own list of banned passwords (see overlay); repeatable
    ///
    /// What it holds is exposed, whatever --min-count says. If it cannot be read, passwords that no index holds are unknown.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    #[command(flatten)]
    pub(crate) trust: TrustFlags,
    /// Also check plain-text passwords against a policy file or profile
    ///
    /// A TOML file of `breachdex policy`, or one of the profiles nist, asvs-l1, asvs-l2, pci, permissive. Reports length, context
    /// words, similar exposed passwords and repetition beside exposure, and asks --pairs, or the pairs that
    /// the file names, for each account.
    #[arg(long, value_name = "FILE|PROFILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Format of the input [default: auto-detect]
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), hide_possible_values = true)]
    pub(crate) format: Option<Format>,
    /// Text encoding, such as cp932 or windows-1252 [default: utf-8 or utf-16, auto-detect]
    ///
    /// Any encoding of the WHATWG standard by its usual labels. UTF-16 is detected by its byte order mark or zero bytes. A line
    /// that is not valid in the encoding is an error and is never looked up.
    #[arg(long, value_name = "NAME", value_parser = parse_encoding)]
    pub(crate) encoding: Option<Encoding>,
    /// Column of the passwords, or with --hash of the hashes
    ///
    /// In Parquet and Arrow, root.field is a column within a struct.
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// Column of the account names
    #[arg(long, value_name = "NAME", requires = "column")]
    pub(crate) user_column: Option<String>,
    /// Cell delimiter of CSV input: a character, or tab [default: auto-detect]
    ///
    /// Without it, the delimiter of a first line sep=, else the first of comma, semicolon, tab and | with which the header has
    /// the columns.
    #[arg(long, value_name = "DELIMITER", value_parser = parse_delimiter)]
    pub(crate) delimiter: Option<u8>,
    /// The column contains hashes of the index's kind, not passwords
    ///
    /// In hexadecimal, or in binary columns as bytes.
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
    /// List at most N accounts, the worst first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) top: usize,
    /// Language of the summary and the page
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = LanguageParser)]
    pub(crate) lang: Language,
    /// Compare with an earlier report that --json printed
    #[arg(long, value_name = "REPORT")]
    pub(crate) compare: Option<PathBuf>,
    /// Print one JSON object instead of the summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing on standard output
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Write an HTML page with next steps and charts; - for standard output
    ///
    /// One file that loads nothing and runs no script. Printed, its first two pages are a summary. Like all report files it can
    /// be read by its owner only (mode 0600).
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,
    /// Write all rows as CSV; - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) csv: Option<PathBuf>,
    /// Text encoding of --csv: utf-8, utf-8-bom or cp932
    ///
    /// Excel opens utf-8-bom, and in Japan cp932, without asking. Characters that CP932 does not have become 〓.
    #[arg(long, value_name = "NAME", default_value = "utf-8", requires = "csv", hide_possible_values = true)]
    pub(crate) csv_encoding: CsvEncodingName,
    /// Write all rows as Parquet; - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) parquet: Option<PathBuf>,
    /// Replace reports that exist
    #[arg(long)]
    pub(crate) force: bool,
    /// Exit with 0, not 1, when there is something to act on
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
const DETAILS: &str = "\n\
Without --format, a file's format is detected by its extension (.json, .xml, .data, .parquet,
.arrow, .feather, also inside compressed files and archives), the header of a .csv, the keys of a
.json and the first lines of a dump. If that is not certain, it is an error that suggests the flags.
Columns and lists hold passwords unless --hash or the format says otherwise: that is never guessed.
Encrypted vaults are refused with the way to an export that can be read.

Exit codes:
  0  nothing to act on
  1  an exposed password, or an account in use with the empty password, with its own name as
     password, or with one that --policy refuses
  2  an error, bad usage, or a line that could not be read

JSON, one object:
  input, format        what was read, and as what; inputs lists them where there are several
  made_on              the day of the report
  index, overlays      what was searched; kind, exact, entries, corpus_date, floor, min_count:
                       about it
  accounts             with a password that was looked up
  exposed              of these, seen at least --min-count times or in an overlay
  by_overlay           of these, in an overlay
  below_min_count      seen, but fewer times
  bands                list of {band, from, to, accounts}: exposed accounts by how often the
                       password was seen; from is null for not known, to is null for no end
  shared               {groups, exposed_groups, accounts, largest: [{id, accounts, exposed,
                       members}]}: passwords that several accounts have
  disabled             {checked, exposed} of the accounts that are disabled
  machines, former     {checked, exposed}, not among the accounts
  empty                empty passwords, which are not looked up; empty_in_use: of accounts and
                       machines that are not disabled
  own_name             accounts and machines in use whose password is their own name
  policy               {name, refused, rules: [{rule, accounts}]}, with --policy
  without_password, other_items    not looked up
  lm_hashes            accounts that keep an LM hash
  malformed            lines that could not be read
  unanswered           passwords of which it is not known whether they are exposed: no index
                       covers them, or one could not be read; unanswered_because lists the reasons
  users                whether accounts are named as in the input
  listed               the --top accounts to act on: {number, account, account_kind, exposed,
                       count, overlay, disabled, lm_hash, shared_by}; count is null where not known;
                       input where there are several; form (nfc, nfkc) where another form than the
                       password as read is exposed; partial is true where a source could not be
                       read and count is a lower bound; empty, own_name, policy and group where they
                       apply
  unlisted             how many more there are

CSV and Parquet, a row for each password that was looked up or is empty:
  number, account, account_kind (account, machine, former), exposed (empty or null: not known),
  count, band, source (base, overlay), shared_by, disabled, lm_hash, form (nfc, nfkc; empty or null
  for the password as read), partial (true: a source could not be read, count is a lower bound),
  empty, own_name, group (number of the accounts that share it), policy (rules it breaks), file
  In CSV, accounts in use with the empty password come first. A cell that begins with = + - @ or
  their full-width forms has an apostrophe before it, so that no spreadsheet takes it for a formula,
  and control characters are replaced.

Examples:
  A domain's dump, with a page to show:
      breachdex audit domain.ntds --index ntlm.bdx --html report.html
  A browser's passwords:
      breachdex audit passwords.csv --index pwned.bdx
  A column of an export of Excel in Japan:
      breachdex audit members.csv --column パスワード --user-column 会員番号 \\
          --encoding cp932 --lang ja --index pwned.bdx
  All dumps of a folder, compared with last month, for Excel in Japan:
      breachdex audit dumps/ --index ntlm.bdx --users --compare last.json \\
          --csv rows.csv --csv-encoding cp932 --html report.html --lang ja
  A column of SHA-1 hashes, all rows into Parquet:
      breachdex audit users.parquet --column sha1 --hash --user-column id \\
          --index pwned.bdx --users --parquet audit.parquet";

/// How the text of `--csv` is encoded.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum CsvEncodingName {
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    #[value(name = "utf-8-bom", alias = "utf8-bom")]
    Utf8Bom,
    #[value(name = "cp932", aliases = ["shift_jis", "sjis"])]
    Cp932,
}

impl From<CsvEncodingName> for CsvEncoding {
    fn from(name: CsvEncodingName) -> Self {
        match name {
            CsvEncodingName::Utf8 => Self::Utf8,
            CsvEncodingName::Utf8Bom => Self::Utf8Bom,
            CsvEncodingName::Cp932 => Self::Cp932,
        }
    }
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.iter().map(|format| format.name()))
        .try_map(|name| Format::named(&name).ok_or("no such format"))
}
