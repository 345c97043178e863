//! The commonest entries, by reading back what was written: finds the count at which to cut by counting counts, 16 bits at a time from the
//! top, so that memory does not grow with the number of entries.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::control::{Control, lock};
use super::groups::GroupStore;
use super::pipeline::{self, Stage};
use super::span::Keep;
use super::transform::{ReadBack, next_run};
use crate::entry::Entry;
use crate::error::Result;
use crate::monitor::Phase;

const DIGIT: u32 = 16;

/// Which entries stay, and the largest count of one that does not.
pub(crate) struct Selection {
    pub(crate) keep: Keep,
    pub(crate) dropped: Option<u64>,
}

/// Chooses the `top` commonest of all entries with a count of `least` or more; of equally common ones the
/// smaller digests.
pub(crate) fn commonest(
    control: &Control<'_>,
    store: &GroupStore,
    least: u64,
    top: u64,
) -> Result<Selection> {
    let counts = Counts { control, store, least };
    let (cut, left) = match counts.cut(top)? {
        Some(cut) => cut,
        None => return Ok(Selection { keep: Keep::AtLeast(least), dropped: None }),
    };
    let (ties, below) = counts.ties(cut)?;
    let all: u64 = ties.iter().sum();
    let mut left = left;
    let ties: Vec<u64> = ties
        .into_iter()
        .map(|here| {
            let kept = here.min(left);
            left -= kept;
            kept
        })
        .collect();
    let kept: u64 = ties.iter().sum();
    let dropped = if kept < all { Some(cut) } else { (below > 0).then_some(below) };
    Ok(Selection { keep: Keep::Commonest { cut, ties: Arc::new(ties) }, dropped })
}

/// The largest count of all.
pub(crate) fn largest(control: &Control<'_>, store: &GroupStore) -> Result<u64> {
    Counts { control, store, least: 0 }.scan(
        || 0,
        |largest, _, entry| *largest = entry.count.max(*largest),
        |largest, part| *largest = part.max(*largest),
    )
}

struct Counts<'a> {
    control: &'a Control<'a>,
    store: &'a GroupStore,
    least: u64,
}

impl Counts<'_> {
    /// The count of the last entry that stays, and how many with that count stay. `None` when all do.
    fn cut(&self, top: u64) -> Result<Option<(u64, u64)>> {
        let mut left = top;
        let mut chosen = 0_u64;
        let largest = self.store.log.totals.max_count;
        let mut shift = (u64::BITS - largest.leading_zeros()).div_ceil(DIGIT).max(1) * DIGIT;
        while shift > 0 {
            shift -= DIGIT;
            let upper = |count: u64| count.checked_shr(shift + DIGIT).unwrap_or(0);
            let histogram = self.scan(
                || vec![0_u64; 1 << DIGIT],
                |histogram, _, entry| {
                    if upper(entry.count) == upper(chosen) && entry.count >= self.least {
                        histogram[(entry.count >> shift) as usize & ((1 << DIGIT) - 1)] += 1;
                    }
                },
                |sum, part| sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part),
            )?;
            let digit = histogram.iter().enumerate().rev().find(|(_, here)| {
                let found = **here >= left && left > 0;
                if !found {
                    left -= **here;
                }
                found
            });
            match digit {
                Some((digit, _)) => chosen |= (digit as u64) << shift,
                None => return Ok(None),
            }
        }
        Ok(Some((chosen, left)))
    }

    /// How many entries of each group have the count `cut`, and the largest count below it.
    fn ties(&self, cut: u64) -> Result<(Vec<u64>, u64)> {
        let groups = 1 << self.store.layout.directory_bits;
        self.scan(
            || (vec![0_u64; groups], 0_u64),
            |(ties, below), prefix, entry| {
                if entry.count == cut {
                    ties[prefix as usize] += 1;
                } else if entry.count < cut && entry.count >= self.least {
                    *below = (*below).max(entry.count);
                }
            },
            |(ties, below), (more, other)| {
                ties.iter_mut().zip(more).for_each(|(sum, part)| *sum += part);
                *below = (*below).max(other);
            },
        )
    }

    /// Looks at every entry on all threads; each thread's findings are joined in the end.
    fn scan<T: Send>(
        &self,
        empty: impl Fn() -> T + Sync,
        look: impl Fn(&mut T, u32, &Entry) + Sync,
        join: impl Fn(&mut T, T) + Sync,
    ) -> Result<T> {
        self.control.enter(Phase::Selecting, Some(self.store.log.totals.entries));
        let sum = Mutex::new(empty());
        let scan = Scan { counts: self, empty, look, join: |part| join(&mut lock(&sum), part) };
        pipeline::run(self.control, &scan, 0, (), self.control.threads())?;
        drop(scan);
        Ok(sum.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

struct Scan<'a, E, L, J> {
    counts: &'a Counts<'a>,
    empty: E,
    look: L,
    join: J,
}

impl<T, E, L, J> Stage for Scan<'_, E, L, J>
where
    E: Fn() -> T + Sync,
    L: Fn(&mut T, u32, &Entry) + Sync,
    J: Fn(T) + Sync,
{
    type Source = usize;
    type Work = Range<usize>;
    type Scratch = (T, ReadBack);
    type Output = ();
    type Sink = ();
    type Rest = ();

    fn next(&self, at: &mut usize) -> Result<Option<Range<usize>>> {
        Ok(next_run(&self.counts.store.log.places, at, 0))
    }

    fn scratch(&self) -> Self::Scratch {
        ((self.empty)(), ReadBack::default())
    }

    fn process(&self, (found, back): &mut Self::Scratch, work: Range<usize>) -> Result<()> {
        let Counts { control, store, .. } = self.counts;
        for place in &store.log.places[work] {
            control.check()?;
            let entries = back.entries(store, place)?;
            entries.iter().for_each(|entry| (self.look)(found, place.prefix, entry));
            control.advance(entries.len() as u64);
        }
        Ok(())
    }

    fn accept(&self, (): &mut (), (): ()) -> Result<Option<()>> {
        Ok(None)
    }

    fn complete(&self, (): ()) -> Result<()> {
        Ok(())
    }

    fn retire(&self, (found, _): Self::Scratch) -> Result<()> {
        (self.join)(found);
        Ok(())
    }
}
