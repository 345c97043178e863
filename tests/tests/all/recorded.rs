//! Recorded data in and out through the library: whole ranges of Pwned Passwords, passwords whose counts are
//! known, a list of the commonest passwords. They lie in `../shared` beside the workspace or where
//! `BREACHDEX_SHARED` says; where they do not, the tests say that they were skipped.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use breachdex::{
    Answer, BuildOptions, CoverageRule, Digest, Error, Format, Index, Input, Kind, Prefix, build, rows,
};
use tempfile::TempDir;

fn shared_data() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
    let data = std::env::var_os("BREACHDEX_SHARED").map_or_else(beside, PathBuf::from).join("data");
    if data.is_dir() {
        return Some(data);
    }
    eprintln!("skipped: there is no recorded data in {}", data.display());
    None
}

fn built(inputs: &[Input], folder: &Path, options: &BuildOptions) -> Index {
    let target = folder.join("a.bdx");
    build(inputs, &target, &BuildOptions { replace: true, ..options.clone() }, &()).unwrap();
    let index = Index::open(&target).unwrap();
    index.verify(&()).unwrap();
    index
}

/// The body that the range service gives for a prefix.
fn body(index: &Index, prefix: &Prefix) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in index.range(prefix).unwrap() {
        if !body.is_empty() {
            body.extend_from_slice(b"\r\n");
        }
        rows::write_row(&mut body, &entry.unwrap(), index.kind(), 5, true);
    }
    body
}

/// The recorded range files, ascending, with their prefixes.
fn recorded(data: &Path, kind: Kind) -> Vec<(String, PathBuf)> {
    let folder = data.join("ranges").join(kind.name());
    let mut files: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn every_recorded_range_comes_back_byte_for_byte() {
    let Some(data) = shared_data() else { return };
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let folder = TempDir::new().unwrap();
        let options = BuildOptions { kind, coverage: CoverageRule::Present, ..BuildOptions::default() };
        let ranges = Input::path(data.join("ranges").join(kind.name()));
        let index = built(&[ranges], folder.path(), &options);
        let files = recorded(&data, kind);
        let mut rows = 0;
        for (digits, path) in &files {
            let prefix = Prefix::from_hex(kind, digits).unwrap();
            let expected = fs::read(path).unwrap();
            assert!(body(&index, &prefix) == expected, "{} differs", path.display());
            rows += expected.split(|byte| *byte == b'\n').count() as u64;
        }
        assert_eq!(index.len(), rows);
        assert_eq!(index.metadata().coverage.prefixes() as usize, files.len());
        let absent = Prefix::from_hex(kind, "FFFFF").unwrap();
        assert!(matches!(index.range(&absent), Err(Error::NotCovered { prefix: 0xF_FFFF, .. })));
    }
}

#[test]
fn passwords_of_known_counts_are_counted_so() {
    let Some(data) = shared_data() else { return };
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let folder = TempDir::new().unwrap();
        let options = BuildOptions { kind, coverage: CoverageRule::Present, ..BuildOptions::default() };
        let ranges = Input::path(data.join("ranges").join(kind.name()));
        let index = built(&[ranges], folder.path(), &options);
        let known = fs::read_to_string(data.join(format!("known_{}.tsv", kind.name()))).unwrap();
        let mut asked = 0;
        for line in known.lines().filter(|line| !line.starts_with('#')) {
            let [password, hex, count] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("not three columns")
            };
            let digest = match kind {
                Kind::Sha1 => Digest::sha1(password.as_bytes()),
                Kind::Ntlm => Digest::ntlm(password),
            };
            let count: u64 = count.parse().unwrap();
            for digest in [digest, Digest::from_hex(kind, hex.as_bytes()).unwrap()] {
                assert_eq!(index.count(&digest).unwrap(), count, "row {asked}");
                assert_eq!(index.contains(&digest, count.max(1)).unwrap(), count > 0);
                assert!(!index.contains(&digest, count + 1).unwrap());
            }
            asked += 1;
        }
        assert!(asked > 0);
    }
}

/// Every line of a list and how often it occurs in it.
fn lines(list: &[u8]) -> HashMap<&[u8], u64> {
    let mut lines = HashMap::new();
    for line in list.strip_suffix(b"\n").unwrap_or(list).split(|byte| *byte == b'\n') {
        *lines.entry(line.strip_suffix(b"\r").unwrap_or(line)).or_insert(0) += 1;
    }
    lines
}

#[test]
fn a_list_of_common_passwords_is_found_whole_exact_and_cut() {
    let Some(data) = shared_data() else { return };
    let path = data.join("lists/ncsc_top100k.txt");
    let list = fs::read(&path).unwrap();
    let lines = lines(&list);
    let strangers = (0..lines.len()).map(|i| Digest::sha1(format!("stranger {i} to all lists").as_bytes()));
    let digests: Vec<Digest> = lines.keys().map(|line| Digest::sha1(line)).chain(strangers).collect();
    for bits in [160, 64] {
        let folder = TempDir::new().unwrap();
        let input = Input { format: Some(Format::Passwords), ..Input::path(&path) };
        let options = BuildOptions { bits: Some(bits), ..BuildOptions::default() };
        let index = built(&[input], folder.path(), &options);
        assert_eq!(index.len(), lines.len() as u64, "two of so few do not share 64 bits");
        assert_eq!(index.metadata().total_count, lines.values().sum::<u64>());
        let scalar: Vec<Answer> = digests.iter().map(|digest| index.lookup(digest).unwrap()).collect();
        let mut bulk = vec![Answer::Absent; digests.len()];
        index.lookup_many(&digests, &mut bulk).unwrap();
        assert!(scalar == bulk, "bulk and scalar lookups differ");
        let (known, unknown) = scalar.split_at(lines.len());
        let expected = lines.values().map(|count| Answer::Present { count: Some(*count) });
        assert!(known.iter().copied().eq(expected), "a line is missing or miscounted");
        assert!(unknown.iter().all(|answer| !answer.is_present()), "a stranger is present");
    }
}
