//! The flags of `build` and `merge`, which write indexes.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::flags::values::{parse_date, parse_positive, parse_prefixes, parse_size};
use crate::flags::{ProgressFlags, SignFlag};

/// Build an index from hashes, range files, passwords or other indexes
///
/// Inputs may be in any order and any number, plain, .gz or .zst. They are checked line by line; the index
/// appears under its name only when it is complete. Ends with one line: entries, bytes, bytes per entry,
/// seconds.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  A full corpus of HEX:COUNT lines, exact:
      breachdex build -o pwned.bdx pwned-passwords-sha1-ordered-by-hash-v8.txt.gz
  A folder of range files (00000.txt to FFFFF.txt) with NTLM digests:
      breachdex build -o ntlm.bdx --kind ntlm ranges/
  Part of such a folder; questions outside it will be errors, never \"not found\":
      breachdex build -o part.bdx --prefixes 00000-0007F ranges/
  A third of the size: keep 64 bits of each digest (false positives: 1 in 9,000,000,000):
      breachdex build -o small.bdx --bits 64 pwned.bdx
  Your own list of passwords:
      breachdex build -o own.bdx --format passwords own.txt")]
pub(crate) struct BuildFlags {
    /// A file, a folder of range files, an index, or - for standard input
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) target: TargetFlags,
    /// What the inputs are
    ///
    /// hibp: HEX:COUNT lines, LF or CRLF, in any order, hex in any case. ranges: a folder of files 00000 or
    /// 00000.txt. passwords: one a line. index: a breachdex index. Without it a folder is ranges, an index
    /// is known by its first bytes, and anything else is hibp.
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(help = "hibp, ranges, passwords or index [default: auto-detect]")]
    pub(crate) format: Option<FormatName>,
    /// Which digest: sha1 or ntlm
    #[arg(long, value_name = "KIND", default_value = "sha1", hide_possible_values = true)]
    pub(crate) kind: KindName,
    /// Bits kept of each digest [default: all, which is exact]
    ///
    /// 32 to 160, or 128 for NTLM. With fewer than all the index is smaller and may take a password that it
    /// does not hold for one that it holds; the rate is printed, and above 1 in 128 the build is refused.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(32..=160))]
    pub(crate) bits: Option<u32>,
    /// Build even where more than 1 in 128 answers would be wrong
    #[arg(long, requires = "bits")]
    pub(crate) force_bits: bool,
    /// Store no counts; lines may then be bare HEX
    #[arg(long)]
    pub(crate) no_counts: bool,
    /// Leave out what was seen less often, after merging
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_positive)]
    pub(crate) min_count: u64,
    /// Keep the N most frequent, after --min-count
    ///
    /// Among equal counts at the cut the smaller digests stay.
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    pub(crate) top: Option<u64>,
    /// Counts of equal digests: sum, max or error
    ///
    /// What becomes of digests that occur more than once. Without it passwords are summed and anything else
    /// that occurs twice is an error.
    #[arg(long, value_name = "RULE", hide_possible_values = true)]
    pub(crate) merge: Option<MergeRuleName>,
    /// The inputs hold these prefixes only (5 hex digits)
    ///
    /// Inclusive, repeatable; rows and files outside are left out. Without it and --partial every one of
    /// a folder's 1,048,576 range files must be there.
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_prefixes, conflicts_with = "partial")]
    pub(crate) prefixes: Vec<(u32, u32)>,
    /// A folder holds the prefixes of its files only
    #[arg(long)]
    pub(crate) partial: bool,
    #[command(flatten)]
    pub(crate) resources: ResourceFlags,
    #[command(flatten)]
    pub(crate) progress: ProgressFlags,
}

/// Merge indexes of one kind into one
///
/// The result keeps the fewest bits that any of them keeps and covers what any of them covers.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  Two corpora, counts added up:
      breachdex merge -o both.bdx pwned.bdx own.bdx
  Two states of one corpus, the larger count of each:
      breachdex merge -o newest.bdx --merge max old.bdx new.bdx")]
pub(crate) struct MergeFlags {
    /// The indexes to merge
    #[arg(value_name = "IN", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) target: TargetFlags,
    /// Counts of equal digests: sum, max or error
    #[arg(long, value_name = "RULE", default_value = "sum", hide_possible_values = true)]
    pub(crate) merge: MergeRuleName,
    #[command(flatten)]
    pub(crate) resources: ResourceFlags,
    #[command(flatten)]
    pub(crate) progress: ProgressFlags,
}

/// Where the index goes and what it says about itself.
#[derive(Args)]
pub(crate) struct TargetFlags {
    /// The index to write
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Replace OUT if it exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Where the data comes from, kept in the index
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) source: String,
    /// The data's date (YYYY-MM-DD), kept in the index
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) date: String,
    #[command(flatten)]
    pub(crate) sign: SignFlag,
}

/// What the work may take.
#[derive(Args)]
pub(crate) struct ResourceFlags {
    /// Memory to use, as in 512MiB
    ///
    /// A number of bytes, or a number with KiB, MiB, GiB, TiB (K, M, G, T for short, powers of 1024) or kB,
    /// MB, GB, TB (powers of 1000).
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = parse_size)]
    pub(crate) memory: u64,
    /// Threads to use [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
    /// Where unsorted input is sorted [default: beside OUT]
    #[arg(long, value_name = "DIR")]
    pub(crate) temp_dir: Option<PathBuf>,
}

/// A digest's name on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum KindName {
    Sha1,
    Ntlm,
}

/// An input format's name on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    Hibp,
    Ranges,
    Passwords,
    Index,
}

/// A merge rule's name on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum MergeRuleName {
    Sum,
    Max,
    Error,
}
