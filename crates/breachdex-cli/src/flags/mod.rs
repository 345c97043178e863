//! What the user typed. What the program needs of it are other types, made by each command.
//!
//! The help texts are here too, next to the flags that they explain.

#![forbid(unsafe_code)]

mod ask;
mod audit;
mod build;
mod files;
mod language;
mod overlay;
mod policy;
mod progress;
mod remote;
mod serve;
mod trust;
mod values;

pub(crate) use ask::{CheckFlags, OnErrorName, RangeFlags};
pub(crate) use audit::AuditFlags;
pub(crate) use build::{
    BuildFlags, FormatName, KindName, MergeFlags, MergeRuleName, ResourceFlags, TargetFlags,
};
pub(crate) use files::{CompletionsFlags, DiffFlags, ExportFlags, InfoFlags, ManFlags, VerifyFlags};
pub(crate) use overlay::{
    OverlayAction, OverlayAddFlags, OverlayFlags, OverlayLines, OverlayListFlags, OverlayRemoveFlags,
};
pub(crate) use policy::{PolicyAction, PolicyCheckFlags, PolicyFlags, PolicyShowFlags, PolicySource};
pub(crate) use progress::{ProgressFlags, ProgressName};
pub(crate) use remote::{DownloadFlags, FetchFlags, UpdateFlags, proxy_from};
pub(crate) use serve::{LogFormatName, LogLevelName, ServeFlags};
pub(crate) use trust::{KeyFlags, KeygenFlags, SignFlag, SignFlags, TrustFlags};

use clap::{Parser, Subcommand};

/// Is this password already in the attackers' lists?
///
/// breachdex answers from one file, offline. `check` works at once, on a small index of the commonest
/// passwords that is part of the program; `download` fetches a full corpus of breached password hashes into
/// an index that answers exactly, `update` keeps it so, and `serve` answers other programs from it.
#[derive(Parser)]
#[command(name = "breachdex", bin_name = "breachdex", version, max_term_width = 100)]
#[command(after_long_help = "\
Examples:
  Is a password exposed? It is asked for and not shown:
      breachdex check
  Download a full corpus into an index, then use it:
      breachdex download -o pwned.bdx
      export BREACHDEX_INDEX=$PWD/pwned.bdx
      breachdex check < passwords.txt
  Let other programs ask it:
      breachdex serve --index pwned.bdx

Exit codes:
  0  done; for check and audit: asked, and nothing is exposed
  1  check and audit only: something is exposed
  2  an error, bad usage, or nothing was asked")]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Build(Box<BuildFlags>),
    Download(Box<DownloadFlags>),
    Update(UpdateFlags),
    Serve(Box<ServeFlags>),
    Merge(MergeFlags),
    Overlay(OverlayFlags),
    Policy(PolicyFlags),
    Check(CheckFlags),
    Audit(Box<AuditFlags>),
    Range(RangeFlags),
    Export(ExportFlags),
    Diff(DiffFlags),
    Info(InfoFlags),
    Verify(VerifyFlags),
    Sign(SignFlags),
    Keygen(KeygenFlags),
    Completions(CompletionsFlags),
    Man(ManFlags),
}

impl Command {
    /// Whether users' passwords or their digests will be in memory.
    pub(crate) fn reads_passwords(&self) -> bool {
        match self {
            Self::Check(_) | Self::Overlay(_) | Self::Policy(_) | Self::Audit(_) => true,
            Self::Build(flags) => flags.format == Some(FormatName::Passwords),
            _ => false,
        }
    }
}
