//! Long and slow input, closed and full outputs, and what must never be printed.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Output, Stdio};

use tempfile::TempDir;

use super::{breachdex, command, folder_with_index};

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
fn names_and_arguments_drive_no_terminal() {
    let folder = folder_with_index();
    let hostile = "\u{1b}[2J\u{7}\u{9b}\u{202e}.bdx";
    let escaped = "\\u{1b}[2J\\u{7}\\u{9b}\\u{202e}.bdx";
    fs::copy(folder.path().join("a.bdx"), folder.path().join(hostile)).unwrap();
    fs::write(folder.path().join("list.txt"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\n").unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    for arguments in [
        &["diff", "a.bdx", hostile][..],
        &["audit", "--index", hostile, "--format", "hashes", "list.txt"],
        &["verify", hostile],
        // Words where none belong, which may have come from somewhere else.
        &[hostile],
        &["merge", "-o", "out.bdx", "--no-such", hostile],
        &["merge", "-o", "out.bdx", "--merge", hostile, "a.bdx"],
        &["build", hostile, "--memory", hostile, "-o", "x"],
        &["info", "a.bdx", hostile],
    ] {
        let output = breachdex(folder.path(), arguments, b"");
        let said = text(&output.stdout) + &text(&output.stderr);
        let raw = said.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
        assert_eq!(raw, None, "{arguments:?}: {said}");
        // What stands in place of a command, or behind an unknown flag, is not repeated.
        let is_repeated = arguments.len() > 1 && !arguments.contains(&"--no-such");
        assert_eq!(said.contains(escaped), is_repeated, "{arguments:?}: {said}");
    }
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
    let commands = [
        "build",
        "merge",
        "overlay",
        "check",
        "range",
        "export",
        "diff",
        "info",
        "verify",
        "completions",
        "man",
    ];
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
