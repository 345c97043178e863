//! Builds against a model, and every refusal as printed.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::coverage::PREFIX_COUNT;
use crate::digest::{Digest, Key, Kind};
use crate::entry::Entry;
use crate::index::Index;
use crate::input::Format;
use crate::monitor::Progress;
use crate::testing::Random;

type Model = BTreeMap<Key, u64>;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn model(random: &mut Random, kind: Kind, entries: usize) -> Model {
    let mut model = Model::new();
    while model.len() < entries {
        // Crowded under a few prefixes, so that groups have many sizes.
        let mut key = random.key(kind);
        if random.next().is_multiple_of(4) {
            key.words[0] = key.words[0] >> 12 | 0xabc0_0000_0000_0000;
        }
        model.insert(key, random.count());
    }
    model
}

fn rows(model: &Model, kind: Kind) -> Vec<String> {
    let row = |(key, count): (&Key, &u64)| {
        let digits: String =
            key.to_bytes()[..kind.bytes()].iter().map(|byte| format!("{byte:02X}")).collect();
        format!("{digits}:{count}\n")
    };
    model.iter().map(row).collect()
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for i in (1..items.len()).rev() {
        items.swap(i, (random.next() % (i as u64 + 1)) as usize);
    }
}

fn entries(path: &Path) -> Vec<(Key, u64)> {
    let index = Index::open(path).unwrap();
    index.verify(&()).unwrap();
    index.iter().map(|entry| entry.map(|Entry { key, count }| (key, count)).unwrap()).collect()
}

fn build_at(folder: &TempDir, text: &[u8], options: &BuildOptions) -> Result<(PathBuf, BuildReport)> {
    let input = folder.path().join("input.txt");
    std::fs::write(&input, text).unwrap();
    let target = folder.path().join("out.bdx");
    let options = BuildOptions { replace: true, ..options.clone() };
    let report = build(&[Input::path(&input)], &target, &options, &())?;
    Ok((target, report))
}

fn message(result: Result<(PathBuf, BuildReport)>, folder: &TempDir) -> String {
    let text = result.err().unwrap().to_string();
    text.replace(&format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR), "")
}

/// Nothing but what the test itself put there.
fn assert_clean(folder: &TempDir, expected: &[&str]) {
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, expected);
}

#[test]
fn what_goes_in_comes_out_whatever_the_order_threads_and_memory() {
    let mut random = Random(1);
    for (kind, size) in [(Kind::Sha1, 0_usize), (Kind::Sha1, 1), (Kind::Ntlm, 3000), (Kind::Sha1, 40_000)] {
        let folder = folder();
        let model = model(&mut random, kind, size);
        let mut rows = rows(&model, kind);
        let sorted = rows.concat();
        shuffle(&mut rows, &mut random);
        let shuffled = rows.concat();
        if size == 0 {
            continue;
        }
        let mut expected: Option<Vec<u8>> = None;
        for (threads, memory) in [(1, 16 << 20), (2, 16 << 20), (3, 1 << 30), (4, 64 << 20)] {
            for text in [&sorted, &shuffled] {
                let options = BuildOptions { kind, threads, memory, ..BuildOptions::default() };
                let (path, report) = build_at(&folder, text.as_bytes(), &options).unwrap();
                assert_eq!(report.went_unsorted.is_some(), text != &sorted, "{threads} threads");
                let bytes = std::fs::read(&path).unwrap();
                assert_eq!(report.bytes, bytes.len() as u64);
                assert!(
                    *expected.get_or_insert_with(|| bytes.clone()) == bytes,
                    "{threads} threads, {memory}"
                );
            }
        }
        let found = entries(&folder.path().join("out.bdx"));
        assert!(found == model.into_iter().collect::<Vec<_>>(), "{kind} {size}");
        assert_clean(&folder, &["input.txt", "out.bdx"]);
    }
}

