//! Bringing an index up to date: what did not change is not fetched, what was not fetched is not decoded.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use breachdex::{
    ChangedRange, Coverage, Entry, Index, Monitor, Prefix, SpliceOptions, SpliceReport, collisions_by_range,
    splice,
};

use crate::BaseUrl;
use crate::distill::Rules;
use crate::download::{day, stopped};
use crate::error::{Error, Result, io_error};
use crate::journal::{IfOther, Journal, RecordKind, Settings};
use crate::notes::{Memory, Tags, prefixes, put_tag};
use crate::run::{self, FetchOptions, FetchReport, Order};

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
    /// Ranges that were fetched and had the same rows.
    pub ranges_same: u64,
    /// What was written; `None` when nothing had changed and nothing was.
    pub index: Option<SpliceReport>,
    /// Whether the server changed ranges while they were fetched, so that another update is due.
    pub corpus_changed: bool,
}

/// Asks for every range that an index covers whether it changed, and puts the changed ones in their place.
///
/// Kind, bits, counts, least count and coverage stay as they are. The new file takes the old one's place
/// in one step; an index that is open goes on with the old one. What is fetched is kept in a journal, as by
/// [`download`](crate::download). Where no row changed nothing is written, unless entity tags
/// were learned that save the next update from fetching everything.
///
/// # Errors
/// As [`download`](crate::download); [`Error::Options`] for an index that was cut to the commonest entries, and for
/// one that holds entries of an overlay.
pub fn update(path: &Path, options: &UpdateOptions, monitor: &dyn Monitor) -> Result<UpdateReport> {
    // A link stays a link: what it points to is replaced.
    let path = &std::fs::canonicalize(path).map_err(io_error("open", path))?;
    let index = Arc::new(Index::open(path)?);
    let metadata = index.metadata();
    if metadata.is_cut {
        return Err(Error::Options(format!(
            "{} holds the commonest passwords only (--top): which ones those are now cannot be told from what \
             changed; download or build it again",
            path.display()
        )));
    }
    if metadata.holds_overlay {
        return Err(Error::Options(format!(
            "{} holds digests from an overlay, which the server does not know: an update would lose them; keep the \
             overlay apart, update the index that it was merged with, and ask both (check --overlay)",
            path.display()
        )));
    }
    let memory = Memory::of(&index)?;
    let fetch = FetchOptions { base_url: server(options, &memory), ..options.fetch.clone() };
    let base_url = fetch.base_url.to_string();
    let rules = Rules {
        kind: metadata.kind,
        bits: metadata.bits,
        counts: metadata.has_counts,
        min_count: metadata.floor,
    };
    let mut settings = Settings::new(JOB, rules.kind, &metadata.coverage);
    settings.bits = rules.bits;
    settings.counts = rules.counts;
    settings.min_count = rules.min_count;
    settings.base = Some(index.content_id().to_string());
    // What was fetched for another state of the index is of no use for this one.
    let no_groups = &mut |_: &_| Ok(None);
    let mut journal = Journal::open(path, settings, &base_url, IfOther::StartOver, no_groups, monitor)?;
    let known =
        if memory.base_url.as_deref() == Some(base_url.as_str()) { memory.tags } else { Tags::default() };
    let run = Run { index: &index, rules, fetch: &fetch, options, known: Arc::new(known) };
    let report = run.run(&mut journal, path, monitor)?;
    journal.remove()?;
    Ok(report)
}

/// The server to ask.
fn server(options: &UpdateOptions, memory: &Memory) -> BaseUrl {
    let origin = memory.base_url.as_ref().filter(|_| options.from_origin).and_then(|url| url.parse().ok());
    origin.unwrap_or_else(|| options.fetch.base_url.clone())
}

struct Run<'a> {
    index: &'a Arc<Index>,
    rules: Rules,
    fetch: &'a FetchOptions,
    options: &'a UpdateOptions,
    /// The tags that the index has of this server.
    known: Arc<Tags>,
}

