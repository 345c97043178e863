//! An index that is read with positioned reads and never mapped, for servers: a file that is cut, overwritten or
//! unreadable under it is an error and not a signal. Nothing is remembered as verified, for what was read
//! once may be other bytes the next time.

#![forbid(unsafe_code)]

mod lookup;
mod reading;
mod sections;
mod verify;

use std::fs::File;
use std::path::{Path, PathBuf};

use self::reading::{Unread, read_at};
use self::sections::{SectionReader, groups};
use super::core::{MALFORMED, within};
use super::identity::Identity;
use super::metadata::{ContentId, Metadata};
use crate::coverage::PREFIX_COUNT;
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Fault, Result, Section, io_error};
use crate::format::checksum::{self, BucketPlace};
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::directory::{Directory, Locator};
use crate::format::facts::Facts;
use crate::format::group::{self, BucketRecord, Group};
use crate::format::header::{Header, LENGTH};
use crate::format::placement::PAGE;
use crate::format::write_rows::WriteRows;
use crate::format::{Layout, bucket::Bucket};
use crate::kernels::{ActiveKernel, Kernel};
use crate::rows::write_row;
use crate::storage::Storage;
use crate::storage::residency::Residency;

/// Groups up to this many bytes are read whole: one system call instead of two.
const SMALL_GROUP: u64 = 48 << 10;
/// Bytes behind what was read.
const SLACK: usize = 32;
/// What a scratch may keep between two ranges.
const MOST_SCRATCH: usize = 1 << 20;

/// Whether a read may wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMode {
    /// The read may wait for the disk.
    Blocking,
    /// Only what is cached is read, else [`Error::WouldBlock`], where the system can tell; elsewhere the read waits.
    Cached,
}

/// Buffers that a worker keeps from one range to the next: a group's head and a run of buckets, some 40 KB for a
/// range of 2,000 rows.
#[derive(Default)]
pub struct RangeScratch {
    head: Vec<u8>,
    buckets: Vec<u8>,
    entries: Vec<Entry>,
}

/// Where a group is.
#[derive(Clone, Copy)]
struct GroupPlace {
    locator: Locator,
    /// Up to where the next one starts.
    length: u64,
}

/// An open index file of which every answer is read and checked anew.
///
/// ```no_run
/// use breachdex::{FileIndex, RangeScratch, ReadMode};
/// let index = FileIndex::open("pwned.bdx")?;
/// let (mut scratch, mut body) = (RangeScratch::default(), Vec::new());
/// let rows = index.write_range(0x21BD1, ReadMode::Blocking, &mut scratch, &mut body)?;
/// # let _ = rows; Ok::<(), breachdex::Error>(())
/// ```
pub struct FileIndex {
    path: PathBuf,
    name: String,
    file: File,
    /// What keeps the file's bytes in memory: a copy, which is read instead of the file, or a mapping that has its
    /// pages locked in the page cache and is never read.
    resident: Option<Storage>,
    identity: Identity,
    header: Header,
    metadata: Metadata,
    groups: Box<[Option<GroupPlace>]>,
    kernel: ActiveKernel,
}

