//! Ranges by positioned reads against those of the mapped index, and every way in which a file can go bad under
//! its reader: the right body or an error, never another body.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::io::Write as _;

use tempfile::TempDir;

use super::*;
use crate::coverage::{Coverage, Prefix};
use crate::digest::Kind;
use crate::entry::Entry;
use crate::format::Layout;
use crate::index::Index;
use crate::rows::write_row;
use crate::testing::{Random, assemble, entries, layout};

/// The body as the mapped index gives it.
fn expected(index: &Index, prefix: u32) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in index.range(&Prefix::of_range(prefix)).unwrap() {
        if !body.is_empty() {
            body.extend_from_slice(b"\r\n");
        }
        write_row(&mut body, &entry.unwrap(), index.kind(), 5, true);
    }
    body
}

fn body(index: &Index, prefix: u32, scratch: &mut RangeScratch) -> Result<Vec<u8>> {
    let mut body = b"before".to_vec();
    let written = index.write_range(prefix, ReadMode::Blocking, scratch, &mut body);
    assert!(body.starts_with(b"before"));
    let written = match written {
        Ok(written) => written,
        Err(error) => {
            assert_eq!(body, b"before");
            return Err(error);
        }
    };
    let body = body[6..].to_vec();
    let rows = if body.is_empty() { 0 } else { body.split(|byte| *byte == b'\n').count() };
    assert_eq!(written, rows);
    Ok(body)
}

/// Keys that crowd under a few prefixes, and some that do not.
fn keys(random: &mut Random, kind: Kind, crowded: usize, spread: usize) -> Vec<Key> {
    let mut keys = Vec::new();
    for crowd in [0_u64, 0x1_2345, 0xf_ffff] {
        for _ in 0..crowded {
            let mut key = random.key(kind);
            key.words[0] = crowd << 44 | key.words[0] >> 20;
            keys.push(key.truncated(kind.bits()));
        }
    }
    keys.extend((0..spread).map(|_| random.key(kind)));
    keys
}

#[test]
fn ranges_are_those_of_the_mapped_index() {
    let (mut random, folder) = (Random(11), TempDir::new().unwrap());
    let path = folder.path().join("a.bdx");
    let mut scratch = RangeScratch::default();
    for (kind, directory_bits, crowded, spread) in [
        (Kind::Sha1, 0, 0, 1),
        (Kind::Sha1, 0, 3, 300),
        (Kind::Sha1, 4, 500, 5_000),
        (Kind::Ntlm, 9, 2_000, 3_000),
        (Kind::Sha1, 16, 3_000, 2_000),
        (Kind::Ntlm, 16, 20_000, 100),
        (Kind::Sha1, 16, 90_000, 100),
    ] {
        let entries = entries(keys(&mut random, kind, crowded, spread), kind.bits(), &mut random);
        std::fs::write(
            &path,
            assemble(layout(kind, kind.bits(), directory_bits), &entries, Coverage::whole()),
        )
        .unwrap();
        let (mapped, file) = (Index::map(&path).unwrap(), Index::open(&path).unwrap());
        assert_eq!((file.metadata(), file.content_id()), (mapped.metadata(), mapped.content_id()));
        assert_eq!(
            file.verify(&()).map_err(|error| error.to_string()),
            mapped.verify(&()).map_err(|error| error.to_string())
        );
        let held = entries.iter().map(Entry::prefix).step_by(1 + entries.len() / 500);
        for prefix in held.chain([0, 1, 0x1_2344, 0x1_2345, 0x1_2346, 0xf_fffe, 0xf_ffff]) {
            assert!(body(&file, prefix, &mut scratch).unwrap() == expected(&mapped, prefix), "{prefix:05X}");
        }
        assert!(scratch.capacity() <= 3 << 20);
    }
}

#[test]
fn what_is_in_memory_is_had_without_waiting() {
    let (mut random, folder) = (Random(5), TempDir::new().unwrap());
    let path = folder.path().join("a.bdx");
    let entries = entries(keys(&mut random, Kind::Sha1, 100, 100), 160, &mut random);
    std::fs::write(&path, assemble(layout(Kind::Sha1, 160, 0), &entries, Coverage::whole())).unwrap();
    let file = Index::open(&path).unwrap();
    let (mut waited, mut cached) = (Vec::new(), Vec::new());
    let mut scratch = RangeScratch::default();
    file.write_range(0, ReadMode::Blocking, &mut scratch, &mut waited).unwrap();
    match file.write_range(0, ReadMode::Cached, &mut scratch, &mut cached) {
        Ok(_) => assert_eq!(cached, waited),
        // The system may drop what it read a moment ago.
        Err(error) => assert!(matches!(error, Error::WouldBlock), "{error}"),
    }
}

