//! A splice against a fresh build of the same corpus, and every refusal as printed.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use tempfile::TempDir;

use super::assembly::tests::check_assembly;
use super::*;
use crate::build::{CoverageRule, build};
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::format::header::Header;
use crate::input::Input;
use crate::testing::Random;

/// What is under each covered prefix.
pub(super) type Corpus = BTreeMap<u32, BTreeMap<Key, u64>>;

fn coverage(corpus: &Corpus) -> Coverage {
    Coverage::from_ranges(corpus.keys().map(|prefix| (*prefix, *prefix))).unwrap()
}

pub(super) fn range(prefix: u32, rows: &BTreeMap<Key, u64>) -> Result<ChangedRange> {
    let entries = rows.iter().map(|(key, count)| Entry { key: *key, count: *count }).collect();
    Ok(ChangedRange { prefix, entries, folded: 0 })
}

/// A key under a prefix. Few different bits behind it, so that truncated ones collide.
fn key(random: &mut Random, kind: Kind, prefix: u32) -> Key {
    let mut key = random.key(kind);
    let kept = if random.next().is_multiple_of(3) { 0xf0 } else { u64::MAX >> 20 };
    key.words[0] = u64::from(prefix) << 44 | key.words[0] & (kept << 20 & u64::MAX >> 20 | 0xff);
    key
}

fn rows(random: &mut Random, kind: Kind, prefix: u32, number: u64) -> BTreeMap<Key, u64> {
    (0..number).map(|_| (key(random, kind, prefix), random.count())).collect()
}

fn hex(key: &Key, kind: Kind) -> String {
    key.to_bytes()[..kind.bytes()].iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").unwrap();
        text
    })
}

/// What `build` makes of a corpus as a folder of range files.
fn built(folder: &TempDir, corpus: &Corpus, options: &SpliceOptions) -> PathBuf {
    let ranges = folder.path().join("ranges");
    let _ = std::fs::remove_dir_all(&ranges);
    std::fs::create_dir(&ranges).unwrap();
    for (prefix, rows) in corpus {
        let digits = options.kind.hex_digits() - 5;
        let text: String = match rows.len() {
            0 => format!("{}:0", "0".repeat(digits)),
            _ => rows
                .iter()
                .map(|(key, count)| format!("{}:{count}\n", &hex(key, options.kind)[5..]))
                .collect(),
        };
        std::fs::write(ranges.join(format!("{prefix:05X}")), text).unwrap();
    }
    let target = folder.path().join("built.bdx");
    let options = BuildOptions {
        kind: options.kind,
        bits: options.bits,
        force_bits: options.force_bits,
        counts: options.counts,
        min_count: options.min_count,
        coverage: CoverageRule::Present,
        source: options.source.clone(),
        date: options.date.clone(),
        replace: true,
        ..BuildOptions::default()
    };
    build(&[Input::path(&ranges)], &target, &options, &()).unwrap();
    target
}

/// Asserts that two files are one but for their notes and, in their headers, the place of these.
pub(super) fn assert_same(spliced: &std::path::Path, built: &std::path::Path) {
    let index = Index::open(spliced).unwrap();
    index.verify(&()).unwrap();
    let (one, two) = (std::fs::read(spliced).unwrap(), std::fs::read(built).unwrap());
    let header = |bytes: &[u8]| Header::decode(bytes, bytes.len() as u64, "it").unwrap();
    let (spliced, built) = (header(&one), header(&two));
    let alike = |header: &Header| Header { notes: built.notes, ..header.clone() };
    assert_eq!(alike(&spliced), alike(&built));
    let end = built.notes.offset as usize;
    assert!(one[256..end] == two[256..end]);
    if spliced.notes.length == built.notes.length {
        assert!(one == two, "only notes may differ");
    }
}

fn none<I>(_: I) -> Result<Vec<Note>> {
    Ok(Vec::new())
}

/// What a corpus becomes in an index.
fn kept(rows: &BTreeMap<Key, u64>, options: &SpliceOptions) -> BTreeMap<Key, u64> {
    let mut kept = BTreeMap::new();
    for (key, count) in rows.iter().filter(|(_, count)| **count >= options.min_count) {
        let key = key.truncated(options.bits.unwrap_or(options.kind.bits()));
        let here: &mut u64 = kept.entry(key).or_default();
        *here = (*here).max(*count);
    }
    kept
}

