//! What an update would change, without changing it.

#![forbid(unsafe_code)]

use std::cmp::Ordering as Order;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use breachdex::{Entry, Index, Monitor, Prefix};
use tokio::sync::watch;

use super::{BehindIndex, Update};
use crate::BaseUrl;
use crate::error::{MissingRanges, Result};
use crate::fetch::{Answer, seconds};
use crate::journal::{Record, RecordKind};
use crate::run::{self, FetchReport, Kept, Store};

/// What an update would find and do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UpdatePreview {
    /// The server that was asked.
    pub base_url: BaseUrl,
    /// What was fetched.
    pub fetch: FetchReport,
    /// Ranges whose rows are those of the index.
    pub ranges_unchanged: u64,
    /// Ranges whose rows are others.
    pub ranges_changed: u64,
    /// Hashes that the index does not have.
    pub hashes_added: u64,
    /// Hashes that only the index has.
    pub hashes_removed: u64,
    /// Hashes whose counts differ.
    pub counts_changed: u64,
    /// The ranges that could not be fetched.
    pub missing: Option<MissingRanges>,
    /// Where the server is behind the index.
    pub behind: Option<BehindIndex>,
}

/// What differs, added up by the network's threads.
#[derive(Default)]
struct Differences {
    added: AtomicU64,
    removed: AtomicU64,
    counts: AtomicU64,
}

impl Update<'_> {
    /// Asks for every range and compares.
    pub(super) fn preview(&self, monitor: &dyn Monitor) -> Result<UpdatePreview> {
        let differences = Arc::new(Differences::default());
        let total = self.options.coverage.prefixes();
        let mut tally = Tally::default();
        let order = self.order(total, Box::new(self.tagged()), self.compare(Arc::clone(&differences)));
        let (fetch, missing) = run::run(self.fetch, order, &mut tally, monitor)?;
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Ok(UpdatePreview {
            base_url: self.fetch.base_url.clone(),
            fetch,
            ranges_unchanged: u64::from(tally.ranges) - tally.changed,
            ranges_changed: tally.changed,
            hashes_added: read(&differences.added),
            hashes_removed: read(&differences.removed),
            counts_changed: read(&differences.counts),
            missing,
            behind: self.behind(tally.latest, read(&differences.removed)),
        })
    }

    /// Keeps of each range only whether it changed, and adds up how.
    fn compare(&self, differences: Arc<Differences>) -> run::Keep {
        let (index, rules) = (Arc::clone(self.index), self.rules);
        Box::new(move |prefix, answer| {
            let Answer::Range(mut range) = answer else {
                return Ok(Record::of(RecordKind::Unchanged, prefix).into());
            };
            rules.apply(&mut range.entries);
            let is_changed = differences.add(&index, prefix, &range.entries)?;
            let kind = if is_changed { RecordKind::Range } else { RecordKind::Same };
            Ok(Record { modified: range.modified.map_or(0, seconds), ..Record::of(kind, prefix) }.into())
        })
    }
}

impl Differences {
    /// Compares the entries that an index has under a prefix with others, which ascend. Whether any differs.
    fn add(&self, index: &Index, prefix: u32, new: &[Entry]) -> Result<bool> {
        let (mut added, mut removed, mut counts) = (0, 0, 0);
        let mut new = new.iter().peekable();
        for old in index.range(&Prefix::of_range(prefix))? {
            let old = old?;
            while new.next_if(|new| new.key_bytes() < old.key_bytes()).is_some() {
                added += 1;
            }
            match new.peek().map(|new| new.key_bytes().cmp(&old.key_bytes())) {
                Some(Order::Equal) => {
                    counts += u64::from(new.next().is_some_and(|new| new.count() != old.count()))
                }
                _ => removed += 1,
            }
        }
        added += new.count() as u64;
        self.added.fetch_add(added, Ordering::Relaxed);
        self.removed.fetch_add(removed, Ordering::Relaxed);
        self.counts.fetch_add(counts, Ordering::Relaxed);
        Ok(added + removed + counts > 0)
    }
}

/// Counts what arrives.
struct Tally {
    ranges: u32,
    changed: u64,
    /// When the latest of those was changed, in seconds since 1970.
    latest: u64,
    limit: watch::Sender<u32>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { ranges: 0, changed: 0, latest: 0, limit: watch::Sender::new(u32::MAX) }
    }
}

impl Store for Tally {
    fn ranges(&self) -> u32 {
        self.ranges
    }

    fn limit(&self) -> watch::Receiver<u32> {
        self.limit.subscribe()
    }

    fn note_begun(&mut self, _: u64) -> Result<()> {
        Ok(())
    }

    fn keep(&mut self, kept: Kept) -> Result<()> {
        self.ranges += 1;
        if kept.record.kind == RecordKind::Range {
            self.changed += 1;
            self.latest = self.latest.max(kept.record.modified);
        }
        Ok(())
    }

    fn pass_over(&mut self, _: u32) {}

    fn flush(&mut self, _: &dyn Monitor) -> Result<()> {
        Ok(())
    }
}
