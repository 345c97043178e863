//! One question to a file that is read: the head of a group, then one bucket, each checked.

#![forbid(unsafe_code)]

use super::{FileIndex, RangeScratch, ReadMode, Reading, SLACK, open_bucket};
use crate::digest::{Digest, Key};
use crate::error::{Error, Fault, Result, Section};
use crate::format::bucket::{Bucket, Malformed};
use crate::format::checksum::{self, BucketPlace};
use crate::format::group::{BucketRecord, Group};
use crate::index::Answer;
use crate::index::core::MALFORMED;
use crate::kernels::{BitOperations, Task};

impl FileIndex {
    /// What the index knows about a digest. Two reads (three in a group that is split unusually often), the checksums
    /// of the group's head and of the bucket each time: some microseconds where the file is cached.
    ///
    /// # Errors
    /// [`Error::WrongKind`], [`Error::NotCovered`], [`Error::Damaged`], [`Error::Io`]; [`Error::WouldBlock`].
    pub fn lookup(&self, digest: &Digest, waiting: ReadMode, scratch: &mut RangeScratch) -> Result<Answer> {
        let held = self.header.layout.kind;
        if digest.kind() != held {
            return Err(Error::WrongKind { held, asked: digest.kind() });
        }
        let prefix = digest.key().leading(20) as u32;
        if !self.metadata.coverage.contains(prefix) {
            return Err(Error::NotCovered { name: self.name.clone(), prefix });
        }
        let found = self.find(digest.key(), waiting, scratch)?;
        Ok(found.map_or(Answer::Absent, |count| Answer::Present {
            count: self.header.layout.counts.then_some(count),
        }))
    }

    /// The count of a key, 0 where none are stored; `None` where it is absent. Asks nothing of the coverage.
    pub(crate) fn find(
        &self,
        key: &Key,
        waiting: ReadMode,
        scratch: &mut RangeScratch,
    ) -> Result<Option<u64>> {
        let layout = self.header.layout;
        let group_prefix = key.leading(layout.directory_bits) as u32;
        let Some(place) = self.groups.get(group_prefix as usize).copied().flatten() else { return Ok(None) };
        let reading = Reading { index: self, prefix: key.leading(20) as u32, group_prefix, place, waiting };
        let RangeScratch { head, buckets, .. } = scratch;
        reading.read_head(reading.head_guess(), head)?;
        let group = reading.open_head(head)?;
        let within = key.skip(layout.directory_bits).leading(group.extra_bits);
        let record = reading.record(&group, within as usize)?;
        if record.entries == 0 {
            return Ok(None);
        }
        let at = place.locator.offset() + record.start as u64;
        let fault =
            |reason| Fault::new(Section::Bucket, self.header.groups.offset + at, reason).named(&self.name);
        self.read(at, record.length as u64, waiting, buckets)?;
        let prefix_bits = layout.directory_bits + group.extra_bits;
        let prefix = u64::from(group_prefix) << group.extra_bits | within;
        let place = BucketPlace { prefix_bits, prefix, entries: record.entries };
        let content = &buckets[..buckets.len() - SLACK];
        if checksum::bucket(layout, place, content) != record.checksum {
            return Err(fault("the bucket's checksum does not match"));
        }
        let bucket = open_bucket(layout, prefix_bits, &record, buckets).ok_or_else(|| fault(MALFORMED))?;
        let rest = key.skip(prefix_bits);
        self.kernel
            .run(FindCount { bucket, rest, counts: layout.counts })
            .map_err(|Malformed| fault(MALFORMED))
    }
}

impl FileIndex {
    /// How many groups the directory has.
    pub(crate) fn group_count(&self) -> u64 {
        self.groups.iter().flatten().count() as u64
    }

    /// Whether the directory leads from a prefix to the group of that place and checksum.
    pub(crate) fn leads_to(&self, prefix: u32, offset: u64, checksum: u32) -> bool {
        let place = self.groups.get(prefix as usize).copied().flatten();
        place.is_some_and(|place| place.locator.offset() == offset && place.locator.agrees_with(checksum))
    }
}

/// Finds an entry of a bucket and its count.
struct FindCount<'a> {
    bucket: Bucket<'a>,
    rest: Key,
    counts: bool,
}

impl Task for FindCount<'_> {
    type Output = Result<Option<u64>, Malformed>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Some(entry) = self.bucket.find::<O>(&self.rest)? else { return Ok(None) };
        if self.counts { self.bucket.count::<O>(entry).map(Some) } else { Ok(Some(0)) }
    }
}

impl Reading<'_> {
    /// Reads the group's head; `first` bytes at once, and more only where it is longer.
    pub(super) fn read_head(&self, first: u64, head: &mut Vec<u8>) -> Result<()> {
        let (offset, length) = (self.place.locator.offset(), self.place.length);
        self.index.read(offset, first, self.waiting, head)?;
        if first < length {
            let needed = Group::head_length(head).map_err(|reason| self.group_fault(reason))?;
            if needed > head.len() - SLACK {
                if needed as u64 > length {
                    return Err(self.group_fault("the group is cut short"));
                }
                self.index.read(offset, needed as u64, self.waiting, head)?;
            }
        }
        Ok(())
    }

    /// The group of a head that was read, checked.
    pub(super) fn open_head<'h>(&self, head: &'h [u8]) -> Result<Group<'h>> {
        let available = usize::try_from(self.place.length).unwrap_or(usize::MAX);
        let group = Group::from_head(head, available).map_err(|reason| self.group_fault(reason))?;
        let layout = self.index.header.layout;
        group
            .check(layout, self.group_prefix, self.place.locator)
            .map_err(|reason| self.group_fault(reason))?;
        Ok(group)
    }

    /// The record of a bucket of the group.
    pub(super) fn record(&self, group: &Group<'_>, bucket: usize) -> Result<BucketRecord> {
        group.bucket(bucket).ok_or_else(|| self.group_fault("a bucket's place in its group cannot be"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::coverage::Coverage;
    use crate::digest::Kind;
    use crate::format::Layout;
    use crate::index::Index;
    use crate::testing::{Random, assemble, entries, layout};

    #[test]
    fn reading_and_mapping_answer_alike() {
        let folder = tempfile::tempdir().unwrap();
        let mut random = Random(5);
        for (kind, bits, directory_bits, counts, number) in [
            (Kind::Sha1, 160, 6, true, 40_000),
            (Kind::Sha1, 160, 0, true, 9_000),
            (Kind::Sha1, 64, 2, true, 3_000),
            (Kind::Ntlm, 128, 1, true, 2_000),
            (Kind::Ntlm, 40, 1, false, 2_000),
            (Kind::Sha1, 160, 0, true, 1),
        ] {
            let path = folder.path().join(format!("{kind}-{bits}-{number}.bdx"));
            let keys: Vec<Key> = (0..number).map(|_| random.key(kind)).collect();
            let layout = Layout { counts, ..layout(kind, bits, directory_bits) };
            let entries = entries(keys.clone(), bits, &mut random);
            std::fs::write(&path, assemble(layout, &entries, Coverage::whole())).unwrap();
            let (mapped, read) = (Index::open(&path).unwrap(), FileIndex::open(&path).unwrap());
            let mut scratch = RangeScratch::default();
            let absent = (0..500).map(|_| random.key(kind));
            for key in keys.into_iter().take(2_000).chain(absent) {
                let digest = Digest::from_key(kind, key);
                let found = read.lookup(&digest, ReadMode::Blocking, &mut scratch).unwrap();
                assert_eq!(found, mapped.lookup(&digest).unwrap());
            }
        }
    }
}
