//! Entries on disk, parted by a byte of their digest: what is not sorted is parted until a part fits into
//! memory. All parts share one temporary file without a name, which goes when the build ends in any way.

#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::control::lock;
use super::positioned::{self, DiskFile, Place};
use super::span::{EntrySink, Misfit};
use crate::coverage::Coverage;
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::error::{Result, io_error};
use crate::files::Disk;
use crate::input::packed::{LONGEST_RECORD, put_count, read_count};

const PARTS: usize = 256;

/// The temporary file.
pub(crate) struct Spill {
    file: DiskFile,
    place: Place,
    kind: Kind,
    end: AtomicU64,
}

/// Records that follow one another in the file.
#[derive(Clone, Copy)]
struct Extent {
    offset: u64,
    length: u32,
}

/// The entries whose first `depth` bytes are the same.
#[derive(Default)]
pub(crate) struct Partition {
    pub(crate) depth: usize,
    pub(crate) entries: u64,
    extents: Vec<Extent>,
}

/// The parts that entries are distributed into.
pub(crate) struct Partitions {
    depth: usize,
    parts: Vec<Mutex<Partition>>,
}

impl Partitions {
    /// Parts by the byte after the first `depth`.
    pub(crate) fn new(depth: usize) -> Self {
        let part = || Mutex::new(Partition { depth: depth + 1, ..Partition::default() });
        Self { depth, parts: std::iter::repeat_with(part).take(PARTS).collect() }
    }

    /// Takes out the parts that have entries, in order.
    pub(crate) fn take(&self) -> Vec<Partition> {
        let parts = self.parts.iter().map(|part| std::mem::take(&mut *lock(part)));
        parts.filter(|part| part.entries > 0).collect()
    }

    /// Entries of all parts.
    pub(crate) fn entries(&self) -> u64 {
        self.parts.iter().map(|part| lock(part).entries).sum()
    }
}

impl Spill {
    pub(crate) fn new(disk: &Arc<dyn Disk>, folder: &Path, kind: Kind) -> Result<Self> {
        let file = tempfile::tempfile_in(folder).map_err(io_error("create a temporary file in", folder))?;
        let file = DiskFile { disk: Arc::clone(disk), file };
        Ok(Self { file, place: Place::TemporaryIn(folder.to_owned()), kind, end: AtomicU64::new(0) })
    }

    /// Hands every entry of a partition to `each`.
    pub(crate) fn read(
        &self,
        partition: &Partition,
        mut each: impl FnMut(Entry) -> Result<(), Misfit>,
    ) -> Result<(), Misfit> {
        let width = self.kind.bytes();
        let mut bytes = Vec::new();
        for extent in &partition.extents {
            bytes.resize(extent.length as usize, 0);
            positioned::read_exact(&self.file, &mut bytes, extent.offset, &self.place)?;
            let mut rest = &bytes[..];
            while let Some((digest, tail)) = rest.split_at_checked(width) {
                let (count, used) = read_count(tail);
                rest = &tail[used..];
                each(Entry { key: Key::from_bytes(digest), count })?;
            }
        }
        Ok(())
    }

    /// Parts a partition once more, by its next byte.
    pub(crate) fn split(&self, partition: &Partition, buffer: usize) -> Result<Partitions, Misfit> {
        let parts = Partitions::new(partition.depth);
        let mut distributor = Distributor::new(self, &parts, buffer, None);
        self.read(partition, |entry| distributor.add(entry))?;
        distributor.finish()?;
        Ok(parts)
    }
}

/// One thread's buffers, one for each part.
pub(crate) struct Distributor<'a> {
    spill: &'a Spill,
    partitions: &'a Partitions,
    wanted: Option<Arc<Coverage>>,
    buffers: Vec<(Vec<u8>, u64)>,
    buffer: usize,
    pub(crate) added: u64,
    pub(crate) left_out: u64,
}

impl<'a> Distributor<'a> {
    /// Buffers of `buffer` bytes; entries outside `wanted` are left out.
    pub(crate) fn new(
        spill: &'a Spill,
        partitions: &'a Partitions,
        buffer: usize,
        wanted: Option<Arc<Coverage>>,
    ) -> Self {
        Self {
            spill,
            partitions,
            wanted,
            buffers: vec![(Vec::new(), 0); PARTS],
            buffer: buffer.max(2 * LONGEST_RECORD),
            added: 0,
            left_out: 0,
        }
    }

    /// Writes what is left in the buffers.
    pub(crate) fn finish(&mut self) -> Result<()> {
        (0..PARTS).try_for_each(|part| self.flush(part))
    }

    fn flush(&mut self, part: usize) -> Result<()> {
        let (bytes, entries) = &mut self.buffers[part];
        if bytes.is_empty() {
            return Ok(());
        }
        let offset = self.spill.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        positioned::write_all(&self.spill.file, bytes, offset, &self.spill.place)?;
        let mut partition = lock(&self.partitions.parts[part]);
        partition.extents.push(Extent { offset, length: bytes.len() as u32 });
        partition.entries += *entries;
        bytes.clear();
        *entries = 0;
        Ok(())
    }
}

impl EntrySink for Distributor<'_> {
    #[inline]
    fn add(&mut self, entry: Entry) -> Result<(), Misfit> {
        if let Some(wanted) = &self.wanted
            && !wanted.contains(entry.key.leading(20) as u32)
        {
            self.left_out += 1;
            return Ok(());
        }
        self.added += 1;
        let part = usize::from(byte_of(&entry.key, self.partitions.depth));
        let (bytes, entries) = &mut self.buffers[part];
        if bytes.capacity() == 0 {
            bytes.reserve_exact(self.buffer);
        }
        bytes.extend_from_slice(&entry.key.to_bytes()[..self.spill.kind.bytes()]);
        let mut count = [0; 10];
        let length = put_count(entry.count, &mut count);
        bytes.extend_from_slice(&count[..length]);
        *entries += 1;
        if bytes.len() + LONGEST_RECORD > self.buffer {
            self.flush(part)?;
        }
        Ok(())
    }
}

/// A byte of a key, 0 its first.
#[inline(always)]
fn byte_of(key: &Key, at: usize) -> u8 {
    (key.words[at / 8] >> (56 - at % 8 * 8)) as u8
}