#[test]
fn options_do_what_the_model_does() {
    let mut random = Random(2);
    let kind = Kind::Sha1;
    let full = model(&mut random, kind, 5000);
    let mut lines = rows(&full, kind);
    let sorted = lines.concat();
    shuffle(&mut lines, &mut random);
    let shuffled = lines.concat();
    for bits in [None, Some(32), Some(47), Some(159)] {
        for (min_count, top) in [(1, None), (5, None), (1, Some(100)), (3, Some(1000)), (1, Some(9999))] {
            for counts in [true, false] {
                let mut chosen: Vec<(Key, u64)> =
                    full.iter().map(|(key, count)| (*key, *count)).filter(|row| row.1 >= min_count).collect();
                let mut floor = min_count;
                if let Some(top) = top {
                    chosen.sort_by_key(|(key, count)| (std::cmp::Reverse(*count), *key));
                    if let Some((_, dropped)) = chosen.get(top as usize) {
                        floor = dropped + 1;
                    }
                    chosen.truncate(top as usize);
                }
                let mut expected = Model::new();
                for (key, count) in &chosen {
                    let kept = expected.entry(key.truncated(bits.unwrap_or(160))).or_default();
                    *kept = (*kept).max(*count);
                }
                let folder = folder();
                let mut bytes = None;
                for text in [&sorted, &shuffled] {
                    let options = BuildOptions {
                        bits,
                        min_count,
                        top,
                        counts,
                        source: "a test".into(),
                        date: "2026-02-28".into(),
                        ..BuildOptions::default()
                    };
                    let (path, report) = build_at(&folder, text.as_bytes(), &options).unwrap();
                    let index = Index::open(&path).unwrap();
                    let facts = index.metadata();
                    assert_eq!((facts.floor, report.floor), (floor, floor), "{bits:?} {min_count} {top:?}");
                    assert_eq!(facts.is_cut, top.is_some());
                    assert_eq!(facts.collisions, (chosen.len() - expected.len()) as u64);
                    assert_eq!(facts.corpus_date, "2026-02-28");
                    let total = if counts { expected.values().sum() } else { 0 };
                    assert_eq!(facts.total_count, total);
                    let found = entries(&path);
                    let wanted: Vec<(Key, u64)> =
                        expected.iter().map(|(key, count)| (*key, if counts { *count } else { 1 })).collect();
                    assert!(found == wanted, "{bits:?} {min_count} {top:?} {counts}");
                    let built = std::fs::read(&path).unwrap();
                    assert!(*bytes.get_or_insert_with(|| built.clone()) == built);
                }
            }
        }
    }
}

#[test]
fn equal_digests_are_merged_by_the_rule() {
    let folder = folder();
    let digest = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";
    let sorted = format!("{digest}:3\n{digest}:4\n{digest}:5\n");
    let other = "FFAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";
    let mixed = format!("{digest}:3\n{other}:1\n{digest}:4\n{digest}:5\n");
    for (rule, expected) in [(MergeRule::Sum, 12), (MergeRule::Max, 5)] {
        for text in [&sorted, &mixed] {
            let options = BuildOptions { merge: Some(rule), ..BuildOptions::default() };
            let (path, _) = build_at(&folder, text.as_bytes(), &options).unwrap();
            assert_eq!(Index::open(path).unwrap().count(&Digest::sha1(b"password")).unwrap(), expected);
        }
    }
    let refused = message(build_at(&folder, sorted.as_bytes(), &BuildOptions::default()), &folder);
    assert_eq!(refused, "input.txt, line 2: the digest occurs more than once");
    let refused = message(build_at(&folder, mixed.as_bytes(), &BuildOptions::default()), &folder);
    assert_eq!(refused, "input.txt: the digest occurs more than once");
    let options = BuildOptions { merge: Some(MergeRule::Sum), ..BuildOptions::default() };
    let text = format!("{digest}:18446744073709551615\n{digest}:1\n");
    assert_eq!(
        message(build_at(&folder, text.as_bytes(), &options), &folder),
        "input.txt, line 2: the counts of the digest add up to more than 18446744073709551615"
    );
    let text = format!("{digest}:18446744073709551615\n{other}:1\n");
    assert_eq!(
        message(build_at(&folder, text.as_bytes(), &options), &folder),
        "all counts add up to more than 18446744073709551615"
    );
}

