#![allow(clippy::unwrap_used)]

use std::cmp::Ordering;

use super::*;
use crate::coverage::Coverage;
use crate::digest::Kind;
use crate::entry::Entry;
use crate::index::Index;
use crate::testing::{Random, assemble, assemble_split, digest, entries, layout};

/// What verifying some bytes says, on any number of threads, mapped, in memory and by positioned reads.
fn verdict(bytes: &[u8], path: &std::path::Path) -> Result<(), String> {
    std::fs::write(path, bytes).unwrap();
    let said = |result: Result<()>| result.map_err(|error| error.to_string());
    let (mapped, file) = (Index::map(path).unwrap(), Index::open(path).unwrap());
    let verdict = said(mapped.verify_with(VerifyOptions { threads: 1 }, &()));
    for threads in [2, 5] {
        let options = VerifyOptions { threads };
        assert_eq!(said(mapped.verify_with(options, &())), verdict, "{threads} threads");
        assert_eq!(said(file.verify_with(options, &())), verdict, "{threads} threads");
    }
    verdict
}

/// An index of several parts.
fn large(random: &mut Random) -> (Vec<Entry>, Vec<u8>) {
    let keys: Vec<_> = (0..700_000).map(|_| random.key(Kind::Sha1)).collect();
    let mut entries = entries(keys, 160, random);
    entries.iter_mut().for_each(|entry| entry.count = entry.count.min(1 << 40));
    let bits = directory_bits(entries.len() as u64);
    let bytes = assemble(layout(Kind::Sha1, 160, bits), &entries, Coverage::whole());
    (entries, bytes)
}

#[test]
fn the_first_fault_is_the_same_on_any_number_of_threads() {
    let (mut random, folder) = (Random(3), tempfile::tempdir().unwrap());
    let path = folder.path().join("a.bdx");
    let (entries, bytes) = large(&mut random);
    assert_eq!(verdict(&bytes, &path), Ok(()));
    let sound = Index::map(&path).unwrap();
    let groups = sound.core.header().groups;
    assert!(Parts::new(sound.core.all_groups(), groups.length, WINDOW).count() > 2);
    for _ in 0..6 {
        let mut flipped = bytes.clone();
        let mut places: Vec<u64> = (0..2).map(|_| groups.offset + random.next() % groups.length).collect();
        places.sort_unstable();
        places.iter().for_each(|place| flipped[*place as usize] ^= 1);
        let one = verdict(&flipped, &path).unwrap_err();
        flipped[places[1] as usize] ^= 1;
        assert_eq!(verdict(&flipped, &path).unwrap_err(), one, "the second fault is not the first");
    }
    // A lookup is no check of the rest: the handle on the sound file answers on.
    assert!(sound.contains(&digest(Kind::Sha1, entries[0].key), 1).is_ok());
}

#[test]
fn counts_that_overflow_over_groups_are_found_in_their_bucket() {
    let (mut random, folder) = (Random(4), tempfile::tempdir().unwrap());
    let keys: Vec<_> = (0..4_000).map(|_| random.key(Kind::Ntlm)).collect();
    let mut entries = entries(keys, 128, &mut random);
    entries.iter_mut().for_each(|entry| entry.count = 1);
    for place in [5, 1_700, 1_701, 3_000] {
        entries[place].count = 1 << 63;
    }
    let bytes = assemble(layout(Kind::Ntlm, 128, 5), &entries, Coverage::whole());
    let message = verdict(&bytes, &folder.path().join("a.bdx")).unwrap_err();
    assert!(message.contains("bucket at byte") && message.contains("the counts' sum overflows"), "{message}");
    let at: u64 =
        message.split(' ').filter_map(|word| word.trim_end_matches(':').parse().ok()).next().unwrap();
    let share = at as f64 / bytes.len() as f64;
    assert!((0.35..0.45).contains(&share), "entry 1,700 of 4,000, not byte {at} of {}", bytes.len());
}

#[test]
fn entries_outside_the_coverage_are_found() {
    let (mut random, folder) = (Random(5), tempfile::tempdir().unwrap());
    let keys: Vec<_> = (0..4_000).map(|_| random.key(Kind::Sha1)).collect();
    let entries = entries(keys, 160, &mut random);
    let prefixes = || entries.iter().map(Entry::prefix);
    let coverage = |without: u32| {
        let kept = prefixes().filter(|prefix| *prefix != without);
        Coverage::from_ranges(kept.map(|prefix| (prefix, prefix))).unwrap()
    };
    let path = folder.path().join("a.bdx");
    for bits in [0, 2, 4, 12, 16] {
        let layout = layout(Kind::Sha1, 160, bits);
        let sound = verdict(&assemble(layout, &entries, coverage(u32::MAX)), &path);
        match bits.cmp(&directory_bits(4_000)) {
            Ordering::Less => {
                assert!(sound.unwrap_err().contains("directory bits"), "the last that is checked")
            }
            // With more bits it is a segment.
            _ => assert_eq!(sound, Ok(())),
        }
        let everything = verdict(&assemble(layout, &entries, Coverage::whole()), &path);
        assert_eq!(everything.is_ok(), bits == directory_bits(4_000), "{bits}");
        let without = entries[1_234].prefix();
        let message = verdict(&assemble(layout, &entries, coverage(without)), &path).unwrap_err();
        assert!(message.contains("an entry lies outside the coverage"), "{message}");
    }
}

