//! When what is usual is learned: in blocks of ten minutes, an hour later, and only if no alarm was raised meanwhile.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use crate::attempt::{AccountStatus, Attempt, Exposure};
use crate::baseline::{Baseline, HOURS, Usual};
use crate::entry::Weights;
use crate::options::RadarOptions;
use crate::site::AtRest;

/// Seconds of a block.
const BLOCK: u32 = 600;
/// Blocks that wait: a slow attack is not learned before it is noticed.
const WAITING: usize = 6;
/// Failed attempts below which blocks do not wait: everything is better than a guess.
const YOUNG: f64 = 2000.0;
/// Failed attempts from which it is known what is usual: before, the site is tested against the most that it may be.
const READY: f64 = 1000.0;
/// The shares between which each signal says something.
const EXPOSED_RANGE: (f64, f64) = (0.02, 0.8);
const UNKNOWN_RANGE: (f64, f64) = (0.01, 0.6);
/// Attempts over which the part of successful ones is measured.
const MEMORY: f64 = 20_000.0;
/// The part of attempts that must succeed for successes to be told at all.
const SUCCESSES_TOLD: f64 = 0.2;

/// The failed attempts of a block: how many have a known exposure, how many of these are exposed; and accounts likewise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Block {
    /// Blocks since 1970.
    pub(crate) number: u32,
    pub(crate) rated: u32,
    pub(crate) exposed: u32,
    pub(crate) stated: u32,
    pub(crate) unknown: u32,
}

/// What is usual, and what is not yet learned.
#[derive(Clone, Debug)]
pub(crate) struct Learning {
    learns: bool,
    margin: f64,
    utc_offset: i64,
    pub(crate) exposed: Baseline,
    pub(crate) unknown: Baseline,
    pub(crate) block: Block,
    pub(crate) waiting: VecDeque<Block>,
    /// Attempts, and those of them that succeeded; older ones count less.
    pub(crate) attempts: f64,
    pub(crate) successes: f64,
}

impl Learning {
    pub(crate) fn new(options: &RadarOptions) -> Self {
        Self {
            learns: options.learns,
            margin: options.site_margin,
            utc_offset: i64::from(options.utc_offset) * 60,
            exposed: Baseline::new(options.usual_exposed, EXPOSED_RANGE),
            unknown: Baseline::new(options.usual_unknown, UNKNOWN_RANGE),
            block: Block::default(),
            waiting: VecDeque::with_capacity(WAITING + 1),
            attempts: 0.0,
            successes: 0.0,
        }
    }

    /// Counts an attempt, whatever is thought of it.
    pub(crate) fn count(&mut self, attempt: &Attempt<'_>) {
        self.attempts += 1.0;
        self.successes += f64::from(u8::from(!attempt.has_failed()));
        if self.attempts >= MEMORY {
            self.attempts /= 2.0;
            self.successes /= 2.0;
        }
    }

    /// Whether successful attempts are told.
    pub(crate) fn successes_told(&self) -> bool {
        self.successes >= SUCCESSES_TOLD * self.attempts && self.attempts > 0.0
    }

    /// Whether it is known what is usual.
    fn is_ready(&self) -> bool {
        !self.learns || self.exposed.weight().max(self.unknown.weight()) >= READY
    }

    /// Counts a failed attempt that nothing speaks against.
    pub(crate) fn note(&mut self, exposure: Exposure, status: AccountStatus) {
        let add = |number: &mut u32, is_one: bool| *number = number.saturating_add(u32::from(is_one));
        add(&mut self.block.rated, exposure != Exposure::Unknown);
        add(&mut self.block.exposed, exposure == Exposure::Exposed);
        add(&mut self.block.stated, status != AccountStatus::Unsaid);
        add(&mut self.block.unknown, status == AccountStatus::Unknown);
    }

    /// Goes to the block of a time. Returns whether it is another one.
    pub(crate) fn go_to(&mut self, now: u32) -> bool {
        let number = now / BLOCK;
        if number == self.block.number {
            return false;
        }
        let finished = std::mem::replace(&mut self.block, Block { number, ..Block::default() });
        if finished.rated > 0 || finished.stated > 0 {
            self.waiting.push_back(finished);
        }
        let is_young = self.exposed.weight().max(self.unknown.weight()) < YOUNG;
        while let Some(block) = self.waiting.front() {
            let is_due = block.number.saturating_add(WAITING as u32) < number || self.waiting.len() > WAITING;
            // After a clock that was set back nothing is left to wait for.
            if !(is_due || is_young || block.number > number) {
                break;
            }
            let block = *block;
            self.waiting.pop_front();
            if self.learns {
                let hour = self.hour(block.number.saturating_mul(BLOCK));
                self.exposed.learn(hour, block.rated, block.exposed);
                self.unknown.learn(hour, block.stated, block.unknown);
            }
        }
        true
    }

    /// Learns nothing of what was not learned yet.
    pub(crate) fn discard(&mut self) {
        self.waiting.clear();
        self.block = Block { number: self.block.number, ..Block::default() };
    }

    /// What the site's test takes for usual: the best guess and its margin. Before that is known, the most that it can be, so
    /// that an attack which is there from the beginning is seen and not learned, and honest attempts speak against it.
    pub(crate) fn at_rest(&self, now: u32) -> AtRest {
        if !self.is_ready() {
            return AtRest { exposed: EXPOSED_RANGE.1, unknown: UNKNOWN_RANGE.1 };
        }
        let of = |baseline: &Baseline, margin: f64| {
            let usual = self.usual(baseline, now);
            baseline.clamp(usual.share + usual.margin + margin)
        };
        AtRest { exposed: of(&self.exposed, self.margin), unknown: of(&self.unknown, 0.0) }
    }

    /// The weights of attempts for the tests of sources.
    pub(crate) fn weights(&self, now: u32) -> Weights {
        let of = |baseline: &Baseline| {
            let usual = self.usual(baseline, now);
            baseline.clamp(usual.share + usual.spread)
        };
        Weights::new(of(&self.exposed), of(&self.unknown))
    }

    fn usual(&self, baseline: &Baseline, now: u32) -> Usual {
        if self.learns { baseline.usual(self.hour(now)) } else { baseline.fixed() }
    }

    fn hour(&self, now: u32) -> usize {
        ((i64::from(now) + self.utc_offset).max(0) / 3600) as usize % HOURS
    }
}
