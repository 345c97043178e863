#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use super::*;
use crate::build::build_entries;
use crate::build::options::CoverageRule;
use crate::digest::Kind;
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

/// Builds one segment for each part.
fn segments(folder: &Path, rows: &[Entry], cuts: &[u32], shape: &Shape, bits: Option<u32>) -> Vec<PathBuf> {
    let ends = cuts.iter().skip(1).map(|next| next - 1).chain([0xf_ffff]);
    cuts.iter()
        .zip(ends)
        .enumerate()
        .map(|(i, (first, last))| {
            let path = folder.join(format!("{i}.bdx"));
            let options = BuildOptions {
                coverage: CoverageRule::Prefixes(vec![(*first, last)]),
                directory_bits: Some(bits.unwrap_or(16)),
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
    for round in 0..24 {
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
        let told = random.next().is_multiple_of(2);
        let bits = told.then(|| directory_bits(report.entries));
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
        if told && cuts.len() == 1 {
            assert_eq!((again.groups_copied, again.groups), (report.groups, report.groups));
        }
    }
}
