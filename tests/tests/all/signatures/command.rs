//! `keygen`, `sign`, and the flags of the other commands, with minisign itself as the outside check where it is installed.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::{TempDir, tempdir};

const COMMAND: &str = env!("CARGO_BIN_EXE_breachdex-under-test");
const CORPUS: &str =
    "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:7\n7C4A8D09CA3762AF61E59520943DC26494F8941B:1\n";

fn run(folder: &Path, environment: &[(&str, &str)], arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(COMMAND)
        .current_dir(folder)
        .env_remove("BREACHDEX_INDEX")
        .env_remove("BREACHDEX_TRUSTED_KEYS")
        .envs(environment.iter().copied())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// Exit code, standard output and standard error.
fn outcome(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

pub(super) fn breachdex(folder: &Path, arguments: &[&str], stdin: &str) -> (i32, String, String) {
    outcome(&run(folder, &[], arguments, stdin))
}

pub(super) fn success(folder: &Path, arguments: &[&str], stdin: &str) -> String {
    let (exit, stdout, stderr) = breachdex(folder, arguments, stdin);
    assert_eq!((exit, stderr.as_str()), (0, ""), "{arguments:?}: {stdout}");
    stdout
}

fn failure(folder: &Path, arguments: &[&str], stdin: &str) -> String {
    let (exit, stdout, stderr) = breachdex(folder, arguments, stdin);
    assert_eq!((exit, stdout.as_str()), (2, ""), "{arguments:?}");
    stderr
}

/// A folder with the key `a`, without a password, and the index `a.bdx`.
pub(super) fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    keygen(folder.path(), "a");
    success(folder.path(), &["build", "-o", "a.bdx", "--date", "2026-07-02", "-"], CORPUS);
    folder
}

/// Generates a key without a password and returns its id.
fn keygen(folder: &Path, name: &str) -> String {
    let (secret, public) = (format!("{name}.key"), format!("{name}.pub"));
    let said =
        success(folder, &["keygen", "--secret-key", &secret, "--public-key", &public, "--no-password"], "");
    let id = said.strip_prefix("key ").unwrap().split_once(':').unwrap().0.to_owned();
    assert_eq!(said, format!("key {id}: {secret} (secret), {public} (public)\n"));
    id
}

const SIGN: [&str; 4] = ["sign", "a.bdx", "--secret-key", "a.key"];
const CHECK: [&str; 5] = ["check", "--index", "a.bdx", "--trusted-key", "a.pub"];

#[test]
fn an_index_is_signed_and_checked() {
    let folder = folder();
    let folder = folder.path();
    let missing = "breachdex: error: a.bdx is not signed by a trusted key: a.bdx.id.minisig is missing; sign the index with \
                   breachdex sign, or copy its two signature files beside it\n";
    assert_eq!(failure(folder, &CHECK, "password\n"), missing);
    let said = success(folder, &SIGN, "");
    let id = said.strip_prefix("a.bdx: signed with key ").unwrap().split_once(' ').unwrap().0;
    assert_eq!(said, format!("a.bdx: signed with key {id} in a.bdx.id and a.bdx.id.minisig\n"));
    assert_eq!(breachdex(folder, &CHECK, "password\n"), (1, "1\texposed\t7\n".into(), String::new()));
    let said = success(folder, &["verify", "a.bdx", "--public-key", "a.pub"], "");
    assert_eq!(said, format!("a.bdx: sound, 2 entries, 454 bytes, signed with key {id}\n"));
    let line = fs::read_to_string(folder.join("a.pub")).unwrap().lines().nth(1).unwrap().to_owned();
    assert_eq!(success(folder, &["verify", "a.bdx", "--public-key", &line], ""), said);
    let info = success(folder, &["info", "a.bdx"], "");
    assert!(
        info.contains(&format!("\nsignature       not checked, names key {id} (see --trusted-key)\n")),
        "{info}"
    );
    let info = success(folder, &["info", "a.bdx", "--trusted-key", "a.pub"], "");
    assert!(info.contains(&format!("\nsignature       valid, key {id}\n")), "{info}");
    let info = success(folder, &["info", "--json", "a.bdx", "--trusted-key", "a.pub"], "");
    assert!(info.contains(&format!(r#""signed_by":"{id}","signature_checked":true"#)), "{info}");
    let left: Vec<_> =
        ["a.bdx.next.id", "a.bdx.next.id.minisig"].map(|name| folder.join(name).exists()).into();
    assert_eq!(left, [false, false]);
    assert!(!fs::read_to_string(folder.join("a.bdx.id")).unwrap().contains('\r'));
}

#[test]
fn every_command_that_asks_an_index_asks_for_its_signature() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("list.txt"), "password\n").unwrap();
    success(folder, &["build", "-o", "b.bdx", "-"], "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD9:7\n");
    success(folder, &["sign", "b.bdx", "--secret-key", "a.key"], "");
    let expected = "a.bdx is not signed by a trusted key: a.bdx.id.minisig is missing; sign the index with breachdex sign, \
                    or copy its two signature files beside it\n";
    for arguments in [
        &["check", "--index", "a.bdx"][..],
        &["policy", "check", "--index", "a.bdx"],
        &["audit", "--index", "a.bdx", "--format", "hashes", "list.txt"],
        &["range", "5BAA6", "--index", "a.bdx"],
        &["export", "a.bdx"],
        &["info", "a.bdx"],
        &["verify", "a.bdx"],
        &["diff", "a.bdx", "b.bdx"],
        &["diff", "b.bdx", "a.bdx"],
        &["merge", "-o", "out.bdx", "b.bdx", "a.bdx"],
        &["build", "-o", "out.bdx", "b.bdx", "a.bdx"],
        &["serve", "--index", "a.bdx", "--listen", "127.0.0.1:0", "--log-level", "error"],
    ] {
        let flag = if arguments[0] == "verify" { "--public-key" } else { "--trusted-key" };
        let named = [arguments, &[flag, "a.pub"]].concat();
        assert_eq!(
            failure(folder, &named, "password\n"),
            format!("breachdex: error: {expected}"),
            "{arguments:?}"
        );
        let by_environment = run(folder, &[("BREACHDEX_TRUSTED_KEYS", " a.pub,")], arguments, "password\n");
        assert_eq!(outcome(&by_environment).2, format!("breachdex: error: {expected}"), "{arguments:?}");
    }
    assert!(!folder.join("out.bdx").exists());
    // An update asks before it fetches anything, and with --sign by itself.
    for flag in [["--trusted-key", "a.pub"], ["--sign", "a.key"]] {
        let arguments = [&["update", "a.bdx", "--base-url", "http://127.0.0.1:9"][..], &flag].concat();
        let said = failure(folder, &arguments, "");
        assert!(
            said.contains("a.bdx is not signed by a trusted key: ") && said.ends_with(&expected[66..]),
            "{said}"
        );
    }
    // Overlays and the starter index need no signature.
    success(folder, &["overlay", "add", "--overlay", "own.bdx"], "own\n");
    success(folder, &SIGN, "");
    let overlaid = [&CHECK[..], &["--overlay", "own.bdx"]].concat();
    assert_eq!(breachdex(folder, &overlaid, "own\n").0, 1);
    assert_eq!(breachdex(folder, &["check", "--quiet", "--trusted-key", "a.pub"], "password\n").0, 1);
}

#[test]
fn keys_that_cannot_be_used_are_named() {
    let folder = folder();
    let folder = folder.path();
    let environment = |value: &str| {
        let output = run(folder, &[("BREACHDEX_TRUSTED_KEYS", value)], &["check", "--index", "a.bdx"], "x\n");
        outcome(&output).2
    };
    let secret = "a.key is not a minisign public key: it is a secret key; name the public key that belongs to it, and keep \
                  this one secret\n";
    assert_eq!(
        failure(folder, &["check", "--index", "a.bdx", "--trusted-key", "a.key"], "x\n"),
        format!("breachdex: error: {secret}")
    );
    assert_eq!(environment("a.pub,a.key"), format!("breachdex: error: BREACHDEX_TRUSTED_KEYS: {secret}"));
    assert_eq!(environment(" , "), "breachdex: error: BREACHDEX_TRUSTED_KEYS holds no key\n");
    assert_eq!(
        environment("b.pub"),
        "breachdex: error: BREACHDEX_TRUSTED_KEYS: cannot open b.pub: No such file or directory (os error 2)\n"
    );
    let sign = |key: &str| failure(folder, &["sign", "a.bdx", "--secret-key", key], "");
    assert_eq!(
        sign("a.pub"),
        "breachdex: note: a.pub has mode 0644, so other users can sign with it; run chmod 600 a.pub\n\
         breachdex: error: cannot sign with a.pub: it is a public key; name the secret key\n"
            .replace("0644", &mode(&folder.join("a.pub")))
    );
    assert_eq!(
        sign("b.key"),
        "breachdex: error: cannot open b.key: No such file or directory (os error 2)\n"
    );
    let text = fs::read_to_string(folder.join("a.key")).unwrap();
    let damage = |text: &str| {
        fs::write(folder.join("a.key"), text).unwrap();
        sign("a.key")
    };
    let none = "breachdex: error: cannot sign with a.key: it is not a minisign secret key\n";
    assert_eq!(damage("anything"), none);
    assert_eq!(damage(text.lines().next().unwrap()), none);
    let damaged = "breachdex: error: cannot sign with a.key: it is damaged; restore it from a copy\n";
    assert_eq!(damage(text.trim_end_matches(['\n', '=']).get(..150).unwrap()), damaged);
    let mut changed = text.clone().into_bytes();
    let at = changed.len() - 60;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    assert_eq!(damage(&String::from_utf8(changed).unwrap()), damaged);
    assert!(!folder.join("a.bdx.id").exists());
}

fn mode(path: &Path) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    format!("{:04o}", fs::metadata(path).unwrap().permissions().mode() & 0o777)
}

/// As a shell's `<(...)` and secret managers hand a key over: through a pipe, which is its reader's alone.
#[test]
fn a_key_comes_through_a_pipe() {
    let folder = folder();
    let folder = folder.path();
    let key = fs::read_to_string(folder.join("a.key")).unwrap();
    let said = success(folder, &["sign", "a.bdx", "--secret-key", "/dev/stdin"], &key);
    assert!(said.starts_with("a.bdx: signed with key "), "{said}");
    success(folder, &["verify", "a.bdx", "--public-key", "a.pub"], "");
    let refused = |key: &str, stdin: &str| failure(folder, &["sign", "a.bdx", "--secret-key", key], stdin);
    assert_eq!(refused("/dev/null", ""), "breachdex: error: cannot open /dev/null: it is a device\n");
    assert_eq!(
        refused("/dev/stdin", "x"),
        "breachdex: error: cannot sign with /dev/stdin: it is not a minisign secret key\n"
    );
}

#[test]
fn keys_are_for_their_owner_and_are_never_replaced() {
    let folder = folder();
    let folder = folder.path();
    assert_eq!(mode(&folder.join("a.key")), "0600");
    let again = |secret: &str, public: &str| {
        failure(folder, &["keygen", "--secret-key", secret, "--public-key", public, "--no-password"], "")
    };
    let (key, public) = (fs::read(folder.join("a.key")).unwrap(), fs::read(folder.join("a.pub")).unwrap());
    let exists = |name: &str| {
        format!("breachdex: error: {name} exists; keys are never replaced, choose another name\n")
    };
    assert_eq!(again("a.key", "b.pub"), exists("a.key"));
    assert_eq!(again("b.key", "a.pub"), exists("a.pub"));
    std::os::unix::fs::symlink("elsewhere", folder.join("link")).unwrap();
    assert_eq!(again("link", "b.pub"), exists("link"));
    for name in ["b.key", "b.pub", "elsewhere"] {
        assert!(!folder.join(name).exists(), "{name}");
    }
    assert_eq!(
        (fs::read(folder.join("a.key")).unwrap(), fs::read(folder.join("a.pub")).unwrap()),
        (key, public)
    );
}

#[test]
fn a_key_with_a_password_signs_with_it_alone() {
    let folder = folder();
    let folder = folder.path();
    let keygen = ["keygen", "--secret-key", "b.key", "--public-key", "b.pub"];
    assert_eq!(
        failure(folder, &keygen, ""),
        "breachdex: error: the password is empty; give one, or say --no-password for a key that is not encrypted\n"
    );
    success(folder, &keygen, "correct horse\nmore\n");
    assert_eq!(mode(&folder.join("b.key")), "0600");
    let sign = ["sign", "a.bdx", "--secret-key", "b.key"];
    assert_eq!(
        failure(folder, &sign, "wrong\n"),
        "breachdex: error: cannot sign with b.key: the password is wrong, or the file is damaged\n"
    );
    success(folder, &sign, "correct horse\r\n");
    success(folder, &["verify", "a.bdx", "--public-key", "b.pub"], "");
    assert_eq!(
        failure(folder, &["build", "-o", "b.bdx", "--sign", "b.key", "-"], CORPUS),
        "breachdex: error: cannot sign with b.key: it has a password, and standard input holds something else; sign the \
         index afterwards with breachdex sign\n"
    );
}

#[test]
fn what_is_built_and_merged_is_signed_when_told_to() {
    let folder = folder();
    let folder = folder.path();
    let check = |index: &str| success(folder, &["verify", index, "--public-key", "a.pub"], "");
    success(folder, &["build", "-o", "b.bdx", "--sign", "a.key", "-"], CORPUS);
    check("b.bdx");
    success(folder, &["merge", "-o", "c.bdx", "--sign", "a.key", "a.bdx", "b.bdx"], "");
    check("c.bdx");
    // Replaced by another, and by one that cannot be.
    success(folder, &["build", "-o", "c.bdx", "--force", "--sign", "a.key", "a.bdx"], "");
    check("c.bdx");
    failure(folder, &["build", "-o", "c.bdx", "--force", "--sign", "a.key", "-"], "no digest\n");
    check("c.bdx");
    for name in ["b.bdx.next.id", "c.bdx.next.id", "c.bdx.next.id.minisig"] {
        assert!(!folder.join(name).exists(), "{name}");
    }
}

#[test]
fn a_damaged_index_is_not_signed() {
    let folder = folder();
    let folder = folder.path();
    let mut bytes = fs::read(folder.join("a.bdx")).unwrap();
    bytes[300] ^= 1;
    fs::write(folder.join("a.bdx"), bytes).unwrap();
    assert!(failure(folder, &SIGN, "").starts_with("breachdex: error: a.bdx is damaged: "));
    assert!(!folder.join("a.bdx.id").exists() && !folder.join("a.bdx.next.id").exists());
}

#[test]
fn an_index_can_be_too_old() {
    let folder = folder();
    let folder = folder.path();
    success(folder, &["build", "-o", "old.bdx", "--date", "2001-01-01", "-"], CORPUS);
    let error = failure(folder, &["check", "--index", "old.bdx", "--max-age", "12w"], "x\n");
    assert!(
        error.starts_with("breachdex: error: old.bdx is not new enough: its corpus date 2001-01-01 is "),
        "{error}"
    );
    let end = " days ago, at most 84 are allowed; use a newer index (breachdex update), or raise --max-age\n";
    assert!(error.ends_with(end), "{error}");
    assert_eq!(
        failure(folder, &["check", "--index", "old.bdx", "--max-age", "soon"], "x\n").lines().next().unwrap(),
        "breachdex: error: invalid value for '--max-age <DAYS>': give a number of days, as in 90, or of weeks, as in 12w; see \
         breachdex check -h"
    );
}

/// minisign, where it is installed.
fn minisign(folder: &Path, arguments: &[&str]) -> Option<(bool, String)> {
    match Command::new("minisign").current_dir(folder).args(arguments).stdin(Stdio::null()).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8(text).unwrap()))
        }
        Err(_) => {
            println!("skipped: minisign is not installed");
            None
        }
    }
}