/// Ranges changed, hashes added and removed, counts changed.
fn differences(old: &Corpus, new: &Corpus, options: &SpliceOptions) -> [u64; 4] {
    let nothing = BTreeMap::new();
    let mut found = [0; 4];
    for (prefix, rows) in new {
        let (old, new) = (kept(old.get(prefix).unwrap_or(&nothing), options), kept(rows, options));
        let added = new.keys().filter(|key| !old.contains_key(key)).count() as u64;
        let removed = old.keys().filter(|key| !new.contains_key(key)).count() as u64;
        let differs = |(key, count): &(&Key, &u64)| old.get(key).is_some_and(|old| old != *count);
        let recounted = if options.counts { new.iter().filter(differs).count() as u64 } else { 0 };
        found[0] += u64::from(added + removed + recounted > 0);
        found[1] += added;
        found[2] += removed;
        found[3] += recounted;
    }
    found
}

/// Splices the prefixes `changed` of `new` into the index of `old` and compares with a build of `new`.
fn check_splice(
    folder: &TempDir,
    base: Option<&std::path::Path>,
    (old, new): (&Corpus, &Corpus),
    changed: &[u32],
    options: &SpliceOptions,
) -> (PathBuf, SpliceReport) {
    let options = SpliceOptions { coverage: coverage(new), replace: true, ..options.clone() };
    let target = folder.path().join("spliced.bdx");
    let base = base.map(|path| Index::open(path).unwrap());
    let ranges = changed.iter().map(|prefix| range(*prefix, &new[prefix]));
    let report = splice(base.as_ref(), ranges, &target, &options, none, &()).unwrap();
    let built = built(folder, new, &options);
    assert_same(&target, &built);
    let facts = Index::open(&target).unwrap();
    assert_eq!(report.index.content_id, facts.content_id());
    assert_eq!(report.index.bytes, std::fs::metadata(&target).unwrap().len());
    assert_eq!(report.index.entries, facts.len());
    assert_eq!(report.index.collisions, facts.metadata().collisions);
    assert_eq!(report.index.groups, facts.metadata().groups);
    assert_eq!(report.ranges_given, changed.len() as u64);
    let found = [report.ranges_changed, report.hashes_added, report.hashes_removed, report.counts_changed];
    assert_eq!(found, differences(old, new, &options));
    let given =
        |prefix: u32| changed.binary_search(&prefix).ok().and_then(|_| range(prefix, &new[&prefix]).ok());
    check_assembly(folder, base.as_ref(), given, &options, (&built, &report));
    (target, report)
}

/// Changes some ranges in one of the ways in which a corpus changes; adds ranges where it may grow.
fn change(corpus: &mut Corpus, random: &mut Random, kind: Kind, share: u64) -> Vec<u32> {
    let mut changed = Vec::new();
    for (prefix, rows) in corpus.iter_mut() {
        if !random.next().is_multiple_of(share) {
            continue;
        }
        changed.push(*prefix);
        match random.next() % 5 {
            0 => rows.clear(),
            1 => rows.values_mut().for_each(|count| *count += 1),
            2 => rows.retain(|_, count| *count % 2 == 0),
            3 => rows.extend((0..1 + random.next() % 40).map(|_| (key(random, kind, *prefix), 3))),
            // Handed over though nothing changed.
            _ => {}
        }
    }
    changed
}

#[test]
fn a_splice_is_a_build_of_the_same_corpus() {
    let mut random = Random(31);
    let mut copied = 0;
    let cases = [
        (Kind::Sha1, None, true, 1, 40),
        (Kind::Sha1, None, true, 1, 700),
        (Kind::Ntlm, None, true, 3, 300),
        (Kind::Sha1, None, false, 2, 100),
        (Kind::Sha1, Some(64), true, 1, 200),
        (Kind::Sha1, Some(40), true, 1, 100),
        (Kind::Ntlm, Some(40), false, 2, 300),
        (Kind::Sha1, Some(47), true, 2, 5),
    ];
    for (case, (kind, bits, counts, min_count, most)) in cases.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let options = SpliceOptions {
            kind,
            bits,
            force_bits: true,
            counts,
            min_count,
            source: "a test".into(),
            date: "2026-07-02".into(),
            threads: 1 + case % 3,
            memory: 16 << 20,
            ..SpliceOptions::default()
        };
        // Prefixes side by side, across a group's border, and far apart.
        let mut old = Corpus::new();
        let far: Vec<u32> = (0..60).map(|_| (random.next() % 0xf_ffff) as u32).collect();
        let prefixes = (0xf8..0x118).chain(far).chain([0xfffff]);
        for prefix in prefixes {
            let number = random.next() % most;
            old.insert(prefix, rows(&mut random, kind, prefix, number));
        }
        let all: Vec<u32> = old.keys().copied().collect();
        let (path, _) = check_splice(&folder, None, (&Corpus::new(), &old), &all, &options);
        let base = folder.path().join("base.bdx");
        std::fs::rename(path, &base).unwrap();
        for round in 0..6 {
            let mut new = old.clone();
            let mut changed = change(&mut new, &mut random, kind, [2, 9, 40][round % 3]);
            if round == 3 {
                // The coverage grows.
                for prefix in [0x7_0000, 0x7_0001, 0x9_0000] {
                    new.insert(prefix, rows(&mut random, kind, prefix, most * (prefix as u64 & 1)));
                    changed.push(prefix);
                }
                changed.sort_unstable();
                changed.dedup();
            }
            let (path, report) = check_splice(&folder, Some(&base), (&old, &new), &changed, &options);
            copied += report.groups_copied;
            std::fs::rename(path, &base).unwrap();
            old = new;
        }
        if bits.is_some_and(|bits| bits < 64) {
            assert!(Index::open(&base).unwrap().metadata().collisions > 0, "case {case} folds nothing");
        }
        // Everything is emptied.
        let empty: Corpus = old.keys().map(|prefix| (*prefix, BTreeMap::new())).collect();
        let all: Vec<u32> = old.keys().copied().collect();
        check_splice(&folder, Some(&base), (&old, &empty), &all, &options);
    }
    assert!(copied > 100, "{copied} groups were copied");
}

