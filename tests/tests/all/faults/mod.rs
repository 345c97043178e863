//! The command where the world around it fails: packed inputs that are cut or go on, targets that are inputs
//! or that others write, full and read-only disks, interruptions. Always a clear error and exit 2; inputs and
//! old targets stay as they were, and nothing half-written is left.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![cfg(unix)]

mod disk;
mod files;
mod interruption;
mod packed;
mod target;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const COMMAND: &str = env!("CARGO_BIN_EXE_breachdex-under-test");

/// A program that runs in `folder` with all its streams in our hands.
fn program(folder: &Path, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("BREACHDEX_INDEX")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    program(folder, COMMAND, arguments).spawn().unwrap()
}

/// Runs to the end. Input is fed from a thread, so that neither side waits for the other.
fn finish(mut child: Child, stdin: &[u8]) -> Output {
    let mut input = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // The command may stop reading early; what it makes of that is what the test looks at.
        scope.spawn(move || drop(input.write_all(stdin)));
        child.wait_with_output().unwrap()
    })
}

fn breachdex(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    finish(start(folder, arguments), stdin)
}

#[track_caller]
fn assert_succeeds(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Nothing on standard output, `error` as the one line on standard error, exit 2.
#[track_caller]
fn assert_refused(output: &Output, error: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("breachdex: error: {error}\n"));
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)));
}

fn listing(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Waits until something in `folder` is being written: a name that begins with a dot.
fn wait_for_writing(folder: &Path) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if listing(folder).iter().any(|name| name.starts_with('.')) {
            return true;
        }
        thread::sleep(Duration::from_micros(200));
    }
    false
}

/// `HEX:COUNT` lines of `entries` digests that divide the key space evenly, ascending.
fn corpus(entries: u32) -> String {
    let step = u128::MAX / u128::from(entries);
    let line =
        |i: u32| format!("{:032X}{:08X}:{}\n", u128::from(i) * step, i.wrapping_mul(0x9E37_79B9), 1 + i % 5);
    (0..entries).map(line).collect()
}

/// The same lines, descending.
fn reversed(corpus: &str) -> String {
    corpus.lines().rev().flat_map(|line| [line, "\n"]).collect()
}
