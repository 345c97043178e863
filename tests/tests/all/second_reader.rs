//! Two readers that share nothing, this library and `reader.py`, say the same of every sort of index.
//!
//! Needs `python3` (3.11); without it these tests say that they were skipped.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use breachdex::{
    Answer, BuildOptions, CoverageRule, Digest, Entry, EntryBatches, Index, KeyedFile, KeyedPair, Kind,
    MergeOptions, OpenOptions, OverlayFile, Prefix, build_entries, directory_bits, merge,
};
use breachdex_tests::faults::FAULTS;
use breachdex_tests::parts::digest_from;
use breachdex_tests::subject::{Corpus, Subject, corpus, crowded_corpus, even_corpus};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Whether the tests can run; says so if not.
fn python_is_there() -> bool {
    let new_enough = "import sys; sys.exit(sys.version_info < (3, 11))";
    let there =
        Command::new("python3").args(["-c", new_enough]).status().is_ok_and(|status| status.success());
    if !there {
        eprintln!("SKIPPED: no python3 of version 3.11 or later, so the second reader was not asked");
    }
    there
}

/// Runs the second reader; its lines, or what it printed to standard error.
fn second_reader(file: &Path, arguments: &[&str], input: &str) -> Result<Vec<String>, String> {
    let mut child = Command::new("python3")
        .arg(folder().join("reader.py"))
        .arg(file)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // Whether all of the input was taken does not matter: the answers are counted.
    let _ = writer.join().unwrap();
    match output.status.code() {
        Some(0) => Ok(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()),
        Some(2) => Err(String::from_utf8(output.stderr).unwrap()),
        other => {
            panic!("the second reader ended with {other:?}: {}", String::from_utf8_lossy(&output.stderr))
        }
    }
}

