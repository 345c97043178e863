//! Files that are not what they are taken for, signals, and what a replaced file hands on, all from outside.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Output;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{
    COMMAND, assert_refused, assert_succeeds, breachdex, corpus, finish, listing, program, start,
    wait_for_writing,
};

fn folder_with_index() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("corpus.txt"), corpus(100)).unwrap();
    assert_succeeds(&breachdex(folder.path(), &["build", "-o", "a.bdx", "corpus.txt"], b""));
    folder
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn fifo(path: &Path) {
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

/// Runs a script whose `$0` is the command.
fn shell(folder: &Path, script: &str, stdin: &[u8]) -> Output {
    finish(program(folder, "sh", &["-c", script, COMMAND]).spawn().unwrap(), stdin)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_build_that_waits_for_a_pipe_is_ended_by_one_signal() {
    for from_stdin in [false, true] {
        let folder = TempDir::new().unwrap();
        fifo(&folder.path().join("pipe"));
        let input = if from_stdin { "-" } else { "pipe" };
        let mut child = start(folder.path(), &["build", "-o", "a.bdx", input]);
        // Held open, so that standard input does not end.
        let _held = child.stdin.take().unwrap();
        assert!(wait_for_writing(folder.path()));
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert_refused(&child.wait_with_output().unwrap(), "stopped; nothing was written");
        assert_eq!(listing(folder.path()), ["pipe"]);
    }
}

#[test]
fn a_pipe_as_input_is_read_to_its_end() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("corpus.txt"), corpus(100)).unwrap();
    let output = shell(
        folder.path(),
        "mkfifo pipe; (sleep 0.2; cat corpus.txt > pipe) & exec \"$0\" build -o a.bdx pipe",
        b"",
    );
    assert_succeeds(&output);
    assert_succeeds(&shell(folder.path(), "cat corpus.txt | \"$0\" build -o b.bdx /dev/stdin", b""));
    assert!(fs::read(folder.path().join("a.bdx")).unwrap() == fs::read(folder.path().join("b.bdx")).unwrap());
}

#[test]
fn an_audit_reads_pipes_as_other_inputs_are_read() {
    let folder = folder_with_index();
    let audit = "\"$0\" audit --index a.bdx --format hashes --exit-zero";
    let whole = shell(
        folder.path(),
        &format!("printf '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\\n' > list.txt; {audit} list.txt"),
        b"",
    );
    assert_succeeds(&whole);
    let script = format!(
        "mkfifo list; (sleep 0.2; printf '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\\n' > list) & {audit} list"
    );
    let piped = shell(folder.path(), &script, b"");
    assert_succeeds(&piped);
    assert_eq!(text(&piped.stdout), text(&whole.stdout).replace("list.txt", "list"));
    // Nobody writes: one signal ends it.
    let child = start(folder.path(), &["audit", "--index", "a.bdx", "--format", "hashes", "list"]);
    let waits =
        || fs::read_to_string(format!("/proc/{}/wchan", child.id())).is_ok_and(|at| at.contains("poll"));
    (0..200).take_while(|_| !waits()).for_each(|_| std::thread::sleep(std::time::Duration::from_millis(20)));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_refused(&child.wait_with_output().unwrap(), "stopped; nothing was written");
}