#[test]
fn directory_bits_follow_the_entries_across_a_power_of_two() {
    let mut random = Random(32);
    let folder = tempfile::tempdir().unwrap();
    let options = SpliceOptions { threads: 2, ..SpliceOptions::default() };
    let mut old: Corpus = (0..64)
        .map(|at| at << 14)
        .map(|prefix| (prefix, rows(&mut random, Kind::Sha1, prefix, 63)))
        .collect();
    let all: Vec<u32> = old.keys().copied().collect();
    let (path, _) = check_splice(&folder, None, (&Corpus::new(), &old), &all, &options);
    let base = folder.path().join("base.bdx");
    std::fs::rename(path, &base).unwrap();
    for number in [127, 63, 1, 0, 90, 3000, 9000, 63] {
        let mut new = old.clone();
        let prefix = if number == 127 { 0 } else { 5 << 14 };
        new.insert(prefix, rows(&mut random, Kind::Sha1, prefix, number));
        let (path, report) = check_splice(&folder, Some(&base), (&old, &new), &[prefix], &options);
        let before = Index::open(&base).unwrap().metadata().directory_bits;
        let index = Index::open(&path).unwrap();
        assert_eq!(index.metadata().directory_bits, crate::format::directory_bits(index.len()));
        if index.metadata().directory_bits == before {
            assert_eq!(report.groups_copied, report.index.groups - 1, "{number}");
        } else {
            assert_eq!((report.groups_copied, report.bytes_copied), (0, 0));
            assert_eq!(report.groups_encoded, report.index.groups);
        }
        std::fs::rename(path, &base).unwrap();
        old = new;
    }
}

/// A small base and more ranges than are held in memory to see whether its groups stay.
#[test]
fn a_small_base_may_grow_to_many_times_its_size() {
    let mut random = Random(33);
    let folder = tempfile::tempdir().unwrap();
    for bits in [None, Some(40)] {
        let options = SpliceOptions { bits, memory: 16 << 20, threads: 3, ..SpliceOptions::default() };
        let mut old = Corpus::new();
        for prefix in (0..1000).step_by(5).map(|at| at * 900) {
            old.insert(prefix, rows(&mut random, Kind::Sha1, prefix, 5));
        }
        let all: Vec<u32> = old.keys().copied().collect();
        let (path, _) = check_splice(&folder, None, (&Corpus::new(), &old), &all, &options);
        let base = folder.path().join("base.bdx");
        std::fs::rename(path, &base).unwrap();
        let mut new = old.clone();
        let changed: Vec<u32> = (100..1100).filter(|at| at % 10 != 0).map(|at| at * 900).collect();
        for prefix in &changed {
            new.insert(*prefix, rows(&mut random, Kind::Sha1, *prefix, 60));
        }
        let (_, report) = check_splice(&folder, Some(&base), (&old, &new), &changed, &options);
        assert_eq!(report.groups_copied, 0);
    }
}

#[test]
fn the_largest_count_is_found_again_when_it_goes() {
    let mut random = Random(34);
    let folder = tempfile::tempdir().unwrap();
    let mut old: Corpus = (0..40).map(|at| (at << 10, rows(&mut random, Kind::Sha1, at << 10, 60))).collect();
    let largest = u64::MAX >> 3;
    for prefix in [0, 3 << 10, 7 << 10] {
        *old.get_mut(&prefix).unwrap().values_mut().next().unwrap() = largest - u64::from(prefix);
    }
    let all: Vec<u32> = old.keys().copied().collect();
    let options = SpliceOptions::default();
    let (path, _) = check_splice(&folder, None, (&Corpus::new(), &old), &all, &options);
    let base = folder.path().join("base.bdx");
    std::fs::rename(path, &base).unwrap();
    // Removed, lowered, the second largest lowered, raised again.
    for (prefix, count) in [(0, None), (3 << 10, Some(1)), (5 << 10, Some(2)), (7 << 10, Some(largest))] {
        let mut new = old.clone();
        let rows = new.get_mut(&prefix).unwrap();
        match count {
            Some(count) => *rows.values_mut().next().unwrap() = count,
            None => drop(rows.pop_first()),
        }
        let (path, _) = check_splice(&folder, Some(&base), (&old, &new), &[prefix], &options);
        std::fs::rename(path, &base).unwrap();
        old = new;
    }
}

