//! What the command leaves in its memory once it has answered: no password, no digest.
//!
//! The command is kept from ending, by a standard input that stays open or a standard output that is full, and its memory
//! is read from outside. Where the system does not permit that (it takes root or CAP_SYS_PTRACE, for the command forbids
//! it to its own user), the test says so and ends.

#![forbid(unsafe_code)]

use std::io::{BufRead as _, BufReader, PipeReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use breachdex::Digest;
use breachdex_tests::memory::{CONTROL, Needles, assert_forgotten};

use super::{breachdex, command, folder_with_index};

const PASSWORD: &str = "Vq7#zhx-Lummerbrot-0481";
/// In full width, with a space at its end.
const WIDE: &str = "Ｖｑ７＃ｚｈｘ－Ｌｕｍｍｅｒｂｒｏｔ－０４８１\u{3000}";

fn needles(password: &str, digest: &Digest) -> Needles {
    let mut needles = Needles::default();
    needles.password("the password", password);
    needles.digest("the digest", &digest.to_bytes());
    needles
}

fn sha1(password: &str) -> Digest {
    Digest::sha1(password.as_bytes())
}

/// Sends a line, reads the answer, and keeps standard input open.
fn ask(command: &mut Command, line: &str) -> (Child, String) {
    let mut child = command
        .env("BREACHDEX_TEST_CONTROL", CONTROL)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    child.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
    (child, answer)
}

#[test]
fn check_forgets_a_password_once_it_has_answered() {
    let folder = folder_with_index();
    for (arguments, answer) in [
        (&["check", "--index", "a.bdx"][..], "1\tnot found\t0\n"),
        (&["check", "--index", "a.bdx", "--index", "a.bdx", "--json"], "{\"line\":1,\"exposed\":false,"),
        (&["check"], "1\tnot found\t0\n"),
        (&["check", "--forms"], "1\tnot found\t0\n"),
        (&["policy", "check", "--profile", "nist", "--similar", "--user-name", "hanako"], "1\taccept\t-\n"),
    ] {
        let (mut child, said) = ask(command(folder.path()).args(arguments), PASSWORD);
        assert!(said.starts_with(answer), "{arguments:?}: {said}");
        assert_forgotten(&format!("{arguments:?}"), &mut child, &needles(PASSWORD, &sha1(PASSWORD)));
    }
}

#[test]
fn every_form_of_a_password_is_forgotten() {
    let folder = folder_with_index();
    for arguments in [&["check", "--forms"][..], &["policy", "check", "--similar", "--context", "hanako"]] {
        let (mut child, _) = ask(command(folder.path()).args(arguments), WIDE);
        let mut needles = needles(WIDE, &sha1(WIDE));
        needles.password("the plain form", PASSWORD);
        needles.digest("the plain form's digest", &sha1(PASSWORD).to_bytes());
        needles.digest("the digest of NFKC", &sha1(&format!("{PASSWORD} ")).to_bytes());
        needles.password("the folded form", &PASSWORD.to_lowercase());
        assert_forgotten(&format!("{arguments:?}"), &mut child, &needles);
    }
}

#[test]
fn an_exposed_password_is_forgotten_too() {
    let folder = folder_with_index();
    let output = breachdex(
        folder.path(),
        &["build", "-o", "own.bdx", "--format", "passwords", "-"],
        PASSWORD.as_bytes(),
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut child, said) = ask(command(folder.path()).args(["check", "--index", "own.bdx"]), PASSWORD);
    assert_eq!(said, "1\texposed\t1\n");
    assert_forgotten("check", &mut child, &needles(PASSWORD, &sha1(PASSWORD)));
}

#[test]
fn digests_given_as_such_are_forgotten() {
    let folder = folder_with_index();
    let digest = sha1(PASSWORD);
    let hex: String = digest.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    for line in [hex.to_uppercase(), hex] {
        let arguments = ["check", "--hash", "--index", "a.bdx"];
        let (mut child, said) = ask(command(folder.path()).args(arguments), &line);
        assert_eq!(said, "1\tnot found\t0\n");
        assert_forgotten("check --hash", &mut child, &needles(PASSWORD, &digest));
    }
}

#[test]
fn ntlm_leaves_nothing_either() {
    let folder = folder_with_index();
    let corpus = b"8846F7EAEE8FB117AD06BDD830B7586C:1\n";
    let output = breachdex(folder.path(), &["build", "-o", "n.bdx", "--kind", "ntlm", "-"], corpus);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut child, said) = ask(command(folder.path()).args(["check", "--index", "n.bdx"]), PASSWORD);
    assert_eq!(said, "1\tnot found\t0\n");
    assert_forgotten("check", &mut child, &needles(PASSWORD, &Digest::ntlm(PASSWORD)));
}

