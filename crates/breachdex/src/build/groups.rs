//! Groups on disk while an index is being made: where each is, and reading it back.

#![forbid(unsafe_code)]

use std::sync::Mutex;

use super::control::lock;
use super::flusher::Flusher;
use super::positioned::{self, DiskFile, Place};
use super::read_back::Sample;
use super::report::Stopwatches;
use super::span::{Span, SpanGroup, Totals};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Fault, Result, Section};
use crate::format::Layout;
use crate::format::bucket::Bucket;
use crate::format::content::Hash;
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::directory::Locator;
use crate::format::encode::Seal;
use crate::format::group::Group;
use crate::format::placement::padding;
use crate::kernels::{ActiveKernel, Kernel};

/// A group on disk. Its offset counts from the start of the groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupPlace {
    pub(crate) prefix: u32,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) checksum: u32,
    pub(crate) hash: Hash,
}

/// The groups written so far and what they add up to.
#[derive(Default)]
pub(crate) struct GroupLog {
    pub(crate) places: Vec<GroupPlace>,
    /// Bytes of all groups, with the zeros before them.
    pub(crate) length: u64,
    pub(crate) totals: Totals,
    /// What a check before publishing asks for.
    pub(crate) sample: Sample,
}

/// A span's bytes and where they belong.
pub(crate) struct PlacedSpan {
    /// Where the groups before it end.
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
    /// Offset and length of each of its groups.
    pub(crate) groups: Vec<(u64, u64)>,
}

impl PlacedSpan {
    /// The bytes as they are written from `offset` on: zeros wherever a group does not start where the one before it ends.
    fn padded(self) -> (u64, Vec<u8>) {
        let Self { offset, mut bytes, groups } = self;
        let mut left = bytes.len();
        let end = groups.last().map_or(0, |(start, length)| (start + length - offset) as usize);
        bytes.resize(end.max(left), 0);
        // From the last group on, so that none is written over before it was moved.
        for (start, length) in groups.iter().rev() {
            let (start, length) = ((start - offset) as usize, *length as usize);
            let from = left - length;
            if from == start {
                break;
            }
            bytes.copy_within(from..left, start);
            left = from;
        }
        let mut at = 0;
        for (start, length) in groups {
            let start = (start - offset) as usize;
            bytes[at..start].fill(0);
            at = start + length as usize;
        }
        (offset, bytes)
    }
}

impl GroupLog {
    /// Puts a span behind the groups so far.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where a group would start beyond what a directory can say: before it is written.
    pub(crate) fn append(&mut self, span: Span) -> Result<PlacedSpan> {
        let before = self.length;
        let mut groups = Vec::with_capacity(span.groups.len());
        for SpanGroup { prefix, length, seal } in span.groups {
            let offset = self.length + padding(self.length, seal.head);
            if offset > Locator::MOST_OFFSET {
                return Err(Error::TooLarge { prefix, offset });
            }
            let Seal { checksum, hash, .. } = seal;
            self.places.push(GroupPlace { prefix, offset, length, checksum, hash });
            groups.push((offset, length));
            self.length = offset + length;
        }
        self.totals.add(&span.totals);
        self.sample.add(&span.candidates);
        Ok(PlacedSpan { offset: before, bytes: span.bytes, groups })
    }
}

/// A file that groups are written to, from `base` on, and where each of them is.
pub(crate) struct GroupStore {
    pub(crate) file: DiskFile,
    /// Names the file in messages.
    pub(crate) place: Place,
    pub(crate) base: u64,
    pub(crate) layout: Layout,
    pub(crate) log: GroupLog,
    /// Syncs what is written, where the file is to last.
    pub(crate) flusher: Option<Flusher>,
}

impl GroupStore {
    pub(crate) fn new(file: DiskFile, place: Place, base: u64, layout: Layout) -> Self {
        Self { file, place, base, layout, log: GroupLog::default(), flusher: None }
    }

    /// Appends a group's entries to `entries`; `bytes` is working memory.
    pub(crate) fn read(
        &self,
        place: &GroupPlace,
        bytes: &mut Vec<u8>,
        entries: &mut Vec<Entry>,
    ) -> Result<()> {
        bytes.resize(place.length as usize, 0);
        positioned::read_exact(&self.file, bytes, self.base + place.offset, &self.place)?;
        decode(bytes, self.layout, place, entries).map_err(|reason| Error::Damaged {
            name: self.place.to_string(),
            fault: Fault::new(Section::Groups, self.base + place.offset, reason),
        })
    }
}

/// Writes spans from many threads and keeps their memory for the next ones.
pub(crate) struct SpanWriter<'a> {
    file: &'a DiskFile,
    place: &'a Place,
    base: u64,
    flusher: Option<&'a Flusher>,
    watches: &'a Stopwatches,
    free: Mutex<Vec<Vec<u8>>>,
}

impl<'a> SpanWriter<'a> {
    pub(crate) fn new(store: &'a GroupStore, watches: &'a Stopwatches) -> Self {
        Self {
            file: &store.file,
            place: &store.place,
            base: store.base,
            flusher: store.flusher.as_ref(),
            watches,
            free: Mutex::default(),
        }
    }

