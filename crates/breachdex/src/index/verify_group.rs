//! Checking one group from its first byte to its last, without a look at any other.

#![forbid(unsafe_code)]

use super::core::Core;
use super::failure::Failure;
use super::touch::{BucketAt, DISORDER, MALFORMED, SEQUENTIAL};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Fault, Section};
use crate::format::OverlayMark;
use crate::format::bucket::Bucket;
use crate::format::check::CheckBucket;
use crate::format::content::Hash;
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::directory::Locator;
use crate::format::group::{Group, extra_bits};
use crate::format::placement::PAGE;
use crate::storage::{Access as _, Buffer, ReadMode, Reading};

/// Groups up to this many bytes are read at once, and held by each thread; others in pieces.
const WHOLE: u64 = 4 << 20;

/// The index whose groups are checked.
#[derive(Clone, Copy)]
pub(super) struct GroupCheck<'a> {
    pub(super) core: &'a Core,
}

/// What a thread reads into: a group or its head, and some of its buckets.
#[derive(Default)]
pub(super) struct Buffers {
    head: Buffer,
    buckets: Buffer,
}

/// Where a group is, and how many bytes there are up to where the next one starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlacedGroup {
    pub(super) prefix: u32,
    pub(super) locator: Locator,
    pub(super) room: u64,
}

/// What a group adds to the whole; up to its first fault, if it has one.
#[derive(Clone, Copy, Default)]
pub(super) struct Checked {
    /// Bytes of its head.
    pub(super) head: u64,
    pub(super) hash: Hash,
    /// Bytes of the group.
    pub(super) length: u64,
    pub(super) entries: u64,
    /// The sum of the counts; the largest number where it has none.
    pub(super) total: u64,
    pub(super) max: u64,
    pub(super) fault: Option<Fault>,
}

