//! Files that say they are the signed index and are not: each part of one changed, with every checksum right.

#![forbid(unsafe_code)]

use std::fs;

use breachdex::{
    Answer, BuildOptions, Error, Fault, Index, Input, LiveIndex, MergeOptions, RangeScratch, ReadMode, build,
    diff, merge,
};
use breachdex_tests::parts::{HEADER, Parts, sections};

use super::{Site, sound};

/// The place of the content id in the header.
const CONTENT_ID: std::ops::Range<usize> = 200..232;

/// Five bytes that can be xored into any others without a change of their CRC-32C: its polynomial, shifted.
const SAME_CRC: [u8; 5] = [0x01, 0x03, 0x83, 0x6B, 0xF2];

const OTHER_HASH: &str = "its unit does not have the hash that was signed, so it was changed or replaced";
const UNHASHED: &str = "the groups from here on do not have their hash";
const OTHER_ID: &str = "header, directory, facts and hashes do not have the content id that was signed";

/// A file put together with all checksums right, and the content id of the sound one.
fn with_the_signed_id(mut parts: Parts) -> Vec<u8> {
    parts.forged.clear();
    let other = parts.clone().sign();
    parts.forged = CONTENT_ID.map(|at| (at, other[at] ^ sound()[at])).collect();
    let file = parts.sign();
    assert_eq!(file[CONTENT_ID], sound()[CONTENT_ID]);
    file
}

