//! Files whose every checksum is right and which lie: their answers may be wrong, but nothing panics, runs
//! on, or takes more memory than the file's length allows.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::alloc::System;

use breachdex::{Answer, Error, Index, Kind};
use breachdex_tests::is_thorough;
use breachdex_tests::judge::Judge;
use breachdex_tests::parts::{GROUP_HEAD, HEADER, Parts, sections};
use breachdex_tests::subject::{Subject, corpus, crowded_corpus};
use cap::Cap;
use rayon::prelude::*;

/// An allocation beyond this ends the process: the indexes have a few kilobytes.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, 256 << 20);

fn subjects() -> [Subject; 6] {
    [
        Subject::build("exact", Kind::Sha1, 160, true, &corpus(Kind::Sha1, 260)),
        Subject::build("exact without counts", Kind::Sha1, 160, false, &corpus(Kind::Sha1, 60)),
        Subject::build("64 bits", Kind::Sha1, 64, true, &corpus(Kind::Sha1, 600)),
        Subject::build("32 bits without counts", Kind::Sha1, 32, false, &corpus(Kind::Sha1, 1_100)),
        Subject::build("NTLM", Kind::Ntlm, 128, true, &corpus(Kind::Ntlm, 100)),
        Subject::build("wide", Kind::Sha1, 160, true, &crowded_corpus(3_000)),
    ]
}

/// The bits to flip: all, but in buckets every fifth, unless this is the long tier, and in the long ones of wide records every 601st.
fn bits(subject: &Subject) -> Vec<usize> {
    let groups = sections(&subject.bytes)[0].clone();
    let buckets = groups.start + Parts::of(&subject.bytes).groups[0].buckets()[0].bytes.start;
    let step = match subject.name {
        "wide" => 601,
        _ if is_thorough() => 1,
        _ => 5,
    };
    let thinned = (buckets * 8..groups.end * 8).step_by(step);
    (0..buckets * 8).chain(thinned).chain(groups.end * 8..subject.bytes.len() * 8).collect()
}

fn judge(subject: &Subject) -> Judge<'_> {
    Judge::new(subject, subject.entries.len().div_ceil(30))
}

#[test]
fn putting_a_sound_file_together_again_gives_the_same_bytes() {
    for subject in &subjects() {
        assert_eq!(Parts::of(&subject.bytes).sign(), subject.bytes, "{}", subject.name);
    }
}

#[test]
fn every_single_flipped_bit_with_checksums_recomputed() {
    for subject in &subjects() {
        let judge = judge(subject);
        let parts = Parts::of(&subject.bytes);
        bits(subject).into_par_iter().for_each(|bit| {
            let mut forged = parts.clone();
            forged.flip(&subject.bytes, bit);
            judge.must_be_harmless(&format!("bit {bit} flipped and signed"), forged.sign());
        });
    }
}

/// Every byte of what is not a bucket set to what numbers are worst at.
#[test]
fn extreme_bytes_with_checksums_recomputed() {
    for subject in &subjects() {
        let judge = judge(subject);
        let parts = Parts::of(&subject.bytes);
        let groups = sections(&subject.bytes)[0].clone();
        let records = HEADER + parts.groups[0].buckets()[0].bytes.start;
        (0..records).chain(groups.end..subject.bytes.len()).collect::<Vec<_>>().into_par_iter().for_each(
            |at| {
                for value in [0, 1, 0x7F, 0x80, 0xFF] {
                    let mut forged = parts.clone();
                    forged.change(&subject.bytes, at, |byte| *byte = value);
                    judge.must_be_harmless(&format!("byte {at} set to {value} and signed"), forged.sign());
                }
            },
        );
    }
}