/// A key under a prefix, any of them.
fn even_key(random: &mut Random, prefix: u32) -> Key {
    let mut key = random.key(Kind::Sha1);
    key.words[0] = u64::from(prefix) << 44 | key.words[0] >> 20;
    key
}

/// Above 4,194,304 entries, where the directory is as wide as it gets, and back below.
#[test]
fn a_large_index_is_spliced_as_it_is_built() {
    let mut random = Random(36);
    let folder = tempfile::tempdir().unwrap();
    let mut corpus: Vec<Vec<Entry>> = (0..2300)
        .map(|prefix| {
            let mut keys: Vec<Key> = (0..1900).map(|_| even_key(&mut random, prefix)).collect();
            keys.sort_unstable();
            keys.into_iter().map(|key| Entry { key, count: random.count() >> 8 | 1 }).collect()
        })
        .collect();
    let options = SpliceOptions {
        coverage: Coverage::from_ranges([(0, 2299)]).unwrap(),
        threads: 2,
        memory: 256 << 20,
        replace: true,
        ..SpliceOptions::default()
    };
    let range = |prefix: usize, corpus: &[Vec<Entry>]| {
        Ok(ChangedRange { prefix: prefix as u32, entries: corpus[prefix].clone(), folded: 0 })
    };
    let built = |corpus: &[Vec<Entry>]| {
        let text = folder.path().join("corpus.txt");
        let mut lines = Vec::new();
        for entry in corpus.iter().flatten() {
            crate::rows::write_row(&mut lines, entry, Kind::Sha1, 0, true);
            lines.push(b'\n');
        }
        std::fs::write(&text, lines).unwrap();
        let target = folder.path().join("built.bdx");
        let coverage = CoverageRule::Prefixes(vec![(0, 2299)]);
        let options = BuildOptions { coverage, replace: true, ..BuildOptions::default() };
        build(&[Input::path(&text)], &target, &options, &()).unwrap();
        target
    };
    let target = folder.path().join("spliced.bdx");
    let all = (0..2300).map(|prefix| range(prefix, &corpus));
    splice(None, all, &target, &options, none, &()).unwrap();
    assert_same(&target, &built(&corpus));

    let changed: Vec<usize> = (0..2300).filter(|_| random.next().is_multiple_of(50)).collect();
    for prefix in &changed {
        corpus[*prefix].retain(|entry| entry.count % 7 != 0);
        let last = corpus[*prefix].len() - 1;
        corpus[*prefix][last].count += 1;
    }
    // The base's own file is replaced.
    let base = Index::open(&target).unwrap();
    assert_eq!(base.metadata().directory_bits, 16);
    let ranges = changed.iter().map(|prefix| range(*prefix, &corpus));
    let report = splice(Some(&base), ranges, &target, &options, none, &()).unwrap();
    assert_same(&target, &built(&corpus));
    let given = |prefix: u32| {
        changed.binary_search(&(prefix as usize)).ok().and_then(|_| range(prefix as usize, &corpus).ok())
    };
    check_assembly(&folder, Some(&base), given, &options, (&built(&corpus), &report));
    assert_eq!(report.ranges_changed, changed.len() as u64);
    assert_eq!(report.groups_copied + report.groups_encoded, report.index.groups);
    assert!(report.groups_copied > report.index.groups / 2);
    // Of a group with a changed range most buckets are copied too.
    assert!(report.bytes_copied > report.index.bytes / 100 * 96, "{}", report.bytes_copied);

    corpus[1000..1200].iter_mut().for_each(Vec::clear);
    let base = Index::open(&target).unwrap();
    let ranges = (1000..1200).map(|prefix| range(prefix, &corpus));
    let report = splice(Some(&base), ranges, &target, &options, none, &()).unwrap();
    assert!(report.index.entries < 1 << 22);
    assert_same(&target, &built(&corpus));
    let given = |prefix: u32| range(prefix as usize, &corpus).ok().filter(|_| (1000..1200).contains(&prefix));
    check_assembly(&folder, Some(&base), given, &options, (&built(&corpus), &report));
}
