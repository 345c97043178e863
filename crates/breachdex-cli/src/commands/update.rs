//! `update`: what changed at the server, into an index.

#![forbid(unsafe_code)]

use std::time::Instant;

use breachdex::Index;
use breachdex_hibp::{
    FetchReport, MissingRanges, UpdateOptions, UpdatePreview, UpdateReport, preview_update, update,
};

use crate::commands::Exit;
use crate::commands::download::{fetched, ranges};
use crate::failure::Failure;
use crate::flags::UpdateFlags;
use crate::output::Output;
use crate::progress::Reporter;
use crate::{corpus_age, messages};

pub(crate) fn run(flags: &UpdateFlags) -> Result<Exit, Failure> {
    let started = Instant::now();
    let options = UpdateOptions {
        fetch: flags.fetch.options()?,
        from_origin: flags.fetch.base_url.is_none(),
        memory: flags.work.memory,
        threads: flags.work.threads.map_or(0, |threads| threads as usize),
    };
    let reporter = Reporter::start(flags.progress.progress)?;
    let (said, missing) = if flags.dry_run {
        let preview = preview_update(&flags.file, &options, &reporter)?;
        drop(reporter);
        fetched(&preview.fetch);
        (preview_text(&preview), preview.missing)
    } else {
        let report = update(&flags.file, &options, &reporter)?;
        drop(reporter);
        notes(&report, flags);
        (summary(&report), report.missing)
    };
    let mut output = Output::open();
    output.write(said.as_bytes())?;
    output.write(format!("{:.1} seconds\n", started.elapsed().as_secs_f64()).as_bytes())?;
    output.flush()?;
    if flags.max_age.is_some() {
        let index = Index::open(&flags.file)?;
        corpus_age::note_if_old(&flags.file, &index.metadata().corpus_date, flags.max_age);
    }
    Ok(missing.map_or(Exit::Success, |missing| incomplete(&missing, flags.dry_run)))
}

/// The others are up to date, or were compared.
fn incomplete(missing: &MissingRanges, dry_run: bool) -> Exit {
    let rest = match dry_run {
        true => "the others were compared",
        false => "the others are up to date; run the same command again to update what is missing",
    };
    messages::error(&format!("{missing}; {rest}"));
    Exit::Error
}

fn notes(report: &UpdateReport, flags: &UpdateFlags) {
    if report.discarded_earlier {
        messages::note(
            &"discarded an unfinished update that an earlier version of breachdex began; all ranges were asked for again",
        );
    }
    fetched(&report.fetch);
    if let Some(index) = &report.index {
        messages::durability(&flags.file, index.index.durability);
    }
    if report.corpus_changed {
        messages::note(&format!(
            "the server changed ranges while they were fetched; run breachdex update {} once more",
            flags.file.display()
        ));
    }
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
    let changes = Changes {
        ranges: index.ranges_changed,
        added: index.hashes_added,
        removed: index.hashes_removed,
        counts: index.counts_changed,
    };
    format!("{}, {}, {} entries, ", changes.text("changed"), bytes(&report.fetch), index.index.entries)
}

fn preview_text(preview: &UpdatePreview) -> String {
    if preview.ranges_changed == 0 {
        return format!("nothing would change in {}, ", ranges(preview.ranges_unchanged));
    }
    let changes = Changes {
        ranges: preview.ranges_changed,
        added: preview.hashes_added,
        removed: preview.hashes_removed,
        counts: preview.counts_changed,
    };
    format!("{}, {}, nothing was written, ", changes.text("would change"), bytes(&preview.fetch))
}

fn bytes(fetch: &FetchReport) -> String {
    format!("{} bytes fetched", fetch.bytes)
}

struct Changes {
    ranges: u64,
    added: u64,
    removed: u64,
    counts: u64,
}

impl Changes {
    fn text(&self, change: &str) -> String {
        let hashes = |number: u64| format!("{number} {}", if number == 1 { "hash" } else { "hashes" });
        let removed = match self.removed {
            0 => String::new(),
            removed => format!("{} removed, ", hashes(removed)),
        };
        format!(
            "{} {change}, {} added, {removed}{} with another count",
            ranges(self.ranges),
            hashes(self.added),
            hashes(self.counts)
        )
    }
}
