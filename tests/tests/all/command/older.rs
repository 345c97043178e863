//! A corpus that goes back to an older state: every command that replaces a newer one says so.

#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::breachdex;

/// Standard error of a command that succeeds.
fn notes(folder: &Path, arguments: &[&str]) -> String {
    let output = breachdex(folder, arguments, b"");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    stderr.lines().filter(|line| !line.contains("ranges written")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_replaces_a_newer_corpus_says_so() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("old.txt"), format!("{:040X}:1\n", 5)).unwrap();
    fs::write(folder.join("new.txt"), format!("{:040X}:1\n{:040X}:1\n", 5, 6)).unwrap();
    let build = |name: &str, input: &str, date: &[&str]| {
        notes(folder, &[&["build", input, "--force", "--prefixes", "00000-000FF", "-o", name], date].concat())
    };
    let note = |name: &str, reason: &str| {
        format!("breachdex: note: {name} was replaced by an older corpus: {reason}\n")
    };
    let older = "its corpus date is 2026-11-19, that of the previous one was 2026-11-26";
    let [old, new] = ["2026-11-19", "2026-11-26"].map(|date| ["--date", date]);
    assert_eq!(build("old.bdx", "old.txt", &old), "");
    assert_eq!(build("a.bdx", "new.txt", &new), "");
    assert_eq!(build("a.bdx", "new.txt", &new), "", "the same date is not older");
    assert_eq!(build("a.bdx", "old.txt", &old), note("a.bdx", older));
    assert_eq!(build("a.bdx", "new.txt", &new), "");
    let undated = "it has no corpus date, the previous one had 2026-11-26";
    assert_eq!(build("a.bdx", "old.txt", &[]), note("a.bdx", undated));
    assert_eq!(build("a.bdx", "new.txt", &new), "");
    let merged = ["merge", "old.bdx", "a.bdx", "-o", "m.bdx", "--force"];
    assert_eq!(notes(folder, &[merged.as_slice(), &new].concat()), "");
    assert_eq!(notes(folder, &[merged.as_slice(), &old].concat()), note("m.bdx", older));
    // A folder of ranges.
    for (name, expected) in
        [("a.bdx", String::new()), ("old.bdx", note("r", older)), ("a.bdx", String::new())]
    {
        assert_eq!(notes(folder, &["export", "--ranges", "r", "--partial", name]), expected);
    }
    assert_eq!(notes(folder, &["diff", "old.bdx", "a.bdx"]), "");
    assert_eq!(
        notes(folder, &["diff", "a.bdx", "old.bdx"]),
        "breachdex: note: NEW (old.bdx, 2026-11-19) is older than OLD (a.bdx, 2026-11-26)\n"
    );
}
