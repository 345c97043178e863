//! What a file says of lengths and numbers takes no memory before the file was found to have it: sparse files of hundreds
//! of GiB with some KB in them, whose checksums hold.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use tempfile::NamedTempFile;

use super::touch::BucketAt;
use super::{Index, RangeScratch};
use crate::digest::{Key, Kind};
use crate::error::{Error, Result};
use crate::format::Layout;
use crate::storage::{Buffer, ReadMode};
use crate::testing::{Random, digest, layout, skip_without_holes, write_hollow, write_sparse};

const REASON: &str = "the bucket's content cannot be, though its checksum holds";

/// An index of one group whose one bucket is a hole of so many bytes; its checksum holds.
fn hollow(layout: Layout, length: u32, entries: u32) -> Option<NamedTempFile> {
    let file = NamedTempFile::new().unwrap();
    let written = write_hollow(file.as_file(), layout, length, entries);
    skip_without_holes(written).then_some(file)
}

fn reason<T>(result: Result<T>) -> &'static str {
    match result.err().unwrap() {
        Error::Damaged { fault, .. } => fault.reason,
        other => panic!("{other}"),
    }
}

#[test]
fn a_bucket_that_is_a_hole_is_refused_without_memory_for_it() {
    let layout = layout(Kind::Sha1, 160, 0);
    for (length, entries) in
        [(3 << 20, 100_000), (64 << 20, 1), (64 << 20, 3_000_000), (64 << 20, u32::MAX - 1)]
    {
        let Some(file) = hollow(layout, length, entries) else { return };
        for index in [Index::open(file.path()).unwrap(), Index::map(file.path()).unwrap()] {
            let core = &index.core;
            let (access, locator) = (core.reading(ReadMode::Blocking), core.locate(0).unwrap());
            let (mut head, mut buffer) = (Buffer::default(), Buffer::default());
            let group = core.group(access, 0, locator, 0, &mut head).unwrap();
            let record = core.record(locator, &group, 0).unwrap();
            assert_eq!((record.length, record.entries), (length as usize, entries));
            let place = BucketAt { prefix: 0, locator, group: &group, bucket: 0 };
            let bytes = core.bucket_bytes(access, place, &record, 1 << 20, &mut buffer).map(drop);
            let bytes = bytes.map_err(|failure| core.failed(failure));
            assert!(buffer.capacity() <= 3 << 20, "{} bytes for a hole", buffer.capacity());
            assert_eq!(reason(bytes), REASON);

            let mut rows = Vec::new();
            let mut scratch = RangeScratch::default();
            let written = index.write_range(0, ReadMode::Blocking, &mut scratch, &mut rows);
            assert_eq!(reason(written), REASON);
            assert!(rows.capacity() <= 1 << 20, "{} bytes for a hole", rows.capacity());
            assert_eq!(reason(index.iter().next().unwrap()), REASON);
            // A record is wide for a reason, or refused before its bucket is looked at.
            let reason_of_verify = reason(index.verify(&()));
            assert!(reason_of_verify == REASON || entries == 1, "{reason_of_verify}");
            let mut write = |_: &[u8]| Ok::<(), Error>(());
            assert_eq!(reason(index.export(1, &mut write, &())), REASON);
            let far = digest(Kind::Sha1, Key { words: [u64::MAX; 3] }.truncated(160));
            assert_eq!(reason(index.lookup(&far)), REASON, "never absent");
        }
    }
}

#[test]
fn groups_hundreds_of_gib_apart_take_no_memory() {
    let mut random = Random(31);
    let layout = layout(Kind::Sha1, 160, 16);
    let keys = [0_u64, 0x8000, 0xffff].map(|prefix| {
        let mut key = random.key(Kind::Sha1);
        key.words[0] = prefix << 48 | key.words[0] >> 16;
        key
    });
    let entries = crate::testing::entries(keys, 160, &mut random);
    let file = NamedTempFile::new().unwrap();
    if !skip_without_holes(write_sparse(file.as_file(), layout, &entries, &[0, 200 << 30, 400 << 30])) {
        return;
    }
    for index in [Index::open(file.path()).unwrap(), Index::map(file.path()).unwrap()] {
        assert!(index.iter().map(Result::unwrap).eq(entries.iter().copied()));
        for entry in &entries {
            assert!(index.lookup(&digest(Kind::Sha1, entry.key)).unwrap().is_present());
            let (mut rows, mut scratch) = (Vec::new(), RangeScratch::default());
            let found = index.write_range(entry.prefix(), ReadMode::Blocking, &mut scratch, &mut rows);
            assert_eq!(found.unwrap(), 1);
            assert!(scratch.capacity() <= 3 << 20);
        }
        assert_eq!(
            reason(index.verify(&())),
            "a group does not start where it must behind the one before it"
        );
    }
}
