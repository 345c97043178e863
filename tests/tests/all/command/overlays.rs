//! Overlays from outside: two writers at once, a writer that is killed, file modes, a reader that sees a change of
//! any file, and what is never printed.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use breachdex::{Digest, Index};
use tempfile::TempDir;

use super::{breachdex, command, folder_with_index, listing, run};

const ADD: [&str; 4] = ["overlay", "add", "--overlay", "own.bdx"];

fn passwords(writer: u32, numbers: std::ops::Range<u32>) -> String {
    numbers.map(|number| format!("writer {writer} password {number}\n")).collect()
}

fn said(output: Output) -> (String, String, Option<i32>) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn two_writers_at_once_lose_nothing() {
    let folder = TempDir::new().unwrap();
    assert!(breachdex(folder.path(), &ADD, passwords(9, 0..50).as_bytes()).status.success());
    thread::scope(|scope| {
        for writer in 0..2 {
            let folder = folder.path();
            scope.spawn(move || {
                for round in 0..25 {
                    // One removes what was there, too, while the other adds.
                    let stdin = passwords(writer, round * 10..round * 10 + 10);
                    let output = breachdex(folder, &ADD, stdin.as_bytes());
                    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                    let gone = passwords(9, (round * 2 + writer)..(round * 2 + writer + 1));
                    let remove = ["overlay", "remove", "--overlay", "own.bdx"];
                    assert!(breachdex(folder, &remove, gone.as_bytes()).status.success());
                }
            });
        }
    });
    let index = Index::open(folder.path().join("own.bdx")).unwrap();
    index.verify(&()).unwrap();
    for writer in 0..2 {
        for password in passwords(writer, 0..250).lines() {
            assert_eq!(index.count(&Digest::sha1(password.as_bytes())).unwrap(), 1, "{password}");
        }
    }
    assert_eq!(index.len(), 500);
    assert_eq!(listing(folder.path()), [".own.bdx.breachdex-lock", "own.bdx"]);
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_overlay_or_the_new_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("own.bdx");
    assert!(breachdex(folder.path(), &ADD, passwords(0, 0..10).as_bytes()).status.success());
    let old = fs::read(&path).unwrap();
    let many = folder.path().join("many.txt");
    fs::write(&many, passwords(1, 0..60_000)).unwrap();
    let add = |folder: &Path| {
        let mut adding = command(folder);
        adding.args(ADD).arg("many.txt").stdout(Stdio::null()).stderr(Stdio::null());
        adding
    };
    let started = Instant::now();
    assert!(add(folder.path()).status().unwrap().success());
    let whole = started.elapsed();
    let new = fs::read(&path).unwrap();
    let mut killed = 0;
    for round in 0..40_u32 {
        fs::write(folder.path().join("fresh"), &old).unwrap();
        fs::rename(folder.path().join("fresh"), &path).unwrap();
        let mut child = add(folder.path()).spawn().unwrap();
        // Moments spread over the whole of it by the golden ratio.
        thread::sleep(whole.mul_f64(f64::from(round) * 0.618_034 % 1.1));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        let found = fs::read(&path).unwrap();
        assert!(found == old || found == new, "round {round}: neither the old overlay nor the new one");
    }
    assert!(killed > 8, "{killed} were killed: the moments do not fall into the change");
    assert!(add(folder.path()).status().unwrap().success());
    assert_eq!(fs::read(&path).unwrap(), new);
    assert_eq!(listing(folder.path()), [".own.bdx.breachdex-lock", "many.txt", "own.bdx"]);
}

/// Runs the command with a umask that takes nothing away.
fn without_umask(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_breachdex-under-test")]);
    run(shell.args(arguments).current_dir(folder).env_remove("BREACHDEX_INDEX"), stdin.to_vec())
}

