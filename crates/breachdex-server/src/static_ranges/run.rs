//! A run that writes ranges: blocks of them on all threads, and while one is brought to disk, the next.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use breachdex::{Corpus, Error, Index, Monitor, Phase, Progress, RangeScratch, ReadMode};
use breachdex_protocol::padding;

use super::manifest::RangeFacts;
use super::target::{RangeEncoding, RangeTarget};
use super::{StaticError, StaticOptions, StaticReport};
use crate::body;
use crate::http::negotiation::Encoding;

/// A run that writes.
pub(super) struct Run<'a> {
    corpus: Corpus,
    index: &'a Index,
    options: &'a StaticOptions,
    monitor: &'a dyn Monitor,
    target: &'a dyn RangeTarget,
    report: StaticReport,
    done: AtomicUsize,
    total: usize,
}

/// What one thread has done of a block.
#[derive(Default)]
struct Part {
    facts: Vec<(usize, RangeFacts)>,
    written: u64,
    bytes: u64,
}

impl<'a> Run<'a> {
    /// A run of which so many ranges are done.
    pub(super) fn new(
        index: &'a Index,
        options: &'a StaticOptions,
        monitor: &'a dyn Monitor,
        target: &'a dyn RangeTarget,
        (done, total): (usize, usize),
    ) -> Self {
        body::prepare();
        let report = StaticReport { ranges: total as u64, ..StaticReport::default() };
        let corpus = Corpus::from(index.clone());
        Self { corpus, index, options, monitor, target, report, done: AtomicUsize::new(done), total }
    }

    /// Writes these prefixes.
    pub(super) fn write(mut self, prefixes: &[u32]) -> Result<StaticReport, StaticError> {
        let target = self.target;
        if !target.notes_apart() {
            return self.write_in_turn(prefixes);
        }
        thread::scope(|scope| {
            let mut noting: Option<ScopedJoinHandle<'_, Result<(), StaticError>>> = None;
            for block in prefixes.chunks(target.block().max(1)) {
                let written = self.write_block(block);
                // What was written before is noted, whatever became of this one.
                noting.take().map_or(Ok(()), join)?;
                let written = written?;
                noting = Some(scope.spawn(move || target.note(&written)));
            }
            noting.map_or(Ok(()), join)
        })?;
        Ok(self.report)
    }

    /// Writes these prefixes, and notes each block behind the next one.
    fn write_in_turn(mut self, prefixes: &[u32]) -> Result<StaticReport, StaticError> {
        let mut before = None;
        for block in prefixes.chunks(self.target.block().max(1)) {
            let written = self.write_block(block);
            before.take().map_or(Ok(()), |before: Vec<_>| self.target.note(&before))?;
            before = Some(written?);
        }
        before.map_or(Ok(()), |before| self.target.note(&before))?;
        Ok(self.report)
    }

    /// Writes a block on all threads.
    fn write_block(&mut self, block: &[u32]) -> Result<Vec<(u32, RangeFacts)>, StaticError> {
        let threads = match self.options.threads {
            0 => thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let (next, stopped, outcome) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for _ in 0..threads.min(block.len()) {
                scope.spawn(|| {
                    let part = self.write_some(block, &next, &stopped);
                    stopped.fetch_or(part.is_err(), Ordering::Relaxed);
                    outcome.lock().unwrap_or_else(PoisonError::into_inner).push(part);
                });
            }
        });
        let mut written: Vec<_> = block.iter().map(|prefix| (*prefix, None)).collect();
        for part in outcome.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let part = part?;
            self.report.written += part.written;
            self.report.bytes += part.bytes;
            part.facts.into_iter().for_each(|(at, facts)| written[at].1 = Some(facts));
        }
        // Missing where a thread stopped before all were written.
        let all: Option<Vec<_>> =
            written.into_iter().map(|(prefix, facts)| facts.map(|facts| (prefix, facts))).collect();
        all.ok_or_else(|| Error::Cancelled.into())
    }

    fn write_some(
        &self,
        block: &[u32],
        next: &AtomicUsize,
        stopped: &AtomicBool,
    ) -> Result<Part, StaticError> {
        let mut part = Part::default();
        let (mut scratch, mut rows, mut packed) = (RangeScratch::default(), Vec::new(), Vec::new());
        while !stopped.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(&prefix) = block.get(at) else { break };
            rows.clear();
            if self.corpus.write_range(prefix, ReadMode::Blocking, &mut scratch, &mut rows)? == 0 {
                padding::append_empty_range(self.index.kind(), &mut rows);
            }
            let facts = RangeFacts::of(&rows);
            if !self.target.keeps(prefix, &facts)? {
                part.written += 1;
                part.bytes += self.write_one(prefix, &facts, &rows, &mut packed)?;
            }
            part.facts.push((at, facts));
            let done = self.done.fetch_add(1, Ordering::Relaxed) as u64;
            let progress = Progress { phase: Phase::WritingRanges, done, total: Some(self.total as u64) };
            if done.is_multiple_of(64) && self.monitor.progress(progress) == ControlFlow::Break(()) {
                return Err(Error::Cancelled.into());
            }
        }
        Ok(part)
    }

    fn write_one(
        &self,
        prefix: u32,
        facts: &RangeFacts,
        rows: &[u8],
        packed: &mut Vec<u8>,
    ) -> Result<u64, StaticError> {
        let mut bytes = 0;
        let wanted = [
            (self.options.gzip, Encoding::Gzip, RangeEncoding::Gzip),
            (self.options.brotli, Encoding::Brotli, RangeEncoding::Brotli),
        ];
        for (is_wanted, encoding, named) in wanted {
            if is_wanted {
                packed.clear();
                body::encode(encoding, rows, packed);
                bytes += self.target.write(prefix, named, packed, facts)?;
            }
        }
        Ok(bytes + self.target.write(prefix, RangeEncoding::Plain, rows, facts)?)
    }
}

fn join(noting: ScopedJoinHandle<'_, Result<(), StaticError>>) -> Result<(), StaticError> {
    noting.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}
