//! Segments that are joined are the index that one build makes; `refusals` has those that are not joined.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod refusals;

use std::path::{Path, PathBuf};

use super::*;
use crate::build::options::{CoverageRule, MergeOptions, MergeRule};
use crate::build::{build, build_entries, merge};
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::format::directory_bits;
use crate::input::EntryBatches;
use crate::testing::Random;

/// How an index of rows is built.
#[derive(Clone, Debug)]
struct Shape {
    kind: Kind,
    bits: Option<u32>,
    counts: bool,
    min_count: u64,
}

const SHAPES: [Shape; 6] = [
    Shape { kind: Kind::Sha1, bits: None, counts: true, min_count: 1 },
    Shape { kind: Kind::Ntlm, bits: None, counts: true, min_count: 1 },
    Shape { kind: Kind::Sha1, bits: None, counts: false, min_count: 1 },
    Shape { kind: Kind::Sha1, bits: Some(64), counts: true, min_count: 3 },
    Shape { kind: Kind::Ntlm, bits: Some(32), counts: true, min_count: 1 },
    Shape { kind: Kind::Sha1, bits: Some(40), counts: false, min_count: 2 },
];

fn options(shape: &Shape) -> BuildOptions {
    BuildOptions {
        kind: shape.kind,
        bits: shape.bits,
        force_bits: true,
        counts: shape.counts,
        min_count: shape.min_count,
        source: "a source".into(),
        date: "2026-11-27".into(),
        threads: 2,
        memory: 64 << 20,
        replace: true,
        ..BuildOptions::default()
    }
}

fn batches(entries: &[Entry]) -> EntryBatches {
    let parts: Vec<Vec<Entry>> = entries.chunks(1000).map(<[Entry]>::to_vec).collect();
    EntryBatches::new("the rows", parts.into_iter().map(Ok))
}

/// Sorted, distinct rows; under some prefixes many, some of which are alike in their first 40 bits.
fn rows(random: &mut Random, kind: Kind, number: usize) -> Vec<Entry> {
    let crowded = random.key(kind).words[0] >> 24 << 24;
    let mut rows: Vec<Entry> = (0..number)
        .map(|i| {
            let mut key = random.key(kind);
            if i % 10 == 0 {
                key.words[0] = crowded | key.words[0] & 0xff_ffff;
            }
            Entry { key, count: random.count() }
        })
        .collect();
    rows.sort_unstable_by_key(|entry| entry.key);
    rows.dedup_by_key(|entry| entry.key);
    rows
}

