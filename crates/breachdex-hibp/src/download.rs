//! A whole corpus straight into an index.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use breachdex::{BuildReport, Day, Index, Monitor, SpliceOptions};

use crate::assembly::{self, Assembly, Making, TextFolder};
use crate::date::{day, no_later_than_today};
use crate::distill::Rules;
use crate::error::{Error, MissingRanges, Result};
use crate::journal::{self, IfOther, Settings};
use crate::notes::{Memory, put_tag};
use crate::run::{self, FetchOptions, FetchReport, Order};

const JOB: &str = "download";

/// What to download, and what to make of it.
#[derive(Clone, Debug)]
pub struct DownloadOptions {
    /// How ranges are fetched.
    pub fetch: FetchOptions,
    /// A folder that gets every range as it came, too.
    pub also_text: Option<PathBuf>,
    /// What index to make. Its coverage says which ranges are fetched; a date that is empty becomes the day on
    /// which the server last changed one of them.
    pub index: SpliceOptions,
    /// Throw away what an earlier run fetched, whatever its settings were.
    pub restart: bool,
    /// The most days that may have passed since the server last changed a range. What is older is fetched and kept, and no
    /// index is made of it.
    pub max_age: Option<u32>,
    /// Where ranges cannot be fetched, make an index that does not cover them. Without it there is none before all are.
    pub allow_missing: bool,
}

/// What a download did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DownloadReport {
    /// What was fetched.
    pub fetch: FetchReport,
    /// The index that was made; `None` when an earlier run had published it already.
    pub index: Option<BuildReport>,
    /// Whether the server changed ranges while they were fetched, so that an update is due.
    pub corpus_changed: bool,
    /// The ranges that could not be fetched and are not covered.
    pub missing: Option<MissingRanges>,
}

/// Downloads ranges and makes an index of them at `target`.
///
/// What is fetched is kept beside the target: complete groups in the unfinished index itself, in order, and the ranges
/// ahead of them in a spool, 8,192 at most. So the disk must hold the index, some 3 % of it, and 60 MB for entity tags;
/// an index of 4,194,304 entries or fewer is encoded once more and held twice for that moment. A run that ended,
/// whatever ended it, is resumed by the same call: no range that arrived is fetched twice, and `target` does not exist
/// before it is complete. Memory is some 60 MiB for the ranges' tags and what `options.index.memory` allows.
///
/// # Errors
/// [`breachdex::Error::TargetExists`]; [`Error::Busy`] while another download of the target runs;
/// [`Error::Missing`] when ranges could not be fetched: all others are kept, and the same call asks for those alone;
/// [`Error::Range`] for a fault of all ranges; [`Error::Stale`]; [`Error::Journal`] when an earlier run had other settings;
/// [`Error::Stopped`] when the monitor says so; what [`breachdex::Assembler`] gives.
pub fn download(target: &Path, options: &DownloadOptions, monitor: &dyn Monitor) -> Result<DownloadReport> {
    let rules = rules(&options.index)?;
    let mut settings = Settings::new(JOB, rules.kind, &options.index.coverage);
    settings.bits = rules.bits;
    settings.counts = rules.counts;
    settings.min_count = rules.min_count;
    settings.text = options.also_text.as_deref().map(absolute).transpose()?;
    if target.symlink_metadata().is_ok() {
        match finished_before(target)? {
            Some(before) if !options.index.replace || (!options.restart && before.is_same(&settings)) => {
                let index = Index::open(target)?;
                refuse_older(&index.metadata().corpus_date, options)?;
                return Ok(DownloadReport {
                    fetch: FetchReport::default(),
                    index: None,
                    corpus_changed: false,
                    missing: None,
                });
            }
            None if !options.index.replace => {
                return Err(breachdex::Error::TargetExists(target.to_owned()).into());
            }
            _ => {}
        }
    }
    let if_other = if options.restart { IfOther::Discard } else { IfOther::Refuse };
    let base_url = options.fetch.base_url.to_string();
    let making = Making { base: None, options: &options.index, concurrency: options.fetch.concurrency };
    let mut assembly = Assembly::open(target, settings, &base_url, if_other, making, monitor)?;
    if let Some(folder) = &options.also_text {
        assembly.keep_text(TextFolder::create(folder)?);
    }
    let (fetch, missing) = fetch_missing(&mut assembly, options, rules, monitor)?;
    if let Some(missing) = &missing {
        let is_any_left = missing.prefixes.len() < assembly.covered().len();
        if !options.allow_missing || !is_any_left {
            return Err(Error::Missing(Box::new(missing.clone())));
        }
        assembly.leave_out(&missing.prefixes, &options.index, monitor)?;
    }
    let corpus_changed = assembly.journal.corpus_changed();
    let index = publish(assembly, target, options, monitor)?;
    Ok(DownloadReport { fetch, index: Some(index), corpus_changed, missing })
}

