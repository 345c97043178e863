//! Reading everything: each checksum, each entry, the order, the totals, the hashes and the content id.
//!
//! A group is checked apart from all others, on any thread, by `verify_group`; here the groups are handed out, and what
//! became of them is joined in the order of the file, so that the fault that is reported is always the first.

#![forbid(unsafe_code)]

use super::core::Core;
use super::in_order;
use super::parts::Parts;
use super::verify_group::{Buffers, Checked, GroupCheck, PlacedGroup};
use crate::error::{Error, Fault, Result, Section};
use crate::format::content::{self, UnitHasher};
use crate::format::directory::Locator;
use crate::format::facts::Facts;
use crate::format::header::{CONTENT_ID, Header};
use crate::format::notes::{self, COLLISIONS_BY_RANGE, Note};
use crate::format::placement::padding;
use crate::format::{OverlayMark, directory_bits};
use crate::index::Metadata;
use crate::monitor::{Monitor, Phase, Progress};
use crate::storage::{WINDOW, Windows};

/// How to verify an index.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyOptions {
    /// Threads that check groups, beside the calling one, which only waits; 0 for one per processor. 1 does all of
    /// it on the calling thread. Small indexes use fewer.
    pub threads: usize,
}

/// Checks the whole index. Nothing that an earlier touch verified is taken for granted.
pub(super) fn verify(core: &Core, options: VerifyOptions, monitor: &dyn Monitor) -> Result<()> {
    let parts = Parts::new(core.all_groups(), core.header().groups.length, WINDOW);
    let hashes = core.hashes()?;
    let windows = Windows::new(core.source(), parts.bounds(core.header()));
    Walk { core, hashes: &hashes }.run(&parts, &windows, options, monitor)?;
    check_notes(core.header(), &core.notes()?).map_err(|fault| core.damaged(fault))
}

/// Holds the notes against the header, where both say something of one thing.
fn check_notes(header: &Header, notes: &[Note]) -> Result<(), Fault> {
    let by_range = notes.iter().rev().find(|(name, _)| name == COLLISIONS_BY_RANGE);
    let Some((_, value)) = by_range else { return Ok(()) };
    let sum = notes::collisions(value).map(|pairs| pairs.iter().map(|(_, number)| u64::from(*number)).sum());
    if sum == Some(header.collisions) {
        Ok(())
    } else {
        let reason = "the collisions by range are not those of the header";
        Err(Fault::new(Section::Notes, header.notes.offset, reason))
    }
}

/// The way through all groups of an index.
struct Walk<'a> {
    core: &'a Core,
    /// The hashes section.
    hashes: &'a [u8],
}

/// What became of a group on a thread.
type Outcome = Result<Checked>;

impl Walk<'_> {
    /// Checks all groups and what the header says of them together.
    fn run(
        &self,
        parts: &Parts,
        windows: &Windows<'_>,
        options: VerifyOptions,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let (core, threads) = (self.core, in_order::thread_count(options.threads));
        let mut join = Join::new(core.header(), core.metadata(), self.hashes);
        let mut buffers = Buffers::default();
        let check = |buffers: &mut Buffers, part: usize| {
            let _window = windows.enter(part);
            self.check_part(parts, part, buffers)
        };
        in_order::run(threads, parts.count(), Buffers::default, check, |(part, outcomes)| {
            for (outcome, place) in outcomes.into_iter().zip(parts.range(part)) {
                join.report(monitor)?;
                let place = parts.placed(place);
                let mut checked = outcome?;
                if join.total.checked_add(checked.total).is_none() {
                    // Its own sum is no reason to complain, but the one with those before it.
                    checked = self.check(&place, join.total, &mut buffers)?;
                    checked.total = checked.total.saturating_sub(join.total);
                }
                join.add(&place, &checked).map_err(|fault| core.damaged(fault))?;
            }
            Ok::<(), Error>(())
        })?;
        join.finish().map_err(|fault| core.damaged(fault))
    }

    /// Checks the groups of a part up to the first fault.
    fn check_part(&self, parts: &Parts, part: usize, buffers: &mut Buffers) -> (usize, Vec<Outcome>) {
        let mut outcomes = Vec::with_capacity(parts.groups(part).len());
        for place in parts.range(part) {
            let outcome = self.check(&parts.placed(place), 0, buffers);
            let ended = outcome.as_ref().map_or(true, |checked| checked.fault.is_some());
            outcomes.push(outcome);
            if ended {
                break;
            }
        }
        (part, outcomes)
    }

    fn check(&self, place: &PlacedGroup, total: u64, buffers: &mut Buffers) -> Outcome {
        let checked = GroupCheck { core: self.core }.run(place, total, buffers);
        checked.map_err(|failure| self.core.failed(failure))
    }
}

