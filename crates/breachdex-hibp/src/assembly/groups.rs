//! From ranges that arrived to groups in the unfinished index, and what waits for its group to the spool.

#![forbid(unsafe_code)]

use breachdex::{ChangedRange, Monitor, Phase, Progress};

use super::order::next_group;
use super::{Assembly, CHUNK, Early};
use crate::error::{Error, Result};
use crate::journal::{GroupState, RangeState, RecordKind};

impl Assembly<'_> {
    /// Finds the groups that have become complete.
    pub(super) fn extend_reach(&mut self) {
        while let Some(next) = next_group(&self.covered, self.reach) {
            let ranges = &self.covered[self.reach..self.reach + next.len];
            if !ranges.iter().all(|prefix| self.journal.kind_of(*prefix).is_some()) {
                break;
            }
            self.reach += next.len;
        }
    }

    /// How many ranges are known or passed over, in groups of which nothing is on its way.
    pub(super) fn extend_reach_with_gaps(&mut self) {
        self.reach_with_gaps = self.reach_with_gaps.max(self.reach);
        while let Some(next) = next_group(&self.covered, self.reach_with_gaps) {
            let ranges = &self.covered[self.reach_with_gaps..self.reach_with_gaps + next.len];
            let is_over =
                |prefix: &u32| self.journal.kind_of(*prefix).is_some() || self.passed_over.contains(prefix);
            if !ranges.iter().all(is_over) {
                break;
            }
            self.reach_with_gaps += next.len;
        }
    }

    /// Puts ranges from `from` on that are in no file into the spool.
    pub(super) fn save_early(&mut self, arrived: &[u32], from: u32) -> Result<()> {
        for prefix in arrived.iter().filter(|prefix| **prefix >= from) {
            let Some(early) = self.early.get_mut(prefix).filter(|early| early.place.is_none()) else {
                continue;
            };
            let Some(record) = &early.record else { continue };
            early.place = Some(self.spool.append(record)?);
            if self.cached > self.most_cached {
                self.cached -= record.payload.len();
                early.record = None;
            }
        }
        self.spool.flush()
    }

    /// Appends the first group that is not in the file, all of whose ranges are known.
    fn append_group(&mut self) -> Result<()> {
        let Some(next) = next_group(&self.covered, self.front) else { return Ok(()) };
        let (mut ranges, mut states) = (Vec::with_capacity(next.len), Vec::with_capacity(next.len));
        for at in self.front..self.front + next.len {
            let prefix = self.covered[at];
            if self.journal.kind_of(prefix) != Some(RecordKind::Range) {
                // The base has it.
                continue;
            }
            let (range, modified) = self.read(prefix)?;
            let tag = String::from_utf8_lossy(self.journal.tag(prefix)).into_owned();
            ranges.push(range);
            states.push(RangeState { prefix, modified, tag });
        }
        self.bytes.clear();
        let group = self.assembler.encode(next.prefix, ranges, self.unfinished.length, &mut self.bytes)?;
        let (offset, crc) = self.unfinished.append(group.clone(), &self.bytes)?;
        for RangeState { prefix, .. } in &states {
            let early = self.early.remove(prefix).and_then(|early| early.record);
            self.cached -= early.map_or(0, |record| record.payload.len());
        }
        if !self.has_gaps {
            self.journal.append(&GroupState { group, offset, crc, ranges: states }.record())?;
        }
        self.front += next.len;
        Ok(())
    }

    /// A range that is in no group, and when it was changed.
    fn read(&self, prefix: u32) -> Result<(ChangedRange, u64)> {
        let early = self.early.get(&prefix);
        let spooled;
        let record = match early {
            Some(Early { record: Some(record), .. }) => Some(record),
            Some(Early { place: Some(place), .. }) => {
                spooled = self.spool.read(*place)?.filter(|record| record.prefix == prefix);
                spooled.as_ref()
            }
            _ => None,
        };
        let range = record.and_then(|record| {
            let mut entries = self.journal.shape.decode(prefix, record.rows, &record.payload)?;
            let settings = &self.journal.settings;
            if !settings.counts {
                // What was seen too seldom is not among them, and nothing else says that of these.
                entries.iter_mut().for_each(|entry| *entry = entry.with_count(settings.min_count));
            }
            let folded = u64::from(record.folded);
            Some((ChangedRange { prefix, entries, folded }, record.modified))
        });
        range.ok_or_else(|| self.journal.damaged(prefix))
    }

    /// Appends every group that is complete. Of an update there may be many at once.
    pub(super) fn append_groups(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let mut appended = 0;
        while self.front < self.reach {
            self.append_group()?;
            self.journal.write()?;
            appended += 1;
            if appended % CHUNK == 0 {
                self.settle()?;
                let (done, total) = (self.journal.ranges().into(), Some(self.covered.len() as u64));
                if monitor.progress(Progress { phase: Phase::Downloading, done, total }).is_break() {
                    return Err(Error::Stopped);
                }
            }
        }
        Ok(())
    }

    /// Removes what is in the spool for nothing. Has all on disk now and then.
    pub(super) fn settle(&mut self) -> Result<()> {
        self.journal.write()?;
        let due = self.journal.is_sync_due();
        if due {
            self.unfinished.sync()?;
            self.journal.sync()?;
        }
        if !self.has_gaps {
            self.spool.shrink(self.front_prefix(self.front), due)?;
        }
        if due {
            self.spool.sync()?;
        }
        Ok(())
    }
}