impl FileIndex {
    /// Opens a file and checks its header, directory and facts. Reads half a megabyte at most, however large the
    /// index is, and keeps about 1.5 MiB.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotAnIndex`], [`Error::UnsupportedVersion`], [`Error::Damaged`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, Residency::OnDemand)
    }

    /// [`FileIndex::open`] with the whole file in memory first: in the page cache ([`Residency::Populate`]), locked
    /// there, or as a copy that is read instead of the file. The answers are checked alike.
    ///
    /// # Errors
    /// As [`FileIndex::open`]; [`Error::DoesNotFit`] where memory or a limit is too small for the residency.
    pub fn open_with(path: impl AsRef<Path>, residency: Residency) -> Result<Self> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let file = File::open(path).map_err(io_error("open", path))?;
        let facts = file.metadata().map_err(io_error("read", path))?;
        let file_length = facts.len();
        let identity = Identity::of(&facts);
        let reader = SectionReader { file: &file, path, name: &name };
        let head = reader.read(0, facts.len().min(LENGTH as u64), Section::Header)?;
        let header = Header::decode(&head, facts.len(), &name)?;
        let directory = reader.section(Section::Directory, header.directory)?;
        let (count, length) = (header.group_count, header.groups.length);
        let directory = Directory::open(&directory, header.layout, count, length)
            .map_err(|fault| within(Section::Directory, header.directory, fault).named(&name))?;
        let facts = reader.section(Section::Facts, header.facts)?;
        let facts = Facts::decode(&facts)
            .map_err(|fault| within(Section::Facts, header.facts, fault).named(&name))?;
        let groups = groups(&directory, &header);
        Ok(Self {
            resident: Storage::hold(&file, file_length, path, residency)?,
            path: path.to_owned(),
            metadata: Metadata::new(&header, facts),
            name,
            file,
            identity,
            header,
            groups,
            kernel: ActiveKernel::choose(Kernel::Auto),
        })
    }

    /// What the index says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Names the entries and facts.
    pub fn content_id(&self) -> ContentId {
        ContentId(self.header.content_id)
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is another file under the path now, or the same one was changed.
    ///
    /// # Errors
    /// [`Error::Io`] where there is none.
    pub fn is_replaced(&self) -> Result<bool> {
        let facts = std::fs::metadata(&self.path).map_err(io_error("read", &self.path))?;
        Ok(Identity::of(&facts) != self.identity)
    }

    /// Appends the rows of a 5-digit prefix as the range protocol has them, `SUFFIX:COUNT`, upper-case, with
    /// CRLF between rows and none after the last, and returns their number. Two reads at most, a checksum of all
    /// that is decoded each time.
    ///
    /// # Errors
    /// [`Error::NotCovered`], [`Error::NotExact`], [`Error::CountsUnavailable`]; [`Error::InvalidPrefix`] for
    /// more than 20 bits; [`Error::Damaged`], also where the file was cut or changed since it was opened;
    /// [`Error::Io`]; [`Error::WouldBlock`]. `rows` is then as it was.
    pub fn write_range(
        &self,
        prefix: u32,
        waiting: ReadMode,
        scratch: &mut RangeScratch,
        rows: &mut Vec<u8>,
    ) -> Result<usize> {
        self.admit(prefix)?;
        let layout = self.header.layout;
        let group_prefix = prefix >> (20 - layout.directory_bits);
        let Some(place) = self.groups.get(group_prefix as usize).copied().flatten() else { return Ok(0) };
        let before = rows.len();
        let written = Reading { index: self, prefix, group_prefix, place, waiting }.write(scratch, rows);
        scratch.forget_much();
        match written {
            Ok(0) => Ok(0),
            Ok(count) => {
                // The last row ends the body without a line end.
                rows.truncate(rows.len() - 2);
                Ok(count)
            }
            Err(error) => {
                rows.truncate(before);
                Err(error)
            }
        }
    }

    fn admit(&self, prefix: u32) -> Result<()> {
        let (name, layout) = (|| self.name.clone(), self.header.layout);
        if prefix >= PREFIX_COUNT {
            return Err(Error::InvalidPrefix(5));
        }
        if !self.metadata.coverage.contains(prefix) {
            return Err(Error::NotCovered { name: name(), prefix });
        }
        if !self.metadata.is_exact() {
            return Err(Error::NotExact { name: name(), bits: layout.bits, full: layout.kind.bits() });
        }
        if layout.counts { Ok(()) } else { Err(Error::CountsUnavailable { name: name() }) }
    }

    /// Fills `bytes` with so many from an offset in the groups section.
    fn read(&self, offset: u64, length: u64, waiting: ReadMode, bytes: &mut Vec<u8>) -> Result<()> {
        let at = self.header.groups.offset + offset;
        let too_long = |_| io_error("read", &self.path)(std::io::ErrorKind::OutOfMemory.into());
        let length = usize::try_from(length).map_err(too_long)?;
        // Decoding near the end is cheaper where something lies behind it.
        bytes.resize(length + SLACK, 0);
        if let Some(Storage::Copied(copy)) = &self.resident {
            let start = usize::try_from(at).unwrap_or(usize::MAX);
            let held = start.checked_add(length).and_then(|end| copy.get(start..end));
            bytes[..length].copy_from_slice(held.ok_or_else(|| self.unread(Unread::Short, at))?);
            return Ok(());
        }
        read_at(&self.file, at, &mut bytes[..length], waiting).map_err(|unread| self.unread(unread, at))
    }

    #[cold]
    fn unread(&self, unread: Unread, at: u64) -> Error {
        unread.explain(&self.path, &self.name, Section::Groups, at)
    }
}

impl RangeScratch {
    /// One range of a skewed index can be large; its memory is not kept.
    fn forget_much(&mut self) {
        for buffer in [&mut self.head, &mut self.buckets] {
            if buffer.capacity() > MOST_SCRATCH {
                *buffer = Vec::new();
            }
        }
    }
}

impl std::fmt::Debug for FileIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileIndex({})", self.name)
    }
}

/// One range on its way from the file.
struct Reading<'a> {
    index: &'a FileIndex,
    prefix: u32,
    group_prefix: u32,
    place: GroupPlace,
    waiting: ReadMode,
}

