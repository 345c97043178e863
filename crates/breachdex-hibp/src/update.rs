//! Bringing an index up to date: what did not change is not fetched, what was not fetched is not decoded.

#![forbid(unsafe_code)]

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use breachdex::{
    BeforePublish, Entry, Index, Monitor, OpenOptions, Prefix, SpliceOptions, SpliceReport,
    collisions_by_range, files,
};

use crate::BaseUrl;
use crate::assembly::{self, Assembly, Base, Making};
use crate::date::{day, no_later_than_today};
use crate::distill::Rules;
use crate::error::{Error, MissingRanges, Result, io_error};
use crate::journal::{self, IfOther, Journal, RecordKind, Settings};
use crate::notes::{Memory, Tags, prefixes, put_tag};
use crate::run::{self, FetchOptions, FetchReport, Keep, Order, Wanted};

mod preview;

pub use self::preview::UpdatePreview;

const JOB: &str = "update";

/// How to update.
#[derive(Clone, Debug)]
pub struct UpdateOptions {
    /// How ranges are fetched; its server is used where `from_origin` is false.
    pub fetch: FetchOptions,
    /// Ask the server that the index came from, where it remembers one.
    pub from_origin: bool,
    /// Bytes of memory that may be used, 16 MiB at least.
    pub memory: u64,
    /// Threads that work; 0 is one for each processor.
    pub threads: usize,
    /// Update from a server that is behind the index too, which takes newer hashes away and the corpus date back.
    pub allow_older: bool,
    /// How the index is opened: whose signature it must have before anything of it is copied.
    pub open: OpenOptions,
    /// What is done with the finished index before it takes the old one's place.
    pub before_publish: Option<BeforePublish>,
}

/// A server whose ranges differ from those of an index, lack hashes of it and are all older than its corpus date, as those of a
/// mirror that has not followed the server which the index came from. What it has is a step back.
///
/// A server that only adds hashes is not behind: it may have changed ranges while a download of several days ran, of which the
/// index has the date of the last day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BehindIndex {
    /// The server.
    pub base_url: BaseUrl,
    /// The day on which the latest of these ranges was changed.
    pub changed: String,
    /// The corpus date of the index.
    pub corpus_date: String,
    /// Hashes that only the index has.
    pub hashes_removed: u64,
}

impl BehindIndex {
    /// `latest` is when the latest of the ranges that differ was changed, in seconds since 1970; 0 where there is none, or the
    /// server does not say.
    fn of(base_url: &BaseUrl, latest: u64, corpus_date: &str, hashes_removed: u64) -> Option<Self> {
        // Dates in this form are in the order of their text.
        let changed = day(latest);
        let is_behind = hashes_removed > 0 && !changed.is_empty() && changed.as_str() < corpus_date;
        let (base_url, corpus_date) = (base_url.clone(), corpus_date.to_owned());
        is_behind.then_some(Self { base_url, changed, corpus_date, hashes_removed })
    }
}

impl fmt::Display for BehindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_url, changed, corpus_date, hashes_removed } = self;
        let hashes = if *hashes_removed == 1 { "hash" } else { "hashes" };
        write!(
            f,
            "{base_url} is behind the index: its ranges that differ were last changed on {changed}, before the corpus date \
             {corpus_date}, and lack {hashes_removed} {hashes}"
        )
    }
}

/// What an update found and did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UpdateReport {
    /// The server that was asked.
    pub base_url: BaseUrl,
    /// What was fetched.
    pub fetch: FetchReport,
    /// Ranges that the server said are unchanged.
    pub ranges_unchanged: u64,
    /// The ranges that could not be fetched and are as they were.
    pub missing: Option<MissingRanges>,
    /// Ranges that were fetched and had the same rows.
    pub ranges_same: u64,
    /// What was written; `None` when nothing had changed and nothing was.
    pub index: Option<SpliceReport>,
    /// Whether the server changed ranges while they were fetched, so that another update is due.
    pub corpus_changed: bool,
    /// Where the server is behind the index, which was allowed.
    pub behind: Option<BehindIndex>,
    /// Whether an unfinished update that an earlier version of breachdex had begun was discarded.
    pub discarded_earlier: bool,
}

