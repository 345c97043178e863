//! Recorded answers of the Pwned Passwords service, in and out, where they are at hand: in `../shared` beside
//! the workspace or where `BREACHDEX_SHARED` says.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::breachdex;

fn shared_data() -> Option<PathBuf> {
    let shared = match std::env::var_os("BREACHDEX_SHARED") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
    };
    let data = shared.join("data");
    if !data.is_dir() {
        println!("skipped: there is no recorded data in {}", data.display());
        return None;
    }
    Some(data)
}

/// Builds of the recorded ranges of a kind, then asks for ranges and for passwords whose counts are known.
fn ranges_and_counts_come_back(kind: &str) {
    let Some(data) = shared_data() else { return };
    let folder = TempDir::new().unwrap();
    let ranges = data.join("ranges").join(kind);
    let built = breachdex(
        folder.path(),
        &["build", "-o", "a.bdx", "--kind", kind, "--partial", ranges.to_str().unwrap()],
        b"",
    );
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    let mut names: Vec<_> = fs::read_dir(&ranges).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names.iter().step_by(8) {
        let prefix = path.file_stem().unwrap().to_str().unwrap();
        let body = breachdex(folder.path(), &["range", prefix, "--index", "a.bdx"], b"");
        assert!(body.stdout == fs::read(path).unwrap(), "{} differs", path.display());
    }

    let known = fs::read_to_string(data.join(format!("known_{kind}.tsv"))).unwrap();
    let rows: Vec<Vec<&str>> =
        known.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
    assert!(!rows.is_empty());
    let counts: Vec<u64> = rows.iter().map(|row| row[2].parse().unwrap()).collect();
    for (flags, column) in
        [(&["check", "--index", "a.bdx"][..], 0), (&["check", "--index", "a.bdx", "--hash"], 1)]
    {
        let lines: String = rows.iter().map(|row| format!("{}\n", row[column])).collect();
        let answers = breachdex(folder.path(), flags, lines.as_bytes());
        let expected: String = counts
            .iter()
            .enumerate()
            .map(|(i, count)| {
                let found = if *count > 0 { "exposed" } else { "not found" };
                format!("{}\t{found}\t{count}\n", i + 1)
            })
            .collect();
        assert_eq!(String::from_utf8(answers.stdout).unwrap(), expected);
        assert_eq!(answers.status.code(), Some(1));
    }
}

#[test]
fn recorded_sha1_ranges_and_counts_come_back() {
    ranges_and_counts_come_back("sha1");
}

#[test]
fn recorded_ntlm_ranges_and_counts_come_back() {
    ranges_and_counts_come_back("ntlm");
}
