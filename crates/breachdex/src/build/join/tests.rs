#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use super::*;
use crate::build::options::{CoverageRule, MergeOptions, MergeRule};
use crate::build::{build, build_entries, merge};
use crate::digest::{Digest, Key, Kind};
use crate::entry::Entry;
use crate::format::directory_bits;
use crate::input::EntryBatches;
use crate::overlay::{KeyedFile, KeyedPair, OverlayFile};
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

/// What joining says, without the folder.
fn said(folder: &Path, names: &[&str], options: &JoinOptions) -> String {
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let target = folder.join("joined");
    let error = join(&paths, &target, options, &()).unwrap_err();
    assert!(!target.exists(), "{error}");
    let left = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("joined")).collect();
    assert!(left.is_empty(), "{left:?}");
    error.to_string().replace(&format!("{}/", folder.display()), "")
}

#[test]
fn what_is_no_part_of_one_index_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = |prefix: u64| Entry { key: Key { words: [prefix << 44 | 7, 0, 0] }, count: 3 };
    let build = |name: &str, first: u32, last: u32, change: &dyn Fn(BuildOptions) -> BuildOptions| {
        let options = BuildOptions {
            coverage: CoverageRule::Prefixes(vec![(first, last)]),
            directory_bits: Some(16),
            ..options(&SHAPES[0])
        };
        let rows = [key(u64::from(first)), key(u64::from(last))];
        build_entries(batches(&rows), &folder.join(name), &change(options), &()).unwrap();
    };
    build("low", 0, 0x7_ffff, &|options| options);
    let high = |name: &str, change: &dyn Fn(BuildOptions) -> BuildOptions| {
        build(name, 0x8_0000, 0xf_ffff, change);
    };
    high("high", &|options| options);
    build("inner", 0x1_2345, 0x1_2346, &|options| options);
    high("ntlm", &|options| BuildOptions { kind: Kind::Ntlm, ..options });
    high("short", &|options| BuildOptions { bits: Some(64), ..options });
    high("bare", &|options| BuildOptions { counts: false, ..options });
    high("rare", &|options| BuildOptions { min_count: 2, ..options });
    high("source", &|options| BuildOptions { source: "another".into(), ..options });
    high("date", &|options| BuildOptions { date: String::new(), ..options });
    high("cut", &|options| BuildOptions { top: Some(2), ..options });
    build("part", 0x8_0000, 0xf_fffe, &|options| options);
    let defaults = JoinOptions::default();
    let says = |names: &[&str], expected: &str| assert_eq!(said(folder, names, &defaults), expected);
    says(&[], "name at least one segment");
    says(&["low", "low"], "low cannot be joined: it is named twice; name each segment once");
    says(
        &["low", "high", "inner"],
        "inner cannot be joined: it covers prefix 12345, which low covers too; build segments that do not overlap, or use \
         breachdex merge",
    );
    says(&["low", "ntlm"], "ntlm cannot be joined: it holds NTLM digests, low holds SHA-1");
    says(
        &["low", "short"],
        "short cannot be joined: it keeps 64 bits of each digest, low keeps 160; build all segments with the same bits",
    );
    says(
        &["low", "bare"],
        "bare cannot be joined: it has no counts, low has; build all segments with counts or all without",
    );
    says(
        &["bare", "low"],
        "low cannot be joined: it has counts, bare has none; build all segments with counts or all without",
    );
    says(
        &["low", "rare"],
        "rare cannot be joined: its floor is 2, that of low is 1; build all segments with the same minimum count",
    );
    says(
        &["low", "source"],
        "source cannot be joined: its source is \"another\", that of low is \"a source\"; say the source of the whole, or \
         build all segments of one",
    );
    says(
        &["low", "date"],
        "date cannot be joined: its corpus date is \"\", that of low is \"2026-11-27\"; say the date of the whole, or build \
         all segments of one corpus",
    );
    says(
        &["low", "cut"],
        "cut cannot be joined: it and low were not both cut to the most frequent entries; cut the joined index instead",
    );
    says(&["low", "part"], "none of the inputs covers prefix FFFFF");
    says(&["high"], "none of the inputs covers prefix 00000");
    std::fs::write(folder.join("text"), "no index").unwrap();
    assert!(said(folder, &["low", "text"], &defaults).starts_with("text is not a breachdex index: "));
    assert!(said(folder, &["low", "missing"], &defaults).starts_with("cannot open missing: "));
    let bits = JoinOptions { directory_bits: Some(17), ..JoinOptions::default() };
    assert_eq!(said(folder, &["low", "high"], &bits), "an index has 0 to 16 directory bits, not 17");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.join("low"), folder.join("link")).unwrap();
        std::fs::hard_link(folder.join("low"), folder.join("hard")).unwrap();
        for name in ["link", "hard"] {
            let expected = format!("{name} cannot be joined: it is named twice; name each segment once");
            assert_eq!(said(folder, &["low", name], &defaults), expected);
        }
    }
    // A source and a date of the whole's own, and a part of the whole.
    let free = JoinOptions {
        source: Some("the whole".into()),
        date: Some(String::new()),
        complete: false,
        directory_bits: Some(16),
        ..JoinOptions::default()
    };
    let target = folder.join("joined");
    join(&[folder.join("low"), folder.join("part")], &target, &free, &()).unwrap();
    let index = Index::open(&target).unwrap();
    index.verify(&()).unwrap();
    assert_eq!((index.metadata().source.as_str(), index.metadata().corpus_date.as_str()), ("the whole", ""));
    assert_eq!(index.metadata().coverage.ranges(), [(0, 0xf_fffe)]);
    assert_eq!(index.metadata().directory_bits, 16, "a segment again");
    let again = join(&[folder.join("low"), folder.join("high")], &target, &defaults, &()).unwrap_err();
    assert!(matches!(again, Error::TargetExists(_)));
    let input = join(&[folder.join("low"), target.clone()], &target, &free, &()).unwrap_err();
    assert!(input.to_string().ends_with("joined is an input; choose another target"), "{input}");
}

