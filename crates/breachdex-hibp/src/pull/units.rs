//! The units of a pull: those that an earlier run left, those that are fetched, and those that are copied.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;

use breachdex::Phase;
use breachdex::replica::{Pieces, Published, for_units};

use super::fetch::{self, Arrival, Fault, Source, Want};
use super::run::Pull;
use super::stop::Stop;
use super::store::Store;
use crate::error::Error;

impl Pull<'_> {
    /// The units that an earlier run stored and that have their hashes.
    pub(super) fn resume(&self, published: &Published, store: &Store) -> Result<Arrived, Stop> {
        let mut arrived = Arrived::new(published.units());
        let units: Vec<u32> =
            store.recorded().iter().copied().filter(|unit| *unit < published.units()).collect();
        let sound = |unit| {
            store.read(published.extent(unit)).is_some_and(|bytes| published.check_unit(unit, &bytes).is_ok())
        };
        let (mut done, total) = (0, units.len() as u64);
        for_units(&units, self.options.threads, sound, |unit, is_sound| {
            done += 1;
            if is_sound {
                let extent = published.extent(unit);
                arrived.add(unit, extent.end - extent.start);
            }
            self.go_on(Phase::Verifying, done, total)
        })?;
        Ok(arrived)
    }

    /// Bytes and requests that fetching what changed would take.
    pub(super) fn measure(&self, source: &Arc<Source>) -> Result<(u64, u64), Stop> {
        let is_wanted = |unit: &u32| {
            !source.published.extent(*unit).is_empty()
                && !source.assembly(*unit, source.base.as_ref()).is_copied()
        };
        let units: Vec<u32> = (0..source.published.units()).filter(is_wanted).collect();
        let (mut bytes, mut requests) = (0, 0);
        let (done, total) = (Cell::new(0), units.len() as u64);
        let take = |arrival| {
            if let Arrival::Size { bytes: more, requests: sent, units } = arrival {
                bytes += more;
                requests += sent;
                done.set(done.get() + units);
            }
            Ok::<(), Stop>(())
        };
        let tick = || self.tick(Phase::Downloading, done.get(), total);
        let concurrency = self.options.concurrency;
        if fetch::run(self.runtime, concurrency, source, &units, Want::Size, take, tick)?.is_break() {
            return Err(Error::Stopped.into());
        }
        Ok((bytes, requests))
    }

    /// Fetches units and stores them.
    pub(super) fn fetch(
        &self,
        source: &Arc<Source>,
        units: &[u32],
        want: Want,
        store: &mut Store,
    ) -> Result<(), Stop> {
        let published = &source.published;
        let length = |unit: u32| {
            let extent = published.extent(unit);
            extent.end - extent.start
        };
        let total = units.iter().map(|unit| length(*unit)).sum();
        let done = Cell::new(0);
        let take = |arrival| {
            if let Arrival::Unit(unit, bytes) = arrival {
                store.put(unit, published.extent(unit).start, &bytes)?;
                done.set(done.get() + length(unit));
            }
            Ok::<(), Stop>(())
        };
        let tick = || self.tick(Phase::Downloading, done.get(), total);
        let ended = fetch::run(self.runtime, self.options.concurrency, source, units, want, take, tick);
        match ended {
            Ok(ControlFlow::Continue(())) => Ok(()),
            Ok(ControlFlow::Break(())) => Err(Error::Stopped.into()),
            Err(Stop::Fault(Fault::Damaged(unit, mismatch))) => {
                // A file that was replaced without another entity tag, or one that is damaged where it is.
                let (head, _) = self.runtime.block_on(self.head())?;
                if head.bytes() == published.head().bytes() {
                    Err(published.damaged(unit, mismatch).into())
                } else {
                    Err(Stop::Replaced)
                }
            }
            Err(stop) => Err(stop),
        }
    }

    /// Copies units of the index that is there and stores them. Returns those that it does not have after all.
    pub(super) fn copy(&self, source: &Source, units: &[u32], store: &mut Store) -> Result<Vec<u32>, Stop> {
        let published = &source.published;
        let work = |unit| {
            let nothing = Pieces::default();
            source.assembly(unit, source.base.as_ref()).finish(&nothing, &nothing).ok()
        };
        let (mut other, mut done, total) = (Vec::new(), 0, units.len() as u64);
        for_units(units, self.options.threads, work, |unit, bytes| {
            match bytes {
                Some(bytes) => store.put(unit, published.extent(unit).start, &bytes)?,
                None => other.push(unit),
            }
            done += 1;
            self.go_on(Phase::Reading, done, total)
        })?;
        Ok(other)
    }
}

/// The units that are in the unfinished copy.
pub(super) struct Arrived {
    units: Vec<bool>,
    pub(super) bytes: u64,
}

impl Arrived {
    fn new(units: u32) -> Self {
        Self { units: vec![false; units as usize], bytes: 0 }
    }

    fn add(&mut self, unit: u32, bytes: u64) {
        if let Some(held) = self.units.get_mut(unit as usize).filter(|held| !**held) {
            *held = true;
            self.bytes += bytes;
        }
    }

    pub(super) fn contains(&self, unit: u32) -> bool {
        self.units.get(unit as usize).copied().unwrap_or_default()
    }
}