impl GroupCheck<'_> {
    /// Checks a group and the zeros behind it, `room` bytes together, by reading them now, whatever was read before. Its
    /// counts are added to `total`, the sum of those before it.
    ///
    /// # Errors
    /// Where bytes cannot be read. What is wrong with them is in the result.
    pub(super) fn run(
        self,
        place: &PlacedGroup,
        total: u64,
        buffers: &mut Buffers,
    ) -> Result<Checked, Failure> {
        buffers.head.forget();
        buffers.buckets.forget();
        let mut checked = Checked { total, ..Checked::default() };
        match self.check(place, &mut checked, buffers) {
            Ok(()) => Ok(checked),
            Err(Failure::Damaged(fault)) => Ok(Checked { fault: Some(fault), ..checked }),
            Err(failure) => Err(failure),
        }
    }

    fn check(
        self,
        place: &PlacedGroup,
        checked: &mut Checked,
        Buffers { head, buckets }: &mut Buffers,
    ) -> Result<(), Failure> {
        let (core, PlacedGroup { prefix, locator, room }) = (self.core, *place);
        let (access, layout) = (core.reading(ReadMode::Blocking), core.layout());
        let fault = |reason| core.group_fault(locator, reason);
        let ahead = if room <= WHOLE { room as usize } else { 0 };
        let group = core.unchecked_group(access, locator, ahead, head)?;
        if group.end() as u64 > room {
            return Err(fault("the group reaches beyond its section").into());
        }
        group.check(layout, prefix, locator).map_err(fault)?;
        if group.is_wide_without_need() {
            return Err(fault("the group's records are wide without need").into());
        }
        checked.head = group.data_start as u64;
        self.check_buckets(place, &group, checked, access, buckets)?;
        if checked.entries == 0 {
            return Err(fault("the group has no entries").into());
        }
        if group.extra_bits != extra_bits(layout.bits, checked.entries) {
            return Err(fault("the group is not split as that many entries are").into());
        }
        checked.length = group.end() as u64;
        let at = core.header().groups.offset + locator.offset();
        checked.hash = core.hash_group(at, &group, buckets)?;
        // How many there must be is known with the next group.
        let zeros = (room - checked.length).min(PAGE) as usize;
        self.check_zeros(at + checked.length, zeros, access, buckets)
    }

    fn check_buckets(
        self,
        place: &PlacedGroup,
        group: &Group<'_>,
        checked: &mut Checked,
        access: Reading<'_>,
        buffer: &mut Buffer,
    ) -> Result<(), Failure> {
        let (core, PlacedGroup { prefix, locator, .. }) = (self.core, *place);
        let layout = core.layout();
        let prefix_bits = layout.directory_bits + group.extra_bits;
        let mut start = group.data_start;
        for bucket in 0..group.buckets() {
            let record = core.record(locator, group, bucket)?;
            let fault = |reason| core.bucket_fault(locator.offset() + record.start as u64, reason);
            if record.start != start {
                return Err(fault("the bucket's checksum does not match").into());
            }
            start = record.start + record.length;
            let place = BucketAt { prefix, locator, group, bucket };
            let bytes = core.bucket_checked_now(access, place, &record, SEQUENTIAL, buffer)?;
            if record.entries > 0 {
                let bucket_prefix = u64::from(prefix) << group.extra_bits | bucket as u64;
                let bucket = core.bucket(locator, group, &record, bytes)?;
                self.bucket(bucket, bucket_prefix, prefix_bits, checked).map_err(fault)?;
                checked.entries += u64::from(record.entries);
                if layout.overlay == OverlayMark::Overlay && checked.max > 1 {
                    return Err(fault("an overlay has a count that is not 1").into());
                }
            }
        }
        Ok(())
    }

    /// Checks that so many bytes behind a group are zeros.
    fn check_zeros(
        self,
        at: u64,
        number: usize,
        access: Reading<'_>,
        buffer: &mut Buffer,
    ) -> Result<(), Failure> {
        access.load(at, number, 0, buffer).map_err(|unread| Failure::of(unread, Section::Groups, at))?;
        let zeros = access.loaded(at, buffer).get(..number);
        if number == 0 || zeros.is_some_and(|zeros| zeros.iter().all(|byte| *byte == 0)) {
            return Ok(());
        }
        Err(Fault::new(Section::Groups, at, "there is something else than zeros behind the group").into())
    }

    fn bucket(
        self,
        bucket: Bucket<'_>,
        prefix: u64,
        prefix_bits: u32,
        checked: &mut Checked,
    ) -> Result<(), &'static str> {
        let counts = self.core.layout().counts;
        if self.is_covered(prefix, prefix_bits)
            && let Some(found) = self.core.run(CheckBucket { bucket, counts })
            && let Some(total) = u64::try_from(found.sum).ok().and_then(|sum| checked.total.checked_add(sum))
        {
            checked.total = total;
            checked.max = checked.max.max(found.max);
            return Ok(());
        }
        let mut leading = Key::default();
        leading.place(0, prefix_bits, prefix);
        self.decode(&mut Cursor::new(bucket, leading, prefix_bits, counts), checked)
    }

    /// Whether everything under a bucket's prefix is covered.
    fn is_covered(self, prefix: u64, prefix_bits: u32) -> bool {
        let coverage = &self.core.metadata().coverage;
        if coverage.is_whole() {
            return true;
        }
        let (first, last) = match prefix_bits.checked_sub(20) {
            Some(more) => (prefix >> more, prefix >> more),
            None => (prefix << (20 - prefix_bits), ((prefix + 1) << (20 - prefix_bits)) - 1),
        };
        coverage.first_gap(first as u32, last as u32).is_none()
    }

    /// Checks a bucket entry by entry, which finds out what is wrong with it.
    #[cold]
    fn decode(self, cursor: &mut Cursor<'_>, checked: &mut Checked) -> Result<(), &'static str> {
        let mut run = Vec::new();
        let mut previous = None;
        while !cursor.is_at_end() {
            run.clear();
            self.core.run(DecodeRun { cursor, out: &mut run }).map_err(|_| MALFORMED)?;
            for entry in &run {
                self.entry(entry, previous, checked)?;
                previous = Some(entry.key);
            }
        }
        cursor.finish().map_err(|_| MALFORMED)
    }

    fn entry(self, entry: &Entry, previous: Option<Key>, checked: &mut Checked) -> Result<(), &'static str> {
        if previous.is_some_and(|previous| previous >= entry.key) {
            return Err(DISORDER);
        }
        if !self.core.metadata().coverage.contains(entry.prefix()) {
            return Err("an entry lies outside the coverage");
        }
        let total = checked.total.checked_add(entry.count);
        checked.total = total.unwrap_or(u64::MAX);
        checked.max = checked.max.max(entry.count);
        total.map(drop).ok_or("the counts' sum overflows")
    }
}
