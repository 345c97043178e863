//! The prompt, the sentence and colour, with the command on a pseudo-terminal that `terminal.py` makes:
//! without `unsafe` a test in Rust cannot give a process a terminal of its own.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{breachdex, command, folder_with_index, run};

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
    check(&[], b"password\n", "\r\nExposed: this password is in a.bdx, seen 7 times; choose another.\r\n", 1);
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
fn the_prompt_and_the_answer_are_in_the_language_asked_for() {
    let folder = folder_with_index();
    let prompt = "パスワード（表示されません）: ";
    for (answer, language, expected, exit) in [
        (
            "password",
            "ja",
            "流出あり：このパスワードは a.bdx に含まれています（確認回数 7 回）。別のパスワードを設定してください。",
            1,
        ),
        ("unheard of", "ja_JP.UTF-8", "該当なし：このパスワードは a.bdx に含まれていません。", 0),
    ] {
        let arguments = ["check", "--index", "a.bdx", "--lang", language];
        let typed = format!("{answer}\n");
        if let Some(shown) =
            terminal(folder.path(), &[("NO_COLOR", "1")], prompt, typed.as_bytes(), &arguments)
        {
            assert_eq!(shown, (format!("{prompt}\r\n{expected}\r\n"), exit));
        }
    }
}

#[test]
fn json_and_quiet_answer_a_prompt_too() {
    let json =
        "\r\n{\"line\":1,\"exposed\":true,\"count\":7,\"exact\":true,\"floor\":1,\"index\":\"a.bdx\"}\r\n";
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

#[test]
fn a_password_for_an_overlay_is_asked_for_and_not_shown() {
    let folder = TempDir::new().unwrap();
    let (add, remove) = ("Password to add (not shown): ", "Password to remove (not shown): ");
    for (arguments, prompt, answer, expected, exit) in [
        (
            ["overlay", "add"],
            add,
            &b"ours\n"[..],
            "1 added, 0 already there; own.bdx holds 1 SHA-1 digest",
            0,
        ),
        (["overlay", "add"], add, b"\n", "breachdex: error: nothing was typed; nothing was written", 2),
        (
            ["overlay", "remove"],
            remove,
            b"ours\n",
            "1 removed, 0 not there; own.bdx holds 0 SHA-1 digests",
            0,
        ),
    ] {
        let arguments = [&arguments[..], &["--overlay", "own.bdx"]].concat();
        let shown = terminal(folder.path(), &[("NO_COLOR", "1")], prompt, answer, &arguments);
        if let Some((shown, found)) = shown {
            // What comes between is the bar of a long job, drawn and taken away.
            assert!(shown.starts_with(&format!("{prompt}\r\n")), "{shown:?}");
            assert!(shown.ends_with(&format!("{expected}\r\n")), "{shown:?}");
            assert!(!shown.contains("ours"), "{shown:?}");
            assert_eq!(found, exit);
        }
    }
}
