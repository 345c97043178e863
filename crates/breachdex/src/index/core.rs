//! From a digest to its bucket: the checked parts of an open index and the scalar lookup.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::metadata::{ContentId, Metadata};
use super::verified::Verified;
use super::{Answer, Range};
use crate::coverage::Prefix;
use crate::digest::{Digest, Key};
use crate::error::{Error, Fault, Result, Section};
use crate::format::bucket::{Bucket, Malformed};
use crate::format::directory::{Directory, Locator};
use crate::format::facts::Facts;
use crate::format::group::{BucketRecord, Group};
use crate::format::header::{Extent, Header};
use crate::format::{Layout, checksum, notes, placement};
use crate::kernels::{ActiveKernel, BitOperations, Kernel, Task};
use crate::storage::{SectionBytes, Source, Storage};

/// An open index without the handle's extras.
pub(crate) struct Core {
    name: String,
    storage: Arc<Storage>,
    header: Header,
    metadata: Metadata,
    whole: bool,
    directory: Directory,
    verified: Verified,
    kernel: ActiveKernel,
}

impl Core {
    /// Checks the header, the directory and the facts.
    pub(super) fn open(storage: Arc<Storage>, name: String, kernel: Kernel) -> Result<Self> {
        let bytes = storage.bytes();
        let header = Header::decode(bytes, bytes.len() as u64, &name)?;
        let section =
            |section, extent| checked_section(&storage, section, extent).map_err(|f| f.named(&name));
        let directory = section(Section::Directory, header.directory)?;
        let (groups, length) = (header.group_count, header.groups.length);
        let directory = Directory::open(directory.as_ref(), header.layout, groups, length)
            .map_err(|fault| within(Section::Directory, header.directory, fault).named(&name))?;
        let facts = section(Section::Facts, header.facts)?;
        let facts = Facts::decode(facts.as_ref())
            .map_err(|fault| within(Section::Facts, header.facts, fault).named(&name))?;
        let verified = Verified::new(header.layout.directory_bits, header.groups.length as usize);
        Ok(Self {
            name,
            whole: facts.coverage.is_whole(),
            metadata: Metadata::new(&header, facts),
            storage,
            header,
            directory,
            verified,
            kernel: ActiveKernel::choose(kernel),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn layout(&self) -> Layout {
        self.header.layout
    }

    pub(super) fn content_id(&self) -> ContentId {
        ContentId(self.header.content_id)
    }

    pub(super) fn kernel(&self) -> &'static str {
        self.kernel.name()
    }

    pub(super) fn active_kernel(&self) -> ActiveKernel {
        self.kernel
    }

    pub(super) fn run<T: Task>(&self, task: T) -> T::Output {
        self.kernel.run(task)
    }

    pub(super) fn damaged(&self, fault: Fault) -> Error {
        fault.named(&self.name)
    }

    pub(super) fn changed_in_place(&self) -> Error {
        self.damaged(self.changed_in_place_fault())
    }

    pub(super) fn changed_in_place_fault(&self) -> Fault {
        Fault::new(Section::Header, 0, "the file was changed in place while it was open")
    }

    /// What reads ahead in the file.
    pub(super) fn source(&self) -> Option<Source<'_>> {
        self.storage.source()
    }

    pub(super) fn release_pages(&self) {
        self.storage.release();
    }

    /// Every group, in order.
    pub(super) fn all_groups(&self) -> Vec<(u32, Locator)> {
        self.directory.all()
    }

    /// The groups whose prefixes lie between two of `g` bits (inclusive).
    pub(super) fn groups_between(&self, first: u32, last: u32) -> Vec<(u32, Locator)> {
        self.directory.between(first, last)
    }

    /// The hashes of units, where their checksum holds.
    pub(super) fn hashes(&self) -> Result<SectionBytes> {
        let section = checked_section(&self.storage, Section::Hashes, self.header.hashes);
        section.map_err(|fault| self.damaged(fault))
    }

    pub(super) fn notes(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let section = checked_section(&self.storage, Section::Notes, self.header.notes);
        let section = section.map_err(|fault| self.damaged(fault))?;
        notes::decode(section.as_ref())
            .map_err(|fault| self.damaged(within(Section::Notes, self.header.notes, fault)))
    }

    pub(super) fn range(&self, prefix: &Prefix) -> Result<Range<'_>> {
        let (first, last) = prefix.covered_span();
        if let Some(prefix) = self.metadata.coverage.first_gap(first, last) {
            return Err(Error::NotCovered { name: self.name.clone(), prefix });
        }
        let (first, last) = prefix.bounds();
        Ok(Range::new(self, first, last))
    }