fn fault(error: Error) -> Fault {
    match error {
        Error::Damaged { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

/// What opening the signed site with this file gives, mapped and read alike.
fn refusal(file: &[u8]) -> String {
    Index::from_bytes(file.to_vec(), "forged").unwrap();
    let site = Site::signed(sound());
    fs::write(&site.path, file).unwrap();
    let refused = fault(site.open().unwrap_err());
    let read = site.read();
    assert_eq!(fault(read.unwrap_err()), refused);
    refused.reason.to_owned()
}

#[test]
fn the_header_says_something_else() {
    for (at, mask) in [(48, 2), (32, 1), (40, 2)] {
        let mut parts = Parts::of(sound());
        parts.header[at] ^= mask;
        assert_eq!(refusal(&with_the_signed_id(parts)), OTHER_ID, "byte {at}");
    }
    // What the statement says too is refused by that.
    let mut parts = Parts::of(sound());
    parts.header[24] ^= 1;
    let site = Site::signed(sound());
    fs::write(&site.path, with_the_signed_id(parts)).unwrap();
    assert_eq!(
        site.words(site.open().unwrap_err()),
        "a.bdx is not signed by a trusted key: a.bdx.id is the statement of another index: its entries is 20000, this one \
         has 20001"
    );
}

#[test]
fn the_facts_say_something_else() {
    // Coverage of one prefix less.
    let mut parts = Parts::of(sound());
    parts.facts[8] -= 1;
    assert_eq!(refusal(&with_the_signed_id(parts)), OTHER_ID);
}

#[test]
fn a_group_was_left_out() {
    let mut parts = Parts::of(sound());
    let group = parts.groups.remove(5);
    parts.header[72] -= 1;
    parts.groups[5].before = Some([group.bytes, parts.groups[5].before.take().unwrap_or_default()].concat());
    assert_eq!(refusal(&with_the_signed_id(parts)), OTHER_ID);
}

#[test]
fn a_hash_is_another() {
    let hashes = sound()[sections(sound())[3].clone()].to_vec();
    for at in [0, 100, hashes.len() - 1] {
        let mut parts = Parts::of(sound());
        let mut changed = hashes.clone();
        changed[at] ^= 1;
        parts.hashes = Some(changed);
        assert_eq!(refusal(&with_the_signed_id(parts)), OTHER_ID);
    }
}

/// A group whose entries are others, with checksums made anew, and the hashes with it or as they were.
#[test]
fn a_group_is_another() {
    let other = super::index_bytes(1, "2026-07-02");
    let (mut parts, other) = (Parts::of(sound()), Parts::of(&other));
    let hashes = sound()[sections(sound())[3].clone()].to_vec();
    parts.groups[7].bytes = other.groups[7].bytes.clone();
    assert_eq!(refusal(&with_the_signed_id(parts.clone())), OTHER_ID);
    parts.hashes = Some(hashes);
    assert_eq!(refusal(&with_the_signed_id(parts)), OTHER_ID);
}

/// A file that differs in five bytes of an entry of group 9, so that no checksum changes.
pub(super) fn solved() -> Vec<u8> {
    let group = Parts::of(sound()).groups[9].clone();
    let start =
        HEADER + sound()[HEADER..].windows(group.bytes.len()).position(|bytes| bytes == group.bytes).unwrap();
    let bucket = &group.buckets()[0].bytes;
    altered(sound(), start + bucket.start..start + bucket.end, |index| lost(index) > 0)
}

/// The first file that differs in five bytes there, so that no checksum changes, and of which this is so.
pub(super) fn altered(
    bytes: &[u8],
    places: std::ops::Range<usize>,
    is_so: impl Fn(&Index) -> bool,
) -> Vec<u8> {
    for at in places.start..places.end - SAME_CRC.len() {
        let mut file = bytes.to_vec();
        file[at..at + SAME_CRC.len()].iter_mut().zip(SAME_CRC).for_each(|(byte, mask)| *byte ^= mask);
        let Ok(index) = Index::from_bytes(file.clone(), "altered") else { continue };
        let ascends = index.verify(&()).is_err_and(|error| fault(error).reason == UNHASHED);
        if ascends && is_so(&index) {
            return file;
        }
    }
    panic!("no such file")
}

/// Entries that the index should have and says it has not.
fn lost(index: &Index) -> usize {
    let sound = Index::from_bytes(sound(), "sound").unwrap();
    sound
        .iter()
        .filter(|entry| {
            let digest = entry.as_ref().unwrap().digest(breachdex::Kind::Sha1);
            matches!(index.lookup(&digest), Ok(Answer::Absent))
        })
        .count()
}

#[test]
fn an_entry_that_was_changed_without_a_trace_in_the_checksums_is_refused_at_the_lookup() {
    let site = Site::signed(sound());
    fs::write(&site.path, solved()).unwrap();
    assert!(lost(&Index::open(&site.path).unwrap()) > 0, "without a signature it is not found");
    let (index, live) = (site.open().unwrap(), LiveIndex::open(&site.path, site.options(), None).unwrap());
    let read = site.read().unwrap();
    let original = Index::from_bytes(sound(), "sound").unwrap();
    let mut scratch = RangeScratch::default();
    let (mut refused, mut answered) = (0, 0);
    for entry in &original {
        let digest = entry.unwrap().digest(breachdex::Kind::Sha1);
        // Twice: what failed once is not remembered as sound.
        for _ in 0..2 {
            let found = index.lookup(&digest);
            let from_file = read.lookup_with(&digest, ReadMode::Blocking, &mut scratch);
            let from_live = live.ask(|index| index.lookup(&digest));
            match original.lookup(&digest).unwrap() {
                expected if found.is_ok() => {
                    answered += 1;
                    assert_eq!(found.unwrap(), expected);
                    assert_eq!(from_file.unwrap(), expected);
                    assert_eq!(from_live.unwrap(), expected);
                }
                _ => {
                    refused += 1;
                    assert_eq!(fault(found.unwrap_err()).reason, OTHER_HASH);
                    assert_eq!(fault(from_file.unwrap_err()).reason, OTHER_HASH);
                    assert_eq!(fault(from_live.unwrap_err()).reason, OTHER_HASH);
                }
            }
        }
    }
    // One unit of eight.
    assert!((4_000..6_000).contains(&refused) && refused + answered == 40_000, "{refused}");
    assert_eq!(lost(&index), 0);
    assert_eq!(fault(index.iter().find_map(Result::err).unwrap()).reason, OTHER_HASH);
    let digests: Vec<_> = original.iter().map(|entry| entry.unwrap().digest(breachdex::Kind::Sha1)).collect();
    let mut answers = vec![Answer::Absent; digests.len()];
    assert_eq!(fault(index.lookup_many(&digests, &mut answers).unwrap_err()).reason, OTHER_HASH);
    let exported = index.export::<Error>(1, &mut |_| Ok(()), &());
    assert_eq!(fault(exported.unwrap_err()).reason, OTHER_HASH);
    let prefix = original.iter().nth(20_000 * 19 / 64).unwrap().unwrap().digest(breachdex::Kind::Sha1);
    let prefix = u32::from_be_bytes(prefix.to_bytes()[..4].try_into().unwrap()) >> 12;
    let mut rows = Vec::new();
    let range = read.write_range(prefix, ReadMode::Blocking, &mut scratch, &mut rows);
    assert_eq!(fault(range.unwrap_err()).reason, OTHER_HASH);
    assert!(rows.is_empty());
    let reason = fault(index.verify(&()).unwrap_err()).reason;
    assert_eq!(reason, UNHASHED);
    // As an input, too: what is made of it would be signed by us.
    let target = site.folder.path().join("out.bdx");
    let open = site.options();
    let merging = MergeOptions { open: open.clone(), ..MergeOptions::default() };
    let merged = merge(std::slice::from_ref(&site.path), &target, &merging, &());
    assert_eq!(fault(merged.unwrap_err()).reason, OTHER_HASH);
    let building = BuildOptions { open, ..BuildOptions::default() };
    let built = build(&[Input::path(&site.path)], &target, &building, &());
    assert_eq!(fault(built.unwrap_err()).reason, OTHER_HASH);
    assert!(!target.exists());
    let other = Index::from_bytes(super::index_bytes(1, "2026-07-02"), "other").unwrap();
    let compared = diff::<Error>(&other, &site.read().unwrap(), &mut |_| Ok(()), &());
    assert_eq!(fault(compared.unwrap_err()).reason, OTHER_HASH);
}