/// Ascending first prefixes of parts that cover everything: some on borders of groups, some of one prefix, some in
/// between; those under which there are many rows are cut too.
fn cuts(random: &mut Random, rows: &[Entry], number: usize) -> Vec<u32> {
    let mut cuts = vec![0];
    for _ in 0..number {
        let at = (random.next() >> 44) as u32;
        match random.next() % 5 {
            0 => cuts.push(at & !15),
            1 => cuts.extend([at, (at + 1).min(0xf_ffff)]),
            2 if !rows.is_empty() => {
                let at = rows[(random.next() % rows.len() as u64) as usize].prefix();
                cuts.extend([at, (at + 1).min(0xf_ffff)]);
            }
            _ => cuts.push(at),
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// Builds one segment for each part, every second one with the second number of directory bits.
fn segments(folder: &Path, rows: &[Entry], cuts: &[u32], shape: &Shape, bits: [u32; 2]) -> Vec<PathBuf> {
    let ends = cuts.iter().skip(1).map(|next| next - 1).chain([0xf_ffff]);
    cuts.iter()
        .zip(ends)
        .enumerate()
        .map(|(i, (first, last))| {
            let path = folder.join(format!("{i}.bdx"));
            let options = BuildOptions {
                coverage: CoverageRule::Prefixes(vec![(*first, last)]),
                directory_bits: Some(bits[i % 2]),
                ..options(shape)
            };
            let part: Vec<Entry> =
                rows.iter().filter(|row| (*first..=last).contains(&row.prefix())).copied().collect();
            let batches = batches(&part);
            let batches = if i % 2 == 0 { batches.sorted() } else { batches };
            build_entries(batches, &path, &options, &()).unwrap();
            path
        })
        .collect()
}

fn joined(segments: &[PathBuf], target: &Path) -> BuildReport {
    let options = JoinOptions { memory: 64 << 20, threads: 2, replace: true, ..JoinOptions::default() };
    join(segments, target, &options, &()).unwrap()
}

#[test]
fn any_segments_joined_are_the_index_built_of_all_rows() {
    let mut random = Random(11);
    let folder = tempfile::tempdir().unwrap();
    let (whole, target) = (folder.path().join("whole"), folder.path().join("joined"));
    for round in 0..36 {
        let shape = &SHAPES[round % SHAPES.len()];
        let number = [0, 1, 40, 3_000, 9_000][(random.next() % 5) as usize];
        let mut rows = rows(&mut random, shape.kind, number);
        if !shape.counts {
            rows.iter_mut().for_each(|row| row.count = row.count.clamp(1, 5));
        }
        if rows.is_empty() {
            // Nothing but a row that is left out makes a whole index of nothing.
            rows.push(Entry { key: random.key(shape.kind), count: 1 });
        }
        let report = build_entries(batches(&rows), &whole, &options(shape), &()).unwrap();
        let cuts = cuts(&mut random, &rows, round % 7);
        // Of an index so small, groups are copied where segments were told of its size.
        let own = directory_bits(report.entries);
        let bits = [[own; 2], [16; 2], [own, 16]][round / SHAPES.len() % 3];
        let mut paths = segments(folder.path(), &rows, &cuts, shape, bits);
        for i in 0..paths.len() {
            let other = (random.next() % paths.len() as u64) as usize;
            paths.swap(i, other);
        }
        for path in &paths {
            Index::open(path).unwrap().verify(&()).unwrap();
        }
        let again = joined(&paths, &target);
        assert!(
            std::fs::read(&whole).unwrap() == std::fs::read(&target).unwrap(),
            "{round} {shape:?} {cuts:?}"
        );
        assert_eq!((report.entries, report.collisions), (again.entries, again.collisions));
        assert_eq!(report.content_id, again.content_id);
        Index::open(&target).unwrap().verify(&()).unwrap();
        if bits == [own; 2] && cuts.len() == 1 {
            assert_eq!((again.groups_copied, again.groups), (report.groups, report.groups));
        }
    }
}

#[test]
fn build_and_merge_copy_indexes_that_cover_different_prefixes() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(14);
    let rows = rows(&mut random, Kind::Sha1, 5_000);
    let bits = directory_bits(rows.len() as u64);
    let paths = segments(folder.path(), &rows, &[0, 0x1_0000, 0x4_0000], &SHAPES[0], [bits; 2]);
    let whole = folder.path().join("whole");
    build_entries(batches(&rows), &whole, &options(&SHAPES[0]), &()).unwrap();
    let whole = std::fs::read(whole).unwrap();
    let target = folder.path().join("built");
    let inputs: Vec<Input> = paths.iter().rev().map(Input::path).collect();
    let report = build(&inputs, &target, &options(&SHAPES[0]), &()).unwrap();
    assert!(std::fs::read(&target).unwrap() == whole);
    // The first cut lies within a group.
    assert_eq!((report.groups, report.groups_copied), (1 << bits, (1 << bits) - 1));
    let merged = MergeOptions {
        source: "a source".into(),
        date: "2026-11-27".into(),
        replace: true,
        ..MergeOptions::default()
    };
    assert_eq!(merge(&paths, &target, &merged, &()).unwrap().groups_copied, report.groups_copied);
    assert!(std::fs::read(&target).unwrap() == whole);
    // What is to be changed, or overlaps, is decoded.
    let shorter = BuildOptions { bits: Some(80), ..options(&SHAPES[0]) };
    let rare = BuildOptions { min_count: 2, ..options(&SHAPES[0]) };
    for other in [shorter, rare] {
        assert_eq!(build(&inputs, &target, &other, &()).unwrap().groups_copied, 0);
    }
    let twice: Vec<Input> = inputs.iter().chain(&inputs[..1]).cloned().collect();
    let summed = BuildOptions { merge: Some(MergeRule::Max), ..options(&SHAPES[0]) };
    assert_eq!(build(&twice, &target, &summed, &()).unwrap().groups_copied, 0);
    assert!(std::fs::read(&target).unwrap() == whole);
    let lacking = BuildOptions { complete: true, ..options(&SHAPES[0]) };
    let error = build(&inputs[1..], &target, &lacking, &()).unwrap_err();
    assert_eq!(error.to_string(), "none of the inputs covers prefix 40000");
}

#[test]
fn more_segments_than_are_open_at_a_time_are_joined_in_any_arrangement() {
    const SEGMENTS: u32 = 60;
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(&mut Random(15), Kind::Sha1, 2_000);
    let target = folder.path().join("joined");
    // Each has every sixtieth run of 256 prefixes, that is of 16 groups. Without some of the seventh, it is a larger segment.
    let ranges = |segment: u32, is_whole: bool| {
        let runs = (0..0x1000).filter(move |run| run % SEGMENTS == segment && (is_whole || *run != 7));
        runs.map(|run| (run << 8, (run << 8) + 0xff)).collect::<Vec<_>>()
    };
    let build = |path: &Path, ranges: Vec<(u32, u32)>, bits: u32| {
        let coverage = CoverageRule::Prefixes(ranges);
        let options = BuildOptions { coverage, directory_bits: Some(bits), ..options(&SHAPES[0]) };
        build_entries(batches(&rows).sorted(), path, &options, &()).unwrap();
    };
    let whole = folder.path().join("whole");
    for (bits, is_whole) in [(16, false), (16, true), (directory_bits(rows.len() as u64), true)] {
        let paths: Vec<PathBuf> = (0..SEGMENTS)
            .map(|segment| {
                let path = folder.path().join(format!("{segment}"));
                build(&path, ranges(segment, is_whole), bits);
                path
            })
            .collect();
        build(&whole, (0..SEGMENTS).flat_map(|segment| ranges(segment, is_whole)).collect(), bits);
        let options = JoinOptions {
            complete: is_whole,
            directory_bits: Some(bits),
            replace: true,
            ..JoinOptions::default()
        };
        let report = join(&paths, &target, &options, &()).unwrap();
        assert_eq!(report.groups_copied, if is_whole { 0 } else { report.groups });
        assert!(std::fs::read(&whole).unwrap() == std::fs::read(&target).unwrap());
    }
}

/// In a process of its own, for all of its threads share the limit.
#[cfg(unix)]
#[test]
fn segments_may_be_more_than_the_files_that_a_process_may_have_open() {
    let test = "build::join::tests::more_segments_than_are_open_at_a_time_are_joined_in_any_arrangement";
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 56 && exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn segments_of_more_entries_than_a_run_are_encoded_as_the_index_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(&mut Random(16), Kind::Ntlm, 100_000);
    let whole = folder.path().join("whole");
    build_entries(batches(&rows), &whole, &options(&SHAPES[1]), &()).unwrap();
    let paths = segments(folder.path(), &rows, &[0, 0x1_2345, 0x9_0000], &SHAPES[1], [16; 2]);
    let target = folder.path().join("joined");
    assert_eq!(joined(&paths, &target).groups_copied, 0);
    assert!(std::fs::read(&whole).unwrap() == std::fs::read(&target).unwrap());
}

#[test]
fn groups_are_copied_from_one_entry_above_the_size_of_a_small_index() {
    const SMALL: u64 = 1 << 22;
    let folder = tempfile::tempdir().unwrap();
    let options = |coverage: CoverageRule| BuildOptions {
        coverage,
        bits: Some(32),
        counts: false,
        directory_bits: Some(16),
        ..options(&SHAPES[0])
    };
    // Spread evenly: entry `i` of those at hand.
    let entries = |range: std::ops::Range<u64>| {
        let starts = range.clone().step_by(1 << 15);
        let batch = move |start: u64| {
            let rows = start..range.end.min(start + (1 << 15));
            rows.map(|i| Entry { key: Key { words: [(i * 1023) << 32, 0, 0] }, count: 1 }).collect()
        };
        EntryBatches::new("the rows", starts.map(move |start| Ok(batch(start)))).sorted()
    };
    // The first entry from the middle on.
    let middle = (1_u64 << 31).div_ceil(1023);
    let low = folder.path().join("low");
    let coverage = |first: u32, last: u32| CoverageRule::Prefixes(vec![(first, last)]);
    build_entries(entries(0..middle), &low, &options(coverage(0, 0x7_ffff)), &()).unwrap();
    let (high, whole, target) =
        (folder.path().join("high"), folder.path().join("whole"), folder.path().join("joined"));
    for (number, is_copied) in [(SMALL, false), (SMALL + 1, true)] {
        let top = entries(middle..number);
        build_entries(top, &high, &options(coverage(0x8_0000, 0xf_ffff)), &()).unwrap();
        build_entries(entries(0..number), &whole, &options(CoverageRule::Whole), &()).unwrap();
        let report = joined(&[low.clone(), high.clone()], &target);
        let copied = if is_copied { report.groups } else { 0 };
        assert_eq!((report.entries, report.groups_copied), (number, copied));
        assert!(std::fs::read(&whole).unwrap() == std::fs::read(&target).unwrap());
    }
}
