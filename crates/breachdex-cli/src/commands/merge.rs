//! `merge`: indexes of one kind to one index.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Instant;

use breachdex::{Index, MergeOptions};
use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::{KeyFlags, MergeRuleName, ProgressFlags, ResourceFlags, TargetFlags};
use crate::indexes;
use crate::previous::Previous;
use crate::progress::Reporter;
use crate::{signing, summary, target, trust};

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
pub(crate) struct Flags {
    /// The indexes to merge
    #[arg(value_name = "IN", required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetFlags,
    #[command(flatten)]
    keys: KeyFlags,
    /// Counts of equal digests: sum, max or error
    #[arg(long, value_name = "RULE", default_value = "sum", hide_possible_values = true)]
    merge: MergeRuleName,
    #[command(flatten)]
    resources: ResourceFlags,
    #[command(flatten)]
    progress: ProgressFlags,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let started = Instant::now();
        target::refuse_stdout(&self.target.output)?;
        let defaults = MergeOptions::default();
        let target = &self.target.output;
        target::refuse_keys(target, self.target.sign.sign.iter().chain(&self.keys.trusted_key))?;
        let key = signing::load(self.target.sign.sign.as_ref(), false)?;
        let options = MergeOptions {
            merge: self.merge.into(),
            memory: self.resources.memory,
            threads: self.resources.threads_or(defaults.threads),
            temp_dir: self.resources.temp_dir,
            source: self.target.source,
            date: self.target.date,
            replace: self.target.force,
            open: trust::read(&self.keys)?,
            before_publish: key.as_ref().map(|key| key.before_publish(target)),
        };
        let previous = Previous::at(target);
        let reporter = Reporter::start(self.progress.progress)?;
        let report = breachdex::merge(&self.inputs, target, &options, &reporter)?;
        drop(reporter);
        indexes::note_repeated(&self.inputs);
        previous.compare(target);
        if key.is_some() {
            signing::settle(target)?;
        }
        let kind = Index::map(target)?.kind();
        summary::print(&report, target, kind, started.elapsed())
    }
}
