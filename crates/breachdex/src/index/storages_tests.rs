//! One reader: every question to every storage, however often it is checked, gives what a sorted map gives; every fault
//! has one error; and what happens to a file under its reader is an error at most.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use super::{Answer, Checks, Index, OpenOptions, RangeScratch, diff};
use crate::coverage::{Coverage, Prefix};
use crate::digest::{Digest, Key, Kind};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::format::{Layout, directory_bits};
use crate::rows::write_row;
use crate::storage::ReadMode;
use crate::storage::residency::Residency;
use crate::testing::{Random, assemble, digest, entries, layout};

/// Every way of opening a file, each with its name.
fn all(path: &Path) -> Vec<(String, Result<Index>)> {
    let mut all = Vec::new();
    for checks in [Checks::Once, Checks::Always] {
        let options = OpenOptions::new().checks(checks);
        for residency in [Residency::OnDemand, Residency::Populate, Residency::HugePages] {
            let read = options.clone().residency(residency);
            for (how, options) in [("read", read.clone()), ("mapped", read.mapped())] {
                all.push((format!("{how}, {residency}, {checks:?}"), Index::open_with(path, options)));
            }
        }
    }
    all.push((String::from("usual"), Index::open(path)));
    all.push((String::from("map"), Index::map(path)));
    let name = path.display().to_string();
    all.push((String::from("memory"), Index::from_bytes(std::fs::read(path).unwrap(), &name)));
    all
}

fn opened(path: &Path) -> Vec<(String, Index)> {
    all(path).into_iter().map(|(how, index)| (how, index.unwrap())).collect()
}

/// What all ways of asking make of an index, faults as they are printed.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    single: Vec<Result<Answer, String>>,
    many: Result<Vec<Answer>, String>,
    streamed: Vec<Result<Entry, String>>,
    ranges: Vec<Vec<Result<Entry, String>>>,
    rows: Vec<Result<String, String>>,
    exported: Result<String, String>,
    notes: Result<usize, String>,
    verified: Result<(), String>,
}

