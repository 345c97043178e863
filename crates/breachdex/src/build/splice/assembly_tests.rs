//! An assembled index against a fresh build of the same corpus, and what cannot be assembled.

#![allow(clippy::unwrap_used)]

use std::fs::{self, OpenOptions};

use tempfile::TempDir;

use super::super::tests::{Corpus, assert_same, range};
use super::*;
use crate::coverage::Coverage;
use crate::digest::Kind;
use crate::format::MAX_DIRECTORY_BITS;
use crate::testing::Random;

/// Encodes the groups of some prefixes and appends them to a file. `given` says which ranges are handed over.
fn assemble(
    path: &Path,
    prefixes: &[u32],
    given: impl Fn(u32) -> Option<ChangedRange>,
    assembler: &mut Assembler<'_>,
) -> Vec<AssembledGroup> {
    let mut bytes = vec![0; LENGTH];
    let mut groups = Vec::new();
    for group in prefixes.chunk_by(|one, next| one >> 4 == next >> 4) {
        let ranges = group.iter().filter_map(|prefix| given(*prefix)).collect();
        groups.push(
            assembler.encode(group[0] >> 4, ranges, (bytes.len() - LENGTH) as u64, &mut bytes).unwrap(),
        );
    }
    fs::write(path, bytes).unwrap();
    groups
}

fn assemble_all(path: &Path, corpus: &Corpus, assembler: &mut Assembler<'_>) -> Vec<AssembledGroup> {
    let prefixes: Vec<u32> = corpus.keys().copied().collect();
    assemble(path, &prefixes, |prefix| range(prefix, &corpus[&prefix]).ok(), assembler)
}

fn publish(
    assembler: Assembler<'_>,
    path: &Path,
    groups: Vec<AssembledGroup>,
    target: &Path,
) -> Result<SpliceReport> {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let SpliceOptions { source, date, .. } = assembler.options.clone();
    let notes = Vec::new();
    assembler.publish(UnfinishedIndex { file, path, groups, source, date, notes }, target, &())
}

/// Assembles an index of a base and of the ranges that `given` has, and compares with what was built of the same corpus
/// and with what a splice said.
pub(in super::super) fn check_assembly(
    folder: &TempDir,
    base: Option<&Index>,
    given: impl Fn(u32) -> Option<ChangedRange>,
    options: &SpliceOptions,
    (built, spliced): (&Path, &SpliceReport),
) {
    let (unfinished, target) = (folder.path().join("unfinished"), folder.path().join("assembled.bdx"));
    let prefixes: Vec<u32> =
        options.coverage.ranges().iter().flat_map(|(first, last)| *first..=*last).collect();
    let mut assembler = Assembler::new(base, options).unwrap();
    let groups = assemble(&unfinished, &prefixes, given, &mut assembler);
    let report = publish(assembler, &unfinished, groups, &target).unwrap();
    assert_same(&target, built);
    assert_eq!(report.index.bytes, fs::metadata(&target).unwrap().len());
    let names = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().starts_with('.')).count(), 0);
    let said = |report: &SpliceReport| {
        let hashes = [report.hashes_added, report.hashes_removed, report.counts_changed];
        (report.ranges_given, report.ranges_changed, hashes, report.index.collisions)
    };
    assert_eq!(said(&report), said(spliced));
    if base.is_some_and(|base| base.layout().directory_bits == MAX_DIRECTORY_BITS) {
        let copied = |report: &SpliceReport| {
            (report.groups_copied, report.groups_encoded, report.bytes_copied, report.index.groups)
        };
        assert_eq!(copied(&report), copied(spliced));
    }
    let _ = fs::remove_file(unfinished);
}

fn corpus(random: &mut Random, first: u32, ranges: u32, rows: u64) -> Corpus {
    let key = |random: &mut Random, prefix: u32| {
        let mut key = random.key(Kind::Sha1);
        key.words[0] = u64::from(prefix) << 44 | key.words[0] >> 20;
        key
    };
    let rows =
        |random: &mut Random, prefix| (0..rows).map(|_| (key(random, prefix), random.count())).collect();
    (first..first + ranges).map(|prefix| (prefix, rows(random, prefix))).collect()
}

fn options(corpus: &Corpus) -> SpliceOptions {
    let coverage = Coverage::from_ranges(corpus.keys().map(|prefix| (*prefix, *prefix))).unwrap();
    SpliceOptions { coverage, memory: 64 << 20, ..SpliceOptions::default() }
}

