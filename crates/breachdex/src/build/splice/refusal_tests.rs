//! What a splice refuses, as printed, and that nothing is left behind.

#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use super::*;
use crate::build::{MergeRule, build};
use crate::digest::{Digest, Key, Kind};
use crate::entry::Entry;
use crate::error::Fault;
use crate::format::header::Header;
use crate::input::Input;
use crate::monitor::Progress;
use crate::testing::Random;

fn key(prefix: u32, rest: u64) -> Key {
    Key { words: [u64::from(prefix) << 44 | rest, 0, 0] }
}

fn range(prefix: u32, rests: &[(u64, u64)]) -> ChangedRange {
    let entry = |(rest, count): &(u64, u64)| Entry { key: key(prefix, *rest), count: *count };
    ChangedRange { prefix, entries: rests.iter().map(entry).collect(), folded: 0 }
}

fn options() -> SpliceOptions {
    SpliceOptions {
        coverage: Coverage::from_ranges([(0x10, 0x12)]).unwrap(),
        replace: true,
        ..SpliceOptions::default()
    }
}

/// Three ranges.
fn three() -> Vec<ChangedRange> {
    vec![range(0x10, &[(1, 1), (2, 5)]), range(0x11, &[]), range(0x12, &[(7, 9)])]
}

fn into(
    target: &Path,
    base: Option<&Index>,
    ranges: Vec<ChangedRange>,
    options: &SpliceOptions,
) -> Result<SpliceReport> {
    splice(base, ranges.into_iter().map(Ok), target, options, |_| Ok(Vec::new()), &())
}

/// An index of the three ranges.
fn base(folder: &TempDir, options: &SpliceOptions) -> (PathBuf, Index) {
    let path = folder.path().join("base.bdx");
    into(&path, None, three(), options).unwrap();
    let index = Index::open(&path).unwrap();
    (path, index)
}

fn assert_holds(folder: &TempDir, expected: &[&str]) {
    let names = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, expected);
}

#[test]
fn ranges_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.bdx");
    let refusal = |ranges: Vec<ChangedRange>, kind: Kind| {
        let options = SpliceOptions { kind, threads: 2, ..options() };
        let message = into(&target, None, ranges, &options).unwrap_err().to_string();
        assert_holds(&folder, &[]);
        message
    };
    let [a, b, c] = <[ChangedRange; 3]>::try_from(three()).unwrap();
    let with = |range: ChangedRange| vec![range, b.clone(), c.clone()];
    let disorder = "range 00010: its digests are not in ascending order, or one occurs twice; fetch it again";
    assert_eq!(refusal(with(range(0x10, &[(2, 1), (1, 1)])), Kind::Sha1), disorder);
    assert_eq!(refusal(with(range(0x10, &[(2, 1), (2, 1)])), Kind::Sha1), disorder);
    let foreign = "range 00010: a digest in it begins with another prefix; fetch it again";
    for other in [0xf, 0x11] {
        let entries = range(other, &[(1, 1)]).entries;
        assert_eq!(refusal(with(ChangedRange { prefix: 0x10, entries, folded: 0 }), Kind::Sha1), foreign);
    }
    let wide = Key { words: [0x10 << 44, 0, 1 << 40] };
    let entries = vec![Entry { key: wide, count: 1 }];
    assert_eq!(
        refusal(with(ChangedRange { prefix: 0x10, entries, folded: 0 }), Kind::Ntlm),
        "range 00010: a digest in it is wider than NTLM ones are; fetch it again"
    );
    assert_eq!(
        refusal(with(range(0x10, &[(1, 0)])), Kind::Sha1),
        "range 00010: a count in it is 0; fetch it again"
    );
    let late = "range 00010: it comes after a later one, or a second time";
    assert_eq!(refusal(vec![b.clone(), a.clone(), c.clone()], Kind::Sha1), late);
    assert_eq!(refusal(vec![a.clone(), a.clone(), b.clone(), c.clone()], Kind::Sha1), late);
    assert_eq!(
        refusal(vec![a.clone(), b.clone(), c.clone(), range(0x13, &[])], Kind::Sha1),
        "range 00013: it is outside the coverage asked for"
    );
    assert_eq!(refusal(vec![range(1 << 20, &[])], Kind::Sha1), "range 100000: there is no such prefix");
    let missing = |prefix| {
        format!(
            "range {prefix}: it is to be covered, but neither the base nor the ranges handed over hold it"
        )
    };
    assert_eq!(refusal(vec![a.clone(), b.clone()], Kind::Sha1), missing("00012"));
    assert_eq!(refusal(vec![a, c], Kind::Sha1), missing("00011"));
    assert_eq!(refusal(Vec::new(), Kind::Sha1), missing("00010"));
    let nothing = SpliceOptions { coverage: Coverage::empty(), ..options() };
    assert_eq!(
        into(&target, None, Vec::new(), &nothing).unwrap_err().to_string(),
        "the index is to cover no prefix at all"
    );
    let little = SpliceOptions { memory: 1 << 20, ..options() };
    assert_eq!(
        into(&target, None, three(), &little).unwrap_err().to_string(),
        "a build needs at least 16MiB of memory"
    );
}