/// What the groups so far make together.
struct Join<'a> {
    header: &'a Header,
    metadata: &'a Metadata,
    /// The hashes section.
    hashes: &'a [u8],
    units: UnitHasher,
    /// How many bytes of the hashes were found to be right.
    hashed: usize,
    /// Where the first group starts whose unit was not checked yet.
    unchecked: u64,
    groups: Vec<(u32, Locator)>,
    entries: u64,
    total: u64,
    max: u64,
    /// Where the groups so far end, from the start of the groups section.
    end: u64,
}

impl<'a> Join<'a> {
    fn new(header: &'a Header, metadata: &'a Metadata, hashes: &'a [u8]) -> Self {
        Self {
            header,
            metadata,
            hashes,
            units: UnitHasher::new(header.layout.directory_bits, header.unit_bits),
            hashed: 0,
            unchecked: 0,
            groups: Vec::new(),
            entries: 0,
            total: 0,
            max: 0,
            end: 0,
        }
    }

    /// Says how far it is.
    fn report(&self, monitor: &dyn Monitor) -> Result<()> {
        let total = Some(self.metadata.file_length);
        let progress = Progress { phase: Phase::Verifying, done: self.end, total };
        if monitor.progress(progress).is_break() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn add(&mut self, place: &PlacedGroup, checked: &Checked) -> Result<(), Fault> {
        if let Some(fault) = checked.fault {
            return Err(fault);
        }
        let start = place.locator.offset();
        if start != self.end + padding(self.end, checked.head) {
            let reason = "a group does not start where it must behind the one before it";
            return Err(Fault::new(Section::Directory, self.header.directory.offset, reason));
        }
        self.check_hashes(place.prefix, start)?;
        self.units.add(place.prefix, &checked.hash);
        self.groups.push((place.prefix, place.locator));
        self.entries += checked.entries;
        self.total += checked.total;
        self.max = self.max.max(checked.max);
        self.end = start + checked.length;
        Ok(())
    }

    /// Checks the hashes of all units before the one of a prefix, whose first group starts at `start`.
    fn check_hashes(&mut self, prefix: u32, start: u64) -> Result<(), Fault> {
        let found = self.units.before(prefix);
        if found.len() > self.hashed {
            if self.hashes.get(self.hashed..found.len()) != Some(&found[self.hashed..]) {
                let at = self.header.groups.offset + self.unchecked;
                return Err(Fault::new(
                    Section::Groups,
                    at,
                    "the groups from here on do not have their hash",
                ));
            }
            self.hashed = found.len();
            self.unchecked = start;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Fault> {
        let header = self.header;
        self.check_hashes(1 << header.layout.directory_bits, self.end)?;
        let fault = |offset, reason| Err(Fault::new(Section::Header, offset, reason));
        if self.end != header.groups.length {
            return fault(88, "the groups do not fill their section");
        }
        if self.entries != header.entries {
            return fault(24, "the number of entries is another");
        }
        let (total, max) = if header.layout.counts { (self.total, self.max) } else { (0, 0) };
        if total != header.total_count {
            return fault(32, "the sum of the counts is another");
        }
        if max != header.max_count {
            return fault(40, "the largest count is another");
        }
        let facts = Facts {
            coverage: self.metadata.coverage.clone(),
            source: self.metadata.source.clone(),
            date: self.metadata.corpus_date.clone(),
        };
        let id = content::id(header, self.groups.into_iter(), &facts.encode(), self.hashes);
        if id != header.content_id {
            return fault(CONTENT_ID as u64, "the content id does not match the content");
        }
        let (found, own) = (header.layout.directory_bits, directory_bits(header.entries));
        // A segment, which covers a part, has those of the whole.
        if found < own || found > own && self.metadata.coverage.is_whole() {
            return fault(18, "the directory bits are not those of that many entries");
        }
        if header.unit_bits != content::unit_bits(header.groups.length, header.layout.directory_bits) {
            return fault(20, "the unit bits are not those of that many bytes of groups");
        }
        let covers_all = matches!(header.layout.overlay, OverlayMark::Overlay | OverlayMark::Pairs);
        if covers_all && !self.metadata.coverage.is_whole() {
            let reason = "an overlay covers everything, this one does not";
            return Err(Fault::new(Section::Facts, header.facts.offset, reason));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