#[test]
fn one_group_larger_than_its_share_is_parted_or_refused() {
    let mut random = Random(3);
    let folder = folder();
    let options = BuildOptions { memory: 16 << 20, threads: 2, ..BuildOptions::default() };
    // Many copies of few digests under one prefix: parted down to single digests, then folded.
    let mut text = String::new();
    for _ in 0..150_000 {
        text.push_str(&format!("ABCD{:036X}:1\n", random.next() % 7));
    }
    let summed = BuildOptions { merge: Some(MergeRule::Sum), ..options.clone() };
    let (path, report) = build_at(&folder, text.as_bytes(), &summed).unwrap();
    assert!(report.went_unsorted.is_some());
    assert_eq!(entries(&path).iter().map(|(_, count)| count).sum::<u64>(), 150_000);
    // As many different ones do not fit.
    let mut rows: Vec<String> = (0..150_000).map(|i| format!("ABCD{i:036X}:1\n")).collect();
    let refusals = [rows.concat(), {
        shuffle(&mut rows, &mut random);
        rows.concat()
    }];
    for text in refusals {
        let refused = message(build_at(&folder, text.as_bytes(), &options), &folder);
        assert!(refused.ends_with("do not fit into the memory allowed"), "{refused}");
    }
    assert_clean(&folder, &["input.txt", "out.bdx"]);
}

#[test]
fn several_inputs_are_read_as_one() {
    let mut random = Random(4);
    let folder = folder();
    let model = model(&mut random, Kind::Sha1, 3000);
    let rows = rows(&model, Kind::Sha1);
    let whole = build_at(&folder, rows.concat().as_bytes(), &BuildOptions::default()).unwrap().0;
    let whole = std::fs::read(whole).unwrap();
    // Cut inside a group, the first part without its last line feed.
    let at = rows.iter().position(|row| row.starts_with("ABC")).unwrap() + 300;
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    std::fs::write(&one, rows[..at].concat().trim_end()).unwrap();
    std::fs::write(&two, rows[at..].concat()).unwrap();
    let target = folder.path().join("joined.bdx");
    let options = BuildOptions { replace: true, ..BuildOptions::default() };
    let inputs = [Input::path(&one), Input::path(&two)];
    let report = build(&inputs, &target, &options, &()).unwrap();
    assert_eq!(report.went_unsorted, None);
    assert!(std::fs::read(&target).unwrap() == whole);
    let inputs = [Input::path(&two), Input::path(&one)];
    let report = build(&inputs, &target, &options, &()).unwrap();
    assert_eq!(report.went_unsorted, Some(format!("{}, line 1", one.display())));
    assert!(std::fs::read(&target).unwrap() == whole);
    // Two indexes, and an index with a text.
    let (left, right) = (folder.path().join("left.bdx"), folder.path().join("right.bdx"));
    build(&[Input::path(&one)], &left, &options, &()).unwrap();
    build(&[Input::path(&two)], &right, &options, &()).unwrap();
    for inputs in [[&left, &right], [&one, &right], [&right, &one]] {
        build(&inputs.map(Input::path), &target, &options, &()).unwrap();
        assert!(std::fs::read(&target).unwrap() == whole);
    }
    let merging = MergeOptions { replace: true, ..MergeOptions::default() };
    merge(&[right.clone(), left.clone()], &target, &merging, &()).unwrap();
    assert!(std::fs::read(&target).unwrap() == whole);
    merge(&[right.clone(), right], &target, &merging, &()).unwrap();
    let doubled = entries(&target);
    assert!(doubled.iter().all(|(key, count)| *count == 2 * model[key]));
}

#[test]
fn nothing_is_lost_where_a_block_ends_with_a_line() {
    // Rows of 64 bytes fill blocks of a power of two exactly.
    let row = |i: usize| format!("{:08X}{i:032X}:{:022}\n", (i as u32).wrapping_mul(0x9e37_79b9), 1);
    assert_eq!(row(1).len(), 64);
    let folder = folder();
    let mut rows: Vec<String> = (0..60_000).map(row).collect();
    for memory in [1 << 30, 512 << 20] {
        let options = BuildOptions { memory, threads: 2, ..BuildOptions::default() };
        for _ in 0..2 {
            let (_, report) = build_at(&folder, rows.concat().as_bytes(), &options).unwrap();
            assert_eq!(report.entries, 60_000);
            rows.sort();
        }
        shuffle(&mut rows, &mut Random(8));
    }
    let input =
        Input { source: Source::Path(folder.path().join("input.txt")), format: Some(Format::Passwords) };
    let target = folder.path().join("passwords.bdx");
    assert_eq!(build(&[input], &target, &BuildOptions::default(), &()).unwrap().entries, 60_000);
}

