//! Checking one group from its first byte to its last, without a look at any other.

#![forbid(unsafe_code)]

use super::core::MALFORMED;
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Fault, Section};
use crate::format::bucket::Bucket;
use crate::format::check::CheckBucket;
use crate::format::content::Hash;
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::directory::Locator;
use crate::format::group::{Group, extra_bits};
use crate::format::header::Header;
use crate::format::placement::PAGE;
use crate::format::{OverlayMark, content};
use crate::index::Metadata;
use crate::kernels::ActiveKernel;

/// What groups are held against.
#[derive(Clone, Copy)]
pub(super) struct GroupCheck<'a> {
    pub(super) header: &'a Header,
    pub(super) metadata: &'a Metadata,
    pub(super) kernel: ActiveKernel,
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
    /// Checks a group, of which `bytes` are those from its first one on, and the zeros behind it: `room` bytes together.
    /// Its counts are added to `total`, the sum of those before it.
    pub(super) fn run(self, place: &PlacedGroup, bytes: &[u8], total: u64) -> Checked {
        let mut checked = Checked { total, ..Checked::default() };
        checked.fault = self.check(place, bytes, &mut checked).err();
        checked
    }

    fn check(self, place: &PlacedGroup, bytes: &[u8], checked: &mut Checked) -> Result<(), Fault> {
        let PlacedGroup { prefix, locator, room } = *place;
        let (header, layout) = (self.header, self.header.layout);
        let at = header.groups.offset + locator.offset();
        let fault = |reason| Fault::new(Section::Groups, at, reason);
        let group = Group::new(bytes, usize::try_from(room).unwrap_or(usize::MAX)).map_err(fault)?;
        group.check(layout, prefix, locator).map_err(fault)?;
        if group.is_wide_without_need() {
            return Err(fault("the group's records are wide without need"));
        }
        checked.head = group.data_start as u64;
        let mut bucket_start = group.data_start;
        for bucket in 0..group.buckets() {
            let record =
                group.bucket(bucket).ok_or_else(|| fault("a bucket's place in its group cannot be"))?;
            let offset = at + record.start as u64;
            let fault = |reason| Fault::new(Section::Bucket, offset, reason);
            let bucket_prefix = u64::from(prefix) << group.extra_bits | bucket as u64;
            if record.start != bucket_start || !group.bucket_is_sound(layout, bucket_prefix, &record) {
                return Err(fault("the bucket's checksum does not match"));
            }
            bucket_start = record.start + record.length;
            if record.entries > 0 {
                let bucket = group.open(layout, &record).ok_or_else(|| fault(MALFORMED))?;
                let prefix_bits = layout.directory_bits + group.extra_bits;
                self.bucket(bucket, bucket_prefix, prefix_bits, checked).map_err(fault)?;
                checked.entries += u64::from(record.entries);
                if layout.overlay == OverlayMark::Overlay && checked.max > 1 {
                    return Err(fault("an overlay has a count that is not 1"));
                }
            }
        }
        if checked.entries == 0 {
            return Err(fault("the group has no entries"));
        }
        if group.extra_bits != extra_bits(layout.bits, checked.entries) {
            return Err(fault("the group is not split as that many entries are"));
        }
        checked.length = group.end() as u64;
        checked.hash = content::group(group.bytes());
        // How many there must be is known with the next group.
        let behind = group.end()..group.end() + (room - checked.length).min(PAGE) as usize;
        if bytes.get(behind).is_none_or(|zeros| zeros.iter().any(|byte| *byte != 0)) {
            let at = at + checked.length;
            return Err(Fault::new(
                Section::Groups,
                at,
                "there is something else than zeros behind the group",
            ));
        }
        Ok(())
    }

    fn bucket(
        self,
        bucket: Bucket<'_>,
        prefix: u64,
        prefix_bits: u32,
        checked: &mut Checked,
    ) -> Result<(), &'static str> {
        let counts = self.header.layout.counts;
        if self.is_covered(prefix, prefix_bits)
            && let Some(found) = self.kernel.run(CheckBucket { bucket, counts })
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
        let coverage = &self.metadata.coverage;
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
            self.kernel.run(DecodeRun { cursor, out: &mut run }).map_err(|_| MALFORMED)?;
            for entry in &run {
                self.entry(entry, previous, checked)?;
                previous = Some(entry.key);
            }
        }
        cursor.finish().map_err(|_| MALFORMED)
    }

    fn entry(self, entry: &Entry, previous: Option<Key>, checked: &mut Checked) -> Result<(), &'static str> {
        if previous.is_some_and(|previous| previous >= entry.key) {
            return Err("the entries are not in order");
        }
        if !self.metadata.coverage.contains(entry.prefix()) {
            return Err("an entry lies outside the coverage");
        }
        let total = checked.total.checked_add(entry.count);
        checked.total = total.unwrap_or(u64::MAX);
        checked.max = checked.max.max(entry.count);
        total.map(drop).ok_or("the counts' sum overflows")
    }
}