fn subjects() -> Vec<Subject> {
    let settings: [(&'static str, Kind, u32, bool, Corpus); 12] = [
        ("one entry", Kind::Sha1, 160, true, corpus(Kind::Sha1, 1)),
        ("exact", Kind::Sha1, 160, true, corpus(Kind::Sha1, 5_000)),
        ("exact without counts", Kind::Sha1, 160, false, corpus(Kind::Sha1, 3_000)),
        ("159 bits", Kind::Sha1, 159, true, corpus(Kind::Sha1, 1_100)),
        ("64 bits", Kind::Sha1, 64, true, corpus(Kind::Sha1, 6_000)),
        ("47 bits without counts", Kind::Sha1, 47, false, corpus(Kind::Sha1, 5_000)),
        ("32 bits", Kind::Sha1, 32, true, corpus(Kind::Sha1, 1_100)),
        ("NTLM", Kind::Ntlm, 128, true, corpus(Kind::Ntlm, 3_000)),
        ("NTLM without counts", Kind::Ntlm, 128, false, corpus(Kind::Ntlm, 100)),
        ("NTLM of 64 bits", Kind::Ntlm, 64, true, corpus(Kind::Ntlm, 1_100)),
        ("wide", Kind::Sha1, 160, true, crowded_corpus(3_000)),
        ("even", Kind::Sha1, 160, true, even_corpus(4_096)),
    ];
    settings
        .into_iter()
        .map(|(name, kind, bits, counts, corpus)| Subject::build(name, kind, bits, counts, &corpus))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// An entry as the second reader prints it.
fn row(index: &Index, entry: &Entry) -> String {
    let metadata = index.metadata();
    let mut row = hex(&entry.digest(metadata.kind).to_bytes());
    if !metadata.is_exact() {
        row += &format!("/{}", metadata.bits);
    }
    if metadata.has_counts {
        row += &format!(":{}", entry.count());
    }
    row
}

#[test]
fn both_readers_list_the_same_entries_and_name_the_same_content() {
    if !python_is_there() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    for subject in subjects() {
        let file = temporary.path().join("index.bdx");
        fs::write(&file, &subject.bytes).unwrap();
        let index = Index::open(&file).unwrap();
        let sound = format!("sound, content id {}", index.content_id());
        assert_eq!(second_reader(&file, &["verify"], "").unwrap(), [sound], "{}", subject.name);
        let rows: Vec<String> = index.iter().map(|entry| row(&index, &entry.unwrap())).collect();
        assert!(second_reader(&file, &["dump"], "").unwrap() == rows, "{}: another dump", subject.name);
        assert_eq!(rows.len(), subject.entries.len(), "{}", subject.name);
        // The last one is a full digest, in a truncated index longer than what is kept.
        let known = hex(subject.entries.keys().next().unwrap());
        for digits in ["0", "abc", &known] {
            let prefix = Prefix::from_hex(subject.kind, digits).unwrap();
            let rows: Vec<String> =
                index.range(&prefix).unwrap().map(|entry| row(&index, &entry.unwrap())).collect();
            let theirs = second_reader(&file, &["range", digits], "").unwrap();
            assert!(theirs == rows, "{}: another range {digits:?}", subject.name);
        }
    }
}

#[test]
fn both_readers_know_segments() {
    if !python_is_there() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let mut entries: Vec<Entry> =
        (0..2_000_u64).map(|i| Entry::new(&Digest::sha1(&i.to_le_bytes()), i + 1)).collect();
    entries.retain(|entry| entry.prefix() < 0x8_0000);
    for (bits, last) in [(16, 0x7_ffff), (5, 0x7_ffff), (16, 0xf_ffff)] {
        let file = temporary.path().join(format!("{bits}-{last}.bdx"));
        let options = BuildOptions {
            coverage: CoverageRule::Prefixes(vec![(0, last)]),
            directory_bits: Some(bits),
            ..BuildOptions::default()
        };
        let batches = EntryBatches::new("entries", std::iter::once(Ok(entries.clone())));
        let report = build_entries(batches, &file, &options, &()).unwrap();
        let index = Index::open(&file).unwrap();
        // What covers everything is no segment.
        let expected = if last == 0xf_ffff { directory_bits(report.entries) } else { bits };
        assert_eq!(index.metadata().directory_bits, expected);
        index.verify(&()).unwrap();
        let sound = format!("sound, content id {}", index.content_id());
        assert_eq!(second_reader(&file, &["verify"], "").unwrap(), [sound]);
        let rows: Vec<String> = index.iter().map(|entry| row(&index, &entry.unwrap())).collect();
        assert!(second_reader(&file, &["dump"], "").unwrap() == rows);
        assert_eq!(second_reader(&file, &["range", "80000"], "").is_err(), last < 0x8_0000);
    }
}

#[test]
fn both_readers_know_overlays_and_what_one_was_merged_into() {
    if !python_is_there() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let path = |name: &str| temporary.path().join(name);
    let digests: Vec<Digest> = (0..3_000).map(|i| Digest::sha1(format!("own {i}").as_bytes())).collect();
    OverlayFile::at(path("empty.bdx")).add(Kind::Sha1, &[], &()).unwrap();
    OverlayFile::at(path("own.bdx")).add(Kind::Sha1, &digests, &()).unwrap();
    fs::write(path("base.bdx"), &subjects()[1].bytes).unwrap();
    merge(&[path("base.bdx"), path("own.bdx")], &path("merged.bdx"), &MergeOptions::default(), &()).unwrap();
    for (name, entries) in [("empty.bdx", 0), ("own.bdx", 3_000), ("merged.bdx", 8_000)] {
        let index = Index::open(path(name)).unwrap();
        let sound = format!("sound, content id {}", index.content_id());
        assert_eq!(second_reader(&path(name), &["verify"], "").unwrap(), [sound], "{name}");
        let rows: Vec<String> = index.iter().map(|entry| row(&index, &entry.unwrap())).collect();
        assert!(second_reader(&path(name), &["dump"], "").unwrap() == rows, "{name}: another dump");
        assert_eq!(rows.len(), entries, "{name}");
    }
}

#[test]
fn both_readers_know_files_of_pairs() {
    if !python_is_there() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("pairs.bdx");
    let digest = |text: String| Digest::sha1(text.as_bytes());
    let pairs: Vec<KeyedPair> = (0..3_000)
        .map(|i| KeyedPair {
            pair: digest(format!("pair {i}")),
            companions: [Some(digest(format!("user {}", i / 3))), None, Some(digest(String::from("all")))],
        })
        .collect();
    KeyedFile::at(&path, "pairs 1").add(&pairs, &()).unwrap();
    let index = Index::open_with(&path, OpenOptions::new().pairs()).unwrap();
    let sound = format!("sound, content id {}", index.content_id());
    assert_eq!(second_reader(&path, &["verify"], "").unwrap(), [sound]);
    let rows: Vec<String> = index.iter().map(|entry| row(&index, &entry.unwrap())).collect();
    assert!(second_reader(&path, &["dump"], "").unwrap() == rows, "another dump");
    assert_eq!((rows.len(), index.metadata().max_count), (4_001, 3_000));
}

#[test]
fn both_readers_answer_alike() {
    if !python_is_there() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    for subject in subjects() {
        let file = temporary.path().join("index.bdx");
        fs::write(&file, &subject.bytes).unwrap();
        let index = Index::open(&file).unwrap();
        let asked: Vec<Vec<u8>> = subject.questions().into_iter().take(2_000).collect();
        let answers: Vec<String> = asked
            .iter()
            .map(|digest| match index.lookup(&digest_from(subject.kind, digest)).unwrap() {
                Answer::Absent => "0".to_owned(),
                Answer::Present { count } => count.unwrap_or(1).to_string(),
            })
            .collect();
        let input: String = asked.iter().map(|digest| hex(digest) + "\n").collect();
        let theirs = second_reader(&file, &["lookup", "-"], &input).unwrap();
        assert!(theirs == answers, "{}: another answer", subject.name);
    }
}

/// Has the second reader verify the files that are its arguments, and prints a line of each.
const REFUSALS: &str = "
import sys
import reader
for path in sys.argv[1:]:
    try:
        print('sound', list(reader.run([path, 'verify'])))
    except reader.Damaged as fault:
        print(f'damaged: {fault}')
";

#[test]
fn both_readers_refuse_the_gallery_of_bad_indexes() {
    if !python_is_there() {
        return;
    }
    let gallery = folder().join("gallery");
    let files: Vec<PathBuf> = FAULTS.iter().map(|(name, _)| gallery.join(format!("{name}.bdx"))).collect();
    // One process for all of them, since most of the time is Python's to start.
    let arguments =
        ["-B", "-c", REFUSALS].into_iter().map(Path::new).chain(files.iter().map(PathBuf::as_path));
    let output = Command::new("python3").args(arguments).current_dir(folder()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let refusals = String::from_utf8(output.stdout).unwrap();
    assert_eq!(refusals.lines().count(), files.len());
    for ((name, _), refusal) in FAULTS.iter().zip(refusals.lines()) {
        assert!(refusal.starts_with("damaged: "), "{name}: {refusal}");
    }
    for name in ["sound-small.bdx", "sound-split.bdx"] {
        second_reader(&folder().join("gallery").join(name), &["verify"], "").unwrap();
    }
}
