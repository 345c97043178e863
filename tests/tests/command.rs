//! The command from outside: what it prints, where, and how it exits.
//!
//! `command/*.toml` are cases as data, each a folder of small files and steps with exact standard output,
//! standard error and exit code. What needs a terminal, a signal or a closed pipe is written out here.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;

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

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breachdex-under-test"));
    command.current_dir(folder).env_remove("BREACHDEX_INDEX").env_remove("NO_COLOR").env("TERM", "xterm");
    command
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

#[test]
fn a_line_longer_than_any_buffer_is_one_password() {
    let folder = folder_with_index();
    let mut stdin = vec![b'x'; 3_000_000];
    stdin.extend_from_slice(b"\npassword\r\n");
    let output = breachdex(folder.path(), &["check", "--index", "a.bdx"], &stdin);
    assert_eq!(output.stdout, b"1\tnot found\t0\n2\texposed\t7\n");
    assert_eq!((output.stderr.as_slice(), output.status.code()), (&b""[..], Some(1)));
}

#[test]
fn a_program_that_waits_for_each_answer_gets_it() {
    let folder = folder_with_index();
    let mut child = command(folder.path())
        .args(["check", "--index", "a.bdx"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for (question, expected) in [("password\nhalf a", "1\texposed\t7\n"), (" line\n", "2\tnot found\t0\n")] {
        stdin.write_all(question.as_bytes()).unwrap();
        let mut answer = vec![0; expected.len()];
        stdout.read_exact(&mut answer).unwrap();
        assert_eq!(String::from_utf8(answer).unwrap(), expected);
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// Runs with a standard output whose reader is gone.
fn with_closed_stdout(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = command(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let folder = folder_with_index();
    let quiet: [&[&str]; 8] = [
        &["--help"],
        &["build", "-h"],
        &["range", "5BAA6", "--index", "a.bdx"],
        &["export", "a.bdx"],
        &["info", "a.bdx"],
        &["verify", "a.bdx"],
        &["completions", "bash"],
        &["man"],
    ];
    for arguments in quiet {
        let output = with_closed_stdout(folder.path(), arguments, b"");
        assert_eq!((output.stderr.as_slice(), output.status.code()), (&b""[..], Some(0)), "{arguments:?}");
    }
    // What was found until then is the result.
    for (stdin, exit) in [("password\n", 1), ("unheard of\n", 0)] {
        let output = with_closed_stdout(folder.path(), &["check", "--index", "a.bdx"], stdin.as_bytes());
        assert_eq!((output.stderr.as_slice(), output.status.code()), (&b""[..], Some(exit)));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_an_error() {
    let folder = folder_with_index();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(folder.path()).args(["export", "a.bdx"]).stdout(full).output().unwrap();
    let expected =
        "breachdex: error: cannot write to standard output: No space left on device (os error 28)\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_damaged_index_answers_nothing_and_verify_says_where() {
    let folder = folder_with_index();
    let index = folder.path().join("a.bdx");
    let sound = fs::read(&index).unwrap();
    let header = 256;
    for (at, place) in
        [(20, "header at byte 252"), (header + 12, "groups at byte 256"), (header + 20, "bucket at byte 273")]
    {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        fs::write(&index, bytes).unwrap();
        let damaged = format!("a.bdx is damaged: {place}: ");
        let runs: [(&[&str], &[u8]); 4] = [
            (&["verify", "a.bdx"], b""),
            (&["check", "--index", "a.bdx"], b"password\n"),
            (&["range", "5BAA6", "--index", "a.bdx"], b""),
            (&["export", "a.bdx"], b""),
        ];
        for (arguments, stdin) in runs {
            let output = breachdex(folder.path(), arguments, stdin);
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains(&damaged), "byte {at}, {arguments:?}: {said}");
            assert_eq!(
                (output.stdout.as_slice(), output.status.code()),
                (&b""[..], Some(2)),
                "{arguments:?}"
            );
        }
    }
}

#[test]
fn manuals_and_completions_name_every_command() {
    let folder = TempDir::new().unwrap();
    let commands = ["build", "merge", "check", "range", "export", "info", "verify", "completions", "man"];
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = breachdex(folder.path(), &["completions", shell], b"");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(commands.iter().all(|name| script.contains(name)), "{shell}");
    }
    let manual = String::from_utf8(breachdex(folder.path(), &["man"], b"").stdout).unwrap();
    for name in commands {
        assert!(manual.contains(&format!("breachdex\\-{name}(1)")), "{name}");
        let page = breachdex(folder.path(), &["man", name], b"");
        assert!(page.status.success() && page.stderr.is_empty());
        assert!(String::from_utf8(page.stdout).unwrap().starts_with(".ie"), "{name}");
    }
}

#[test]
fn the_starter_index_is_named_where_it_answers() {
    let folder = TempDir::new().unwrap();
    let entries = breachdex::Index::starter().unwrap().len();
    let note = format!(
        "breachdex: note: using the starter index of {entries} common passwords; a password that it does not \
         hold may well be exposed: name a full index with --index or BREACHDEX_INDEX\n"
    );
    let output = breachdex(folder.path(), &["check", "--json"], b"password\na password of no list, 7f3a\n");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), note);
    assert_eq!(output.status.code(), Some(1));
    let answers: Vec<serde_json::Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    assert_eq!(answers.len(), 2);
    for (answer, exposed) in answers.iter().zip([true, false]) {
        assert_eq!((&answer["exposed"], &answer["index"]), (&exposed.into(), &"starter".into()));
    }
    let range = breachdex(folder.path(), &["range", "5BAA6"], b"");
    assert!(String::from_utf8(range.stdout).unwrap().contains("1E4C9B93F3F0682250B6CF8331B7EE68FD8:"));
    assert_eq!(String::from_utf8(range.stderr).unwrap(), note);
}

#[test]
fn nothing_printed_holds_the_password_or_the_bad_line() {
    let folder = folder_with_index();
    let secret = "correct horse battery staple";
    let runs: [(&[&str], &str); 6] = [
        (&["check", "--index", "a.bdx", "--json"], secret),
        (&["check", "--index", "a.bdx", "--hash"], secret),
        (&["check", "--index", "a.bdx", "--hash", "--json"], secret),
        (&["check", secret], ""),
        (&["check", "--correct horse battery staple"], ""),
        (&["build", "-o", "b.bdx", "-"], secret),
    ];
    for (arguments, stdin) in runs {
        let output = breachdex(folder.path(), arguments, stdin.as_bytes());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!said.contains("horse"), "{arguments:?}: {said}");
    }
}

/// A build that reads what is written to the returned pipe.
fn endless_build(folder: &Path) -> (Child, std::process::ChildStdin) {
    let mut child = command(folder)
        .args(["build", "-o", "b.bdx", "--memory", "16MiB", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

#[test]
#[cfg(unix)]
fn an_interrupted_build_leaves_no_files() {
    use rustix::process::{Pid, Signal, kill_process};

    for signal in [Signal::INT, Signal::TERM] {
        let folder = TempDir::new().unwrap();
        // The input goes on as long as the build listens, so it is interrupted while it works.
        let (child, mut stdin) = endless_build(folder.path());
        let feeder = std::thread::spawn(move || {
            let mut number = 0_u64;
            while number < 50_000_000 {
                let lines: String =
                    (0..1000).map(|i| format!("{:040X}:1\n", u128::from(number + i) << 64)).collect();
                number += 1000;
                if stdin.write_all(lines.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        while listing(folder.path()).is_empty() {
            assert!(Instant::now() < deadline, "the build wrote nothing beside its target");
            std::thread::sleep(Duration::from_millis(10));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "breachdex: error: stopped; nothing was written\n"
        );
        assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)));
        assert_eq!(listing(folder.path()), Vec::<String>::new());
    }
}

#[cfg(unix)]
mod on_a_terminal {
    //! The prompt, the sentence and colour, with the command on a pseudo-terminal that `terminal.py` makes:
    //! without `unsafe` a test in Rust cannot give a process a terminal of its own.

    use super::*;

    const PROMPT: &str = "Password (not shown): ";

    /// What the terminal shows in all, and the exit code; `None` where there is no Python to ask.
    fn terminal(
        folder: &Path,
        environment: &[(&str, &str)],
        prompt: &str,
        answer: &[u8],
        arguments: &[&str],
    ) -> Option<(String, i32)> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("terminal.py");
        let answer: String = answer.iter().map(|byte| format!("{byte:02x}")).collect();
        let output = Command::new("python3")
            .arg(script)
            .args([prompt, &answer, env!("CARGO_BIN_EXE_breachdex-under-test")])
            .args(arguments)
            .current_dir(folder)
            .env_remove("BREACHDEX_INDEX")
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .envs(environment.iter().copied())
            .output();
        let Ok(output) = output else {
            println!("skipped: there is no python3 to make a terminal");
            return None;
        };
        let problem = String::from_utf8(output.stderr).unwrap();
        assert_eq!(problem, "");
        Some((String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap()))
    }

    /// Asks `check` about one password on a terminal without colour.
    fn check(extra: &[&str], answer: &[u8], expected: &str, exit: i32) {
        let folder = folder_with_index();
        let arguments = [&["check", "--index", "a.bdx"], extra].concat();
        if let Some(shown) = terminal(folder.path(), &[("NO_COLOR", "1")], PROMPT, answer, &arguments) {
            assert_eq!(shown, (format!("{PROMPT}{expected}"), exit), "{extra:?}");
        }
    }

    #[test]
    fn the_answer_is_one_sentence_and_the_password_is_not_shown() {
        check(
            &[],
            b"password\n",
            "\r\nExposed: this password is in a.bdx, seen 7 times; choose another.\r\n",
            1,
        );
        check(&[], b"123456\n", "\r\nExposed: this password is in a.bdx, seen once; choose another.\r\n", 1);
        check(&[], b"unheard of\n", "\r\nNot found: this password is not in a.bdx.\r\n", 0);
        check(&[], b"\n", "\r\nNot found: this password is not in a.bdx.\r\n", 0);
        check(
            &["--min-count", "8"],
            b"password\n",
            "\r\nBelow the threshold: this password is in a.bdx, seen 7 times, less than asked for.\r\n",
            0,
        );
    }

    #[test]
    fn json_and_quiet_answer_a_prompt_too() {
        let json = "\r\n{\"line\":1,\"exposed\":true,\"count\":7,\"exact\":true,\"floor\":1,\"index\":\"a.bdx\"}\r\n";
        check(&["--json"], b"password\n", json, 1);
        check(&["--quiet"], b"password\n", "\r\n", 1);
    }

    #[test]
    fn a_line_that_the_terminal_may_have_cut_is_refused() {
        let expected = "\r\nbreachdex: error: this is longer than a terminal hands over whole; \
                        send it on standard input instead\r\n";
        check(&[], &[&[b'x'; 5000][..], b"\n"].concat(), expected, 2);
    }

    #[test]
    fn a_prompt_takes_bytes_as_they_are() {
        // Tabs and bytes that are no UTF-8 are part of the password, and shown no more than others.
        let folder = TempDir::new().unwrap();
        let built = ["build", "-o", "b.bdx", "--format", "passwords", "-"];
        assert!(breachdex(folder.path(), &built, b"tab\tand \xff\n").status.success());
        let check = ["check", "--index", "b.bdx"];
        let shown = terminal(folder.path(), &[("NO_COLOR", "1")], PROMPT, b"tab\tand \xff\n", &check);
        let expected = "\r\nExposed: this password is in b.bdx, seen once; choose another.\r\n";
        assert!(shown.is_none_or(|shown| shown == (format!("{PROMPT}{expected}"), 1)));
    }

    #[test]
    fn ending_the_input_or_interrupting_asks_nothing() {
        check(&[], b"\x04", "breachdex: error: nothing was asked: the input is empty\r\n", 2);
        let folder = folder_with_index();
        let arguments = ["check", "--index", "a.bdx"];
        let shown = terminal(folder.path(), &[], PROMPT, b"half a passw\x03", &arguments);
        if let Some((shown, exit)) = shown {
            assert!(!shown.contains("half"), "{shown:?}");
            assert_eq!(exit, 2);
        }
    }

    #[test]
    fn colour_is_for_terminals_without_no_color() {
        let folder = folder_with_index();
        let asked = ["check", "--index", "a.bdx"];
        let refused = ["check", "--index", "no.bdx"];
        let helped = ["--help"];
        let unknown = ["nonsense"];
        let runs: [(&str, &[u8], &[&str]); 4] =
            [(PROMPT, b"password\n", &asked), ("", b"", &refused), ("", b"", &helped), ("", b"", &unknown)];
        for (prompt, answer, arguments) in runs {
            for (environment, expected) in [
                (&[][..], true),
                (&[("NO_COLOR", "")][..], true),
                (&[("NO_COLOR", "1")][..], false),
                (&[("TERM", "dumb")][..], false),
            ] {
                if let Some((shown, _)) = terminal(folder.path(), environment, prompt, answer, arguments) {
                    assert_eq!(
                        shown.contains('\u{1b}'),
                        expected,
                        "{arguments:?} with {environment:?}: {shown:?}"
                    );
                }
            }
        }
        let piped = run(command(folder.path()).args(helped).env("CLICOLOR_FORCE", "1"), Vec::new());
        assert!(!piped.stdout.contains(&0x1b));
    }
}
