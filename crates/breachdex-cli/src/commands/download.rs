//! `download`: ranges straight into an index.

#![forbid(unsafe_code)]

use std::time::Instant;

use breachdex::{Coverage, Kind, SpliceOptions};
use breachdex_hibp::{DownloadOptions, FetchOptions, FetchReport, RetryPolicy, download};

use crate::commands::{Exit, summary};
use crate::failure::Failure;
use crate::flags::{DownloadFlags, FetchFlags};
use crate::messages;
use crate::progress::Reporter;
use crate::target;

pub(crate) fn run(flags: Box<DownloadFlags>) -> Result<Exit, Failure> {
    let started = Instant::now();
    target::refuse_stdout(&flags.target.output)?;
    let target = flags.target.output.clone();
    let options = options(*flags)?;
    let reporter = Reporter::start()?;
    let report = download(&target, &options, &reporter)?;
    drop(reporter);
    let Some(index) = report.index else {
        messages::note(&format!("{} was finished before", target.display()));
        return Ok(Exit::Success);
    };
    fetched(&report.fetch);
    if report.corpus_changed {
        messages::note(&format!(
            "the server changed ranges while they were fetched; breachdex update {} makes them one state",
            target.display()
        ));
    }
    summary::print(&index, &target, options.index.kind, started.elapsed())
}

fn options(flags: DownloadFlags) -> Result<DownloadOptions, Failure> {
    let coverage = match flags.prefixes.is_empty() {
        true => Coverage::whole(),
        false => Coverage::from_ranges(flags.prefixes).unwrap_or_else(Coverage::empty),
    };
    let kind = Kind::from(flags.kind);
    Ok(DownloadOptions {
        fetch: flags.fetch.options(),
        also_text: flags.also_text,
        index: SpliceOptions {
            kind,
            bits: flags.bits,
            force_bits: flags.force_bits,
            counts: !flags.no_counts,
            min_count: flags.min_count,
            coverage,
            memory: flags.work.memory,
            threads: flags.work.threads.map_or(0, |threads| threads as usize),
            source: flags.target.source,
            date: flags.target.date,
            replace: flags.target.force,
        },
        restart: flags.restart,
    })
}

impl FetchFlags {
    /// How to fetch; from the service itself where no server is named.
    pub(super) fn options(&self) -> FetchOptions {
        FetchOptions {
            base_url: self.base_url.clone().unwrap_or_default(),
            concurrency: self.concurrency as usize,
            timeout: self.timeout,
            retry: RetryPolicy { retries: self.retries, ..RetryPolicy::default() },
        }
    }
}

/// What was had, on standard error: how much, and what went wrong on the way.
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
