//! The program `peers` as it is run, over a small corpus.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use breachdex_benches::at_size::{left_out, structures};
use serde_json::Value;

fn peers(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_peers"))
        .args(["--entries", "20000", "--questions", "500", "--misses", "1000", "--cold", "20", "--data"])
        .arg(folder.join("data"))
        .arg("--out")
        .arg(folder.join("report.txt"))
        .args(arguments)
        .output()
        .unwrap()
}

fn results(folder: &Path) -> Vec<Value> {
    let json: Value = serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap();
    json["peers"].as_array().unwrap().clone()
}

#[test]
fn every_structure_gets_its_figures_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = peers(folder.path(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(folder.path().join("report.txt")).unwrap();
    assert_eq!(output.stdout, text.as_bytes());
    let results = results(folder.path());
    assert_eq!(results.len(), structures().len() + left_out().len());
    for peer in &results {
        let name = peer["name"].as_str().unwrap();
        assert!(text.contains(&format!("\n| {} | ", peer["title"].as_str().unwrap())), "{name}");
        if left_out().contains(&name) {
            assert_eq!(peer["error"], "compiled without it; run with `--features peers`");
            continue;
        }
        assert_eq!(peer["error"], Value::Null, "{name}");
        assert!(peer["building"]["bytes"].as_u64().unwrap() > 10_000, "{name}");
        assert!(peer["asking"]["hit"]["dependent"].as_f64().unwrap() > 0.0, "{name}");
        assert_eq!(peer["cold"]["questions"], 20, "{name}");
    }
    assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 0);
}

#[test]
fn a_failure_is_a_row_and_the_others_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let picked = ["--only", "fuse-16", "--only", "program", "--peer-program", "cat"];
    let output = peers(folder.path(), &picked);
    assert_eq!(output.status.code(), Some(1));
    let results = results(folder.path());
    assert_eq!(results[0]["error"], Value::Null);
    // It repeats the digest, whether that is present or not.
    assert_eq!(results[1]["error"], "`cat` says `` of an entry, as of digests that are absent");
    assert!(results[1]["building"]["bytes"].as_u64().unwrap() > 20_000 * 42);
    let text = fs::read_to_string(folder.path().join("report.txt")).unwrap();
    assert!(text.contains("\n- peer's program: `cat` says `` of an entry"), "{text}");
    assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 0);
}

#[test]
fn a_name_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = peers(folder.path(), &["--only", "btree"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("no structure `btree`; there are breachdex-exact, breachdex-64,"), "{message}");
    let output = peers(folder.path(), &["--only", "program"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("no structure `program`; give --peer-program; there are"), "{message}");
}