#[test]
fn a_base_must_be_what_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (path, base) = base(&folder, &SpliceOptions { min_count: 2, ..options() });
    let target = folder.path().join("out.bdx");
    let agreeing = SpliceOptions { min_count: 2, ..options() };
    let refusal = |base: &Index, options: &SpliceOptions| {
        let message = into(&target, Some(base), Vec::new(), options).unwrap_err().to_string();
        message.replace(&folder.path().display().to_string(), "..")
    };
    let cases = [
        (
            SpliceOptions { kind: Kind::Ntlm, ..agreeing.clone() },
            "it holds SHA-1 digests, NTLM ones are asked for",
        ),
        (
            SpliceOptions { bits: Some(64), ..agreeing.clone() },
            "it keeps 160 bits of each digest, 64 are asked for",
        ),
        (SpliceOptions { counts: false, ..agreeing.clone() }, "it was built with counts, none are asked for"),
        (
            SpliceOptions { min_count: 0, ..agreeing.clone() },
            "it holds what was seen 2 times or more, 1 is asked for",
        ),
        (
            SpliceOptions {
                coverage: Coverage::from_ranges([(0x10, 0x10), (0x12, 0x20)]).unwrap(),
                ..agreeing.clone()
            },
            "it covers prefix 00011, which the result would not",
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(refusal(&base, &options), format!("../base.bdx cannot be the base: {expected}"));
    }
    let other = folder.path().join("other.bdx");
    let text = folder.path().join("text");
    std::fs::write(&text, format!("{:040X}:3\n", 7)).unwrap();
    let cut = BuildOptions { top: Some(1), merge: Some(MergeRule::Sum), replace: true, ..Default::default() };
    build(&[Input::path(&text)], &other, &cut, &()).unwrap();
    let whole = SpliceOptions { coverage: Coverage::whole(), ..agreeing.clone() };
    assert_eq!(
        refusal(&Index::open(&other).unwrap(), &whole),
        "../other.bdx cannot be the base: \
         it was cut to its most frequent entries, so it does not say what is missing; build it again"
    );
    let bare = BuildOptions { counts: false, replace: true, ..Default::default() };
    build(&[Input::path(&text)], &other, &bare, &()).unwrap();
    assert_eq!(
        refusal(&Index::open(&other).unwrap(), &whole),
        "../other.bdx cannot be the base: it was built without counts, which are asked for"
    );
    // Nothing handed over: the base as it is.
    into(&target, Some(&base), Vec::new(), &agreeing).unwrap();
    assert!(std::fs::read(&target).unwrap() == std::fs::read(path).unwrap());
    assert_holds(&folder, &["base.bdx", "other.bdx", "out.bdx", "text"]);
}