/// Runs of 2, 4 and 8 bytes, which are whole fields where they are aligned to one.
#[test]
fn extreme_fields_with_checksums_recomputed() {
    for subject in &subjects() {
        let judge = judge(subject);
        let parts = Parts::of(&subject.bytes);
        let groups = sections(&subject.bytes)[0].clone();
        let records = HEADER + parts.groups[0].buckets()[0].bytes.start;
        let last = subject.bytes.len();
        (8..records).chain(groups.end..last).collect::<Vec<_>>().into_par_iter().for_each(|at| {
            for width in [2, 4, 8] {
                for value in [0, 0xFF, 0x7F] {
                    let mut forged = parts.clone();
                    for byte in at..last.min(at + width) {
                        forged.change(&subject.bytes, byte, |byte| *byte = value);
                    }
                    let damage = format!("{width} bytes at {at} set to {value} and signed");
                    judge.must_be_harmless(&damage, forged.sign());
                }
            }
        });
    }
}

#[test]
fn groups_cut_short_emptied_and_repeated() {
    for subject in &subjects() {
        let judge = judge(subject);
        let parts = Parts::of(&subject.bytes);
        for length in (4..parts.groups[0].bytes.len()).step_by(7).chain(4..=GROUP_HEAD + 24) {
            let mut forged = parts.clone();
            forged.groups[0].bytes.truncate(length);
            judge.must_be_harmless(
                &format!("the first group cut to {length} bytes and signed"),
                forged.sign(),
            );
        }
        let mut forged = parts.clone();
        forged.groups.clear();
        judge.must_be_harmless("no groups and signed", forged.sign());
    }
}

#[test]
fn directories_of_another_shape() {
    let subject = &subjects()[0];
    let judge = judge(subject);
    let parts = Parts::of(&subject.bytes);
    let keys: [&[&[u8]]; 7] =
        [&[], &[b""], &[b"a"], &[b"abc"], &[b"\0\0", b"\0\0\0"], &[b"\0\0", b"\0\x01"], &[b"\xFF\xFF"]];
    for (i, keys) in keys.into_iter().enumerate() {
        for value in [0, 1 << 24, u64::MAX] {
            let mut builder = fst::MapBuilder::memory();
            for key in keys {
                builder.insert(key, value).unwrap();
            }
            let mut forged = parts.clone();
            forged.directory = Some(builder.into_inner().unwrap());
            judge.must_be_harmless(&format!("directory {i} with values {value}"), forged.sign());
        }
    }
    let directory = sections(&subject.bytes)[1].clone();
    for length in 0..directory.len() {
        let mut forged = parts.clone();
        forged.directory = Some(subject.bytes[directory.clone()][..length].to_vec());
        judge.must_be_harmless(&format!("directory cut to {length} bytes and signed"), forged.sign());
    }
}

#[test]
fn facts_and_notes_cut_short() {
    let subject = &subjects()[0];
    let judge = judge(subject);
    let parts = Parts::of(&subject.bytes);
    for length in 0..parts.facts.len() {
        let mut forged = parts.clone();
        forged.facts.truncate(length);
        judge.must_be_harmless(&format!("facts cut to {length} bytes and signed"), forged.sign());
    }
    for length in 0..parts.notes.len() {
        let mut forged = parts.clone();
        forged.notes.truncate(length);
        judge.must_be_harmless(&format!("notes cut to {length} bytes and signed"), forged.sign());
    }
}

