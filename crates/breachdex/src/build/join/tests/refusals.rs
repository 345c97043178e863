//! What is not joined, by the messages that say why.

#![forbid(unsafe_code)]

use super::*;
use crate::digest::Digest;
use crate::overlay::{KeyedFile, KeyedPair, OverlayFile};

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
