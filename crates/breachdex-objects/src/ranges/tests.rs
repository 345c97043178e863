//! The notes of a run read back, and nothing else does.

use breachdex_server::RangesManifest;

use super::progress::Progress;
use super::{RangeEncoding, names_of};

const HEAD: &str = "breachdex ranges 1\nkind SHA-1\ncontent-id 00\ncorpus-date 2026-11-20\nencodings gzip br\nlower-case no\n";

#[test]
fn notes_read_back_and_nothing_else_does() {
    let head = RangesManifest::read_from(HEAD.as_bytes(), "manifest".as_ref()).unwrap().head;
    let hash = blake3::hash(b"part").to_string();
    let mut progress = Progress {
        writer: "5f".into(),
        is_running: true,
        begun: None,
        is_alike: true,
        blocks: vec![hash],
        head,
    };
    let text = progress.encode();
    assert_eq!(Progress::decode(text.as_bytes()).unwrap().begun, None);
    progress.begin([(0x400, 0x7FF), (0x10, 0x20), (0x500, 0x600)]);
    let text = progress.encode();
    let read = Progress::decode(text.as_bytes()).unwrap();
    assert_eq!((read.encode(), read.is_running, read.is_alike), (text.clone(), true, true));
    assert_eq!(read.begun, Some((0x10, 0x7FF)));
    assert!(!Progress::decode(text.replace("alike", "mixed").as_bytes()).unwrap().is_alike);
    for end in 0..text.len() {
        assert!(Progress::decode(&text.as_bytes()[..end]).is_none(), "cut at {end}");
    }
    let unlike = [
        text.replace("blocks 1", "blocks 2"),
        text.replace("upload 2", "upload 1"),
        text.replace("00010 007FF", "007FF 00010"),
        text.replace("00010 007FF", "00010"),
        text.replace("00010 007FF", "00010 +07FF"),
    ];
    assert!(unlike.iter().all(|text| Progress::decode(text.as_bytes()).is_none()));
}

#[test]
fn names_are_in_lower_case_too_where_that_is_another_one() {
    let names = |prefix, is_twice| Vec::from_iter(names_of(prefix, RangeEncoding::Gzip, is_twice));
    assert_eq!(names(0xABC01, true), ["ABC01.gz", "abc01.gz"]);
    assert_eq!(names(0xABC01, false), ["ABC01.gz"]);
    assert_eq!(names(0x12345, true), ["12345.gz"]);
}
