//! `merge`: indexes of one kind to one index.

#![forbid(unsafe_code)]

use std::time::Instant;

use breachdex::{Index, MergeOptions};

use crate::commands::{Exit, summary};
use crate::failure::Failure;
use crate::flags::MergeFlags;
use crate::indexes;
use crate::progress::Reporter;
use crate::signing;
use crate::target;

pub(crate) fn run(flags: MergeFlags) -> Result<Exit, Failure> {
    let started = Instant::now();
    target::refuse_stdout(&flags.target.output)?;
    let defaults = MergeOptions::default();
    let target = &flags.target.output;
    let key = signing::load(flags.target.sign.sign.as_ref(), false)?;
    let options = MergeOptions {
        merge: flags.merge.into(),
        memory: flags.resources.memory,
        threads: flags.resources.threads_or(defaults.threads),
        temp_dir: flags.resources.temp_dir,
        source: flags.target.source,
        date: flags.target.date,
        replace: flags.target.force,
        before_publish: key.as_ref().map(|key| key.before_publish(target)),
    };
    let reporter = Reporter::start(flags.progress.progress)?;
    let report = breachdex::merge(&flags.inputs, target, &options, &reporter)?;
    drop(reporter);
    indexes::note_repeated(&flags.inputs);
    if key.is_some() {
        signing::settle(target)?;
    }
    let kind = Index::map(target)?.kind();
    summary::print(&report, target, kind, started.elapsed())
}