fn said<T>(result: Result<T>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn ask(index: &Index, questions: &[Digest], prefixes: &[Prefix], ranges: &[u32]) -> Asked {
    let mut answers = vec![Answer::Absent; questions.len()];
    let mut scratch = RangeScratch::default();
    let single = questions.iter().map(|question| said(index.lookup(question))).collect();
    for (question, answer) in questions.iter().zip(&single) {
        let answer: &Result<Answer, String> = answer;
        assert_eq!(&said(index.lookup_with(question, ReadMode::Blocking, &mut scratch)), answer);
    }
    let mut text = Vec::new();
    let mut write = |piece: &[u8]| {
        text.extend_from_slice(piece);
        Ok::<(), Error>(())
    };
    let exported = said(index.export(2, &mut write, &())).map(|()| String::from_utf8(text).unwrap());
    Asked {
        single,
        many: said(index.lookup_many(questions, &mut answers)).map(|()| answers),
        streamed: index.iter().map(said).collect(),
        ranges: prefixes.iter().map(|prefix| index.range(prefix).unwrap().map(said).collect()).collect(),
        rows: ranges
            .iter()
            .map(|prefix| {
                let mut rows = Vec::new();
                let written = index.write_range(*prefix, ReadMode::Blocking, &mut scratch, &mut rows);
                said(written).map(|_| String::from_utf8(rows).unwrap())
            })
            .collect(),
        exported,
        notes: said(index.notes()).map(|notes| notes.len()),
        verified: said(index.verify(&())),
    }
}

/// What a sorted map answers.
fn model(layout: Layout, map: &BTreeMap<Key, u64>, questions: &[Key], ranges: &[u32]) -> Asked {
    let entry =
        |(key, count): (&Key, &u64)| Entry { key: *key, count: if layout.counts { *count } else { 1 } };
    let answers: Vec<Answer> = questions
        .iter()
        .map(|key| match map.get(&key.truncated(layout.bits)) {
            None => Answer::Absent,
            Some(count) => Answer::Present { count: layout.counts.then_some(*count) },
        })
        .collect();
    let text = |entries: &[Entry], digits: usize, between: &str| {
        let line = |entry: &Entry| {
            let mut line = Vec::new();
            write_row(&mut line, entry, layout.kind, digits, layout.counts);
            String::from_utf8(line).unwrap()
        };
        entries.iter().map(line).collect::<Vec<_>>().join(between)
    };
    let entries: Vec<Entry> = map.iter().map(entry).collect();
    let under = |prefix: &u32| -> Vec<Entry> {
        let (first, last) = Prefix::of_range(*prefix).bounds();
        map.range(first.truncated(layout.bits)..=last).map(entry).collect()
    };
    let end = if entries.is_empty() { "" } else { "\n" };
    Asked {
        single: answers.iter().map(|answer| Ok(*answer)).collect(),
        many: Ok(answers),
        streamed: entries.iter().map(|entry| Ok(*entry)).collect(),
        ranges: ranges.iter().map(|prefix| under(prefix).into_iter().map(Ok).collect()).collect(),
        rows: ranges.iter().map(|prefix| Ok(text(&under(prefix), 5, "\r\n"))).collect(),
        exported: Ok(text(&entries, 0, "\n") + end),
        notes: Ok(1),
        verified: Ok(()),
    }
}

/// Keys of which half crowd under a few prefixes.
fn keys(random: &mut Random, kind: Kind, number: usize) -> Vec<Key> {
    let crowds = [0_u64, 0x1_2345, 0x1_2346, 0xf_ffff];
    (0..number)
        .map(|at| {
            let mut key = random.key(kind);
            if at % 2 == 0 {
                key.words[0] = crowds[at / 2 % crowds.len()] << 44 | key.words[0] >> 20;
            }
            key.truncated(kind.bits())
        })
        .collect()
}

#[test]
fn every_storage_answers_as_a_map_does() {
    let (mut random, folder) = (Random(21), tempfile::tempdir().unwrap());
    for (kind, number, counts) in [
        (Kind::Sha1, 0, true),
        (Kind::Sha1, 1, true),
        (Kind::Ntlm, 700, true),
        (Kind::Sha1, 9_000, true),
        (Kind::Sha1, 40_000, true),
        (Kind::Ntlm, 3_000, false),
    ] {
        let path = folder.path().join(format!("{kind}-{number}.bdx"));
        let entries = entries(keys(&mut random, kind, number), kind.bits(), &mut random);
        let layout = Layout { counts, ..layout(kind, kind.bits(), directory_bits(entries.len() as u64)) };
        std::fs::write(&path, assemble(layout, &entries, Coverage::whole())).unwrap();
        let map: BTreeMap<Key, u64> = entries.iter().map(|entry| (entry.key, entry.count)).collect();
        let mut questions: Vec<Key> = map.keys().step_by(1 + number / 300).copied().collect();
        questions.extend((0..100).map(|_| random.key(kind)));
        let digests: Vec<Digest> = questions.iter().map(|key| digest(kind, *key)).collect();
        let ranges = [0, 0x1_2345, 0x1_2346, 0x1_2347, 0x8_0000, 0xf_ffff];
        let prefixes = ranges.map(Prefix::of_range);
        let mut expected = model(layout, &map, &questions, &ranges);
        if !counts {
            let refused = format!(
                "{} was built without counts: it can only say whether a password is exposed",
                path.display()
            );
            expected.rows.fill(Err(refused));
        }
        let memory = Index::from_bytes(std::fs::read(&path).unwrap(), "memory").unwrap();
        for (how, index) in opened(&path) {
            assert!(ask(&index, &digests, &prefixes, &ranges) == expected, "{how}, {kind} {number}");
            assert_eq!(index.metadata(), memory.metadata());
            assert_eq!(index.content_id(), memory.content_id());
            assert!(!index.is_replaced().unwrap());
            let difference = diff::<Error>(&memory, &index, &mut |_| panic!("nothing differs"), &());
            assert!(difference.unwrap().same_content);
        }
    }
}

#[test]
fn every_storage_finds_the_same_changes() {
    let (mut random, folder) = (Random(22), tempfile::tempdir().unwrap());
    let path = folder.path().join("new.bdx");
    for (bits, number) in [(4, 5_000), (9, 30_000)] {
        let old = entries(keys(&mut random, Kind::Sha1, number), 160, &mut random);
        let mut new: Vec<Entry> =
            old.iter().enumerate().filter(|(at, _)| at % 97 != 3).map(|(_, e)| *e).collect();
        new.iter_mut().step_by(301).for_each(|entry| entry.count += 1);
        let layout = layout(Kind::Sha1, 160, bits);
        std::fs::write(&path, assemble(layout, &new, Coverage::whole())).unwrap();
        let old = Index::from_bytes(assemble(layout, &old, Coverage::whole()), "old").unwrap();
        let changes = |index: &Index| {
            let mut changes = Vec::new();
            let mut visit = |change| {
                changes.push(change);
                Ok::<(), Error>(())
            };
            let difference = diff(&old, index, &mut visit, &()).unwrap();
            (difference, changes)
        };
        let expected = changes(&Index::from_bytes(std::fs::read(&path).unwrap(), "new").unwrap());
        assert!(expected.1.len() > 50);
        for (how, index) in opened(&path) {
            assert!(changes(&index) == expected, "{how}");
        }
    }
}

#[test]
fn every_storage_names_the_same_fault() {
    let (mut random, folder) = (Random(23), tempfile::tempdir().unwrap());
    let path = folder.path().join("bad.bdx");
    let entries = entries(keys(&mut random, Kind::Sha1, 1_500), 160, &mut random);
    let sound = assemble(layout(Kind::Sha1, 160, 1), &entries, Coverage::whole());
    let digests: Vec<Digest> =
        entries.iter().step_by(150).map(|entry| digest(Kind::Sha1, entry.key)).collect();
    let ranges = [0, 0x1_2345, 0xf_ffff];
    let prefixes = ranges.map(Prefix::of_range);
    // The header, the head of the first group, then places all over.
    let places = (0..310).step_by(7).chain((311..sound.len()).step_by(2_003)).chain([sound.len() - 1]);
    let mut refused = 0;
    for place in places {
        let mut bytes = sound.clone();
        bytes[place] ^= 1 << (place % 8);
        std::fs::write(&path, &bytes).unwrap();
        let outcomes: Vec<(String, Result<Asked, String>)> = all(&path)
            .into_iter()
            .map(|(how, index)| (how, said(index).map(|index| ask(&index, &digests, &prefixes, &ranges))))
            .collect();
        refused += usize::from(outcomes[0].1.is_err());
        for (how, outcome) in &outcomes {
            assert!(*outcome == outcomes[0].1, "byte {place}: {how} is not {}", outcomes[0].0);
            let is_seen = outcome.as_ref().map_or(true, |asked| asked.verified.is_err());
            assert!(is_seen, "byte {place}: {how}");
        }
    }
    assert!(refused > 20);
}

#[test]
fn a_file_that_is_cut_or_overwritten_under_its_reader_is_an_error() {
    let (mut random, folder) = (Random(24), tempfile::tempdir().unwrap());
    let path = folder.path().join("a.bdx");
    let entries = entries(keys(&mut random, Kind::Sha1, 9_000), 160, &mut random);
    let bytes = assemble(layout(Kind::Sha1, 160, 4), &entries, Coverage::whole());
    let digests: Vec<Digest> =
        entries.iter().step_by(700).map(|entry| digest(Kind::Sha1, entry.key)).collect();
    let ranges = [0, 0x1_2345, 0xf_ffff];
    let prefixes = ranges.map(Prefix::of_range);
    let write = |length: usize, fill: u8| {
        let mut changed = bytes[..length].to_vec();
        if fill != 0 {
            changed.resize(bytes.len(), fill);
        }
        // In place: the same file, which a reader has open.
        std::fs::write(&path, changed).unwrap();
    };
    write(bytes.len(), 0);
    let sound = ask(&Index::open(&path).unwrap(), &digests, &prefixes, &ranges);
    for checks in [Checks::Always, Checks::Once] {
        let index = Index::open_with(&path, OpenOptions::new().checks(checks)).unwrap();
        for length in [0, 100, 256, 5_000, bytes.len() / 2, bytes.len() - 1] {
            for fill in [0, 0xa5] {
                write(length, fill);
                let asked = ask(&index, &digests, &prefixes, &ranges);
                if checks == Checks::Once {
                    // Nothing more was asked for than that nothing worse happens.
                    write(bytes.len(), 0);
                    continue;
                }
                let reason = if fill == 0 { "the file was cut short while it was open" } else { "" };
                let right = |found: bool, error: Option<&String>| {
                    found
                        || error.is_some_and(|error| error.contains("is damaged: ") && error.contains(reason))
                };
                for (one, expected) in asked.single.iter().zip(&sound.single) {
                    assert!(right(one == expected, one.as_ref().err()), "{one:?}");
                }
                for (one, expected) in asked.rows.iter().zip(&sound.rows) {
                    assert!(right(one == expected, one.as_ref().err()), "{one:?}");
                }
                assert!(right(asked.many == sound.many, asked.many.as_ref().err()));
                assert!(right(asked.exported == sound.exported, asked.exported.as_ref().err()));
                let (last, before) = asked.streamed.split_last().unwrap();
                assert!(before == &sound.streamed[..before.len()]);
                assert!(right(last == &sound.streamed[before.len()], last.as_ref().err()), "{last:?}");
                assert!(asked.verified.is_err());
                assert!(index.is_replaced().unwrap());
                let replaced = index.reopen_if_replaced();
                assert!(
                    replaced.is_err_and(|error| error.to_string().contains("changed in place"))
                        || cfg!(windows)
                );
                write(bytes.len(), 0);
            }
            assert!(ask(&index, &digests, &prefixes, &ranges) == sound);
        }
    }
}

#[test]
fn a_file_that_was_replaced_answers_on_and_is_opened_anew() {
    let (mut random, folder) = (Random(25), tempfile::tempdir().unwrap());
    let (path, next) = (folder.path().join("a.bdx"), folder.path().join("b.bdx"));
    let layout = layout(Kind::Sha1, 160, 0);
    let [old, new] = [3, 5].map(|number| entries(keys(&mut random, Kind::Sha1, number), 160, &mut random));
    for (how, options) in [("read", OpenOptions::new()), ("mapped", OpenOptions::new().mapped())] {
        std::fs::write(&path, assemble(layout, &old, Coverage::whole())).unwrap();
        let index = Index::open_with(&path, options).unwrap();
        assert!(index.reopen_if_replaced().unwrap().is_none());
        std::fs::write(&next, assemble(layout, &new, Coverage::whole())).unwrap();
        std::fs::rename(&next, &path).unwrap();
        let fresh = index.reopen_if_replaced().unwrap().unwrap();
        assert_eq!((index.iter().count(), fresh.iter().count()), (old.len(), new.len()), "{how}");
        assert!(index.is_replaced().unwrap() && !fresh.is_replaced().unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(index.is_replaced(), Err(Error::Io { .. })));
    }
}

/// Once checked is not checked again, and always is always: seen by what a change in place does.
#[test]
fn checks_are_made_as_often_as_was_asked() {
    let (mut random, folder) = (Random(26), tempfile::tempdir().unwrap());
    let path = folder.path().join("a.bdx");
    let keys: Vec<Key> = (0..100).map(|_| random.key(Kind::Sha1)).collect();
    let entries = entries(keys, 160, &mut random);
    let sound = assemble(layout(Kind::Sha1, 160, 0), &entries, Coverage::whole());
    // Behind the header, the group's head and its record, and 228 bits of high parts, the low part of the 91st entry.
    let mut changed = sound.clone();
    changed[256 + 9 + 8 + (228 + 90 * 153) / 8 + 5] ^= 0xff;
    let question = digest(Kind::Sha1, entries[50].key);
    for (checks, sees) in [(Checks::Once, false), (Checks::Always, true)] {
        std::fs::write(&path, &sound).unwrap();
        let index = Index::open_with(&path, OpenOptions::new().checks(checks)).unwrap();
        assert!(index.lookup(&question).unwrap().is_present());
        std::fs::write(&path, &changed).unwrap();
        let error = index.lookup(&question).err().map(|error| error.to_string());
        assert_eq!(error.is_some_and(|error| error.contains("checksum does not match")), sees, "{checks:?}");
    }
}