/// Standard output that takes nothing: a pipe that is full. The command says `last` on standard error before it writes.
fn run_up_to_the_result(command: &mut Command, input: &[u8], last: &str) -> (Child, PipeReader) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let room = rustix::pipe::fcntl_getpipe_size(&writer).unwrap();
    writer.write_all(&vec![0; room]).unwrap();
    let mut child = command
        .env("BREACHDEX_TEST_CONTROL", CONTROL)
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(last) {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "standard error ended without {last}");
    }
    // Nothing more is said, and nobody needs to read it.
    std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
    (child, reader)
}

#[test]
fn an_audit_forgets_the_digests_of_its_rows() {
    let folder = folder_with_index();
    let hex: String = sha1(PASSWORD).to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let other: String =
        Digest::sha1(b"another").to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{other}\n{hex}\nnot a digest\n");
    std::fs::write(folder.path().join("hashes.txt"), &text).unwrap();
    for file in ["hashes.txt", "-"] {
        let mut command = command(folder.path());
        command.args(["audit", "--index", "a.bdx", "--format", "hashes", file]);
        let input = if file == "-" { text.as_bytes() } else { b"" };
        let (mut child, _full) = run_up_to_the_result(&mut command, input, "line 3");
        assert_forgotten(&format!("audit {file}"), &mut child, &needles(PASSWORD, &sha1(PASSWORD)));
    }
}

#[test]
fn adding_to_an_overlay_forgets_what_was_added() {
    let folder = folder_with_index();
    let mut command = command(folder.path());
    command.args(["overlay", "add", "--overlay", "own.bdx"]);
    let input = format!("first\n\n{PASSWORD}\n");
    let (mut child, _full) =
        run_up_to_the_result(&mut command, input.as_bytes(), "an empty line was passed over");
    let mut needles = Needles::default();
    needles.password("the password", PASSWORD);
    assert_forgotten("overlay add", &mut child, &needles);
}

/// What a secret key signs with, and its text.
#[test]
fn signing_forgets_the_secret_key() {
    let folder = folder_with_index();
    let path = |name: &str| folder.path().join(name);
    let keygen = ["keygen", "--secret-key", "a.key", "--public-key", "a.pub", "--no-password"];
    let output = breachdex(folder.path(), &keygen, b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(path("a.key")).unwrap();
    let text = text.lines().nth(1).unwrap();
    let bytes = BASE64_STANDARD.decode(text).unwrap();
    let mut needles = Needles::default();
    needles.bytes("the seed of the key", &bytes[62..94]);
    needles.bytes("the text of the key", &text.as_bytes()[84..124]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&vec![0; rustix::pipe::fcntl_getpipe_size(&writer).unwrap()]).unwrap();
    let mut child = command(folder.path())
        .args(["sign", "a.bdx", "--secret-key", "a.key"])
        .env("BREACHDEX_TEST_CONTROL", CONTROL)
        .stdout(writer)
        .spawn()
        .unwrap();
    // The signature is there when the pair that came before it is gone, and then its name is to be written.
    let since = Instant::now();
    while !path("a.bdx.id.minisig").exists() || path("a.bdx.next.id").exists() {
        assert!(since.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_forgotten("sign", &mut child, &needles);
    drop(reader);
}

/// The owner of a process's memory is root where the process forbids core dumps and debuggers.
#[test]
fn commands_that_read_passwords_forbid_dumps() {
    let owner_of_memory = |command: &mut Command| {
        // As a user that is not root, for root owns everything of its own.
        if rustix::process::getuid().is_root() {
            command.uid(65534).gid(65534);
        }
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(mut child) = spawned else { return None };
        let path = format!("/proc/{}/mem", child.id());
        let since = Instant::now();
        let mut owner = std::fs::metadata(&path).unwrap().uid();
        while owner != 0 && since.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(20));
            owner = std::fs::metadata(&path).unwrap().uid();
        }
        let is_running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        is_running.then_some(owner)
    };
    let Some(other) = owner_of_memory(&mut Command::new("cat")) else {
        println!("skipped: this test can start no process of another user");
        return;
    };
    assert_ne!(other, 0, "cat forbids nothing");
    for arguments in [&["check"][..], &["policy", "check"], &["audit", "--format", "hashes", "-"]] {
        match owner_of_memory(command(std::path::Path::new("/")).args(arguments)) {
            Some(owner) => assert_eq!(owner, 0, "{arguments:?}"),
            None => {
                println!("skipped: another user cannot start {}", super::program().display())
            }
        }
    }
}