#[test]
fn what_cannot_be_asked_is_said() {
    let (mut random, folder) = (Random(7), TempDir::new().unwrap());
    let path = folder.path().join("a.bdx");
    let said = |layout: Layout, coverage: Coverage, prefix: u32| {
        let entries = vec![Entry { key: Key { words: [1 << 50, 0, 0] }, count: 1 }];
        std::fs::write(&path, assemble(layout, &entries, coverage)).unwrap();
        let file = Index::open(&path).unwrap();
        let error =
            file.write_range(prefix, ReadMode::Blocking, &mut RangeScratch::default(), &mut Vec::new());
        error.unwrap_err().to_string().replace(&path.display().to_string(), "a.bdx")
    };
    let exact = layout(Kind::Sha1, 160, 0);
    let part = Coverage::from_ranges([(0, 0x100)]).unwrap();
    assert_eq!(
        said(exact, part, 0x101),
        "prefix 00101 is outside the coverage of a.bdx: what is exposed there is not known"
    );
    assert_eq!(
        said(layout(Kind::Sha1, 64, 0), Coverage::whole(), 0),
        "a.bdx keeps 64 of 160 bits of each digest; ranges and exports need an exact index"
    );
    assert_eq!(
        said(Layout { counts: false, ..exact }, Coverage::whole(), 0),
        "a.bdx was built without counts: it can only say whether a password is exposed"
    );
    assert_eq!(said(exact, Coverage::whole(), 1 << 20), "not a prefix: give at most 5 hexadecimal digits");
    let _ = random.next();
}

#[test]
fn a_changed_byte_anywhere_gives_the_right_body_or_an_error() {
    let (mut random, folder) = (Random(3), TempDir::new().unwrap());
    let path = folder.path().join("a.bdx");
    for (directory_bits, crowded, step) in [(1, 40, 1), (16, 40, 1), (16, 5000, 61)] {
        let keys = keys(&mut random, Kind::Sha1, crowded, 40);
        let entries = entries(keys, 160, &mut random);
        let bytes = assemble(layout(Kind::Sha1, 160, directory_bits), &entries, Coverage::whole());
        std::fs::write(&path, &bytes).unwrap();
        let mapped = Index::from_bytes(bytes.clone(), "test").unwrap();
        let prefixes = [0, 0x1_2345, 0xf_ffff, 5];
        let right: Vec<Vec<u8>> = prefixes.iter().map(|prefix| expected(&mapped, *prefix)).collect();
        // Opened before the change, so that the directory is the old one.
        let file = Index::open(&path).unwrap();
        let mut scratch = RangeScratch::default();
        let (mut errors, mut answers) = (0, 0);
        let mut writer = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        use std::io::Seek as _;
        let mut put = |at: usize, byte: u8| {
            writer.seek(std::io::SeekFrom::Start(at as u64)).unwrap();
            writer.write_all(&[byte]).unwrap();
        };
        for (at, byte) in bytes.iter().enumerate().step_by(step) {
            put(at, byte ^ (1 << (at % 8)));
            for (prefix, right) in prefixes.iter().zip(&right) {
                match body(&file, *prefix, &mut scratch) {
                    Ok(body) => {
                        assert!(body == *right, "byte {at}");
                        answers += 1;
                    }
                    Err(Error::Damaged { .. }) => errors += 1,
                    Err(error) => panic!("{error}"),
                }
            }
            if let Ok(fresh) = Index::open(&path) {
                assert!(fresh.verify(&()).is_err(), "byte {at}");
            }
            put(at, *byte);
        }
        assert!(errors > 500 && answers > 500, "{errors} {answers}");
    }
}

#[test]
fn a_file_that_is_cut_replaced_or_deleted_under_its_reader() {
    let (mut random, folder) = (Random(9), TempDir::new().unwrap());
    let path = folder.path().join("a.bdx");
    let entries = entries(keys(&mut random, Kind::Sha1, 900, 900), 160, &mut random);
    let bytes = assemble(layout(Kind::Sha1, 160, 16), &entries, Coverage::whole());
    std::fs::write(&path, &bytes).unwrap();
    let mapped = Index::from_bytes(bytes.clone(), "test").unwrap();
    let file = Index::open(&path).unwrap();
    let mut scratch = RangeScratch::default();
    assert!(!file.is_replaced().unwrap());
    for length in (0..bytes.len()).step_by(997) {
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
        for prefix in [0, 0x1_2345, 0xf_ffff] {
            match body(&file, prefix, &mut scratch) {
                Ok(body) => assert!(body == expected(&mapped, prefix)),
                Err(error) => {
                    let said = error.to_string();
                    assert!(said.contains("the file was cut short while it was open"), "{said}");
                }
            }
        }
        assert!(file.verify(&()).is_err());
        assert!(file.is_replaced().unwrap());
        std::fs::write(&path, &bytes).unwrap();
    }
    let next = folder.path().join("b.bdx");
    std::fs::write(&next, b"something else").unwrap();
    std::fs::rename(&next, &path).unwrap();
    assert!(file.is_replaced().unwrap());
    assert!(body(&file, 0, &mut scratch).unwrap() == expected(&mapped, 0));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(file.is_replaced(), Err(Error::Io { .. })));
    assert!(body(&file, 0, &mut scratch).unwrap() == expected(&mapped, 0));
}