/// A run that was ended after it had published and before it had cleaned up is finished now. Returns what it was asked
/// to do.
fn finished_before(target: &Path) -> Result<Option<Settings>> {
    let Some(settings) = journal::abandoned(target, JOB) else { return Ok(None) };
    // A target that cannot be read is not what a download published.
    let memory = Index::open(target).ok().and_then(|index| Memory::of(&index).ok());
    if memory.and_then(|memory| memory.journal).as_deref() != Some(settings.id.as_str()) {
        return Ok(None);
    }
    assembly::remove(&journal::path(target, JOB))?;
    Ok(Some(settings))
}

/// What the index keeps; refuses what could never be built before anything is fetched.
fn rules(options: &SpliceOptions) -> Result<Rules> {
    let kind = options.kind;
    let bits = options.bits.unwrap_or(kind.bits());
    if !(breachdex::MIN_BITS..=kind.bits()).contains(&bits) {
        return Err(Error::Options(format!(
            "{bits} bits are not possible: {kind} digests have {}, and at least {} are needed",
            kind.bits(),
            breachdex::MIN_BITS
        )));
    }
    if options.coverage.prefixes() == 0 {
        return Err(Error::Options("there is no prefix to download".into()));
    }
    Ok(Rules { kind, bits, counts: options.counts, min_count: options.min_count.max(1) })
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(crate::error::io_error("find", path))
}

fn fetch_missing(
    assembly: &mut Assembly<'_>,
    options: &DownloadOptions,
    rules: Rules,
    monitor: &dyn Monitor,
) -> Result<(FetchReport, Option<MissingRanges>)> {
    let missing = assembly.missing();
    let with_text = options.also_text.is_some();
    let order = Order {
        kind: rules.kind,
        total: missing.len() as u32,
        wanted: Box::new(missing.into_iter().map(|prefix| (prefix, String::new()))),
        keep: Box::new(move |prefix, answer| rules.keep(prefix, answer, with_text, |_, _| Ok(false))),
        witnesses: run::witnesses(assembly.covered()),
    };
    run::run(&options.fetch, order, assembly, monitor)
}

/// Refuses a corpus date of more days ago than is allowed. A server that says of no range when it changed may have any.
fn refuse_older(date: &str, options: &DownloadOptions) -> Result<()> {
    let Some(most) = options.max_age else { return Ok(()) };
    let age = Day::parse(date).map(|day| Day::today().number() - day.number());
    if age.is_some_and(|days| i64::from(days) <= i64::from(most)) {
        return Ok(());
    }
    Err(Error::Stale { base: options.fetch.base_url.to_string(), date: date.to_owned(), most })
}

/// Makes the index of all that was fetched.
fn publish(
    assembly: Assembly<'_>,
    target: &Path,
    options: &DownloadOptions,
    monitor: &dyn Monitor,
) -> Result<BuildReport> {
    let SpliceOptions { mut source, mut date, .. } = options.index.clone();
    let journal = &assembly.journal;
    if date.is_empty() {
        date = day(no_later_than_today(journal.latest_change()));
    }
    refuse_older(&date, options)?;
    if source.is_empty() && options.fetch.base_url.is_default() {
        source = "Have I Been Pwned, Pwned Passwords".into();
    }
    let mut tags = Vec::new();
    assembly.covered().iter().for_each(|prefix| put_tag(&mut tags, journal.tag(*prefix)));
    let notes = Memory::encode(&options.fetch.base_url.to_string(), &journal.settings.id, tags);
    let (index, journal) = assembly.publish(target, (source, date), notes, monitor)?;
    assembly::remove(&journal::path(target, JOB))?;
    drop(journal);
    Ok(index.index)
}

#[cfg(test)]
mod tests {
    use breachdex::{Coverage, Kind};

    use super::*;

    #[test]
    fn what_cannot_be_built_is_refused_before_anything_is_fetched() {
        let options = SpliceOptions { bits: Some(161), ..SpliceOptions::default() };
        assert_eq!(
            rules(&options).expect_err("too many").to_string(),
            "161 bits are not possible: SHA-1 digests have 160, and at least 32 are needed"
        );
        let options =
            SpliceOptions { coverage: Coverage::empty(), kind: Kind::Ntlm, ..SpliceOptions::default() };
        assert_eq!(rules(&options).expect_err("nothing").to_string(), "there is no prefix to download");
    }
}