    /// A buffer to encode into.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        lock(&self.free).pop().unwrap_or_default()
    }

    pub(crate) fn write(&self, span: PlacedSpan) -> Result<()> {
        let (offset, bytes) = span.padded();
        self.write_part(offset, &bytes)?;
        self.recycle(bytes);
        Ok(())
    }

    /// Writes bytes at an offset from the start of the groups.
    pub(crate) fn write_part(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let write = || positioned::write_all(self.file, bytes, self.base + offset, self.place);
        self.watches.writing.time(write)?;
        if let Some(flusher) = self.flusher {
            flusher.wrote(bytes.len() as u64);
        }
        Ok(())
    }

    /// Keeps a buffer for the next span.
    pub(crate) fn recycle(&self, bytes: Vec<u8>) {
        lock(&self.free).push(bytes);
    }
}

/// Decodes a whole group with the reader's own code.
fn decode(
    bytes: &[u8],
    layout: Layout,
    place: &GroupPlace,
    entries: &mut Vec<Entry>,
) -> Result<(), &'static str> {
    const MALFORMED: &str = "the temporary file was changed while it was in use";
    let group = Group::new(bytes, bytes.len())?;
    if group.stored_checksum() != place.checksum
        || group.computed_checksum(layout, place.prefix) != place.checksum
    {
        return Err(MALFORMED);
    }
    let prefix_bits = layout.directory_bits + group.extra_bits;
    let kernel = ActiveKernel::choose(Kernel::Auto);
    for i in 0..group.buckets() {
        let record = group.bucket(i).ok_or(MALFORMED)?;
        let prefix = u64::from(place.prefix) << group.extra_bits | i as u64;
        let bytes = group.held(&record, 0).unwrap_or_default();
        if !group.bucket_is_sound(layout, prefix, &record, bytes) {
            return Err(MALFORMED);
        }
        if record.entries == 0 {
            continue;
        }
        let (length, count) = (record.length, record.entries as usize);
        let rest = layout.bits - prefix_bits;
        let bucket = Bucket::new(bytes, length, count, rest, layout.counts).ok_or(MALFORMED)?;
        let mut top = Key::default();
        top.place(0, prefix_bits, prefix);
        let mut cursor = Cursor::new(bucket, top, prefix_bits, layout.counts);
        while !cursor.is_at_end() {
            kernel.run(DecodeRun { cursor: &mut cursor, out: entries }).map_err(|_| MALFORMED)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::format::placement::PAGE;

    /// Of a head that never crosses a page.
    const SEAL: Seal = Seal { checksum: 0, head: 1, hash: [0; 32] };

    #[test]
    fn zeros_are_put_before_groups_whose_heads_would_cross_a_page() {
        let mut log = GroupLog::default();
        let group = |length: u64, head: u64, fill: u8| {
            let bytes = vec![fill; length as usize];
            (SpanGroup { prefix: 0, length, seal: Seal { head, ..SEAL } }, bytes)
        };
        let mut written = vec![0xee; 256];
        let groups: Vec<_> =
            [(3000, 17), (900, 200), (5000, 100), (1, 1), (700, 4096), (9000, 4097), (20, 20)]
                .into_iter()
                .zip(1..)
                .map(|((length, head), fill)| group(length, head, fill))
                .collect();
        let mut expected = vec![0xee; 256];
        for (group, bytes) in &groups {
            let left = PAGE as usize - expected.len() % PAGE as usize;
            if group.seal.head <= PAGE && (left as u64) < group.seal.head {
                expected.resize(expected.len() + left, 0);
            }
            expected.extend_from_slice(bytes);
        }
        for part in groups.chunks(3) {
            let (groups, bytes): (Vec<_>, Vec<_>) = part.iter().cloned().unzip();
            let span = Span { groups, bytes: bytes.concat(), ..Span::default() };
            let (offset, bytes) = log.append(span).unwrap().padded();
            assert_eq!(offset + 256, written.len() as u64);
            written.extend_from_slice(&bytes);
        }
        assert!(written == expected);
        assert_eq!(log.length + 256, written.len() as u64);
        assert!(log.places.iter().any(|place| (place.offset + 256).is_multiple_of(PAGE)));
    }

    #[test]
    fn a_group_beyond_what_a_directory_can_say_is_refused_before_it_is_written() {
        let mut log = GroupLog::default();
        let span = |lengths: &[u64]| Span {
            groups: lengths
                .iter()
                .zip(0xABCD..)
                .map(|(length, prefix)| SpanGroup { prefix, length: *length, seal: SEAL })
                .collect(),
            ..Span::default()
        };
        assert_eq!(log.append(span(&[1 << 32, 1 << 39])).unwrap().offset, 0);
        let rest = Locator::MOST_OFFSET - log.length;
        assert_eq!(log.append(span(&[rest, 1])).unwrap().offset, (1 << 32) + (1 << 39));
        assert_eq!(log.places.last().unwrap().offset, Locator::MOST_OFFSET);
        assert_eq!(
            log.append(span(&[1])).map(drop).unwrap_err().to_string(),
            "group ABCD would start 1099511627775 bytes behind the first, an index holds groups up to 1099511627774; \
             keep fewer bits of each digest, leave out the counts, or make several indexes"
        );
        assert_eq!(log.places.len(), 4);
    }
}
