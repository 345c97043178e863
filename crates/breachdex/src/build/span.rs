//! Entries in order become a span: encoded groups, ready to be written behind one another. Here equal
//! digests are merged, rare ones dropped, and fingerprints cut, in that order.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::options::MergeRule;
use super::read_back::Candidates;
use crate::coverage::Coverage;
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::format::Layout;
use crate::format::content;
use crate::format::encode::{GroupEncoder, Seal};
use crate::input::faults::LineFault;

/// What becomes of entries on their way into groups.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) layout: Layout,
    /// Leading bits by which entries are told apart and merged: the kind's width, or fewer where an index
    /// input has fewer.
    pub(crate) width: u32,
    pub(crate) merge: MergeRule,
    pub(crate) keep: Keep,
    /// Entries outside are left out.
    pub(crate) wanted: Option<Arc<Coverage>>,
    /// The most entries that a group may have in memory.
    pub(crate) most: usize,
}

/// Which entries stay, once equal ones are merged.
#[derive(Clone)]
pub(crate) enum Keep {
    /// Those seen at least this often.
    AtLeast(u64),
    /// Those seen more often than `cut`, and of those seen exactly that often, the first few of each group.
    Commonest { cut: u64, ties: Arc<Vec<u64>> },
}

/// Why an entry cannot be added.
#[derive(Debug)]
pub(crate) enum Misfit {
    /// It should have come earlier.
    OutOfOrder,
    Line(LineFault),
    Other(Error),
}

impl From<LineFault> for Misfit {
    fn from(fault: LineFault) -> Self {
        Self::Line(fault)
    }
}

impl From<Error> for Misfit {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Takes entries one after another.
pub(crate) trait EntrySink {
    fn add(&mut self, entry: Entry) -> Result<(), Misfit>;
}

/// A group in a span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanGroup {
    pub(crate) prefix: u32,
    pub(crate) length: u64,
    pub(crate) seal: Seal,
}

/// Encoded groups that follow one another, and what they add to the header.
#[derive(Default)]
pub(crate) struct Span {
    pub(crate) bytes: Vec<u8>,
    pub(crate) groups: Vec<SpanGroup>,
    pub(crate) totals: Totals,
    /// The first and the last key added, dropped ones included.
    pub(crate) bounds: Option<(Key, Key)>,
    /// What a check before publishing may ask for.
    pub(crate) candidates: Candidates,
}

/// Sums over entries.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) entries: u64,
    /// Cannot overflow: fewer than 2^64 counts of less than 2^64.
    pub(crate) count: u128,
    pub(crate) max_count: u64,
    pub(crate) collisions: u64,
    pub(crate) left_out: u64,
    /// Groups that were copied as they were, and their bytes.
    pub(crate) groups_copied: u64,
    pub(crate) bytes_copied: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.count += other.count;
        self.max_count = self.max_count.max(other.max_count);
        self.collisions += other.collisions;
        self.left_out += other.left_out;
        self.groups_copied += other.groups_copied;
        self.bytes_copied += other.bytes_copied;
    }
}

/// Makes spans, one after another, keeping its working memory.
pub(crate) struct SpanBuilder<'a> {
    plan: &'a Plan,
    encoder: GroupEncoder,
    /// The entries of the group at hand, equal ones merged.
    group: Vec<Entry>,
    prefix: u64,
    last: Key,
    span: Span,
    /// Groups of the span that have their hash, and their bytes.
    hashed: (usize, usize),
    encoding: Duration,
}

/// Bytes of groups that get their hashes together: many chunks, which are still in the processor's cache.
const HASHED_TOGETHER: usize = 128 << 10;