#[test]
fn minisign_accepts_what_breachdex_signs() {
    let folder = folder();
    let folder = folder.path();
    success(folder, &SIGN, "");
    let verify = ["-V", "-p", "a.pub", "-m", "a.bdx.id"];
    let Some((accepted, said)) = minisign(folder, &verify) else { return };
    assert!(accepted && said.contains("Signature and comment signature verified"), "{said}");
    let statement = fs::read(folder.join("a.bdx.id")).unwrap();
    fs::write(folder.join("a.bdx.id"), [&statement[..], b"\n"].concat()).unwrap();
    assert!(!minisign(folder, &verify).unwrap().0);
}

#[test]
fn breachdex_accepts_what_minisign_signs() {
    let folder = folder();
    let folder = folder.path();
    let Some((made, said)) = minisign(folder, &["-G", "-W", "-p", "m.pub", "-s", "m.key"]) else { return };
    assert!(made, "{said}");
    let signed = breachdex(folder, &["sign", "a.bdx", "--secret-key", "m.key"], "");
    assert_eq!(signed.0, 0, "{}", signed.2);
    let verify = ["verify", "a.bdx", "--public-key", "m.pub"];
    let by_us = success(folder, &verify, "");
    assert!(minisign(folder, &["-V", "-p", "m.pub", "-m", "a.bdx.id"]).unwrap().0);
    // Prehashed, and as minisign signed before version 0.10.
    for mode in [&["-H"][..], &["-l"]] {
        let arguments = [&["-S", "-s", "m.key", "-m", "a.bdx.id", "-t", "by hand"][..], mode].concat();
        let (made, said) = minisign(folder, &arguments).unwrap();
        assert!(made, "{said}");
        assert_eq!(success(folder, &verify, ""), by_us);
    }
    // Line ends do not matter to minisign, so they do not to breachdex.
    let signature = fs::read_to_string(folder.join("a.bdx.id.minisig")).unwrap().replace('\n', "\r\n");
    fs::write(folder.join("a.bdx.id.minisig"), signature).unwrap();
    assert!(minisign(folder, &["-V", "-p", "m.pub", "-m", "a.bdx.id"]).unwrap().0);
    assert_eq!(success(folder, &verify, ""), by_us);
}