#[test]
fn errors_of_the_source_and_the_notes_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.bdx");
    let failure = || Error::Unbuildable("the journal is cut short".into());
    let ranges = three().into_iter().map(Ok).take(2).chain([Err(failure())]);
    let refused = splice(None, ranges, &target, &options(), |_| Ok(Vec::new()), &());
    assert_eq!(refused.unwrap_err().to_string(), "the journal is cut short");
    let ranges = || three().into_iter().map(Ok);
    let refused = splice(None, ranges(), &target, &options(), |_| Err(failure()), &());
    assert_eq!(refused.unwrap_err().to_string(), "the journal is cut short");
    for name in ["tool", "collisions-by-range"] {
        let notes = |_| Ok(vec![("etags".to_owned(), vec![1]), (name.to_owned(), vec![2])]);
        let refused = splice(None, ranges(), &target, &options(), notes, &());
        assert_eq!(refused.unwrap_err().to_string(), format!("the note `{name}` is breachdex's own"));
    }
    assert_holds(&folder, &[]);
    // The notes are asked when the ranges have ended, and given these.
    let notes = |mut ranges: std::vec::IntoIter<Result<ChangedRange>>| {
        assert!(ranges.next().is_none());
        Ok(vec![("etags".to_owned(), vec![7; 1 << 20])])
    };
    let ranges: Vec<Result<ChangedRange>> = three().into_iter().map(Ok).collect();
    splice(None, ranges.into_iter(), &target, &options(), notes, &()).unwrap();
    let index = Index::open(&target).unwrap();
    index.verify(&()).unwrap();
    let notes = index.notes().unwrap();
    assert_eq!(notes.len(), 2);
    assert_eq!((notes[0].0.as_str(), notes[1].0.as_str()), ("tool", "etags"));
    assert!(notes[1].1 == vec![7; 1 << 20]);
    let unwanted = SpliceOptions { replace: false, ..options() };
    let refused = into(&target, None, three(), &unwanted).unwrap_err();
    assert!(matches!(refused, Error::TargetExists(_)));
}

struct StopAfter(AtomicU64);

impl Monitor for StopAfter {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        let before = self.0.fetch_sub(1, Ordering::Relaxed);
        if before <= 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_stopped_splice_leaves_the_old_index() {
    let folder = tempfile::tempdir().unwrap();
    let (path, base) = base(&folder, &options());
    let before = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for polls in 1..3 {
        let ranges = [Ok(range(0x11, &[(1, 1)]))].into_iter();
        let monitor = StopAfter(polls.into());
        let stopped = splice(Some(&base), ranges, &path, &options(), |_| Ok(Vec::new()), &monitor);
        assert_eq!(stopped.unwrap_err().to_string(), "stopped; nothing was written");
        refused += 1;
        assert!(std::fs::read(&path).unwrap() == before);
        assert_holds(&folder, &["base.bdx"]);
    }
    assert_eq!(refused, 2);
}

/// Whatever byte of the groups is flipped, nothing of it comes into another index.
#[test]
fn a_damaged_base_is_never_copied() {
    let mut random = Random(41);
    let folder = tempfile::tempdir().unwrap();
    let options = SpliceOptions {
        coverage: Coverage::from_ranges((0..0x100).map(|at| (at << 12, at << 12))).unwrap(),
        threads: 1,
        replace: true,
        ..SpliceOptions::default()
    };
    let ranges = |random: &mut Random| -> Vec<ChangedRange> {
        let rests = |random: &mut Random| {
            let mut rests: Vec<u64> = (0..30).map(|_| random.next() >> 20).collect();
            rests.sort_unstable();
            rests.into_iter().map(|rest| (rest, 1 + rest % 5)).collect::<Vec<_>>()
        };
        (0..0x100).map(|at| range(at << 12, &rests(random))).collect()
    };
    let sound = folder.path().join("sound.bdx");
    into(&sound, None, ranges(&mut random), &options).unwrap();
    let bytes = std::fs::read(&sound).unwrap();
    let header = Header::decode(&bytes, bytes.len() as u64, "it").unwrap();
    let target = folder.path().join("out.bdx");
    for at in (header.groups.offset..header.groups.end()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at as usize] ^= 0x10;
        let base = Index::from_bytes(damaged, "bad.bdx").unwrap();
        for changed in [Vec::new(), vec![range(0x80 << 12, &[(1, 1)])]] {
            let refused = into(&target, Some(&base), changed, &options).unwrap_err();
            assert!(
                matches!(&refused, Error::Damaged { name, .. } if name == "bad.bdx"),
                "byte {at}: {refused}"
            );
        }
    }
    assert_holds(&folder, &["sound.bdx"]);
}