    pub(super) fn iter(&self) -> Range<'_> {
        Range::new(self, Key::default(), Key { words: [u64::MAX; 3] })
    }

    /// Refuses a question of the wrong kind or outside the coverage.
    #[inline(always)]
    pub(super) fn admit(&self, digest: &Digest) -> Result<()> {
        let held = self.header.layout.kind;
        if digest.kind() != held {
            return Err(Error::WrongKind { held, asked: digest.kind() });
        }
        let prefix = digest.key().leading(20) as u32;
        if !self.whole && !self.metadata.coverage.contains(prefix) {
            return Err(Error::NotCovered { name: self.name.clone(), prefix });
        }
        Ok(())
    }

    #[inline]
    pub(super) fn lookup(&self, digest: &Digest) -> Result<Answer> {
        self.admit(digest)?;
        let found = self.run(Lookup { core: self, key: digest.key() });
        Ok(self.answer(found.map_err(|fault| self.damaged(fault))?))
    }

    /// What a stored count means.
    #[inline(always)]
    pub(super) fn answer(&self, found: Option<u64>) -> Answer {
        match found {
            None => Answer::Absent,
            Some(count) => Answer::Present { count: self.header.layout.counts.then_some(count) },
        }
    }

    /// The groups section and whatever the file holds behind it.
    #[inline(always)]
    pub(super) fn group_bytes(&self) -> &[u8] {
        self.storage.bytes().get(self.header.groups.offset as usize..).unwrap_or_default()
    }

    #[inline(always)]
    pub(super) fn locate(&self, key: &Key) -> Option<Locator> {
        self.directory.find(key.leading(self.header.layout.directory_bits) as u32)
    }

    /// A group, checked if this is the first touch.
    #[inline(always)]
    pub(super) fn group(&self, prefix: u32, locator: Locator) -> Result<Group<'_>, Fault> {
        let offset = locator.offset();
        let fault = |reason| Fault::new(Section::Groups, self.header.groups.offset + offset, reason);
        let available = self.header.groups.length.checked_sub(offset).filter(|length| *length > 0);
        let available = available.ok_or_else(|| fault("the directory points beyond the groups"))?;
        let bytes = self.group_bytes().get(offset as usize..).unwrap_or_default();
        if self.verified.group(prefix) {
            return Group::new(bytes, available as usize).map_err(fault);
        }
        let group = Group::new(bytes, available as usize).map_err(fault)?;
        // A head of up to a page lies in one.
        if group.data_start > PAGE {
            self.will_need(offset as usize, group.data_start);
        }
        self.check_group(prefix, locator, &group).map_err(fault)?;
        Ok(group)
    }

    /// Has the system read bytes of the groups section that lie on more than one page with one request instead of
    /// one for each page.
    #[cold]
    fn will_need(&self, offset: usize, length: usize) {
        let start = self.header.groups.offset as usize + offset;
        if start / PAGE != (start + length.max(1) - 1) / PAGE {
            self.storage.will_need(start..start + length);
        }
    }

    #[cold]
    fn check_group(&self, prefix: u32, locator: Locator, group: &Group<'_>) -> Result<(), &'static str> {
        group.check(self.header.layout, prefix, locator)?;
        self.verified.remember_group(prefix);
        Ok(())
    }

    /// A bucket's record, and its bytes checked if this is the first touch. `bucket` is its index in the
    /// group.
    #[inline(always)]
    pub(super) fn record(
        &self,
        prefix: u32,
        locator: Locator,
        group: &Group<'_>,
        bucket: usize,
    ) -> Result<BucketRecord, Fault> {
        let record = group.bucket(bucket).ok_or_else(|| {
            Fault::new(
                Section::Groups,
                self.header.groups.offset + locator.offset(),
                "a bucket's place in its group cannot be",
            )
        })?;
        let offset = locator.offset() as usize + record.start;
        if !self.verified.bucket(offset, record.length) {
            if record.length >= PAGE / 4 {
                self.will_need(offset, record.length);
            }
            self.check_bucket(u64::from(prefix) << group.extra_bits | bucket as u64, offset, group, &record)?;
        }
        Ok(record)
    }

    #[cold]
    fn check_bucket(
        &self,
        prefix: u64,
        offset: usize,
        group: &Group<'_>,
        record: &BucketRecord,
    ) -> Result<(), Fault> {
        if !group.bucket_is_sound(self.header.layout, prefix, record) {
            return Err(self.bucket_fault(offset, "the bucket's checksum does not match"));
        }
        self.verified.remember_bucket(offset, record.length);
        Ok(())
    }

    pub(super) fn bucket_fault(&self, offset: usize, reason: &'static str) -> Fault {
        Fault::new(Section::Bucket, self.header.groups.offset + offset as u64, reason)
    }

    /// The bucket of a record that was checked and is not empty.
    #[inline(always)]
    pub(super) fn bucket<'a>(
        &self,
        locator: Locator,
        group: &Group<'a>,
        record: &BucketRecord,
    ) -> Result<Bucket<'a>, Fault> {
        group.open(self.header.layout, record).ok_or_else(|| self.malformed(locator, record))
    }

    #[cold]
    pub(super) fn malformed(&self, locator: Locator, record: &BucketRecord) -> Fault {
        self.bucket_fault(locator.offset() as usize + record.start, MALFORMED)
    }
}

