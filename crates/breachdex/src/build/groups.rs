//! Groups on disk while an index is being made: where each is, and reading it back.

#![forbid(unsafe_code)]

use std::fs::File;
use std::sync::Mutex;

use super::control::lock;
use super::flusher::Flusher;
use super::positioned::{self, Place};
use super::read_back::Sample;
use super::report::Stopwatches;
use super::span::{Span, Totals};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Fault, Result, Section};
use crate::format::Layout;
use crate::format::bucket::Bucket;
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::directory::Locator;
use crate::format::group::Group;
use crate::kernels::{ActiveKernel, Kernel};

/// A group on disk. Its offset counts from the start of the groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupPlace {
    pub(crate) prefix: u32,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) checksum: u32,
}

/// The groups written so far and what they add up to.
#[derive(Default)]
pub(crate) struct GroupLog {
    pub(crate) places: Vec<GroupPlace>,
    /// Bytes of all groups.
    pub(crate) length: u64,
    pub(crate) totals: Totals,
    /// What a check before publishing asks for.
    pub(crate) sample: Sample,
}

/// A span's bytes and where they belong.
pub(crate) struct PlacedSpan {
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
}

impl GroupLog {
    /// Puts a span behind the groups so far.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where a group would start beyond what a directory can say: before it is written.
    pub(crate) fn append(&mut self, span: Span) -> Result<PlacedSpan> {
        let offset = self.length;
        for group in span.groups {
            let (offset, length, prefix) = (self.length, group.length, group.prefix);
            if offset > Locator::MOST_OFFSET {
                return Err(Error::TooLarge { prefix, offset });
            }
            self.places.push(GroupPlace { prefix: group.prefix, offset, length, checksum: group.checksum });
            self.length += group.length;
        }
        self.totals.add(&span.totals);
        self.sample.add(&span.candidates);
        Ok(PlacedSpan { offset, bytes: span.bytes })
    }
}

/// A file that groups are written to, from `base` on, and where each of them is.
pub(crate) struct GroupStore {
    pub(crate) file: File,
    /// Names the file in messages.
    pub(crate) place: Place,
    pub(crate) base: u64,
    pub(crate) layout: Layout,
    pub(crate) log: GroupLog,
    /// Syncs what is written, where the file is to last.
    pub(crate) flusher: Option<Flusher>,
}

impl GroupStore {
    pub(crate) fn new(file: File, place: Place, base: u64, layout: Layout) -> Self {
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
    file: &'a File,
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
        self.write_part(span.offset, &span.bytes)?;
        self.recycle(span.bytes);
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
        if !group.bucket_is_sound(layout, prefix, &record) {
            return Err(MALFORMED);
        }
        if record.entries == 0 {
            continue;
        }
        let (length, count) = (record.length, record.entries as usize);
        let rest = layout.bits - prefix_bits;
        let bucket =
            Bucket::new(group.bytes_from(&record), length, count, rest, layout.counts).ok_or(MALFORMED)?;
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
    use crate::build::span::SpanGroup;

    #[test]
    fn a_group_beyond_what_a_directory_can_say_is_refused_before_it_is_written() {
        let mut log = GroupLog::default();
        let span = |lengths: &[u64]| Span {
            groups: lengths
                .iter()
                .zip(0xABCD..)
                .map(|(length, prefix)| SpanGroup { prefix, length: *length, checksum: 0 })
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