#[test]
fn settings_are_small_files() {
    let folder = folder_with_index();
    fifo(&folder.path().join("pipe"));
    fs::File::create(folder.path().join("long")).unwrap().set_len(3 << 30).unwrap();
    fs::write(folder.path().join("list.txt"), "password\n").unwrap();
    for (name, reason) in [
        ("pipe", "it is a pipe"),
        ("./folder", "it is a folder"),
        ("/dev/zero", "it is a device"),
        ("long", "it has more than 1048576 bytes"),
    ] {
        fs::create_dir_all(folder.path().join("folder")).unwrap();
        for arguments in [
            &["policy", "check", "--index", "a.bdx", "--policy", name][..],
            &["audit", "--index", "a.bdx", "--format", "hashes", "--policy", name, "list.txt"],
            &["serve", "--config", name],
        ] {
            let output = breachdex(folder.path(), arguments, b"password\n");
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(&format!("{name}: {reason}")), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn pipes_and_folders_are_no_indexes_for_any_command() {
    let folder = folder_with_index();
    fifo(&folder.path().join("pipe"));
    fs::create_dir(folder.path().join("folder")).unwrap();
    for (name, reason) in [("pipe", "a pipe or a device, not a file"), ("folder", "a folder")] {
        let said = format!("{name} is not a breachdex index: it is {reason}");
        for arguments in [&["verify", name][..], &["info", name], &["export", name], &["update", name]] {
            let output = breachdex(folder.path(), arguments, b"");
            // `update` names what its path leads to.
            let prefix = format!("{}/", folder.path().canonicalize().unwrap().display());
            assert_eq!(text(&output.stderr).replace(&prefix, ""), format!("breachdex: error: {said}\n"));
        }
        let serve = breachdex(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--index", name], b"");
        assert!(text(&serve.stderr).contains(&said), "{}", text(&serve.stderr));
    }
}

#[test]
fn links_and_pipes_under_the_names_of_journals_are_refused() {
    let folder = folder_with_index();
    fs::write(folder.path().join("victim"), "precious").unwrap();
    for (suffix, job) in [("download", "download"), ("update", "update")] {
        let name = format!(".a.bdx.breachdex-{suffix}");
        let path = folder.path().join(&name);
        let arguments: &[&str] = match job {
            "download" => &["download", "-o", "a.bdx", "--force", "--base-url", "http://127.0.0.1:9"],
            _ => &["update", "a.bdx", "--base-url", "http://127.0.0.1:9"],
        };
        // `update` replaces what its path leads to, and names that.
        let shown = |output: &Output| {
            text(&output.stderr).replace(&format!("{}/", folder.path().canonicalize().unwrap().display()), "")
        };
        symlink("victim", &path).unwrap();
        let said = shown(&breachdex(folder.path(), arguments, b""));
        let link = "it is a symbolic link, which is not followed here; remove it";
        assert_eq!(said, format!("breachdex: error: cannot open {name}: {link}\n"));
        fs::remove_file(&path).unwrap();
        fifo(&path);
        let said = shown(&breachdex(folder.path(), arguments, b""));
        assert_eq!(
            said,
            format!("breachdex: error: cannot open {name}: it is not a regular file; remove it\n")
        );
        fs::remove_file(&path).unwrap();
    }
    assert_eq!(fs::read(folder.path().join("victim")).unwrap(), b"precious");
}

/// What an earlier run is said to have left is not taken from others: no request is made, and nothing is written.
#[test]
fn a_whole_index_that_others_left_is_refused() {
    let folder = folder_with_index();
    let whole = ".top.bdx.breachdex-whole.bdx";
    let path = folder.path().join(whole);
    let arguments = ["download", "-o", "top.bdx", "--top", "1", "--base-url", "http://127.0.0.1:9"];
    let refused = |reason: &str| {
        let said = text(&breachdex(folder.path(), &arguments, b"").stderr).to_owned();
        assert_eq!(said, format!("breachdex: error: cannot open {whole}: {reason}; remove it\n"));
        assert!(!folder.path().join("top.bdx").exists());
    };
    symlink("a.bdx", &path).unwrap();
    refused("it is a symbolic link, which is not followed here");
    fs::remove_file(&path).unwrap();
    fifo(&path);
    refused("it is not a regular file");
    fs::remove_file(&path).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o775)).unwrap();
    fs::hard_link(folder.path().join("a.bdx"), &path).unwrap();
    refused("it has other names (hard links), which others may have made");
}

#[test]
fn a_replaced_index_keeps_its_mode_whatever_the_umask() {
    let folder = folder_with_index();
    let target = folder.path().join("b.bdx");
    for script in [
        "umask 077; \"$0\" build --force -o b.bdx corpus.txt",
        "umask 000; \"$0\" merge --force -o b.bdx a.bdx",
        "umask 077; \"$0\" export a.bdx --force -o b.bdx",
    ] {
        for old in [0o600, 0o640, 0o644] {
            fs::write(&target, "old").unwrap();
            fs::set_permissions(&target, Permissions::from_mode(old)).unwrap();
            assert_succeeds(&shell(folder.path(), script, b""));
            assert_eq!(mode(&target), old, "{script}");
        }
        fs::remove_file(&target).unwrap();
    }
    assert_succeeds(&shell(folder.path(), "umask 027; \"$0\" build -o b.bdx corpus.txt", b""));
    assert_eq!(mode(&target), 0o640);
}

#[test]
fn a_link_is_kept_and_a_pipe_or_device_is_not_replaced() {
    let folder = folder_with_index();
    symlink("a.bdx", folder.path().join("link.bdx")).unwrap();
    assert_succeeds(&breachdex(folder.path(), &["build", "--force", "-o", "link.bdx", "corpus.txt"], b""));
    assert!(folder.path().join("link.bdx").is_symlink());
    symlink("/dev/null", folder.path().join("null.bdx")).unwrap();
    let output = breachdex(folder.path(), &["build", "--force", "-o", "null.bdx", "corpus.txt"], b"");
    assert_refused(&output, "null.bdx is a symbolic link to a device");
    // Text goes to whoever reads it.
    let rows = breachdex(folder.path(), &["export", "a.bdx"], b"").stdout;
    for script in [
        "\"$0\" export a.bdx --force -o /dev/stdout | cat",
        "mkfifo pipe; cat pipe & \"$0\" export a.bdx -o pipe; wait",
    ] {
        let output = shell(folder.path(), script, b"");
        assert!(output.status.success() && output.stdout == rows, "{script}: {}", text(&output.stderr));
    }
    let output = breachdex(folder.path(), &["diff", "a.bdx", "a.bdx", "--export", "-"], b"");
    assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output.stderr));
    for command in
        [&["build", "-o", "-", "corpus.txt"][..], &["merge", "-o", "-", "a.bdx"], &["download", "-o", "-"]]
    {
        assert_refused(
            &breachdex(folder.path(), command, b""),
            "an index cannot be written to standard output (-), because its beginning is written last; name a file",
        );
    }
    assert!(!folder.path().join("-").exists());
}

