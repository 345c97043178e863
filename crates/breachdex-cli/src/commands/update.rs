//! `update`: what changed at the server, into an index.

#![forbid(unsafe_code)]

use std::time::Instant;

use breachdex_hibp::{UpdateOptions, UpdateReport, update};

use crate::commands::Exit;
use crate::commands::download::{fetched, ranges};
use crate::failure::Failure;
use crate::flags::UpdateFlags;
use crate::messages;
use crate::output::Output;
use crate::progress::Reporter;

pub(crate) fn run(flags: &UpdateFlags) -> Result<Exit, Failure> {
    let started = Instant::now();
    let options = UpdateOptions {
        fetch: flags.fetch.options(),
        from_origin: flags.fetch.base_url.is_none(),
        memory: flags.work.memory,
        threads: flags.work.threads.map_or(0, |threads| threads as usize),
    };
    let reporter = Reporter::start()?;
    let report = update(&flags.file, &options, &reporter)?;
    drop(reporter);
    if report.discarded_earlier {
        messages::note(
            &"discarded an unfinished update that an earlier version of breachdex began; all ranges were asked for again",
        );
    }
    fetched(&report.fetch);
    if report.corpus_changed {
        messages::note(&format!(
            "the server changed ranges while they were fetched; run breachdex update {} once more",
            flags.file.display()
        ));
    }
    if let Some(splice) = &report.index {
        messages::durability(&flags.file, splice.index.durability);
    }
    let mut output = Output::open();
    output.write(summary(&report).as_bytes())?;
    output.write(format!("{:.1} seconds\n", started.elapsed().as_secs_f64()).as_bytes())?;
    output.flush()?;
    Ok(Exit::Success)
}

fn summary(report: &UpdateReport) -> String {
    let unchanged = report.ranges_unchanged + report.ranges_same;
    let Some(index) = &report.index else {
        return format!("nothing changed in {}, nothing was written, ", ranges(unchanged));
    };
    if index.ranges_changed == 0 {
        return format!(
            "nothing changed in {}; their entity tags are kept now, so that the next update asks only for what \
             changes, ",
            ranges(unchanged)
        );
    }
    let hashes = |number: u64| format!("{number} {}", if number == 1 { "hash" } else { "hashes" });
    let removed = match index.hashes_removed {
        0 => String::new(),
        removed => format!("{} removed, ", hashes(removed)),
    };
    format!(
        "{} changed, {} added, {removed}{} with another count, {} bytes fetched, {} entries, ",
        ranges(index.ranges_changed),
        hashes(index.hashes_added),
        hashes(index.counts_changed),
        report.fetch.bytes,
        index.index.entries,
    )
}