/// Segments of what an overlay was merged into bear its mark, and so does what is made of them.
#[test]
fn segments_with_entries_of_an_overlay_are_joined_with_each_other_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [base, overlay, merged, whole, target] =
        ["base", "overlay", "merged", "whole", "joined"].map(|name| folder.join(name));
    build_entries(batches(&rows(&mut Random(17), Kind::Sha1, 900)), &base, &options(&SHAPES[0]), &())
        .unwrap();
    let banned: Vec<Digest> = (0..50_u8).map(|i| Digest::sha1(&[i])).collect();
    OverlayFile::at(&overlay).add(Kind::Sha1, &banned, &()).unwrap();
    merge(&[base.clone(), overlay.clone()], &merged, &MergeOptions::default(), &()).unwrap();
    let part = |input: &Path, output: &Path, first: u32, last: u32| {
        let coverage = CoverageRule::Prefixes(vec![(first, last)]);
        let options = BuildOptions { coverage, directory_bits: Some(16), ..options(&SHAPES[0]) };
        build(&[Input::path(input)], output, &options, &()).unwrap();
    };
    part(&merged, &whole, 0, 0xf_ffff);
    part(&merged, &folder.join("low"), 0, 0x7_ffff);
    part(&merged, &folder.join("high"), 0x8_0000, 0xf_ffff);
    part(&base, &folder.join("plain"), 0x8_0000, 0xf_ffff);
    let defaults = JoinOptions::default();
    assert_eq!(
        said(folder, &["low", "plain"], &defaults),
        "plain cannot be joined: it and low do not both hold entries of an overlay; build all segments of the same inputs"
    );
    assert_eq!(
        said(folder, &["overlay"], &defaults),
        "overlay cannot be joined: it is an overlay, which covers everything; use breachdex build or breachdex merge"
    );
    let report = joined(&[folder.join("low"), folder.join("high")], &target);
    assert!(report.holds_overlay);
    assert!(std::fs::read(&target).unwrap() == std::fs::read(&whole).unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "an overlay is its owner's alone");
    }
}

#[test]
fn a_file_of_pairs_is_no_segment() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pair = KeyedPair { pair: Digest::sha1(b"pair"), companions: [None, None, None] };
    KeyedFile::at(folder.join("pairs"), "a label").add(&[pair], &()).unwrap();
    let said = said(folder, &["pairs"], &JoinOptions::default());
    assert!(said.starts_with("pairs holds exposed pairs"), "{said}");
}

#[test]
fn a_segment_with_more_entries_than_its_whole_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(&mut Random(12), Kind::Sha1, 3_000);
    let options = BuildOptions {
        coverage: CoverageRule::Prefixes(vec![(0, 0xf_fffe)]),
        directory_bits: Some(1),
        ..options(&SHAPES[0])
    };
    let error = build_entries(batches(&rows), &folder.path().join("a"), &options, &()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the segment has {} entries, which are more than were said of the whole; build it again with the right number",
            rows.len()
        )
    );
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn damage_in_any_byte_of_a_segment_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(&mut Random(13), Kind::Sha1, 700);
    let target = folder.path().join("joined");
    // Groups of the segments' directory bits are copied, those of a whole so small are regrouped, and where segments differ
    // all entries are decoded.
    for (bits, second, step) in [(Some(16), 16, 97), (None, 16, 1009), (None, 0, 1009)] {
        let paths = segments(folder.path(), &rows, &[0, 0x8_0008], &SHAPES[0], [16, second]);
        let options = JoinOptions {
            complete: bits.is_none(),
            directory_bits: bits,
            memory: 16 << 20,
            threads: 1,
            ..JoinOptions::default()
        };
        let given = if bits.is_some() { &paths[..1] } else { &paths };
        let sound = std::fs::read(&paths[0]).unwrap();
        for at in (0..sound.len()).step_by(step) {
            let mut damaged = sound.clone();
            damaged[at] ^= 1 << (at % 8);
            std::fs::write(&paths[0], &damaged).unwrap();
            let error = join(given, &target, &options, &()).expect_err(&format!("byte {at}"));
            let named = [
                matches!(error, Error::Damaged { .. }),
                matches!(error, Error::NotAnIndex { .. } | Error::UnsupportedVersion { .. }),
            ];
            assert!(named.contains(&true), "byte {at}: {error}");
            assert!(!target.exists());
        }
        for length in [0, 8, 255, sound.len() / 2, sound.len() - 1] {
            std::fs::write(&paths[0], &sound[..length]).unwrap();
            assert!(join(given, &target, &options, &()).is_err());
        }
        std::fs::write(&paths[0], &sound).unwrap();
        let report = join(given, &target, &options, &()).unwrap();
        assert_eq!(report.groups_copied > 0, bits.is_some());
        std::fs::remove_file(&target).unwrap();
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