impl Run<'_> {
    fn run(&self, journal: &mut Journal, path: &Path, monitor: &dyn Monitor) -> Result<UpdateReport> {
        let fetch = self.ask(journal, monitor)?;
        let changed = journal.count(RecordKind::Range) > 0;
        let index = if changed || self.learned(journal) {
            Some(self.write(journal, path, changed, monitor)?)
        } else {
            None
        };
        Ok(UpdateReport {
            base_url: self.fetch.base_url.clone(),
            fetch,
            ranges_unchanged: journal.count(RecordKind::Unchanged),
            ranges_same: journal.count(RecordKind::Same),
            index,
            corpus_changed: journal.corpus_changed(),
        })
    }

    /// Every covered prefix and the tag that the index has of it.
    fn tagged(&self) -> impl Iterator<Item = (u32, String)> + Send + use<> {
        let known = Arc::clone(&self.known);
        (0..)
            .zip(prefixes(&self.index.metadata().coverage))
            .map(move |(rank, prefix)| (prefix, known.get(rank).to_owned()))
    }

    /// Asks for every range that the journal does not know of yet.
    fn ask(&self, journal: &mut Journal, monitor: &dyn Monitor) -> Result<FetchReport> {
        let coverage = &self.index.metadata().coverage;
        let known: HashSet<u32> =
            prefixes(coverage).filter(|prefix| journal.kind_of(*prefix).is_some()).collect();
        let total = coverage.prefixes() - known.len() as u32;
        let (index, rules) = (Arc::clone(self.index), self.rules);
        let collisions = collisions_by_range(&index)?;
        let order = Order {
            kind: rules.kind,
            total,
            wanted: Box::new(self.tagged().filter(move |(prefix, _)| !known.contains(prefix))),
            keep: Box::new(move |prefix, answer| {
                rules.keep(prefix, answer, false, |entries, folded| {
                    Ok(is_folded(collisions.as_deref(), prefix, folded) && holds(&index, prefix, entries)?)
                })
            }),
            text: None,
        };
        run::run(self.fetch, order, journal, monitor)
    }

    /// Whether a range that did not change has a tag now that the index does not know.
    fn learned(&self, journal: &Journal) -> bool {
        self.tagged().any(|(prefix, known)| {
            let tag = journal.tag(prefix);
            journal.kind_of(prefix) == Some(RecordKind::Same) && !tag.is_empty() && tag != known.as_bytes()
        })
    }

    fn write(
        &self,
        journal: &Journal,
        path: &Path,
        changed: bool,
        monitor: &dyn Monitor,
    ) -> Result<SpliceReport> {
        let metadata = self.index.metadata();
        let latest = if changed { day(journal.latest_change()) } else { String::new() };
        let options = SpliceOptions {
            kind: self.rules.kind,
            bits: Some(self.rules.bits),
            force_bits: true,
            counts: self.rules.counts,
            min_count: self.rules.min_count,
            coverage: metadata.coverage.clone(),
            memory: self.options.memory,
            threads: self.options.threads,
            source: metadata.source.clone(),
            // Dates in this form are in the order of their text.
            date: latest.max(metadata.corpus_date.clone()),
            replace: true,
        };
        let notes = |_| {
            let mut tags = Vec::new();
            for (prefix, known) in self.tagged() {
                let tag = match journal.kind_of(prefix) {
                    Some(RecordKind::Range | RecordKind::Same) => journal.tag(prefix),
                    _ => known.as_bytes(),
                };
                put_tag(&mut tags, tag);
            }
            Ok(Memory::encode(&self.fetch.base_url.to_string(), &journal.settings.id, tags))
        };
        let ranges = changed_ranges(journal, &metadata.coverage);
        splice(Some(self.index), ranges, path, &options, notes, monitor).map_err(stopped)
    }
}

/// The journal's ranges in order. A journal that cannot be read any more ends the splice with the library's error.
fn changed_ranges<'a>(
    journal: &'a Journal,
    coverage: &Coverage,
) -> impl Iterator<Item = breachdex::Result<ChangedRange>> + Send + use<'a> {
    prefixes(coverage).filter_map(move |prefix| match journal.read(prefix) {
        Ok(None) => None,
        Ok(Some((entries, folded))) => Some(Ok(ChangedRange { prefix, entries, folded })),
        Err(error) => Some(Err(breachdex::Error::Unbuildable(error.to_string()))),
    })
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