#[test]
fn cancelling_ends_it() {
    struct Cancel;
    impl Monitor for Cancel {
        fn progress(&self, progress: Progress) -> std::ops::ControlFlow<()> {
            if progress.done > 1 << 20 {
                return std::ops::ControlFlow::Break(());
            }
            std::ops::ControlFlow::Continue(())
        }
    }
    let (_, bytes) = large(&mut Random(6));
    let index = Index::from_bytes(bytes, "test").unwrap();
    for threads in [1, 3] {
        let options = VerifyOptions { threads };
        assert!(matches!(index.verify_with(options, &Cancel), Err(Error::Cancelled)));
    }
}

#[cfg(all(target_os = "linux", feature = "system"))]
#[test]
fn a_cold_file_is_cold_again_and_answers_meanwhile() {
    use crate::storage::window::tests::{absent_bytes, make_cold};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bdx");
    let (entries, bytes) = large(&mut Random(7));
    std::fs::write(&path, &bytes).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    for mapped in [true, false] {
        if !make_cold(&file) {
            return;
        }
        let before = absent_bytes(&file);
        let (index, reader) = (Index::map(&path).unwrap(), Index::open(&path).unwrap());
        let verify = || if mapped { index.verify(&()) } else { reader.verify(&()) };
        verify().unwrap();
        let after = absent_bytes(&file);
        assert!(after > before / 2, "{after} of {before} bytes are not cached");
        std::thread::scope(|scope| {
            let verified = scope.spawn(verify);
            for entry in entries.iter().step_by(entries.len() / 20) {
                assert!(index.contains(&digest(Kind::Sha1, entry.key), 1).unwrap());
            }
            verified.join().unwrap().unwrap();
        });
    }
}

/// Bytes between groups, from a group's end to where the next one starts.
fn zeros(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let index = Index::from_bytes(bytes.to_vec(), "test").unwrap();
    let start = index.core.header().groups.offset;
    let gap = |extent: crate::index::groups::GroupExtent| {
        let end = start + extent.offset + index.group(extent).unwrap().length();
        end as usize..(start + extent.offset + extent.length) as usize
    };
    index.groups().into_iter().map(gap).filter(|gap| !gap.is_empty()).collect()
}

#[test]
fn bytes_between_groups_are_zeros() {
    let (_, bytes) = large(&mut Random(8));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bdx");
    let gaps = zeros(&bytes);
    assert!(gaps.len() > 2, "{gaps:?}");
    for gap in gaps {
        assert!(gap.len() < 41 && gap.end.is_multiple_of(4096), "a head of 4 records: {gap:?}");
        for at in [gap.start, gap.end - 1] {
            let mut changed = bytes.clone();
            changed[at] = 1;
            let message = verdict(&changed, &path).unwrap_err();
            let expected = format!("groups at byte {}: there is something else than zeros behind", gap.start);
            assert!(message.contains(&expected), "{message}");
        }
    }
}

#[test]
fn groups_that_are_split_otherwise_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bdx");
    let mut random = Random(9);
    let keys: Vec<_> = (0..700).map(|_| random.key(Kind::Sha1)).collect();
    let entries = entries(keys, 160, &mut random);
    let layout = layout(Kind::Sha1, 160, 0);
    for extra_bits in 0..5 {
        let bytes = assemble_split(layout, &entries, Coverage::whole(), Some(extra_bits));
        let index = Index::from_bytes(bytes.clone(), "test").unwrap();
        assert!(entries.iter().all(|entry| index.contains(&digest(Kind::Sha1, entry.key), 1).unwrap()));
        let said = verdict(&bytes, &path);
        if extra_bits == 2 {
            assert_eq!(said, Ok(()));
        } else {
            let message = said.unwrap_err();
            assert!(message.contains("the group is not split as that many entries are"), "{message}");
        }
    }
}

#[test]
fn an_overlay_covers_everything_and_counts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bdx");
    let mut random = Random(10);
    let keys: Vec<_> = (0..900).map(|_| random.key(Kind::Sha1)).collect();
    let mut entries = entries(keys, 160, &mut random);
    entries.iter_mut().for_each(|entry| entry.count = 1);
    let layout = crate::format::Layout { overlay: OverlayMark::Overlay, ..layout(Kind::Sha1, 160, 0) };
    let said = |entries: &[Entry], coverage| verdict(&assemble(layout, entries, coverage), &path);
    assert_eq!(said(&entries, Coverage::whole()), Ok(()));
    let message = said(&entries, Coverage::from_ranges([(0, 0xffffe)]).unwrap()).unwrap_err();
    assert!(message.contains("an overlay covers everything, this one does not"), "{message}");
    entries[700].count = 2;
    let message = said(&entries, Coverage::whole()).unwrap_err();
    assert!(message.contains("an overlay has a count that is not 1"), "{message}");
}