#[test]
fn what_a_killed_writer_leaves_goes_with_the_next() {
    let folder = folder_with_index();
    for name in [".b.txt.breachdex-1-abcdefgh", ".b.bdx.breachdex-1-abcdefgh"] {
        fs::write(folder.path().join(name), "half").unwrap();
    }
    assert_succeeds(&breachdex(folder.path(), &["export", "a.bdx", "-o", "b.txt"], b""));
    assert_succeeds(&breachdex(folder.path(), &["merge", "-o", "b.bdx", "a.bdx"], b""));
    assert_eq!(listing(folder.path()), ["a.bdx", "b.bdx", "b.txt", "corpus.txt"]);
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let folder = TempDir::new().unwrap();
    let script = "trap '' HUP INT; exec \"$0\" build -o a.bdx -";
    let mut child = program(folder.path(), "sh", &["-c", script, COMMAND]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    assert!(wait_for_writing(folder.path()));
    for signal in [Signal::HUP, Signal::INT] {
        kill_process(Pid::from_child(&child), signal).unwrap();
    }
    std::io::Write::write_all(&mut stdin, corpus(100).as_bytes()).unwrap();
    drop(stdin);
    assert_succeeds(&child.wait_with_output().unwrap());
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_with_a_reason() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("corpus.txt"), corpus(20_000)).unwrap();
    let output = shell(folder.path(), "ulimit -f 16; exec \"$0\" build -o a.bdx corpus.txt", b"");
    assert_refused(
        &output,
        "cannot write a.bdx: File too large (os error 27); its file system, or a limit of this process (ulimit -f), holds \
         no larger file: choose a folder elsewhere or raise the limit",
    );
    assert_eq!(listing(folder.path()), ["corpus.txt"]);
}