/// Asks for every range that an index covers whether it changed, and puts the changed ones in their place.
///
/// Kind, bits, counts, least count and coverage stay as they are. The new file takes the old one's place
/// in one step; an index that is open goes on with the old one. What is fetched is kept beside it, as by
/// [`download`](crate::download), from the first change on: the disk must hold the new index beside the old one, and some
/// 3 % of it. Where no row changed nothing is written, unless entity tags were learned that save the next update from
/// fetching everything. An update that ended, whatever ended it, is resumed by the same call while the index is the same;
/// what was begun for another one, or by an earlier version, is discarded.
///
/// Ranges that cannot be fetched stay as they are, and the next update asks for them again; the report names them.
///
/// # Errors
/// As [`download`](crate::download), but for single ranges that could not be fetched; [`Error::Options`] for an index that
/// was cut to the most frequent entries; [`Error::HoldsOverlay`]; [`Error::Behind`] for a server that is behind the index, unless
/// `allow_older`: nothing is changed, and what was fetched is discarded, since another server is to be asked.
pub fn update(path: &Path, options: &UpdateOptions, monitor: &dyn Monitor) -> Result<UpdateReport> {
    // A link stays a link: what it points to is replaced.
    let path = &files::follow(path).map_err(io_error("open", path))?;
    with_update(path, options, |update| update.run(path, monitor))
}

/// What [`update`] would change: asks for every range as it does and compares what changed. Writes nothing, and leaves an
/// unfinished update as it is.
///
/// # Errors
/// As [`update`], but for [`Error::Behind`], which the preview has.
pub fn preview_update(path: &Path, options: &UpdateOptions, monitor: &dyn Monitor) -> Result<UpdatePreview> {
    with_update(path, options, |update| update.preview(monitor))
}

/// Decides what is asked for, and of whom.
fn with_update<T>(
    path: &Path,
    options: &UpdateOptions,
    work: impl FnOnce(&Update<'_>) -> Result<T>,
) -> Result<T> {
    let index = Arc::new(Index::open_with(path, options.open.clone())?);
    let metadata = index.metadata();
    if metadata.is_cut {
        return Err(Error::Options(format!(
            "{} holds the most frequent passwords only: which ones those are now cannot be told from what changed; \
             download or build it again",
            path.display()
        )));
    }
    if metadata.holds_overlay {
        return Err(Error::HoldsOverlay(path.to_owned()));
    }
    let memory = Memory::of(&index)?;
    let fetch = FetchOptions { base_url: server(options, &memory), ..options.fetch.clone() };
    let is_known = memory.base_url == Some(fetch.base_url.to_string());
    let known = Arc::new(if is_known { memory.tags } else { Tags::default() });
    let rules = Rules {
        kind: metadata.kind,
        bits: metadata.bits,
        counts: metadata.has_counts,
        min_count: metadata.floor,
    };
    let making = SpliceOptions {
        kind: rules.kind,
        bits: Some(rules.bits),
        force_bits: true,
        counts: rules.counts,
        min_count: rules.min_count,
        coverage: metadata.coverage.clone(),
        memory: options.memory,
        threads: options.threads,
        source: metadata.source.clone(),
        date: metadata.corpus_date.clone(),
        replace: true,
        before_publish: options.before_publish.clone(),
    };
    let allow_older = options.allow_older;
    work(&Update { index: &index, rules, fetch: &fetch, options: &making, known, allow_older })
}

/// The server to ask.
fn server(options: &UpdateOptions, memory: &Memory) -> BaseUrl {
    let origin = memory.base_url.as_ref().filter(|_| options.from_origin).and_then(|url| url.parse().ok());
    origin.unwrap_or_else(|| options.fetch.base_url.clone())
}

struct Update<'a> {
    index: &'a Arc<Index>,
    rules: Rules,
    fetch: &'a FetchOptions,
    options: &'a SpliceOptions,
    /// The tags that the index has of this server.
    known: Arc<Tags>,
    allow_older: bool,
}

