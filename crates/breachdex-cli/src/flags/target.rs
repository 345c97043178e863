//! What `build`, `merge` and `download` say about the index that they write, and about the work.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::{Kind, MergeRule};
use clap::{Args, ValueEnum};

use crate::flags::SignFlag;
use crate::flags::values::{parse_date, parse_positive, parse_size};

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

/// What is kept of the data, for `build` and `download`.
#[derive(Args)]
pub(crate) struct KeptFlags {
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
    /// Store no counts
    ///
    /// Lines that `build` reads may then be bare HEX.
    #[arg(long)]
    pub(crate) no_counts: bool,
    /// Leave out what was seen less often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_positive)]
    pub(crate) min_count: u64,
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

impl ResourceFlags {
    /// The number of threads asked for, else `default`.
    pub(crate) fn threads_or(&self, default: usize) -> usize {
        self.threads.map_or(default, |threads| threads as usize)
    }
}

/// A digest's name on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum KindName {
    Sha1,
    Ntlm,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Sha1 => Self::Sha1,
            KindName::Ntlm => Self::Ntlm,
        }
    }
}

/// A merge rule's name on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum MergeRuleName {
    Sum,
    Max,
    Error,
}

impl From<MergeRuleName> for MergeRule {
    fn from(name: MergeRuleName) -> Self {
        match name {
            MergeRuleName::Sum => Self::Sum,
            MergeRuleName::Max => Self::Max,
            MergeRuleName::Error => Self::Error,
        }
    }
}