#[test]
fn passwords_are_hashed_and_added_up() {
    let folder = folder();
    let file = folder.path().join("list");
    let long = "x".repeat(3_000_000);
    std::fs::write(&file, format!("password\r\n123456\n\n{long}\npassword\n{long}")).unwrap();
    let target = folder.path().join("out.bdx");
    let input = Input { source: Source::Path(file.clone()), format: Some(Format::Passwords) };
    let report = build(std::slice::from_ref(&input), &target, &BuildOptions::default(), &()).unwrap();
    assert_eq!(report.went_unsorted, None);
    let index = Index::open(&target).unwrap();
    for (password, count) in [("password", 2), ("123456", 1), ("", 1), (&long, 2), ("x", 0)] {
        assert_eq!(index.count(&Digest::sha1(password.as_bytes())).unwrap(), count);
    }
    std::fs::write(&file, b"ok\ngr\xfcn\n").unwrap();
    let options = BuildOptions { kind: Kind::Ntlm, replace: true, ..BuildOptions::default() };
    let refused = build(&[input], &target, &options, &()).unwrap_err().to_string();
    assert!(refused.ends_with("list, line 2: the password is not UTF-8, which an NTLM digest needs"));
}

/// Blocks that end on a line's last byte once left the next block without an owner, and its rows were lost.
#[test]
fn lines_that_end_where_blocks_end_are_all_read() {
    let mut random = Random(77);
    let folder = folder();
    // 1392 rows of 46 bytes and 32 of 47: every 64 KiB ends with a line.
    let digits = |random: &mut Random| {
        rows(&Model::from([(random.key(Kind::Sha1), 1)]), Kind::Sha1)[0][..40].to_owned()
    };
    let mut text = String::new();
    for row in 0..40 * (1392 + 32) {
        let count = if row % (1392 + 32) < 1392 { 1234 } else { 12_345 };
        text.push_str(&format!("{}:{count}\n", digits(&mut random)));
    }
    assert_eq!(text.len(), 40 * 65_536);
    for memory in [16 << 20, 1 << 30] {
        let options = BuildOptions { memory, ..BuildOptions::default() };
        let (target, report) = build_at(&folder, text.as_bytes(), &options).unwrap();
        assert_eq!(report.entries, 40 * (1392 + 32));
        assert_eq!(entries(&target).len(), 40 * (1392 + 32));
    }
    let passwords: String = (0..100_000).map(|number| format!("{number:063}\n")).collect();
    let file = folder.path().join("list");
    std::fs::write(&file, passwords).unwrap();
    let target = folder.path().join("passwords.bdx");
    let input = Input { source: Source::Path(file), format: Some(Format::Passwords) };
    assert_eq!(build(&[input], &target, &BuildOptions::default(), &()).unwrap().entries, 100_000);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_not_sorted_is_read_once() {
    let mut random = Random(5);
    let folder = folder();
    let model = model(&mut random, Kind::Sha1, 60_000);
    let mut rows = rows(&model, Kind::Sha1);
    // Sorted for long, then not.
    let half = rows.len() * 3 / 4;
    shuffle(&mut rows[half..], &mut random);
    let text = rows.concat();
    for (bits, min_count, top) in [(None, 1, None), (Some(64), 2, None), (None, 1, Some(500))] {
        let options =
            BuildOptions { bits, min_count, top, threads: 2, memory: 16 << 20, ..BuildOptions::default() };
        let (path, _) = build_at(&folder, text.as_bytes(), &options).unwrap();
        let expected = std::fs::read(path).unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let target = folder.path().join("piped.bdx");
        let report = std::thread::scope(|scope| {
            scope.spawn(|| std::fs::write(&pipe, &text).unwrap());
            build(&[Input::path(&pipe)], &target, &options, &()).unwrap()
        });
        assert!(report.went_unsorted.is_some());
        assert!(std::fs::read(&target).unwrap() == expected, "{bits:?} {min_count} {top:?}");
        std::fs::remove_file(target).unwrap();
        std::fs::remove_file(pipe).unwrap();
    }
}

struct StopAfter(std::sync::atomic::AtomicU64);

impl Monitor for StopAfter {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        let before = self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        if before <= 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_stopped_build_leaves_nothing() {
    let folder = folder();
    let input = folder.path().join("input.txt");
    std::fs::write(&input, format!("{:040X}:1\n", 7)).unwrap();
    for polls in 1..3 {
        let target = folder.path().join("out.bdx");
        let stop = StopAfter(polls.into());
        let stopped = build(&[Input::path(&input)], &target, &BuildOptions::default(), &stop);
        assert_eq!(stopped.unwrap_err().to_string(), "stopped; nothing was written");
        assert_clean(&folder, &["input.txt"]);
    }
}

#[test]
fn every_bad_line_is_named() {
    let good = "00000A8DAE4228F821FB418F59826079BF368:1";
    assert_eq!(good.len(), 39);
    let sha1 = format!("{:040X}:1", 5);
    let ntlm = format!("{:032X}:1", 5);
    let cases: Vec<(Kind, Vec<u8>, &str)> = vec![
        (Kind::Sha1, good.into(), "line 2: expected 40 hex digits for SHA-1, found 37"),
        (Kind::Sha1, ntlm.clone().into(), "line 2: expected 40 hex digits for SHA-1, found 32"),
        (Kind::Ntlm, sha1.clone().into(), "line 2: expected 32 hex digits for NTLM, found 40"),
        (
            Kind::Sha1,
            sha1.replace('5', "G").into(),
            "line 2: column 40 is not a hex digit; expected 40 of them, a colon and a count",
        ),
        (Kind::Sha1, sha1[..40].into(), "line 2: the count is missing"),
        (Kind::Sha1, sha1[..41].into(), "line 2: the count is missing"),
        (
            Kind::Sha1,
            format!("{}0", &sha1[..41]).into(),
            "line 2: the count is 0; a digest that was never seen does not belong here",
        ),
        (Kind::Sha1, format!("{}-3", &sha1[..41]).into(), "line 2: the count is negative"),
        (Kind::Sha1, format!("{}1,234", &sha1[..41]).into(), "line 2: the count is not a whole number"),
        (
            Kind::Sha1,
            format!("{}18446744073709551616", &sha1[..41]).into(),
            "line 2: the count is larger than 18446744073709551615",
        ),
        (
            Kind::Sha1,
            format!("{}\0", &sha1[..41]).into(),
            "line 2: the line holds a NUL byte: this is not a plain text file of digests",
        ),
        (Kind::Sha1, "".into(), "line 2: the line is empty; expected 40 hex digits, a colon and a count"),
        (
            Kind::Sha1,
            "<!DOCTYPE html>".into(),
            "line 2: this looks like a web page, not a list of digests; download it again",
        ),
    ];
    for (kind, line, expected) in cases {
        let digits = kind.hex_digits();
        for end in ["\n", "\r\n"] {
            let folder = folder();
            let mut text = format!("{:0digits$X}:1{end}", 1).into_bytes();
            text.extend_from_slice(&line);
            text.extend_from_slice(end.as_bytes());
            text.extend_from_slice(format!("{:0digits$X}:1{end}", 9).as_bytes());
            let options = BuildOptions { kind, ..BuildOptions::default() };
            assert_eq!(
                message(build_at(&folder, &text, &options), &folder),
                format!("input.txt, {expected}")
            );
            assert_clean(&folder, &["input.txt"]);
        }
    }
    let folder = folder();
    let marked = format!("\u{feff}{sha1}\n");
    assert_eq!(
        message(build_at(&folder, marked.as_bytes(), &BuildOptions::default()), &folder),
        "input.txt, line 1: the file begins with a byte order mark; save it as plain text without one"
    );
    assert_eq!(
        message(build_at(&folder, b"", &BuildOptions::default()), &folder),
        "input.txt: there is nothing in it: not one digest"
    );
    let bare = format!("{:040X}\n{:040x}:7\n", 1, 11);
    let options = BuildOptions { counts: false, ..BuildOptions::default() };
    assert_eq!(entries(&build_at(&folder, bare.as_bytes(), &options).unwrap().0).len(), 2);
}

#[test]
fn a_fault_far_into_a_file_is_named_by_its_line() {
    let mut random = Random(6);
    let folder = folder();
    let mut rows = rows(&model(&mut random, Kind::Sha1, 50_000), Kind::Sha1);
    for at in [0, 1, 24_999, 49_998, 49_999] {
        let right = std::mem::replace(&mut rows[at], "oops\n".into());
        for threads in [1, 3] {
            let options = BuildOptions { threads, memory: 16 << 20, ..BuildOptions::default() };
            let refused = message(build_at(&folder, rows.concat().as_bytes(), &options), &folder);
            assert_eq!(
                refused,
                format!(
                    "input.txt, line {}: column 1 is not a hex digit; expected 40 of them, a colon and a count",
                    at + 1
                )
            );
        }
        rows[at] = right;
    }
}

#[test]
fn targets_are_not_overwritten_by_accident() {
    let folder = folder();
    let input = folder.path().join("input.txt");
    std::fs::write(&input, format!("{:040X}:1\n", 7)).unwrap();
    let inputs = [Input::path(&input)];
    let target = folder.path().join("out.bdx");
    let options = BuildOptions::default();
    build(&inputs, &target, &options, &()).unwrap();
    let refused = build(&inputs, &target, &options, &()).unwrap_err().to_string();
    assert_eq!(refused, format!("{} exists", target.display()));
    let replacing = BuildOptions { replace: true, ..options };
    build(&inputs, &target, &replacing, &()).unwrap();
    let refused = build(&inputs, &input, &replacing, &()).unwrap_err().to_string();
    assert_eq!(refused, format!("{} is an input; choose another target", input.display()));
    let refused = merge(
        std::slice::from_ref(&target),
        &target,
        &MergeOptions { replace: true, ..Default::default() },
        &(),
    );
    assert!(matches!(refused, Err(Error::Unbuildable(_))));
    assert_clean(&folder, &["input.txt", "out.bdx"]);
}

#[test]
fn impossible_requests_are_refused() {
    let folder = folder();
    let text = format!("{:040X}:1\n", 7);
    let refusal = |options: BuildOptions| message(build_at(&folder, text.as_bytes(), &options), &folder);
    let default = BuildOptions::default;
    assert_eq!(
        refusal(BuildOptions { bits: Some(31), ..default() }),
        "SHA-1 digests can be kept with 32 to 160 bits, not 31"
    );
    assert_eq!(
        refusal(BuildOptions { memory: 1 << 20, ..default() }),
        "a build needs at least 16MiB of memory"
    );
    assert_eq!(
        refusal(BuildOptions { top: Some(0), ..default() }),
        "the 0 most frequent entries are nothing"
    );
    assert_eq!(
        refusal(BuildOptions { date: "2026-02-29".into(), ..default() }),
        "the date is not of the form YYYY-MM-DD"
    );
    assert_eq!(
        refusal(BuildOptions { coverage: CoverageRule::Present, ..default() }),
        "only a folder of range files says what it covers; there is none"
    );
    let swapped = CoverageRule::Prefixes(vec![(2, 1)]);
    assert_eq!(
        refusal(BuildOptions { coverage: swapped, ..default() }),
        "prefixes are named as FIRST-LAST, 5 hex digits each, the first not after the last"
    );
}

#[test]
fn rows_outside_the_prefixes_are_left_out() {
    let folder = folder();
    let text = format!("{:040X}:1\n{}:2\nFFFFF{:035}:3\n", 7, "1".repeat(40), 1);
    let coverage = CoverageRule::Prefixes(vec![(0x11111, 0x11111), (0xFFFFF, PREFIX_COUNT - 1)]);
    let options = BuildOptions { coverage, ..BuildOptions::default() };
    let (path, report) = build_at(&folder, text.as_bytes(), &options).unwrap();
    assert_eq!((report.entries, report.left_out), (2, 1));
    let index = Index::open(path).unwrap();
    assert_eq!(index.metadata().coverage.ranges(), [(0x11111, 0x11111), (0xFFFFF, 0xFFFFF)]);
}