impl Update<'_> {
    fn run(&self, path: &Path, monitor: &dyn Monitor) -> Result<UpdateReport> {
        let base = Base { index: self.index, known: &self.known };
        let making = Making { base: Some(base), options: self.options, concurrency: self.fetch.concurrency };
        let url = self.fetch.base_url.to_string();
        // What was fetched for another state of the index is of no use for this one.
        let mut assembly = Assembly::open(path, self.settings(), &url, IfOther::StartOver, making, monitor)?;
        let (fetch, missing) = self.ask(&mut assembly, monitor)?;
        let unchanged = assembly.journal.count(RecordKind::Unchanged);
        if let Some(missing) = &missing {
            if missing.prefixes.len() == assembly.covered().len() {
                return Err(Error::Missing(Box::new(missing.clone())));
            }
            assembly.keep_of_base(&missing.prefixes, monitor)?;
        }
        let behind = self.behind(assembly.journal.latest_new_change(), assembly.hashes_removed());
        if let Some(behind) = behind.as_ref().filter(|_| !self.allow_older) {
            let journal = assembly.into_journal();
            assembly::remove(&journal::path(path, JOB))?;
            drop(journal);
            return Err(Error::Behind { path: path.to_owned(), behind: Box::new(behind.clone()) });
        }
        let journal = &assembly.journal;
        let report = UpdateReport {
            base_url: self.fetch.base_url.clone(),
            fetch,
            ranges_unchanged: unchanged,
            missing,
            ranges_same: journal.count(RecordKind::Same),
            index: None,
            corpus_changed: journal.corpus_changed(),
            behind: behind.clone(),
            discarded_earlier: journal.discarded_earlier,
        };
        let (index, journal) = self.publish(assembly, path, behind, monitor)?;
        assembly::remove(&journal::path(path, JOB))?;
        drop(journal);
        Ok(UpdateReport { index, ..report })
    }

    fn behind(&self, latest: u64, hashes_removed: u64) -> Option<BehindIndex> {
        BehindIndex::of(&self.fetch.base_url, latest, &self.options.date, hashes_removed)
    }

    fn settings(&self) -> Settings {
        let SpliceOptions { kind, counts, min_count, coverage, .. } = self.options;
        Settings {
            bits: self.rules.bits,
            counts: *counts,
            min_count: *min_count,
            base: Some(self.index.content_id().to_string()),
            ..Settings::new(JOB, *kind, coverage)
        }
    }

    /// Every covered prefix and the tag that the index has of it.
    fn tagged(&self) -> impl Iterator<Item = (u32, String)> + Send + use<> {
        let known = Arc::clone(&self.known);
        (0..)
            .zip(prefixes(&self.options.coverage))
            .map(move |(rank, prefix)| (prefix, known.get(rank).to_owned()))
    }

    /// Asks for every range of which nothing is known yet.
    fn ask(
        &self,
        assembly: &mut Assembly<'_>,
        monitor: &dyn Monitor,
    ) -> Result<(FetchReport, Option<MissingRanges>)> {
        let missing = assembly.missing();
        let total = missing.len() as u32;
        let wanted = self.tagged().filter(move |(prefix, _)| missing.binary_search(prefix).is_ok());
        run::run(self.fetch, self.order(total, Box::new(wanted), self.keep()?), assembly, monitor)
    }

    fn order(&self, total: u32, wanted: Wanted, keep: Keep) -> Order {
        let covered: Vec<u32> = prefixes(&self.options.coverage).collect();
        Order { kind: self.rules.kind, total, wanted, keep, witnesses: run::witnesses(&covered) }
    }

    /// Keeps what differs from the index.
    fn keep(&self) -> Result<Keep> {
        let (index, rules) = (Arc::clone(self.index), self.rules);
        let collisions = collisions_by_range(&index)?;
        Ok(Box::new(move |prefix, answer| {
            rules.keep(prefix, answer, false, |entries, folded| {
                Ok(is_folded(collisions.as_deref(), prefix, folded) && holds(&index, prefix, entries)?)
            })
        }))
    }

    /// Publishes the new index, if there is anything new. Returns the journal, whose lock is to be held until the rest is
    /// removed.
    fn publish(
        &self,
        assembly: Assembly<'_>,
        path: &Path,
        behind: Option<BehindIndex>,
        monitor: &dyn Monitor,
    ) -> Result<(Option<SpliceReport>, Journal)> {
        if !assembly.is_due() {
            return Ok((None, assembly.journal));
        }
        let journal = &assembly.journal;
        let is_changed = journal.count(RecordKind::Range) > 0;
        let latest =
            if is_changed { day(no_later_than_today(journal.latest_change())) } else { String::new() };
        // Dates in this form are in the order of their text.
        let date = match behind {
            // An index that was taken back must not pass for as new as it was.
            Some(behind) => behind.changed,
            None => latest.max(self.options.date.clone()),
        };
        let mut tags = Vec::new();
        for (prefix, known) in self.tagged() {
            let tag = match journal.kind_of(prefix) {
                Some(RecordKind::Range | RecordKind::Same) => journal.tag(prefix),
                _ => known.as_bytes(),
            };
            put_tag(&mut tags, tag);
        }
        let notes = Memory::encode(&self.fetch.base_url.to_string(), &journal.settings.id, tags);
        let facts = (self.options.source.clone(), date);
        let (index, journal) = assembly.publish(path, facts, notes, monitor)?;
        Ok((Some(index), journal))
    }
}

/// Whether so many digests of a range are folded in the index too; taken for granted where it does not say.
fn is_folded(collisions: Option<&[(u32, u32)]>, prefix: u32, folded: u32) -> bool {
    collisions.is_none_or(|collisions| {
        let place = collisions.binary_search_by_key(&prefix, |(prefix, _)| *prefix);
        place.map_or(0, |place| collisions[place].1) == folded
    })
}

/// Whether an index has just these entries under a prefix.
fn holds(index: &Index, prefix: u32, entries: &[Entry]) -> Result<bool> {
    let mut held = index.range(&Prefix::of_range(prefix))?;
    for entry in entries {
        match held.next().transpose()? {
            Some(held) if held == *entry => {}
            _ => return Ok(false),
        }
    }
    Ok(held.next().transpose()?.is_none())
}
