//! Streaming entries in order: a range, or everything.

#![forbid(unsafe_code)]

use super::core::Core;
use super::failure::Failure;
use super::touch::{BucketAt, DISORDER, MALFORMED, SEQUENTIAL, bucket_of};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::Result;
use crate::format::cursor::{Cursor, DecodeRun, RUN};
use crate::format::directory::Locator;
use crate::format::group::{BucketRecord, Group};
use crate::storage::{Access, Buffer, Follower, ReadMode, Reading};

/// The entries between two keys, in order. Each bucket is checked as [`Checks`](super::Checks) says; an error ends the
/// stream.
pub struct Range<'a> {
    core: &'a Core,
    first: Key,
    last: Key,
    groups: std::vec::IntoIter<(u32, Locator)>,
    group: Option<OpenGroup>,
    bucket: Option<OpenBucket>,
    /// What is read into where bytes are read: the head of the group, and the bucket with what lies behind it.
    head: Buffer,
    buckets: Buffer,
    /// Decoded and not yet given; within the bounds.
    ready: Vec<Entry>,
    /// How many of those were given.
    taken: usize,
    finished: bool,
    follower: Follower<'a>,
}

/// A group, whose head is found in the buffer or in memory again each time.
struct OpenGroup {
    prefix: u32,
    locator: Locator,
    group: Group<'static>,
    next_bucket: usize,
}

/// A bucket that is being decoded, whose bytes are found again each time.
struct OpenBucket {
    /// Its offset in the groups section.
    offset: u64,
    /// Whether its bytes came with the group's head.
    in_head: bool,
    cursor: Cursor<'static>,
    /// The last entry's key, after the first run.
    last: Option<Key>,
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
            bucket: None,
            head: Buffer::default(),
            buckets: Buffer::default(),
            ready: Vec::with_capacity(RUN),
            taken: 0,
            finished: false,
        }
    }

    /// Moves to the next bucket with entries; `false` at the end.
    fn advance(&mut self) -> Result<bool, Failure> {
        let (core, layout) = (self.core, self.core.layout());
        let (access, section) = (core.reading(ReadMode::Blocking), core.header().groups);
        loop {
            let Some(open) = &mut self.group else {
                let Some((prefix, locator)) = self.groups.next() else { return Ok(false) };
                self.follower.reach(section.offset.saturating_add(locator.offset()));
                let group = core.group(access, prefix, locator, 0, &mut self.head)?.onto(&[]);
                let next_bucket = first_bucket(prefix, &group, &self.first, layout.directory_bits);
                self.group = Some(OpenGroup { prefix, locator, group, next_bucket });
                continue;
            };
            let OpenGroup { prefix, locator, .. } = *open;
            let head = access.loaded(section.offset + locator.offset(), &self.head);
            let (group, bucket) = (open.group.onto(head), open.next_bucket);
            if bucket == group.buckets() {
                self.group = None;
                continue;
            }
            open.next_bucket += 1;
            let prefix_bits = layout.directory_bits + group.extra_bits;
            let bucket_prefix = u64::from(prefix) << group.extra_bits | bucket as u64;
            if bucket_prefix > self.last.leading(prefix_bits) {
                return Ok(false);
            }
            let record = core.record(locator, &group, bucket)?;
            let place = BucketAt { prefix, locator, group: &group, bucket };
            let ahead = ahead(core, &self.last, place, &record);
            let in_head = group.held(&record, Reading::BEHIND).is_some();
            let bytes = core.bucket_bytes(access, place, &record, ahead, &mut self.buckets)?;
            if record.entries > 0 {
                let bucket = core.bucket(locator, &group, &record, bytes)?;
                let mut prefix = Key::default();
                prefix.place(0, prefix_bits, bucket_prefix);
                let cursor = Cursor::new(bucket, prefix, prefix_bits, layout.counts).onto(&[]);
                let offset = locator.offset() + record.start as u64;
                self.bucket = Some(OpenBucket { offset, in_head, cursor, last: None });
                return Ok(true);
            }
        }
    }

    /// Decodes the next run of entries within the bounds; `false` at the end.
    fn refill(&mut self) -> Result<bool, Failure> {
        let (core, groups) = (self.core, self.core.header().groups.offset);
        loop {
            let Some(open) = self.bucket.as_mut().filter(|open| !open.cursor.is_at_end()) else {
                if self.advance()? {
                    continue;
                }
                return Ok(false);
            };
            self.ready.clear();
            let access = core.reading(ReadMode::Blocking);
            let buffer = if open.in_head { &self.head } else { &self.buckets };
            let mut cursor = open.cursor.onto(access.loaded(groups + open.offset, buffer));
            let decoded = core.run(DecodeRun { cursor: &mut cursor, out: &mut self.ready });
            // What is behind the last entry belongs to it: another reader would refuse what this one gave.
            let ended = decoded.and_then(|()| if cursor.is_at_end() { cursor.finish() } else { Ok(()) });
            ended.map_err(|_| core.bucket_fault(open.offset, MALFORMED))?;
            if !ascends(open.last, &self.ready) {
                return Err(core.bucket_fault(open.offset, DISORDER).into());
            }
            open.last = self.ready.last().map(|entry| entry.key);
            open.cursor = cursor.onto(&[]);
            self.taken = self.ready.partition_point(|entry| entry.key < self.first);
            if self.ready.last().is_some_and(|entry| entry.key > self.last) {
                self.ready.truncate(self.ready.partition_point(|entry| entry.key <= self.last));
                self.groups = Vec::new().into_iter();
                self.group = None;
                self.bucket = None;
                return Ok(self.taken < self.ready.len());
            }
            if self.taken < self.ready.len() {
                return Ok(true);
            }
        }
    }
}

/// Whether entries ascend, the first one from the key before it.
fn ascends(before: Option<Key>, entries: &[Entry]) -> bool {
    let first = entries.first().map(|entry| entry.key);
    before.is_none_or(|before| first.is_none_or(|first| before < first))
        && entries.is_sorted_by(|one, next| one.key < next.key)
}

/// Bytes to read behind a bucket for those that follow it in the range.
fn ahead(core: &Core, last: &Key, place: BucketAt<'_, '_>, record: &BucketRecord) -> usize {
    let BucketAt { prefix, locator, group, .. } = place;
    if core.storage.bytes().is_some() {
        return 0;
    }
    let in_group = last.leading(core.layout().directory_bits) as u32 == prefix;
    let end = if in_group {
        let last = core.record(locator, group, bucket_of(last, core.layout(), group));
        last.map_or(0, |last| last.start + last.length)
    } else {
        group.end()
    };
    end.saturating_sub(record.start + record.length).min(SEQUENTIAL)
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
                Err(failure) => {
                    self.finished = true;
                    self.taken = self.ready.len();
                    return Some(Err(self.core.failed(failure)));
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