#[test]
fn all_that_holds_digests_of_an_overlay_is_its_owners_whatever_the_umask() {
    let folder = folder_with_index();
    let all: [&[&str]; 6] = [
        &ADD,
        &["overlay", "remove", "--overlay", "own.bdx", "gone.txt"],
        &["merge", "-o", "merged.bdx", "a.bdx", "own.bdx"],
        &["build", "-o", "built.bdx", "merged.bdx"],
        &["export", "own.bdx", "-o", "own.txt"],
        &["diff", "a.bdx", "merged.bdx", "--export", "new.txt"],
    ];
    fs::write(folder.path().join("gone.txt"), "ours 2\n").unwrap();
    for arguments in all {
        let output = without_umask(folder.path(), arguments, b"ours\nours 2\n");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777;
    let secret = [".own.bdx.breachdex-lock", "own.bdx", "merged.bdx", "built.bdx", "own.txt", "new.txt"];
    assert_eq!(secret.map(mode), [0o600; 6]);
    assert!(without_umask(folder.path(), &["export", "a.bdx", "-o", "a.txt"], b"").status.success());
    assert_eq!(mode("a.txt"), 0o666, "what others may read is as it was");
}

#[test]
fn a_check_that_runs_on_sees_a_change_of_the_overlay() {
    let folder = folder_with_index();
    assert!(breachdex(folder.path(), &ADD, b"").status.success());
    let mut child = command(folder.path())
        .args(["check", "--index", "a.bdx", "--overlay", "own.bdx"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut ask = || {
        stdin.write_all(b"ours\n").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        line.split_once('\t').unwrap().1.to_owned()
    };
    assert_eq!(ask(), "not found\t0\n");
    assert!(breachdex(folder.path(), &ADD, b"ours\n").status.success());
    let deadline = Instant::now() + Duration::from_secs(20);
    while ask() != "exposed\t1\n" {
        assert!(Instant::now() < deadline, "the change is not seen");
        thread::sleep(Duration::from_millis(100));
    }
    // One that cannot be taken over is said once, and the old one answers on.
    fs::write(folder.path().join("bad"), b"no index").unwrap();
    fs::rename(folder.path().join("bad"), folder.path().join("own.bdx")).unwrap();
    let later = Instant::now() + Duration::from_millis(1500);
    while Instant::now() < later {
        assert_eq!(ask(), "exposed\t1\n");
        thread::sleep(Duration::from_millis(100));
    }
    drop(stdin);
    let (_, stderr, exit) = said(child.wait_with_output().unwrap());
    assert_eq!(
        stderr,
        "breachdex: note: a replaced file was refused, still using the previous one: own.bdx is not a breachdex index: \
         it is a text file\n"
    );
    assert_eq!(exit, Some(1));
}

/// An index is followed as an overlay is, and what answers say about it is that of the file that answers.
#[test]
fn a_check_that_runs_on_sees_a_replaced_index() {
    let folder = folder_with_index();
    let mut child = command(folder.path())
        .args(["check", "--json", "--index", "a.bdx"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut ask = || {
        stdin.write_all(b"ours\n").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        line.split_once(',').unwrap().1.to_owned()
    };
    let about = "\"floor\":1,\"index\":\"a.bdx\"}\n";
    assert_eq!(ask(), format!("\"exposed\":false,\"count\":0,\"exact\":true,{about}"));
    let build = ["build", "-o", "a.bdx", "--force", "--bits", "64", "--format", "passwords", "-"];
    assert!(breachdex(folder.path(), &build, b"ours\nours\n").status.success());
    let deadline = Instant::now() + Duration::from_secs(20);
    while ask() != format!("\"exposed\":true,\"count\":2,\"exact\":false,{about}") {
        assert!(Instant::now() < deadline, "the new index is not seen");
        thread::sleep(Duration::from_millis(100));
    }
    // Whoever writes into the file itself gets no answer from it, neither the old nor a new one.
    fs::OpenOptions::new().append(true).open(folder.path().join("a.bdx")).unwrap().write_all(b"x").unwrap();
    while !ask().starts_with("\"error\":\"a.bdx is damaged: ") {
        assert!(Instant::now() < deadline, "the change in place is not seen");
        thread::sleep(Duration::from_millis(100));
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

/// A base holds it and the overlay is damaged: exposed, exit code 1, whatever --on-error says. What no source that can be
/// read holds is unknown. The audit and the policy say the same.
#[test]
fn a_damaged_overlay_hides_nothing_that_a_base_holds() {
    let folder = folder_with_index();
    assert!(breachdex(folder.path(), &ADD, b"ours\n").status.success());
    damage(&folder.path().join("own.bdx"));
    let sources = ["--index", "a.bdx", "--overlay", "own.bdx"];
    let run = |first: &[&str], more: &[&str], stdin: &[u8]| {
        said(breachdex(folder.path(), &[first, &sources, more].concat(), stdin))
    };
    for on_error in ["accept", "reject", "raise"] {
        let more = ["--on-error", on_error];
        let (stdout, stderr, exit) = run(&["check"], &more, b"password\n");
        assert_eq!((stdout.as_str(), stderr.as_str(), exit), ("1\texposed\t7\n", "", Some(1)));
        let (stdout, _, _) = run(&["check", "--json"], &more, b"password\n");
        assert!(stdout.contains("\"exposed\":true,\"count\":7,"), "{stdout}");
        assert!(stdout.ends_with("\"source\":\"base\",\"partial\":true}\n"), "{stdout}");
        let (stdout, _, exit) = run(&["policy", "check"], &more, b"password\n");
        assert_eq!((stdout.as_str(), exit), ("1\treject\texposed,too_short\n", Some(1)));
    }
    for (on_error, expected, exit) in
        [("accept", "1\tunknown\t-\n", 0), ("reject", "1\tunknown\t-\n", 1), ("raise", "", 2)]
    {
        let (stdout, stderr, found) = run(&["check"], &["--on-error", on_error], b"nobody has it\n");
        assert_eq!((stdout.as_str(), found), (expected, Some(exit)));
        assert!(stderr.starts_with("breachdex: line 1: own.bdx is damaged: "), "{stderr}");
    }
    let csv = b"id,pw\nkim,password\nlee,nobody has it\n";
    let audit = ["audit", "--format", "csv", "--column", "pw", "--json"];
    let (stdout, stderr, exit) = run(&audit, &[], csv);
    assert!(
        stdout.contains("\"accounts\":1,\"exposed\":1,") && stdout.contains("\"unanswered\":1,"),
        "{stdout}"
    );
    assert_eq!(
        stderr,
        "breachdex: line 3: could not be checked: whether it is exposed is not known\n\
         breachdex: error: own.bdx is damaged (groups: the group's checksum does not match); find where with `breachdex verify`, \
         then restore it from a copy or build it again\n"
    );
    assert_eq!(exit, Some(2));
}

/// Changes a byte that an index opens without and that its answers need.
fn damage(path: &std::path::Path) {
    let sound = fs::read(path).unwrap();
    let questions = ["password", "nobody has it"].map(|text| ::breachdex::Digest::sha1(text.as_bytes()));
    let is_damage = |at: &usize| {
        let mut bytes = sound.clone();
        bytes[*at] ^= 1;
        ::breachdex::Index::from_bytes(bytes, "own.bdx").is_ok_and(|index| {
            questions
                .iter()
                .all(|digest| matches!(index.lookup(digest), Err(::breachdex::Error::Damaged { .. })))
        })
    };
    let at = (0..sound.len()).find(is_damage).unwrap();
    let mut bytes = sound.clone();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_password_is_found_in_its_forms_on_demand() {
    let folder = folder_with_index();
    let check = |more: &[&str]| {
        let all = [&["check", "--index", "a.bdx"], more].concat();
        said(breachdex(folder.path(), &all, "ｐａｓｓｗｏｒｄ\n".as_bytes()))
    };
    assert_eq!(check(&[]).0, "1\tnot found\t0\n");
    assert_eq!(check(&["--forms"]).0, "1\texposed\t7\n");
    let (stdout, _, exit) = check(&["--forms", "--json"]);
    assert!(stdout.ends_with("\"index\":\"a.bdx\",\"form\":\"nfkc\"}\n"), "{stdout}");
    assert_eq!(exit, Some(1));
}

#[test]
fn a_damaged_overlay_is_an_error_and_is_not_written_over() {
    let folder = TempDir::new().unwrap();
    assert!(breachdex(folder.path(), &ADD, b"ours\n").status.success());
    let path = folder.path().join("own.bdx");
    let mut bytes = fs::read(&path).unwrap();
    bytes[275] ^= 1;
    fs::write(&path, &bytes).unwrap();
    for action in ["add", "remove"] {
        let (stdout, stderr, exit) =
            said(breachdex(folder.path(), &["overlay", action, "--overlay", "own.bdx"], b"more\n"));
        assert!(stderr.starts_with("breachdex: error: own.bdx is damaged: "), "{stderr}");
        assert_eq!((stdout.as_str(), exit), ("", Some(2)));
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn nothing_printed_holds_the_password_or_its_digest() {
    let folder = folder_with_index();
    let secret = "correct horse battery staple";
    let digest: String =
        Digest::sha1(secret.as_bytes()).to_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
    let lines = format!("{secret}\n");
    let hashes = format!("{digest}\n{digest}0\n");
    fs::write(folder.path().join("list.txt"), &lines).unwrap();
    let runs: [(&[&str], &str); 16] = [
        (&ADD, &lines),
        (&["overlay", "add", "--overlay", "own.bdx", "list.txt"], ""),
        (&["overlay", "add", "--overlay", "own.bdx", "--hash"], &hashes),
        (&["overlay", "add", "--overlay", "own.bdx", "--hash"], &lines),
        (&["overlay", "remove", "--overlay", "own.bdx", "--hash"], &hashes),
        (&["overlay", "add", "--overlay", "own.bdx", secret], ""),
        (&["overlay", "remove", "--overlay", "own.bdx", secret], ""),
        (&["overlay", "add", "--overlay", "own.bdx", "--", secret], ""),
        (&["overlay", "add", "--overlay", "own.bdx", "list.txt", secret], ""),
        (&["overlay", "add", "--correct horse battery staple"], ""),
        (&["overlay", secret], ""),
        (&["overlay", "list", secret], ""),
        (&["overlay", "list", "--overlay", "own.bdx"], ""),
        (&["overlay", "add", "--overlay", "a.bdx"], &lines),
        (&["overlay", "add", "--overlay", "own.bdx", "--kind", "ntlm"], &lines),
        (&["check", "--index", "a.bdx", "--overlay", "own.bdx", "--json"], &lines),
    ];
    for (arguments, stdin) in runs {
        let (stdout, stderr, _) = said(breachdex(folder.path(), arguments, stdin.as_bytes()));
        let said = stdout + &stderr;
        for sign in ["horse", &digest[..8], &digest[..8].to_lowercase()] {
            assert!(!said.contains(sign), "{arguments:?}: {said}");
        }
    }
    // Only who asks for digests gets them.
    let (digests, _, _) =
        said(breachdex(folder.path(), &["overlay", "list", "--digests", "--overlay", "own.bdx"], b""));
    assert_eq!(digests, format!("{digest}\n"));
}
