//! `build`: inputs to one index.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Instant;

use breachdex::{BuildOptions, CoverageRule, Format, Input, MergeRule, Source, directory_bits};
use clap::{Args, ValueEnum};

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::values::{parse_positive, parse_prefixes};
use crate::flags::{KeptFlags, KeyFlags, MergeRuleName, ProgressFlags, ResourceFlags, TargetFlags};
use crate::indexes;
use crate::previous::Previous;
use crate::progress::Reporter;
use crate::{signing, summary, target, trust};

/// Build an index from hashes, range files, passwords or other indexes
///
/// Inputs may be in any order and any number, plain, .gz, .zst, .bz2, .xz, or the only file of a .zip or .7z. They are
/// checked line by line; the index appears under its name only when it is complete. Ends with one line: entries, bytes, bytes per entry,
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
      breachdex build -o own.bdx --format passwords own.txt
  A large index in pieces, on one machine or several, joined by copying:
      breachdex build -o a.bdx --segment 00000-7FFFF corpus.txt.gz
      breachdex build -o b.bdx --segment 80000-FFFFF corpus.txt.gz
      breachdex build -o pwned.bdx --complete --format index a.bdx b.bdx")]
pub(crate) struct Flags {
    /// A file, a folder of range files, an index, or - for standard input
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetFlags,
    #[command(flatten)]
    keys: KeyFlags,
    /// What the inputs are
    ///
    /// hibp: HEX:COUNT lines, LF or CRLF, in any order, hex in any case. ranges: a folder of files 00000 or
    /// 00000.txt, or of folders named for the first digits, as 00/00000.txt or 0/0/0/0/0.txt. passwords: one a line. index: a breachdex index. Without it a folder is ranges, an index
    /// is known by its first bytes, and anything else is hibp.
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(help = "hibp, ranges, passwords or index [default: auto-detect]")]
    format: Option<FormatName>,
    #[command(flatten)]
    kept: KeptFlags,
    /// Keep the N most frequent, after --min-count
    ///
    /// Among equal counts at the cut the smaller digests stay.
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    top: Option<u64>,
    /// Counts of equal digests: sum, max or error
    ///
    /// How to combine the counts of digests that occur more than once. Without it passwords are summed and anything else
    /// that occurs twice is an error.
    #[arg(long, value_name = "RULE", hide_possible_values = true)]
    merge: Option<MergeRuleName>,
    /// The inputs hold these prefixes only (5 hex digits)
    ///
    /// Inclusive, repeatable; rows and files outside are left out. Without it and --partial every one of
    /// a folder's 1,048,576 range files must be there.
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_prefixes, conflicts_with = "partial")]
    prefixes: Vec<(u32, u32)>,
    /// A folder holds the prefixes of its files only
    #[arg(long)]
    partial: bool,
    /// Build a segment: one part of an index (5 hex digits)
    ///
    /// Inclusive, repeatable; rows and files outside are left out. Build the other parts anywhere, with the same flags, and
    /// name all of them as inputs of one more build: it copies them without decoding.
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_prefixes)]
    #[arg(conflicts_with_all = ["prefixes", "partial", "top"])]
    segment: Vec<(u32, u32)>,
    /// Entries of the whole index [default: more than 4194304]
    ///
    /// A smaller index has fewer groups. Segments that were built without its number of entries are decoded and encoded
    /// once more when they are joined.
    #[arg(long, value_name = "N", requires = "segment")]
    of_entries: Option<u64>,
    /// Refuse inputs that leave a prefix out
    ///
    /// For segments: without it the index covers what they cover, and questions outside are errors.
    #[arg(long, conflicts_with_all = ["prefixes", "partial", "segment"])]
    complete: bool,
    #[command(flatten)]
    resources: ResourceFlags,
    #[command(flatten)]
    progress: ProgressFlags,
}

/// An input format's name on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    Hibp,
    Ranges,
    Passwords,
    Index,
}

impl Subcommand for Flags {
    fn reads_passwords(&self) -> bool {
        self.format == Some(FormatName::Passwords)
    }

    fn run(self) -> Result<Exit, Failure> {
        let started = Instant::now();
        target::refuse_stdout(&self.target.output)?;
        let format = self.format.map(Format::from);
        let named = self.inputs.clone();
        let inputs = inputs(&named, format)?;
        let target = self.target.output.clone();
        let takes_input = named.iter().any(|path| path.as_os_str() == "-");
        target::refuse_keys(&target, self.target.sign.sign.iter().chain(&self.keys.trusted_key))?;
        let key = signing::load(self.target.sign.sign.as_ref(), takes_input)?;
        let progress = self.progress.progress;
        let open = trust::read(&self.keys)?;
        let mut options = options(self);
        options.open = open;
        options.before_publish = key.as_ref().map(|key| key.before_publish(&target));
        let previous = Previous::at(&target);
        let reporter = Reporter::start(progress)?;
        let report = breachdex::build(&inputs, &target, &options, &reporter)?;
        drop(reporter);
        if key.is_some() {
            signing::settle(&target)?;
        }
        indexes::note_repeated(&named);
        previous.compare(&target);
        summary::print(&report, &target, options.kind, started.elapsed())
    }
}

fn inputs(paths: &[PathBuf], format: Option<Format>) -> Result<Vec<Input>, Failure> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::Usage(String::from("standard input (-) can be read once only")));
    }
    let source = |path: &PathBuf| match path.as_os_str() == "-" {
        true => Source::Stdin,
        false => Source::Path(path.clone()),
    };
    Ok(paths.iter().map(|path| Input { source: source(path), format }).collect())
}

fn options(flags: Flags) -> BuildOptions {
    let defaults = BuildOptions::default();
    BuildOptions {
        kind: flags.kept.kind.into(),
        bits: flags.kept.bits,
        force_bits: flags.kept.force_bits,
        counts: !flags.kept.no_counts,
        min_count: flags.kept.min_count,
        top: flags.top,
        merge: flags.merge.map(MergeRule::from),
        directory_bits: (!flags.segment.is_empty())
            .then(|| directory_bits(flags.of_entries.unwrap_or(u64::MAX))),
        coverage: match (flags.partial, flags.prefixes.is_empty(), flags.segment.is_empty()) {
            (true, ..) => CoverageRule::Present,
            (false, false, _) => CoverageRule::Prefixes(flags.prefixes),
            (false, true, false) => CoverageRule::Prefixes(flags.segment),
            (false, true, true) => CoverageRule::Whole,
        },
        complete: flags.complete,
        memory: flags.resources.memory,
        threads: flags.resources.threads_or(defaults.threads),
        temp_dir: flags.resources.temp_dir,
        source: flags.target.source,
        date: flags.target.date,
        replace: flags.target.force,
        ..defaults
    }
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Hibp => Self::Hibp,
            FormatName::Ranges => Self::Ranges,
            FormatName::Passwords => Self::Passwords,
            FormatName::Index => Self::Index,
        }
    }
}