#[test]
fn ranges_that_do_not_belong_are_refused() {
    let mut random = Random(5);
    let corpus = corpus(&mut random, 14, 3, 4);
    let mut assembler = Assembler::new(None, &options(&corpus)).unwrap();
    let ranges: Vec<_> = corpus.iter().map(|(prefix, rows)| range(*prefix, rows).unwrap()).collect();
    let mut said =
        |ranges: Vec<ChangedRange>| match assembler.encode(0, ranges, 0, &mut Vec::new()).unwrap_err() {
            Error::UnfitRange { prefix, fault } => (prefix, fault),
            other => panic!("{other}"),
        };
    assert_eq!(said(ranges.clone()), (16, RangeFault::OutOfTurn));
    assert_eq!(said(vec![ranges[1].clone(), ranges[0].clone()]), (14, RangeFault::OutOfTurn));
    assert_eq!(said(vec![ranges[1].clone(), ranges[1].clone()]), (15, RangeFault::OutOfTurn));
    let moved = |prefix| ChangedRange { prefix, ..ranges[0].clone() };
    assert_eq!(said(vec![moved(13)]), (13, RangeFault::NotCovered));
    assert_eq!(said(vec![moved(15)]), (15, RangeFault::ForeignDigest));
    assert_eq!(said(vec![moved(PREFIX_COUNT)]), (PREFIX_COUNT, RangeFault::NoPrefix));
    let beyond = assembler.encode(PREFIX_COUNT / RANGES, Vec::new(), 0, &mut Vec::new()).unwrap_err();
    assert!(matches!(beyond, Error::UnfitRange { prefix: PREFIX_COUNT, fault: RangeFault::NoPrefix }));
}

#[test]
fn an_index_is_published_of_all_groups_only_and_the_file_stays_otherwise() {
    let folder = TempDir::new().unwrap();
    let (unfinished, target) = (folder.path().join("unfinished"), folder.path().join("out.bdx"));
    let corpus = corpus(&mut Random(6), 0x12_340, 40, 9);
    let mut assembler = Assembler::new(None, &options(&corpus)).unwrap();
    let groups = assemble_all(&unfinished, &corpus, &mut assembler);
    let whole = fs::read(&unfinished).unwrap();
    let said = |groups: Vec<AssembledGroup>| {
        let error = publish(Assembler::new(None, &options(&corpus)).unwrap(), &unfinished, groups, &target);
        assert!(fs::read(&unfinished).unwrap() == whole && !target.exists());
        match error.unwrap_err() {
            Error::UnfitRange { prefix, fault } => (prefix, fault),
            other => panic!("{other}"),
        }
    };
    assert_eq!(said(groups[..2].to_vec()), (0x12_360, RangeFault::Missing));
    assert_eq!(said([&groups[..], &groups[..1]].concat()), (0x12_340, RangeFault::NoPrefix));
    assert_eq!(said(groups.iter().rev().cloned().collect()), (0x12_350, RangeFault::OutOfTurn));

    // An existing target is not replaced, and its claim leaves nothing.
    fs::write(&target, b"here").unwrap();
    let error =
        publish(Assembler::new(None, &options(&corpus)).unwrap(), &unfinished, groups.clone(), &target);
    assert!(matches!(error.unwrap_err(), Error::TargetExists(_)));
    fs::remove_file(&target).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    publish(Assembler::new(None, &options(&corpus)).unwrap(), &unfinished, groups, &target).unwrap();
    crate::Index::open(&target).unwrap().verify(&()).unwrap();
}

#[test]
fn lengths_past_32_bits_add_up_and_past_64_bits_are_refused() {
    let coverage = Coverage::from_ranges([(0, 5 * 16 - 1)]).unwrap();
    let decision = decide(None, &SpliceOptions { coverage, ..SpliceOptions::default() }).unwrap();
    let group = |prefix: u32| AssembledGroup {
        prefix,
        ranges: u16::MAX,
        length: (1 << 32) - 1,
        padding: 0,
        checksum: 7,
        hash: [7; 32],
        entries: 1 << 32,
        count: u128::from(u64::MAX),
        max_count: u64::from(prefix) + 1,
        collisions: vec![(prefix << 4, u32::MAX)],
        changes: GroupChanges { given: u16::MAX, hashes_added: 1 << 32, ..GroupChanges::default() },
    };
    let groups: Vec<_> = (0..5).map(group).collect();
    let misplaced = AssembledGroup { padding: 9, ..groups[0].clone() };
    assert_eq!(
        sum(vec![misplaced], &decision).err().map(|error| error.to_string()).unwrap(),
        "group 0000 was not made for this place; assemble the index anew"
    );
    let Sum { log, tally, given } = sum(groups.clone(), &decision).unwrap();
    assert_eq!(log.places[4].offset, 4 * ((1 << 32) - 1));
    assert_eq!((log.length, log.totals.entries), (5 * ((1 << 32) - 1), 5 << 32));
    assert_eq!((log.totals.count, log.totals.max_count), (5 * u128::from(u64::MAX), 5));
    assert_eq!((tally.collisions.sum(), tally.added, given.len()), (5 * u64::from(u32::MAX), 5 << 32, 80));
    let too_long = groups.into_iter().map(|group| AssembledGroup { length: u64::MAX / 4, ..group }).collect();
    let Err(error) = sum(too_long, &decision) else { panic!("no file is so long") };
    assert_eq!(error.to_string(), "the groups are longer than a file can be");
}
