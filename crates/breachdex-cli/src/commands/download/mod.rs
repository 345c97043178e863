//! `download`: ranges straight into an index.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use breachdex::trust::Trust;
use breachdex::{
    BuildOptions, BuildReport, Coverage, CoverageRule, Error, Index, Input, Kind, OpenOptions, SpliceOptions,
    files,
};
use breachdex_hibp::{DownloadOptions, DownloadReport, FetchReport, download};

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::messages;
use crate::previous::Previous;
use crate::progress::Reporter;
use crate::{signing, summary, target};

mod flags;

pub(crate) use flags::Flags;

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let started = Instant::now();
        target::refuse_stdout(&self.target.output)?;
        let (target, top) = (self.target.output.clone(), self.top);
        target::refuse_keys(&target, &self.target.sign.sign)?;
        let key = signing::load(self.target.sign.sign.as_ref(), false)?;
        let progress = self.progress.progress;
        let mut options = options(self)?;
        options.index.before_publish = key.as_ref().map(|key| key.before_publish(&target));
        let previous = Previous::at(&target);
        let reporter = Reporter::start(progress)?;
        let index = match top {
            Some(top) => Some(most_frequent(&target, &options, top, &reporter)?),
            None => {
                let report = download(&target, &options, &reporter)
                    .inspect_err(|error| tell_how_to_go_on(error, &options.index.coverage))?;
                notes(&report, &target);
                report.index
            }
        };
        drop(reporter);
        let Some(index) = index else {
            if let Some(key) = &key {
                signing::require(&target, key)?;
            }
            messages::note(&format!("{} was finished before", target.display()));
            return Ok(Exit::Success);
        };
        if key.is_some() {
            signing::settle(&target)?;
        }
        previous.compare(&target);
        summary::print(&index, &target, options.index.kind, started.elapsed())
    }
}

/// What else is to be said of a download.
fn notes(report: &DownloadReport, target: &Path) {
    if report.index.is_none() {
        return;
    }
    fetched(&report.fetch);
    if let Some(missing) = &report.missing {
        messages::note(&format!("{missing}; the index does not cover what is missing"));
    }
    if report.corpus_changed {
        messages::note(&format!(
            "the server changed ranges while they were fetched; breachdex update {} makes them one state",
            target.display()
        ));
    }
}

/// A server may fail to send one range for days; all others need not be fetched again.
fn tell_how_to_go_on(error: &breachdex_hibp::Error, wanted: &Coverage) {
    if let breachdex_hibp::Error::Missing(missing) = error
        && !missing.gave_up
        && (missing.prefixes.len() as u64) < u64::from(wanted.prefixes())
    {
        messages::note(
            &"all other ranges are kept: run the same command again to fetch what is missing, or with --allow-missing to \
              do without it",
        );
    }
}

/// The most frequent entries: which ones these are is known when all were fetched, so they are taken from a whole index,
/// which is removed then. An interrupted run leaves it to the next one.
fn most_frequent(
    target: &Path,
    options: &DownloadOptions,
    top: u64,
    reporter: &Reporter,
) -> Result<BuildReport, Failure> {
    let index = &options.index;
    if target.symlink_metadata().is_ok() && !index.replace {
        return Err(Error::TargetExists(target.to_owned()).into());
    }
    let whole = whole_of(target);
    let is_left = files::is_left(&whole).map_err(|source| target::failed("open", &whole, source))?;
    if options.restart || !is_left || !is_whole(&whole, options) {
        // The signature is that of the index that is made of it.
        let replace = SpliceOptions { replace: true, before_publish: None, ..index.clone() };
        let options = DownloadOptions { index: replace, ..options.clone() };
        let report = download(&whole, &options, reporter)
            .inspect_err(|error| tell_how_to_go_on(error, &index.coverage))?;
        notes(&report, target);
    }
    let found = Index::open(&whole)?.metadata().clone();
    let defaults = BuildOptions::default();
    let build = BuildOptions {
        kind: index.kind,
        bits: index.bits,
        force_bits: index.force_bits,
        top: Some(top),
        coverage: CoverageRule::Whole,
        memory: index.memory,
        threads: if index.threads == 0 { defaults.threads } else { index.threads },
        source: found.source,
        date: found.corpus_date,
        replace: index.replace,
        before_publish: index.before_publish.clone(),
        ..defaults
    };
    let report = breachdex::build(&[Input::path(&whole)], target, &build, reporter)?;
    std::fs::remove_file(&whole).map_err(Failure::system("remove the whole index"))?;
    Ok(report)
}

/// Where the whole index of a target is.
fn whole_of(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".breachdex-whole.bdx");
    target.with_file_name(name)
}

/// Whether what an earlier run left is the whole index that is wanted.
fn is_whole(path: &Path, options: &DownloadOptions) -> bool {
    let wanted = &options.index;
    let new_enough = Trust::default().with_max_age(options.max_age);
    Index::open_with(path, OpenOptions::new().trust(new_enough)).is_ok_and(|index| {
        let found = index.metadata();
        let is_said = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        found.kind == wanted.kind
            && found.bits == wanted.bits.unwrap_or(wanted.kind.bits())
            && found.floor == wanted.min_count
            && found.coverage == wanted.coverage
            && found.has_counts
            && is_said(&wanted.source, &found.source)
            && is_said(&wanted.date, &found.corpus_date)
    })
}

fn options(flags: Flags) -> Result<DownloadOptions, Failure> {
    let coverage = match flags.prefixes.is_empty() {
        true => Coverage::whole(),
        false => Coverage::from_ranges(flags.prefixes).unwrap_or_else(Coverage::empty),
    };
    let kind = Kind::from(flags.kept.kind);
    Ok(DownloadOptions {
        fetch: flags.fetch.options()?,
        also_text: flags.also_text,
        index: SpliceOptions {
            kind,
            bits: flags.kept.bits,
            force_bits: flags.kept.force_bits,
            counts: !flags.kept.no_counts,
            min_count: flags.kept.min_count,
            coverage,
            memory: flags.work.memory,
            threads: flags.work.threads.map_or(0, |threads| threads as usize),
            source: flags.target.source,
            date: flags.target.date,
            replace: flags.target.force,
            before_publish: None,
        },
        restart: flags.restart,
        max_age: flags.max_age,
        allow_missing: flags.allow_missing,
    })
}

/// What was fetched, on standard error: how much, and what went wrong on the way.
pub(super) fn fetched(report: &FetchReport) {
    let FetchReport { asked, resumed, bytes, retries, damaged, .. } = report;
    let mut said = format!("{} asked for, {bytes} bytes fetched", ranges(u64::from(*asked)));
    if *resumed > 0 {
        said += &format!(", {} kept from before", ranges(u64::from(*resumed)));
    }
    if *retries > 0 {
        said += &format!(", {retries} requests sent again");
    }
    if *damaged > 0 {
        said += &format!(", {damaged} damaged answers thrown away");
    }
    messages::note(&said);
}

/// `1 range`, `2 ranges`.
pub(super) fn ranges(number: u64) -> String {
    format!("{number} {}", if number == 1 { "range" } else { "ranges" })
}
