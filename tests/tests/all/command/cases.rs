//! The cases that are data.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::TempDir;

use super::{command, listing, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Files of the folder that the steps run in, by name.
    #[serde(default)]
    files: BTreeMap<String, String>,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    arguments: Vec<String>,
    /// Environment variables beyond none of ours.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    stdin: String,
    /// Instead of `stdin`, for bytes that are not text.
    stdin_hex: Option<String>,
    /// `[..]` stands for anything within a line.
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    exit: i32,
    /// All that is in the folder afterwards, sorted.
    leaves: Option<Vec<String>>,
}

fn bytes_of_hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// Whether `found` is `expected`, line by line, with `[..]` for anything within a line.
fn matches(expected: &str, found: &str) -> bool {
    let (expected, found): (Vec<_>, Vec<_>) = (expected.split('\n').collect(), found.split('\n').collect());
    expected.len() == found.len()
        && expected.iter().zip(&found).all(|(line, found)| line_matches(line, found))
}

fn line_matches(expected: &str, found: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == found,
        Some((start, rest)) => found.strip_prefix(start).is_some_and(|tail| {
            tail.char_indices()
                .map(|(at, _)| at)
                .chain([tail.len()])
                .any(|at| line_matches(rest, &tail[at..]))
        }),
    }
}

/// What differs in one case, in words; empty when nothing does.
fn faults(path: &Path) -> String {
    let case: Case = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let folder = TempDir::new().unwrap();
    for (name, text) in &case.files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let mut faults = String::new();
    for step in &case.step {
        let mut command = command(folder.path());
        command.args(&step.arguments).envs(&step.environment);
        let stdin = match &step.stdin_hex {
            Some(digits) => bytes_of_hex(digits),
            None => step.stdin.clone().into_bytes(),
        };
        let output = run(&mut command, stdin);
        let place = format!("{}: {:?}", path.file_name().unwrap().display(), step.arguments);
        for (stream, expected, found) in
            [("stdout", &step.stdout, output.stdout), ("stderr", &step.stderr, output.stderr)]
        {
            let found = String::from_utf8(found).unwrap();
            if !matches(expected, &found) {
                faults +=
                    &format!("{place}\n  expected {stream} {expected:?}\n  found           {found:?}\n");
            }
        }
        if output.status.code() != Some(step.exit) {
            faults += &format!("{place}\n  expected exit {}, found {}\n", step.exit, output.status);
        }
        if let Some(leaves) = &step.leaves {
            let found = listing(folder.path());
            if *leaves != found {
                faults += &format!("{place}\n  expected files {leaves:?}, found {found:?}\n");
            }
        }
    }
    faults
}

#[test]
fn every_case_prints_and_exits_as_written() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("command");
    let mut paths: Vec<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 5, "the cases are missing");
    let faults: String = paths.iter().map(|path| faults(path)).collect();
    assert!(faults.is_empty(), "\n{faults}");
}