fn refusal(file: &[u8]) -> String {
    let verdict = Index::from_bytes(file.to_vec(), "forged").and_then(|index| index.verify(&()));
    match verdict {
        Err(Error::Damaged { fault, .. }) => fault.reason.to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Five bytes that can be xored into any others without a change of their CRC-32C: its polynomial, shifted.
const SAME_CRC: [u8; 5] = [0x01, 0x03, 0x83, 0x6B, 0xF2];

#[test]
fn an_entry_changed_so_that_every_checksum_stays_is_found_and_gives_another_content_id() {
    let subject = &subjects()[0];
    let mut found = 0;
    let place = Parts::of(&subject.bytes).groups[0].buckets()[0].bytes.clone();
    let sound = Index::from_bytes(subject.bytes.clone(), "sound").unwrap();
    for at in (HEADER + place.start..HEADER + place.end - SAME_CRC.len()).step_by(13) {
        let mut changed = subject.bytes.clone();
        changed[at..at + SAME_CRC.len()].iter_mut().zip(SAME_CRC).for_each(|(byte, mask)| *byte ^= mask);
        let crc = |file: &[u8]| crc32c::crc32c(&file[HEADER..]);
        assert_eq!(crc(&changed), crc(&subject.bytes));
        let index = Index::from_bytes(changed.clone(), "changed").unwrap();
        let rows: Result<Vec<_>, _> = index.iter().collect();
        let same_sum = rows.is_ok_and(|rows| {
            rows.iter().map(|entry| entry.count()).sum::<u64>() == sound.metadata().total_count
        });
        // Where the entries still ascend nothing but the hashes can tell.
        if same_sum && refusal(&changed) == "the groups from here on do not have their hash" {
            let lost = sound.iter().map(Result::unwrap).filter(|entry| {
                let digest = entry.digest(Kind::Sha1);
                index.lookup(&digest).unwrap() == Answer::Absent
            });
            found += usize::from(lost.count() > 0);
            let signed = Index::from_bytes(Parts::of(&changed).sign(), "signed").unwrap();
            assert_ne!(signed.content_id(), sound.content_id());
            signed.verify(&()).unwrap();
        } else {
            refusal(&changed);
        }
    }
    assert!(found > 10, "{found}");
}

/// The root of a directory with more than 32 transitions has a table from bytes to transitions.
#[test]
fn a_table_of_the_directory_that_lies_is_refused() {
    let subject = Subject::build("many groups", Kind::Sha1, 64, true, &corpus(Kind::Sha1, 40_000));
    let directory = sections(&subject.bytes)[1].clone();
    let root = directory.end - 21;
    let table = root - 1 - 256..root - 1;
    assert_eq!(subject.bytes[root] & 0x3f, 0, "the number of transitions is in a byte of its own");
    let table = table.start - 1..table.end - 1;
    assert_eq!(subject.bytes[table.clone()].iter().filter(|byte| **byte != 0xFF).count(), 64);
    let forge = |change: &dyn Fn(&mut [u8])| {
        let mut parts = Parts::of(&subject.bytes);
        let mut bytes = subject.bytes[directory.clone()].to_vec();
        change(&mut bytes[table.start - directory.start..table.end - directory.start]);
        parts.directory = Some(bytes);
        parts.sign()
    };
    assert!(forge(&|_| {}) == subject.bytes);
    let expected = "a table of the FST does not agree with its transitions";
    assert_eq!(refusal(&forge(&|table| table.fill(0xFF))), expected);
    assert_eq!(refusal(&forge(&|table| table.swap(4, 8))), expected);
    assert_eq!(refusal(&forge(&|table| table[5] = 1)), expected);
}

/// Where a bucket without entries lies is said by its neighbours already.
#[test]
fn a_bucket_without_entries_has_one_place_and_no_checksum() {
    let subject = &subjects()[5];
    let parts = Parts::of(&subject.bytes);
    let buckets = parts.groups[0].buckets();
    let empty: Vec<usize> = (0..buckets.len()).filter(|at| buckets[*at].entries == 0).collect();
    assert!(empty.len() > 3);
    let forge = |places: &[usize], at: usize, by: u8| {
        let mut forged = parts.clone();
        for place in places {
            let record = buckets[*place].record.start;
            forged.groups[0].bytes[record + at] = forged.groups[0].bytes[record + at].wrapping_add(by);
        }
        refusal(&forged.sign())
    };
    for place in &empty {
        // Either it has bytes then, or a neighbour has too many or too few.
        for by in [1, 255] {
            assert_ne!(forge(&[*place], 0, by), "");
        }
        assert_eq!(forge(&[*place], 8, 1), "the bucket's checksum does not match");
    }
    for by in [1, 255] {
        assert_ne!(forge(&empty, 0, by), "");
    }
}