/// Bytes of a page: what the system reads of a mapped file at least. Larger ones only make the advice less exact.
const PAGE: usize = placement::PAGE as usize;

/// What is said of a bucket whose checksum holds and whose content cannot be.
pub(super) const MALFORMED: &str = "the bucket's content cannot be, though its checksum holds";

/// The index of a key's bucket in its group.
#[inline(always)]
pub(super) fn bucket_of(key: &Key, layout: Layout, group: &Group<'_>) -> usize {
    key.skip(layout.directory_bits).leading(group.extra_bits) as usize
}

/// One scalar lookup.
struct Lookup<'a> {
    core: &'a Core,
    key: &'a Key,
}

impl Task for Lookup<'_> {
    /// The count, 0 where none are stored; `None` where the key is absent.
    type Output = Result<Option<u64>, Fault>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let (core, key) = (self.core, self.key);
        let layout = core.layout();
        let Some(locator) = core.locate(key) else { return Ok(None) };
        let prefix = key.leading(layout.directory_bits) as u32;
        let group = core.group(prefix, locator)?;
        let record = core.record(prefix, locator, &group, bucket_of(key, layout, &group))?;
        if record.entries == 0 {
            return Ok(None);
        }
        let bucket = core.bucket(locator, &group, &record)?;
        let rest = key.skip(layout.directory_bits + group.extra_bits);
        // Waiting for one line overlaps with waiting for the others.
        bucket.prefetch_high();
        bucket.prefetch_likely_low(&rest);
        if layout.counts {
            bucket.prefetch_counts(bucket_half(&record));
        }
        find_and_count::<O>(&bucket, &rest, layout).map_err(|Malformed| core.malformed(locator, &record))
    }
}

#[inline(always)]
fn find_and_count<O: BitOperations>(
    bucket: &Bucket<'_>,
    rest: &Key,
    layout: Layout,
) -> Result<Option<u64>, Malformed> {
    let Some(entry) = bucket.find::<O>(rest)? else { return Ok(None) };
    if layout.counts { bucket.count::<O>(entry).map(Some) } else { Ok(Some(0)) }
}

/// The middle entry of a bucket: the best guess before the search.
#[inline(always)]
fn bucket_half(record: &BucketRecord) -> usize {
    record.entries as usize / 2
}

/// A section whose checksum holds.
fn checked_section(storage: &Arc<Storage>, section: Section, extent: Extent) -> Result<SectionBytes, Fault> {
    let fault = |reason| Fault::new(section, extent.offset, reason);
    let range = extent.offset as usize..extent.end() as usize;
    // A section is read as a whole, and without this a page at a time.
    storage.will_need(range.clone());
    let bytes =
        SectionBytes::new(storage, range).ok_or_else(|| fault("the section reaches beyond the file"))?;
    if checksum::section(bytes.as_ref()) != extent.checksum {
        return Err(fault("the section's checksum does not match"));
    }
    Ok(bytes)
}

/// A fault at an offset within a section.
pub(super) fn within(section: Section, extent: Extent, (offset, reason): (u64, &'static str)) -> Fault {
    Fault::new(section, extent.offset + offset, reason)
}
