//! A finished file that does not give back what was written is not published, and the target stays as it was.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use tempfile::TempDir;

use super::*;
use crate::build::Publication;
use crate::build::entries::write;
use crate::digest::Kind;
use crate::files::{System, read_at, write_all_at};
use crate::format::Layout;
use crate::format::header::LENGTH;
use crate::testing::{Random, entries, layout};

struct Written {
    folder: TempDir,
    publication: Publication,
    store: GroupStore,
}

fn written(number: usize) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    std::fs::write(&target, "the old index").unwrap();
    let mut random = Random(9);
    let keys: Vec<_> = (0..number).map(|_| random.key(Kind::Sha1)).collect();
    let entries = entries(keys, 160, &mut random);
    let publication = Publication::claim(&target, true).unwrap();
    let layout = Layout { counts: true, ..layout(Kind::Sha1, 160, 0) };
    let store = write(&publication, layout, &entries, "").unwrap();
    Written { folder, publication, store }
}

/// The message with which publishing was refused; nothing but the old target is left afterwards.
fn refusal(Written { folder, publication, store }: Written) -> String {
    let target = folder.path().join("a.bdx");
    let refused = publication.read_back(&store).err().unwrap().to_string();
    drop((store, publication));
    assert_eq!(std::fs::read(&target).unwrap(), b"the old index");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let expected = format!(
        "{} was not published, and what was there is unchanged: the finished file does not read back (",
        target.display()
    );
    let fault = refused.strip_prefix(&expected).unwrap().to_owned();
    let fault = fault.strip_suffix("); check the disk and try again").unwrap();
    fault.replace(&target.display().to_string(), "a.bdx")
}

#[test]
fn a_sound_file_is_published() {
    for number in [0, 1, 2, 1_500, 50_000] {
        let Written { folder, publication, store } = written(number);
        assert!(store.log.sample.len() >= number.min(LEAST), "{number}: {}", store.log.sample.len());
        let checked = publication.read_back(&store).unwrap();
        publication.publish(checked).unwrap();
        let index = crate::Index::open(folder.path().join("a.bdx")).unwrap();
        assert_eq!(index.len(), number as u64);
    }
}

#[test]
fn a_flipped_bit_of_the_directory_is_refused() {
    let bad = written(2_000);
    let at = LENGTH as u64 + bad.store.log.length + 20;
    let mut byte = [0];
    assert_eq!(read_at(&bad.store.file, &mut byte, at).unwrap(), 1);
    write_all_at(&System, &bad.store.file, &[byte[0] ^ 1], at).unwrap();
    let expected = format!(
        "a.bdx is damaged: directory at byte {}: the section's checksum does not match; restore it from a copy or \
         build it again",
        at - 20
    );
    assert_eq!(refusal(bad), expected);
}

#[test]
fn bytes_that_never_reached_the_disk_are_noticed() {
    let bad = written(2_000);
    let length = bad.store.log.length;
    write_all_at(&System, &bad.store.file, &vec![0; length as usize], LENGTH as u64).unwrap();
    assert_eq!(
        refusal(bad),
        "a.bdx is damaged: groups at byte 256: the group's checksum does not match; restore it from a copy or build \
         it again"
    );
}

#[test]
fn groups_elsewhere_than_written_are_noticed() {
    let mut bad = written(5_000);
    bad.store.log.places[1].offset += 1;
    let at = bad.store.log.places[1].offset;
    assert_eq!(refusal(bad), format!("its directory does not lead to the group at byte {at} of the groups"));
    let mut bad = written(5_000);
    let groups = bad.store.log.places.len();
    bad.store.log.places.pop();
    assert_eq!(refusal(bad), format!("its directory has {groups} groups, {} were written", groups - 1));
}

#[test]
fn an_entry_that_is_missing_or_has_another_count_is_noticed() {
    for spoil in [|entry: &mut Entry| entry.count += 1, |entry: &mut Entry| entry.key.words[2] ^= 1 << 40] {
        let mut bad = written(3_000);
        let entry = bad.store.log.sample.inner.kept.last_mut().unwrap();
        spoil(entry);
        let prefix = entry.prefix();
        let expected =
            format!("an entry under {prefix:05X} that was written is not found there with its count");
        assert_eq!(refusal(bad), expected);
    }
}

#[test]
fn groups_without_a_sample_are_decoded_where_they_were_written() {
    let mut unsampled = written(6_000);
    unsampled.store.log.sample = Sample::default();
    let sampled = of_groups(&unsampled.store).unwrap();
    assert!(sampled.0.len() >= LEAST, "{}", sampled.0.len());
    assert!(unsampled.publication.read_back(&unsampled.store).is_ok());
}

#[test]
fn a_sample_is_spread_over_everything_and_bounded() {
    let mut sample = Sample::default();
    let mut random = Random(3);
    let keys: Vec<_> = (0..200_000).map(|_| random.key(Kind::Sha1)).collect();
    let all = entries(keys, 160, &mut random);
    for group in all.chunk_by(|one, other| one.key.leading(8) == other.key.leading(8)) {
        let mut candidates = Candidates::default();
        candidates.take(group);
        sample.add(&candidates);
    }
    assert!((LEAST..=2 * MOST).contains(&sample.len()), "{}", sample.len());
    let sixteenths = |entries: &[Entry]| {
        let mut found: Vec<u64> = entries.iter().map(|entry| entry.key.leading(4)).collect();
        found.dedup();
        found
    };
    assert_eq!(sixteenths(&sample.inner.kept), (0..16).collect::<Vec<_>>());
    assert_eq!(sixteenths(&sample.ends.kept), (0..16).collect::<Vec<_>>());
}