#[test]
fn names_from_files_do_not_drive_the_terminal() {
    let folder = folder_with_index();
    let name = "a\u{1b}[2J\n.bdx";
    fs::rename(folder.path().join("a.bdx"), folder.path().join(name)).unwrap();
    let said = text(&breachdex(folder.path(), &["verify", name], b"").stdout);
    assert!(said.starts_with("a\\u{1b}[2J\\n.bdx: sound, 100 entries"), "{said}");
    let said = text(&breachdex(folder.path(), &["verify", "\u{1b}]0;x"], b"").stderr);
    assert_eq!(said, "breachdex: error: cannot open \\u{1b}]0;x: No such file or directory (os error 2)\n");
    // Writers of JSON leave the control characters from 7F to 9F as they are, and terminals do not.
    let other = "b\u{9b}2J\u{202e}.bdx";
    fs::rename(folder.path().join(name), folder.path().join(other)).unwrap();
    fs::write(folder.path().join("users.csv"), "user,password\nx\u{9b}2J,password\n").unwrap();
    for arguments in [
        &["info", "--json", other][..],
        &["diff", "--json", other, other],
        &["policy", "attest", "--json", "--index", other],
        &["audit", "--json", "--column", "password", "--index", other, "users.csv"],
    ] {
        let output = breachdex(folder.path(), arguments, b"");
        let said = text(&output.stdout);
        assert!(!said.contains(['\u{9b}', '\u{202e}']), "{said}{}", text(&output.stderr));
        serde_json::from_str::<serde_json::Value>(&said).unwrap();
        assert!(said.contains("\\u009b2J"), "{said}");
    }
}

#[test]
fn verify_takes_several_files_and_checks_all() {
    let folder = folder_with_index();
    fs::write(folder.path().join("b.bdx"), "no index").unwrap();
    let output = breachdex(folder.path(), &["verify", "b.bdx", "a.bdx"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).starts_with("a.bdx: sound, 100 entries"));
    assert!(text(&output.stderr).starts_with("breachdex: error: b.bdx is not a breachdex index"));
}

#[test]
fn a_file_that_is_named_twice_is_noted() {
    let folder = folder_with_index();
    symlink("a.bdx", folder.path().join("link.bdx")).unwrap();
    let output = breachdex(folder.path(), &["merge", "-o", "b.bdx", "a.bdx", "a.bdx"], b"");
    assert_eq!(text(&output.stderr), "breachdex: note: a.bdx is named twice; once is enough\n");
    let arguments = ["build", "--merge", "sum", "-o", "c.bdx", "a.bdx", "link.bdx"];
    let output = breachdex(folder.path(), &arguments, b"");
    let noted = "breachdex: note: a.bdx and link.bdx are one file; naming it once is enough\n";
    assert!(text(&output.stderr).starts_with(noted), "{}", text(&output.stderr));
}

#[test]
fn a_value_that_may_be_a_password_is_not_repeated() {
    let folder = folder_with_index();
    for arguments in [
        &["check", "--min-count", "hunter2"][..],
        &["check", "--kind", "hunter2"],
        &["check", "--hunter2"],
        &["policy", "hunter2"],
        &["hunter2"],
        &["policy", "check", "--lang", "hunter2"],
    ] {
        let output = breachdex(folder.path(), arguments, b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(!text(&output.stderr).contains("hunter2"), "{}", text(&output.stderr));
    }
}
