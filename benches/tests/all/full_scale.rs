//! The tables of README and docs are those of the committed result, and rendering is repeatable.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

fn full_scale(arguments: &[&str]) -> Output {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Command::new("python3").arg("benches/full-scale").args(arguments).current_dir(project).output().unwrap()
}

#[test]
fn the_pages_show_the_result_that_they_name() {
    let checked = full_scale(&["render", "--check"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_small_result_gives_the_same_tables_each_time() {
    let result = "benches/tests/full-scale-2000000.json";
    let once = full_scale(&["render", "--print", result]);
    assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
    let text = String::from_utf8(once.stdout.clone()).unwrap();
    assert!(text.contains("2,000,000 synthetic SHA-1 entries"), "{text}");
    assert!(text.contains("| exact, with counts | **"), "{text}");
    // A step that could not be done is a row with its reason.
    assert!(text.contains("| python | not measured | "), "{text}");
    let is_growth = |line: &&str| {
        let cells: Vec<&str> = line.split(" | ").collect();
        cells.len() == 8
            && cells[0].trim_start_matches("| ").starts_with(|digit: char| digit.is_ascii_digit())
    };
    let growth = text.lines().filter(is_growth);
    assert_eq!(growth.count(), 7, "{text}");
    assert_eq!(full_scale(&["render", "--print", result]).stdout, once.stdout);
}

#[test]
fn too_small_a_disk_is_refused_before_anything_is_built() {
    let refused = full_scale(&["--entries", "1000000000000000", "--data", env!("CARGO_TARGET_TMPDIR")]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("GB are too few; free some, choose another folder with --data, or fewer --entries"),
        "{said}"
    );
    let unknown = full_scale(&["--only", "verfy"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        String::from_utf8(unknown.stderr)
            .unwrap()
            .starts_with("full-scale: no step verfy; there are generator,")
    );
}
