//! Indexes whose groups lie further apart than any disk here is large: sparse files with groups before, at, over and
//! behind every width that an offset can have. Every way of asking gives what an index in memory gives.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::io::ErrorKind;

use tempfile::NamedTempFile;

use super::{Answer, Index, RangeScratch};
use crate::coverage::{Coverage, Prefix};
use crate::digest::{Digest, Key, Kind};
use crate::entry::Entry;
use crate::error::Error;
use crate::format::Layout;
use crate::format::directory::Locator;
use crate::rows::write_row;
use crate::storage::ReadMode;
use crate::testing::{Random, assemble, digest, entries, layout, write_sparse};

/// Under which 16 bits the entries of the three groups are: the first two share a node of the directory.
const PREFIXES: [u64; 3] = [0x0000, 0x0007, 0xfffe];

/// Groups of one bucket, of several, and one larger than what is read in one go.
fn corpus(random: &mut Random, layout: Layout) -> Vec<Entry> {
    let keys = PREFIXES.iter().zip([40, 1500, 4000]).flat_map(|(prefix, size)| {
        let under = |mut key: Key| {
            key.words[0] = prefix << 48 | key.words[0] >> 16;
            key
        };
        (0..size).map(|_| under(random.key(layout.kind))).collect::<Vec<_>>()
    });
    let keys: Vec<Key> = keys.collect();
    entries(keys, layout.bits, random)
}

/// A sparse file of the corpus; `None`, aloud, where the file system has no such files.
fn sparse(layout: Layout, entries: &[Entry], offsets: &[u64; 3]) -> Option<NamedTempFile> {
    let file = NamedTempFile::new().unwrap();
    match write_sparse(file.as_file(), layout, entries, offsets) {
        Ok(()) => Some(file),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::FileTooLarge | ErrorKind::StorageFull | ErrorKind::InvalidInput
            ) =>
        {
            eprintln!(
                "skipped: no file of {} bytes can be made in {}: {error}",
                offsets[2],
                file.path().display()
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn body(index: &Index, prefix: u32) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in index.range(&Prefix::of_range(prefix)).unwrap() {
        if !body.is_empty() {
            body.extend_from_slice(b"\r\n");
        }
        write_row(&mut body, &entry.unwrap(), index.kind(), 5, true);
    }
    body
}

/// Asks the far index whatever the near one, of the same entries, knows.
fn agree(far: &Index, near: &Index, entries: &[Entry], random: &mut Random) {
    let kind = near.kind();
    let mut questions: Vec<Digest> = entries.iter().map(|entry| digest(kind, entry.key)).collect();
    for entry in entries.iter().step_by(7) {
        let mut key = entry.key;
        key.words[0] ^= 1 << (random.next() % 20);
        questions.push(digest(kind, key));
    }
    let expected: Vec<Answer> = questions.iter().map(|question| near.lookup(question).unwrap()).collect();
    assert!(expected.iter().filter(|answer| answer.is_present()).count() >= entries.len());
    for question in [&questions[..], &questions[questions.len() / 2..]] {
        let mut answers = vec![Answer::Absent; question.len()];
        far.lookup_many(question, &mut answers).unwrap();
        assert_eq!(answers, expected[questions.len() - question.len()..]);
    }
    for (question, expected) in questions.iter().zip(&expected) {
        assert_eq!(far.lookup(question).unwrap(), *expected);
    }
    assert!(far.iter().map(Result::unwrap).eq(near.iter().map(Result::unwrap)));
}

fn check(layout: Layout, offsets: [u64; 3], random: &mut Random) {
    let entries = corpus(random, layout);
    let Some(file) = sparse(layout, &entries, &offsets) else { return };
    let near = Index::from_bytes(assemble(layout, &entries, Coverage::whole()), "near").unwrap();
    let (far, by_reads) = (Index::map(file.path()).unwrap(), Index::open(file.path()).unwrap());
    assert!(far.metadata().file_length > offsets[2]);
    for index in [&far, &by_reads] {
        agree(index, &near, &entries, random);
        // Verifying wants one group to start where the one before it ends, and needs no memory for what lies between.
        let reason = match index.verify(&()).unwrap_err() {
            Error::Damaged { fault, .. } => fault.reason,
            other => panic!("{other}"),
        };
        assert_eq!(reason, "a group does not start where it must behind the one before it");
    }
    if !near.metadata().is_exact() {
        return;
    }
    let mut scratch = RangeScratch::default();
    for prefix in PREFIXES.iter().flat_map(|prefix| (*prefix as u32) << 4..=(*prefix as u32) << 4 | 15) {
        let mut rows = Vec::new();
        by_reads.write_range(prefix, ReadMode::Blocking, &mut scratch, &mut rows).unwrap();
        assert!(rows == body(&near, prefix), "range {prefix:05X}");
        assert!(rows == body(&far, prefix), "range {prefix:05X}");
    }
}

#[test]
fn groups_around_every_width_of_an_offset_answer() {
    let mut random = Random(32);
    for edge in [1 << 31, 1 << 32, 1 << 33, 1 << 36, 1 << 39, Locator::MOST_OFFSET] {
        for bits in [160, 64] {
            let layout = layout(Kind::Sha1, bits, 16);
            // The second group before the edge, over it, and the third at and behind it.
            check(layout, [0, edge - (1 << 20), edge - 1], &mut random);
            check(layout, [0, edge - (1 << 20), edge], &mut random);
            if edge < Locator::MOST_OFFSET {
                check(layout, [0, edge - 500, edge + (1 << 20)], &mut random);
                check(layout, [0, edge, edge + (1 << 20)], &mut random);
                check(layout, [0, edge + 1, edge + (1 << 20)], &mut random);
            }
        }
    }
    check(layout(Kind::Ntlm, 128, 16), [0, (1 << 32) - 1, 1 << 39], &mut random);
    check(Layout { counts: false, ..layout(Kind::Sha1, 64, 16) }, [0, 1 << 32, 1 << 39], &mut random);
}
