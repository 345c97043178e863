//! Ctrl-C while a command writes or reads what is already an index.
//!
//! An index of 600,000 entries is written or read in a moment, so a run may be over before the signal comes:
//! then it must have done its work whole, and the next attempt decides.

use std::fs;
use std::path::Path;
use std::process::{Child, Output};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{assert_refused, assert_succeeds, breachdex, corpus, listing, start, wait_for_writing};

const ATTEMPTS: u32 = 40;

fn folder_with_large_index() -> TempDir {
    let folder = TempDir::new().unwrap();
    let output = breachdex(folder.path(), &["build", "-o", "a.bdx", "-"], corpus(600_000).as_bytes());
    assert_succeeds(&output);
    folder
}

/// Stands the program still, so that it cannot finish between being seen and being told to stop.
fn interrupt(child: Child) -> Output {
    let process = Pid::from_child(&child);
    for signal in [Signal::STOP, Signal::INT, Signal::CONT] {
        // One that has finished by now shows that in its exit code.
        let _ = kill_process(process, signal);
    }
    child.wait_with_output().unwrap()
}

/// Interrupts runs that write `target` until one was stopped in the middle.
fn assert_leaves_nothing(folder: &Path, arguments: &[&str], target: &str) {
    let before = listing(folder);
    for _ in 0..ATTEMPTS {
        let child = start(folder, arguments);
        wait_for_writing_or_target(folder, target);
        let output = interrupt(child);
        if output.status.success() {
            fs::remove_file(folder.join(target)).unwrap();
            assert_eq!(listing(folder), before);
            continue;
        }
        assert_refused(&output, "stopped; nothing was written");
        assert_eq!(listing(folder), before);
        return;
    }
    panic!("no attempt of {arguments:?} was stopped in the middle");
}

fn wait_for_writing_or_target(folder: &Path, target: &str) {
    while !folder.join(target).exists() {
        if listing(folder).iter().any(|name| name.starts_with('.')) {
            return;
        }
        thread::sleep(Duration::from_micros(100));
    }
}

#[test]
fn an_interrupted_merge_or_export_leaves_nothing() {
    let folder = folder_with_large_index();
    assert_leaves_nothing(folder.path(), &["merge", "-o", "b.bdx", "a.bdx", "a.bdx"], "b.bdx");
    assert_leaves_nothing(folder.path(), &["build", "-o", "b.bdx", "--bits", "64", "a.bdx"], "b.bdx");
    assert_leaves_nothing(folder.path(), &["export", "a.bdx", "-o", "b.txt"], "b.txt");
}

#[test]
fn an_interrupted_command_keeps_the_old_target() {
    let folder = folder_with_large_index();
    fs::write(folder.path().join("old"), b"old").unwrap();
    let mut stopped = 0;
    for arguments in
        [&["merge", "--force", "-o", "old", "a.bdx"][..], &["export", "a.bdx", "--force", "-o", "old"]]
    {
        for _ in 0..ATTEMPTS {
            fs::write(folder.path().join("old"), b"old").unwrap();
            let child = start(folder.path(), arguments);
            assert!(wait_for_writing(folder.path()));
            let output = interrupt(child);
            assert_eq!(listing(folder.path()), ["a.bdx", "old"]);
            let kept = fs::read(folder.path().join("old")).unwrap() == b"old";
            assert_eq!(kept, !output.status.success());
            if kept {
                assert_refused(&output, "stopped; nothing was written");
                stopped += 1;
                break;
            }
        }
    }
    assert_eq!(stopped, 2, "no attempt was stopped in the middle");
}

#[test]
fn an_interrupted_verification_says_neither_sound_nor_damaged() {
    let folder = folder_with_large_index();
    for attempt in 0..ATTEMPTS * 4 {
        let child = start(folder.path(), &["verify", "a.bdx"]);
        // There is nothing to be seen from outside, so the moments are spread over the run.
        thread::sleep(Duration::from_micros(u64::from(attempt % 40) * 500));
        let output = interrupt(child);
        assert_eq!(listing(folder.path()), ["a.bdx"]);
        match output.status.code() {
            Some(0) => assert!(output.stdout.starts_with(b"a.bdx: sound, 600000 entries")),
            Some(_) => return assert_refused(&output, "stopped; nothing was written"),
            // Before the command listens to signals, it dies of them.
            None => assert!(output.stdout.is_empty()),
        }
    }
    panic!("no attempt was stopped in the middle");
}
