//! Streaming entries in order: a range, or everything.

#![forbid(unsafe_code)]

use super::core::{Core, MALFORMED};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Fault, Result};
use crate::format::cursor::{Cursor, DecodeRun, RUN};
use crate::format::directory::Locator;
use crate::format::group::Group;
use crate::storage::Follower;

/// The entries between two keys, in order. Each bucket is checked when it is touched for the first time; an
/// error ends the stream.
pub struct Range<'a> {
    core: &'a Core,
    first: Key,
    last: Key,
    groups: std::vec::IntoIter<(u32, Locator)>,
    group: Option<OpenGroup<'a>>,
    cursor: Option<(Cursor<'a>, usize)>,
    /// Decoded and not yet given; within the bounds.
    ready: Vec<Entry>,
    /// How many of those were given.
    taken: usize,
    finished: bool,
    follower: Follower<'a>,
}

struct OpenGroup<'a> {
    prefix: u32,
    locator: Locator,
    group: Group<'a>,
    next_bucket: usize,
}

impl<'a> Range<'a> {
    /// Entries from `first` to `last`, inclusive.
    pub(super) fn new(core: &'a Core, first: Key, last: Key) -> Self {
        let layout = core.layout();
        let bits = layout.directory_bits;
        // Entries of a truncated index are zero beyond their fingerprints, so a bound must be too.
        let (first, last) = (first.truncated(layout.bits), last);
        let groups = core.groups_between(first.leading(bits) as u32, last.leading(bits) as u32);
        let section = core.header().groups;
        let start = groups.first().map_or(section.length, |(_, locator)| locator.offset());
        // Where the last group ends was not read yet; what is read ahead for nothing is let go.
        let end = groups.last().map_or(0, |(_, locator)| locator.offset());
        let within = |offset: u64| section.offset + offset.min(section.length);
        let follower = Follower::new(core.source(), within(start)..within(end));
        Self {
            core,
            first,
            last,
            follower,
            groups: groups.into_iter(),
            group: None,
            cursor: None,
            ready: Vec::with_capacity(RUN),
            taken: 0,
            finished: false,
        }
    }

    /// Moves to the next bucket with entries; `false` at the end.
    fn advance(&mut self) -> Result<bool, Fault> {
        let layout = self.core.layout();
        loop {
            let Some(open) = &mut self.group else {
                let Some((prefix, locator)) = self.groups.next() else { return Ok(false) };
                let section = self.core.header().groups;
                self.follower.reach(section.offset.saturating_add(locator.offset()));
                let group = self.core.group(prefix, locator)?;
                let next_bucket = first_bucket(prefix, &group, &self.first, layout.directory_bits);
                self.group = Some(OpenGroup { prefix, locator, group, next_bucket });
                continue;
            };
            let bucket = open.next_bucket;
            if bucket == open.group.buckets() {
                self.group = None;
                continue;
            }
            open.next_bucket += 1;
            let prefix_bits = layout.directory_bits + open.group.extra_bits;
            let bucket_prefix = u64::from(open.prefix) << open.group.extra_bits | bucket as u64;
            if bucket_prefix > self.last.leading(prefix_bits) {
                return Ok(false);
            }
            let record = self.core.record(open.prefix, open.locator, &open.group, bucket)?;
            if record.entries > 0 {
                let offset = open.locator.offset() as usize + record.start;
                let bucket = self.core.bucket(open.locator, &open.group, &record)?;
                let mut prefix = Key::default();
                prefix.place(0, prefix_bits, bucket_prefix);
                self.cursor = Some((Cursor::new(bucket, prefix, prefix_bits, layout.counts), offset));
                return Ok(true);
            }
        }
    }

    /// Decodes the next run of entries within the bounds; `false` at the end.
    fn refill(&mut self) -> Result<bool, Fault> {
        loop {
            let Some((cursor, offset)) = self.cursor.as_mut().filter(|(cursor, _)| !cursor.is_at_end())
            else {
                if self.advance()? {
                    continue;
                }
                return Ok(false);
            };
            self.ready.clear();
            let decoded = self.core.run(DecodeRun { cursor, out: &mut self.ready });
            decoded.map_err(|_| self.core.bucket_fault(*offset, MALFORMED))?;
            self.taken = self.ready.partition_point(|entry| entry.key < self.first);
            if self.ready.last().is_some_and(|entry| entry.key > self.last) {
                self.ready.truncate(self.ready.partition_point(|entry| entry.key <= self.last));
                self.groups = Vec::new().into_iter();
                self.group = None;
                self.cursor = None;
                return Ok(self.taken < self.ready.len());
            }
            if self.taken < self.ready.len() {
                return Ok(true);
            }
        }
    }
}

/// The bucket of a group in which the range starts: 0 unless the group holds the range's start.
fn first_bucket(prefix: u32, group: &Group<'_>, first: &Key, directory_bits: u32) -> usize {
    if first.leading(directory_bits) as u32 == prefix {
        first.skip(directory_bits).leading(group.extra_bits) as usize
    } else {
        0
    }
}

impl Iterator for Range<'_> {
    type Item = Result<Entry>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.taken == self.ready.len() {
            if self.finished {
                return None;
            }
            match self.refill() {
                Ok(true) => {}
                Ok(false) => {
                    self.finished = true;
                    self.taken = self.ready.len();
                    return None;
                }
                Err(fault) => {
                    self.finished = true;
                    self.taken = self.ready.len();
                    return Some(Err(self.core.damaged(fault)));
                }
            }
        }
        let entry = self.ready[self.taken];
        self.taken += 1;
        Some(Ok(entry))
    }
}

impl std::iter::FusedIterator for Range<'_> {}

impl std::fmt::Debug for Range<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Range(..)")
    }
}
