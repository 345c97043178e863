//! The command from outside: what it prints, where, and how it exits.
//!
//! `cases` runs `command/*.toml`, each a folder of small files and steps with exact standard output, standard
//! error and exit code. What such data cannot say is written out: `streams`, `interruption`, `terminal`, and
//! `real_data` where that is at hand.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod audit;
mod cases;
mod interruption;
mod leaks;
#[cfg(target_os = "linux")]
mod memory;
mod older;
#[cfg(unix)]
mod overlays;
mod real_data;
mod streams;
#[cfg(unix)]
mod terminal;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn command(folder: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(folder).env_remove("BREACHDEX_INDEX").env_remove("NO_COLOR").env("TERM", "xterm");
    command
}

/// The command; in the long tier another build of it.
fn program() -> std::ffi::OsString {
    std::env::var_os("BREACHDEX_TEST_COMMAND")
        .unwrap_or_else(|| env!("CARGO_BIN_EXE_breachdex-under-test").into())
}

/// Feeds standard input from a thread, so that neither side waits for the other.
fn run(command: &mut Command, stdin: Vec<u8>) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // The command may stop reading early; what it makes of that is what the test looks at.
    let feeder = std::thread::spawn(move || drop(input.write_all(&stdin)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

fn breachdex(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    run(command(folder).args(arguments), stdin.to_vec())
}

fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// `password` 7 times and `123456` once.
const CORPUS: &str =
    "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:7\n7C4A8D09CA3762AF61E59520943DC26494F8941B:1\n";

/// A folder with the index `a.bdx` of `CORPUS`.
fn folder_with_index() -> TempDir {
    let folder = TempDir::new().unwrap();
    let output = breachdex(folder.path(), &["build", "-o", "a.bdx", "-"], CORPUS.as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}
