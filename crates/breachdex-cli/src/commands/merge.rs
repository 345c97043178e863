//! `merge`: indexes of one kind to one index.

#![forbid(unsafe_code)]

use std::time::Instant;

use breachdex::{Index, MergeOptions};

use crate::commands::{Exit, summary};
use crate::failure::Failure;
use crate::flags::MergeFlags;
use crate::indexes;
use crate::progress::Reporter;
use crate::target;

pub(crate) fn run(flags: MergeFlags) -> Result<Exit, Failure> {
    let started = Instant::now();
    target::refuse_stdout(&flags.target.output)?;
    let defaults = MergeOptions::default();
    let options = MergeOptions {
        merge: flags.merge.into(),
        memory: flags.resources.memory,
        threads: flags.resources.threads_or(defaults.threads),
        temp_dir: flags.resources.temp_dir,
        source: flags.target.source,
        date: flags.target.date,
        replace: flags.target.force,
    };
    let reporter = Reporter::start(flags.progress.progress)?;
    let report = breachdex::merge(&flags.inputs, &flags.target.output, &options, &reporter)?;
    drop(reporter);
    indexes::note_repeated(&flags.inputs);
    let kind = Index::map(&flags.target.output)?.kind();
    summary::print(&report, &flags.target.output, kind, started.elapsed())
}