/// Digests that are the same in their first 40 bits.
fn colliding(prefix: u32, number: u64) -> ChangedRange {
    range(prefix, &(0..number).map(|rest| (rest, rest + 1)).collect::<Vec<_>>())
}

#[test]
fn collisions_of_a_base_that_does_not_say_of_which_ranges_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let options = SpliceOptions { bits: Some(40), ..options() };
    let text = folder.path().join("text");
    let rows: String = [(0x10, 3), (0x12, 5)]
        .iter()
        .flat_map(|(prefix, number)| colliding(*prefix, *number).entries)
        .map(|entry| {
            let digest = Digest::from_key(Kind::Sha1, entry.key).to_bytes();
            let digits: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("{digits}:{}\n", entry.count)
        })
        .collect();
    std::fs::write(&text, rows).unwrap();
    let built = folder.path().join("built.bdx");
    let build_options = BuildOptions {
        bits: Some(40),
        coverage: crate::build::CoverageRule::Prefixes(vec![(0x10, 0x12)]),
        ..BuildOptions::default()
    };
    assert_eq!(build(&[Input::path(&text)], &built, &build_options, &()).unwrap().collisions, 6);
    let target = folder.path().join("out.bdx");
    let base = Index::open(&built).unwrap();
    let report = into(&target, Some(&base), vec![colliding(0x11, 9)], &options).unwrap();
    assert_eq!(report.index.collisions, 6);
    assert_eq!(Index::open(&target).unwrap().notes().unwrap().len(), 1);
    // One that says so is right about what is left.
    let ranges = vec![colliding(0x10, 3), colliding(0x11, 0), colliding(0x12, 5)];
    into(&target, None, ranges, &options).unwrap();
    let base = Index::open(&target).unwrap();
    assert_eq!(base.content_id(), Index::open(&built).unwrap().content_id());
    let report = into(&target, Some(&base), vec![colliding(0x10, 0), colliding(0x11, 9)], &options).unwrap();
    assert_eq!(report.index.collisions, 4 + 8);
    let base = Index::open(&target).unwrap();
    let report = into(&target, Some(&base), vec![colliding(0x11, 1), colliding(0x12, 1)], &options).unwrap();
    assert_eq!(report.index.collisions, 0);
    assert_eq!(Index::open(&target).unwrap().notes().unwrap().len(), 1);
}

#[test]
fn a_note_of_collisions_that_contradicts_the_header_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let options = SpliceOptions { bits: Some(40), ..options() };
    let target = folder.path().join("out.bdx");
    let ranges = vec![colliding(0x10, 3), colliding(0x11, 0), colliding(0x12, 5)];
    into(&target, None, ranges, &options).unwrap();
    let mut bytes = std::fs::read(&target).unwrap();
    let mut header = Header::decode(&bytes, bytes.len() as u64, "it").unwrap();
    // The last note's last number, and the checksums again.
    let at = bytes.len() - 4;
    bytes[at] = 3;
    header.notes.checksum = crate::format::checksum::section(&bytes[header.notes.offset as usize..]);
    bytes[..256].copy_from_slice(&header.encode());
    let base = Index::from_bytes(bytes, "bad.bdx").unwrap();
    let refused = into(&target, Some(&base), Vec::new(), &options).unwrap_err();
    let Error::Damaged { fault: Fault { section, offset, reason }, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!((section, offset), (Section::Notes, header.notes.offset));
    assert_eq!(reason, "the collisions by range are not those of the header");
}

#[test]
fn digests_folded_beyond_what_a_note_can_say_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.bdx");
    let options = SpliceOptions { bits: Some(64), ..options() };
    for (folded, refused) in [(u64::from(u32::MAX), false), (1 << 32, true), (u64::MAX, true)] {
        let mut ranges = three();
        ranges[1].folded = folded;
        let result = into(&target, None, ranges, &options);
        assert_eq!(
            result.err().map(|error| error.to_string()),
            refused.then(|| {
                "range 00011: more than 4294967295 of its digests are said to be folded into others"
                    .to_owned()
            })
        );
    }
}
