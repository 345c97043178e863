//! Builds that are killed, and files that are replaced or unlinked under their readers.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use breachdex::{Digest, Index};

const COMMAND: &str = env!("CARGO_BIN_EXE_breachdex-under-test");

/// `HEX:COUNT` lines of the digests of numbered passwords, sorted or as they come.
fn corpus(entries: u32, sorted: bool) -> String {
    let mut lines: Vec<String> = (0..entries)
        .map(|number| {
            let digest = Digest::sha1(format!("password {number}").as_bytes());
            let mut line = String::new();
            digest.to_bytes().iter().for_each(|byte| write!(line, "{byte:02X}").unwrap());
            write!(line, ":{}", 1 + number % 7).unwrap();
            line
        })
        .collect();
    if sorted {
        lines.sort_unstable();
    }
    lines.join("\n")
}

fn build(folder: &Path, input: &str) -> Child {
    Command::new(COMMAND)
        .args(["build", "--force", "--memory", "16MiB", "-o", "target.bdx", input])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How many names in a folder begin with a dot: what builds have not finished.
fn unfinished(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with('.')).count()
}

#[test]
fn a_build_killed_at_any_moment_leaves_the_old_file_none_or_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target.bdx");
    fs::write(folder.path().join("sorted.txt"), corpus(60_000, true)).unwrap();
    fs::write(folder.path().join("shuffled.txt"), corpus(60_000, false)).unwrap();
    fs::write(folder.path().join("old.txt"), corpus(1000, true)).unwrap();
    assert!(build(folder.path(), "old.txt").wait().unwrap().success());
    let old = fs::read(&target).unwrap();
    let started = Instant::now();
    assert!(build(folder.path(), "shuffled.txt").wait().unwrap().success());
    let whole_build = started.elapsed().max(Duration::from_millis(5));
    let new = fs::read(&target).unwrap();

    let (mut killed, mut finished) = (0, 0);
    for round in 0..100_u32 {
        let had_target = round % 2 == 0;
        if had_target {
            fs::write(&target, &old).unwrap();
        } else {
            fs::remove_file(&target).unwrap();
        }
        let mut child = build(folder.path(), if round % 4 < 2 { "sorted.txt" } else { "shuffled.txt" });
        // Moments spread over the whole build by the golden ratio.
        thread::sleep(whole_build.mul_f64(f64::from(round) * 0.618_034 % 1.1));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            finished += 1;
        } else {
            killed += 1;
        }
        match fs::read(&target) {
            Ok(bytes) if bytes == new => Index::open(&target).unwrap().verify(&()).unwrap(),
            Ok(bytes) => {
                assert!(had_target && bytes == old, "round {round}: neither the old file nor the new")
            }
            Err(_) => assert!(!had_target, "round {round}: the old file is gone"),
        }
        if fs::metadata(&target).is_err() {
            fs::write(&target, &old).unwrap();
        }
    }
    assert!(killed > 20, "{killed} killed, {finished} finished: the moments do not fall into the build");
    assert!(build(folder.path(), "sorted.txt").wait().unwrap().success());
    assert_eq!(fs::read(&target).unwrap(), new);
    assert_eq!(unfinished(folder.path()), 0, "the next build removes what killed ones left");
}

#[test]
fn readers_of_a_replaced_or_unlinked_file_finish_undisturbed() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target.bdx");
    fs::write(folder.path().join("many.txt"), corpus(30_000, true)).unwrap();
    fs::write(folder.path().join("few.txt"), corpus(10, true)).unwrap();
    assert!(build(folder.path(), "many.txt").wait().unwrap().success());
    let index = Index::open(&target).unwrap();
    let before = index.content_id();
    let asked = |number: u32| Digest::sha1(format!("password {number}").as_bytes());
    thread::scope(|scope| {
        let readers: Vec<_> = (0..4_u32)
            .map(|reader| {
                let index = index.clone();
                scope.spawn(move || {
                    for number in (reader..30_000).step_by(4) {
                        assert_eq!(index.count(&asked(number)).unwrap(), u64::from(1 + number % 7));
                    }
                })
            })
            .collect();
        assert!(build(folder.path(), "few.txt").wait().unwrap().success());
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    assert!(index.lookup(&asked(29_999)).unwrap().is_present(), "the old mapping still answers");
    let reopened = index.reopen_if_replaced().unwrap().expect("another file is there now");
    assert_ne!(reopened.content_id(), before);
    assert_eq!(reopened.len(), 10);
    assert!(reopened.reopen_if_replaced().unwrap().is_none());

    fs::remove_file(&target).unwrap();
    assert_eq!(reopened.count(&asked(3)).unwrap(), 4);
    let error = reopened.reopen_if_replaced().unwrap_err().to_string();
    assert_eq!(error, format!("cannot read {}: No such file or directory (os error 2)", target.display()));
}

#[test]
fn a_file_changed_in_place_is_never_reopened_as_if_it_were_another() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target.bdx");
    fs::write(folder.path().join("few.txt"), corpus(10, true)).unwrap();
    assert!(build(folder.path(), "few.txt").wait().unwrap().success());
    let index = Index::open(&target).unwrap();
    thread::sleep(Duration::from_millis(20));
    let bytes = fs::read(&target).unwrap();
    fs::write(&target, bytes).unwrap();
    let error = index.reopen_if_replaced().unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{} is damaged: header at byte 0: the file was changed in place while it was open; \
             restore it from a copy or build it again",
            target.display()
        )
    );
}