impl Reading<'_> {
    /// Appends the rows, each with a line end behind it.
    fn write(&self, scratch: &mut RangeScratch, rows: &mut Vec<u8>) -> Result<usize> {
        let RangeScratch { head, buckets, entries } = scratch;
        let GroupPlace { locator, length } = self.place;
        let whole = length <= SMALL_GROUP;
        self.read_head(if whole { length } else { self.head_guess() }, head)?;
        let group = self.open_head(head)?;
        let run = self.run(&group);
        let (first, last) = (self.record(&group, *run.start())?, self.record(&group, *run.end())?);
        let end = last.start + last.length;
        let run_bytes = if whole {
            head.get(first.start..).ok_or_else(|| self.group_fault("the group is cut short"))?
        } else {
            let length = end.checked_sub(first.start);
            let length = length.ok_or_else(|| self.group_fault("a bucket's place in its group cannot be"))?;
            self.index.read(locator.offset() + first.start as u64, length as u64, self.waiting, buckets)?;
            buckets
        };
        let mut count = 0;
        for bucket in run {
            let record = self.record(&group, bucket)?;
            let start = record.start.checked_sub(first.start);
            let bytes = start.and_then(|start| run_bytes.get(start..)).unwrap_or_default();
            count += self.bucket(&group, bucket, &record, bytes, entries, rows)?;
        }
        Ok(count)
    }

    /// Bytes of the head as they are in a group that is split as most are, and no byte of the next page.
    fn head_guess(&self) -> u64 {
        let Header { layout, entries, group_count, groups, .. } = &self.index.header;
        let extra_bits = group::extra_bits(layout.bits, entries / group_count.max(&1)).min(12);
        let head = (group::FIXED + (group::NARROW_RECORD << extra_bits)) as u64;
        let left = PAGE - (groups.offset + self.place.locator.offset()) % PAGE;
        // A guess that crosses a page is too long: the head lies in one, unless it is longer than that.
        let head = if left < group::FIXED as u64 { head } else { head.min(left) };
        head.min(self.place.length)
    }

    /// The buckets of the group that hold the range.
    fn run(&self, group: &Group<'_>) -> std::ops::RangeInclusive<usize> {
        let bits = self.index.header.layout.directory_bits + group.extra_bits;
        let within = |bucket: u64| bucket as usize & (group.buckets() - 1);
        if bits <= 20 {
            let bucket = within(u64::from(self.prefix >> (20 - bits)));
            return bucket..=bucket;
        }
        let first = within(u64::from(self.prefix) << (bits - 20));
        first..=first + (1 << (bits - 20)) - 1
    }

    /// Checks a bucket, the first of `bytes`, and appends the rows of its entries in the range.
    fn bucket(
        &self,
        group: &Group<'_>,
        bucket: usize,
        record: &BucketRecord,
        bytes: &[u8],
        entries: &mut Vec<Entry>,
        rows: &mut Vec<u8>,
    ) -> Result<usize> {
        let layout = self.index.header.layout;
        let at = self.place.locator.offset() + record.start as u64;
        let fault = |reason| {
            Fault::new(Section::Bucket, self.index.header.groups.offset + at, reason).named(&self.index.name)
        };
        let prefix_bits = layout.directory_bits + group.extra_bits;
        let prefix = u64::from(self.group_prefix) << group.extra_bits | bucket as u64;
        let place = BucketPlace { prefix_bits, prefix, entries: record.entries };
        let content = bytes.get(..record.length).ok_or_else(|| fault("the bucket is cut short"))?;
        let sound = if record.entries == 0 { 0 } else { checksum::bucket(layout, place, content) };
        if sound != record.checksum {
            return Err(fault("the bucket's checksum does not match"));
        }
        if record.entries == 0 {
            return Ok(0);
        }
        let opened = open_bucket(layout, prefix_bits, record, bytes).ok_or_else(|| fault(MALFORMED))?;
        let mut leading = Key::default();
        leading.place(0, prefix_bits, prefix);
        let mut cursor = Cursor::new(opened, leading, prefix_bits, layout.counts);
        let digits = layout.kind.hex_digits() - 5;
        let written = if prefix_bits >= 20 {
            let task = WriteRows { cursor: &mut cursor, digits, out: rows };
            self.index.kernel.run(task).map(|()| record.entries as usize)
        } else {
            self.filtered(&mut cursor, entries, rows)
        };
        written.and_then(|count| cursor.finish().map(|()| count)).map_err(|_| fault(MALFORMED))
    }

    /// Appends the rows of a bucket that holds more than the range.
    fn filtered(
        &self,
        cursor: &mut Cursor<'_>,
        entries: &mut Vec<Entry>,
        rows: &mut Vec<u8>,
    ) -> Result<usize, crate::format::bucket::Malformed> {
        let kind = self.index.header.layout.kind;
        let mut count = 0;
        while !cursor.is_at_end() {
            entries.clear();
            self.index.kernel.run(DecodeRun { cursor, out: entries })?;
            for entry in entries.iter().filter(|entry| entry.prefix() == self.prefix) {
                write_row(rows, entry, kind, 5, true);
                rows.extend_from_slice(b"\r\n");
                count += 1;
            }
        }
        Ok(count)
    }

    #[cold]
    fn group_fault(&self, reason: &'static str) -> Error {
        let at = self.index.header.groups.offset + self.place.locator.offset();
        Fault::new(Section::Groups, at, reason).named(&self.index.name)
    }
}

fn open_bucket<'a>(
    layout: Layout,
    prefix_bits: u32,
    record: &BucketRecord,
    bytes: &'a [u8],
) -> Option<Bucket<'a>> {
    let rest = layout.bits.checked_sub(prefix_bits)?;
    Bucket::new(bytes, record.length, record.entries as usize, rest, layout.counts)
}

#[cfg(test)]
#[path = "file_index_tests.rs"]
mod tests;
