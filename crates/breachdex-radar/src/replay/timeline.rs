//! Attempts over time, in at most [`MOST_SLOTS`] slots of equal length.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use crate::attempt::{Attempt, Exposure, Time};

/// The most slots of a finished timeline.
const MOST_SLOTS: u32 = 120;
/// Lengths of slots, in seconds.
const LENGTHS: [u32; 10] = [60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400];
/// Slots that are kept while reading; with more, all become longer.
const MOST_WHILE_READING: usize = 4096;

/// The attempts of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Failed attempts.
    pub failures: u64,
    /// Of these, with an exposed password.
    pub exposed: u64,
    /// Of these, from suspected sources during an attack.
    pub suspected: u64,
    /// Successful attempts from suspected sources during an attack.
    pub taken: u64,
}

impl Slot {
    fn join(&mut self, other: &Self) {
        self.failures += other.failures;
        self.exposed += other.exposed;
        self.suspected += other.suspected;
        self.taken += other.taken;
    }
}

/// Slots one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Where the first slot begins.
    pub start: Time,
    /// Seconds of each slot.
    pub slot: u32,
    /// The slots, those without attempts included.
    pub slots: Vec<Slot>,
}

impl Timeline {
    /// When a slot begins.
    #[must_use]
    pub fn begin(&self, at: usize) -> Time {
        Time::from_unix(self.start.unix() + u64::from(self.slot) * at as u64)
    }
}

/// A timeline while attempts are read.
#[derive(Default)]
pub(super) struct Builder {
    length: usize,
    slots: BTreeMap<u32, Slot>,
}

impl Builder {
    pub(super) fn add(&mut self, attempt: &Attempt<'_>) {
        let slot = self.slot(attempt.time);
        if attempt.has_failed() {
            slot.failures += 1;
            slot.exposed += u64::from(attempt.exposure == Exposure::Exposed);
        }
    }

    pub(super) fn add_suspect(&mut self, attempt: &Attempt<'_>) {
        let slot = self.slot(attempt.time);
        if attempt.has_failed() {
            slot.suspected += 1;
        } else {
            slot.taken += 1;
        }
    }

    fn slot(&mut self, time: Time) -> &mut Slot {
        while self.slots.len() > MOST_WHILE_READING && self.length + 1 < LENGTHS.len() {
            self.lengthen();
        }
        self.slots.entry(time.0 / LENGTHS[self.length]).or_default()
    }

    fn lengthen(&mut self) {
        let before = LENGTHS[self.length];
        self.length += 1;
        let after = LENGTHS[self.length];
        for (number, slot) in std::mem::take(&mut self.slots) {
            let joined = (u64::from(number) * u64::from(before) / u64::from(after)) as u32;
            self.slots.entry(joined).or_default().join(&slot);
        }
    }

    pub(super) fn finish(mut self) -> Timeline {
        let ends =
            |slots: &BTreeMap<u32, Slot>| Some((*slots.first_key_value()?.0, *slots.last_key_value()?.0));
        while let Some((first, last)) = ends(&self.slots) {
            let slot = LENGTHS[self.length];
            if last - first < MOST_SLOTS || self.length + 1 == LENGTHS.len() {
                // After decades a week is short; what is beyond the plot is left out of it.
                let last = last.min(first.saturating_add(10 * MOST_SLOTS));
                let slots =
                    (first..=last).map(|at| self.slots.get(&at).copied().unwrap_or_default()).collect();
                return Timeline { start: Time(first.saturating_mul(slot)), slot, slots };
            }
            self.lengthen();
        }
        Timeline::default()
    }
}
