//! `update`: what changed at the server, into an index.

#![forbid(unsafe_code)]

use std::path::Path;
use std::time::Instant;

use breachdex::files;
use breachdex::trust::{SignatureFiles, Trust};
use breachdex_hibp::{
    BehindIndex, FetchReport, MissingRanges, UpdateOptions, UpdatePreview, UpdateReport, preview_update,
    update,
};

use crate::commands::download::{fetched, ranges};
use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Reporter;
use crate::{messages, signing, target, trust};

mod flags;

pub(crate) use flags::Flags;

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let started = Instant::now();
        let key = signing::load(self.sign.sign.as_ref(), false)?;
        // What is copied from the old index is signed with the new one, so it must have been signed itself.
        let mut keys = trust::of_keys(&self.keys.trusted_key, None)?.trusted_keys().to_vec();
        keys.extend(key.as_ref().map(|key| key.public().clone()));
        let trusted = if keys.is_empty() { Trust::default() } else { Trust::keys(keys)? };
        // The file that a link leads to is replaced, and has the signature beside it.
        let path = files::follow(&self.file).map_err(|source| target::failed("open", &self.file, source))?;
        let options = UpdateOptions {
            fetch: self.fetch.options()?,
            from_origin: self.fetch.base_url.is_none(),
            memory: self.work.memory,
            threads: self.work.threads.map_or(0, |threads| threads as usize),
            allow_older: self.allow_older,
            open: trust::mapped(&trusted),
            before_publish: key.as_ref().map(|key| key.before_publish(&path)),
        };
        let reporter = Reporter::start(self.progress.progress)?;
        let (said, missing) = if self.dry_run {
            let preview = preview_update(&self.file, &options, &reporter)?;
            drop(reporter);
            fetched(&preview.fetch);
            tell_behind(preview.behind.as_ref(), "an update removes them with --allow-older only");
            (preview_text(&preview), preview.missing)
        } else {
            let report = update(&self.file, &options, &reporter)?;
            drop(reporter);
            if report.index.is_some() {
                settle(&path, key.is_some(), &trusted)?;
            }
            notes(&report, &self);
            (summary(&report), report.missing)
        };
        let mut output = Output::open();
        output.say(&said)?;
        output.write(format!("{:.1} seconds\n", started.elapsed().as_secs_f64()).as_bytes())?;
        output.flush()?;
        Ok(missing.map_or(Exit::Success, |missing| incomplete(&missing, self.dry_run)))
    }
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

fn notes(report: &UpdateReport, flags: &Flags) {
    if report.discarded_earlier {
        messages::note(
            &"discarded an unfinished update that an earlier version of breachdex began; all ranges were asked for again",
        );
    }
    fetched(&report.fetch);
    if let Some(index) = &report.index {
        messages::durability(&flags.file, index.index.durability);
    }
    tell_behind(report.behind.as_ref(), "they were removed");
    if report.corpus_changed {
        messages::note(&format!(
            "the server changed ranges while they were fetched; run breachdex update {} once more",
            flags.file.display()
        ));
    }
}

/// A mirror that has not followed takes an index back, which nothing else would say.
fn tell_behind(behind: Option<&BehindIndex>, removed: &str) {
    if let Some(behind) = behind {
        messages::note(&format!("{behind}; {removed}"));
    }
}

/// Gives the signature of the new index its lasting names, or says that there is none.
fn settle(path: &Path, is_signed: bool, trusted: &Trust) -> Result<(), Failure> {
    if is_signed {
        return signing::settle(path);
    }
    if trusted.needs_signature() || SignatureFiles::beside(path).signature.exists() {
        messages::note(&format!(
            "the new index is not signed, and will be refused where keys are trusted; sign it with breachdex sign {}",
            path.display()
        ));
    }
    Ok(())
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