impl<'a> SpanBuilder<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            encoder: GroupEncoder::new(plan.layout),
            group: Vec::new(),
            prefix: 0,
            last: Key::default(),
            span: Span::default(),
            hashed: (0, 0),
            encoding: Duration::ZERO,
        }
    }

    /// Begins a span in `bytes`, whose contents are dropped.
    pub(crate) fn begin(&mut self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.group.clear();
        self.span = Span { bytes, ..Span::default() };
        self.hashed = (0, 0);
    }

    /// The span begun, and the time it took to encode.
    pub(crate) fn finish(&mut self) -> Result<(Span, Duration)> {
        self.flush()?;
        let start = Instant::now();
        self.hash();
        self.encoding += start.elapsed();
        Ok((std::mem::take(&mut self.span), std::mem::take(&mut self.encoding)))
    }

    /// An entry that does not follow the last one in the same group.
    #[cold]
    #[inline(never)]
    fn add_unusual(&mut self, entry: Entry) -> Result<(), Misfit> {
        if !self.group.is_empty() && entry.key == self.last {
            let Some(same) = self.group.last_mut() else { return Ok(()) };
            same.count = merged(self.plan.merge, same.count, entry.count)?;
            return Ok(());
        }
        if self.span.bounds.is_some() && entry.key <= self.last {
            return Err(Misfit::OutOfOrder);
        }
        let prefix = self.prefix_of(&entry.key);
        if prefix != self.prefix {
            self.flush()?;
        } else if self.group.len() >= self.plan.most {
            return Err(Misfit::Other(too_large()));
        }
        self.prefix = prefix;
        self.last = entry.key;
        self.span.bounds.get_or_insert((entry.key, entry.key));
        self.group.push(entry);
        Ok(())
    }

    #[inline(always)]
    fn prefix_of(&self, key: &Key) -> u64 {
        key.leading(self.plan.layout.directory_bits)
    }

    /// Encodes the group at hand.
    fn flush(&mut self) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        let start = Instant::now();
        if let Some((_, last)) = &mut self.span.bounds {
            *last = self.last;
        }
        self.choose();
        self.cut();
        if !self.group.is_empty() {
            let before = self.span.bytes.len();
            let prefix = self.prefix as u32;
            let seal = self.encoder.encode_unhashed(prefix, &self.group, &mut self.span.bytes)?;
            let length = (self.span.bytes.len() - before) as u64;
            self.span.groups.push(SpanGroup { prefix, length, seal });
            self.span.candidates.take(&self.group);
            let totals = &mut self.span.totals;
            totals.entries += self.group.len() as u64;
            for entry in &self.group {
                totals.count += u128::from(entry.count);
                totals.max_count = totals.max_count.max(entry.count);
            }
            self.group.clear();
            if self.span.bytes.len() - self.hashed.1 >= HASHED_TOGETHER {
                self.hash();
            }
        }
        self.encoding += start.elapsed();
        Ok(())
    }

    /// Hashes the groups that are not hashed yet.
    fn hash(&mut self) {
        let Span { bytes, groups, .. } = &mut self.span;
        let (groups_before, bytes_before) = self.hashed;
        let new = &mut groups[groups_before..];
        let hashes = content::groups(&bytes[bytes_before..], new.iter().map(|group| group.length as usize));
        for (group, hash) in new.iter_mut().zip(hashes) {
            group.seal.hash = hash;
        }
        self.hashed = (groups.len(), bytes.len());
    }

    /// Drops the entries that do not stay.
    fn choose(&mut self) {
        match &self.plan.keep {
            Keep::AtLeast(..=1) => {}
            Keep::AtLeast(least) => self.group.retain(|entry| entry.count >= *least),
            Keep::Commonest { cut, ties } => {
                let mut left = ties[self.prefix as usize];
                self.group.retain(|entry| {
                    let tie = entry.count == *cut && left > 0;
                    left -= u64::from(tie);
                    entry.count > *cut || tie
                });
            }
        }
    }

    /// Cuts keys to the layout's bits and folds those that become equal.
    fn cut(&mut self) {
        let bits = self.plan.layout.bits;
        if bits >= self.plan.width {
            return;
        }
        self.span.totals.collisions += fold(&mut self.group, bits);
    }
}

/// Cuts the keys of ascending entries to `bits` and folds those that become equal; the larger count stays.
/// Returns how many were folded.
pub(crate) fn fold(entries: &mut Vec<Entry>, bits: u32) -> u64 {
    for entry in entries.iter_mut() {
        entry.key = entry.key.truncated(bits);
    }
    let before = entries.len();
    entries.dedup_by(|next, kept| {
        let same = next.key == kept.key;
        if same {
            kept.count = kept.count.max(next.count);
        }
        same
    });
    (before - entries.len()) as u64
}

impl EntrySink for SpanBuilder<'_> {
    /// Adds the next entry. Entries must ascend; equal ones are merged.
    #[inline(always)]
    fn add(&mut self, entry: Entry) -> Result<(), Misfit> {
        if let Some(wanted) = &self.plan.wanted
            && !wanted.contains(entry.key.leading(20) as u32)
        {
            self.span.totals.left_out += 1;
            return Ok(());
        }
        let follows = entry.key.words[0] > self.last.words[0] || entry.key > self.last;
        let same_group = self.prefix_of(&entry.key) == self.prefix && !self.group.is_empty();
        if follows && same_group && self.group.len() < self.plan.most {
            self.last = entry.key;
            self.group.push(entry);
            return Ok(());
        }
        self.add_unusual(entry)
    }
}

/// What two counts of one digest make.
pub(crate) fn merged(rule: MergeRule, one: u64, other: u64) -> Result<u64, LineFault> {
    match rule {
        MergeRule::Sum => one.checked_add(other).ok_or(LineFault::SumOverflow),
        MergeRule::Max => Ok(one.max(other)),
        MergeRule::Error => Err(LineFault::Duplicate),
    }
}

pub(crate) fn too_large() -> Error {
    Error::TooLittleMemory { what: "the entries under one 16-bit prefix".into(), are_many: true }
}
