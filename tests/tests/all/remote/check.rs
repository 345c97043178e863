//! `check --api`: the same answers from afar, and never "not found" for want of one.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use breachdex::{Digest, Kind, OverlayFile};
use breachdex_tests::range_server::{RangeServer, Reply, Request};
use tempfile::tempdir;

use super::{command, said};

/// What the server does instead of answering.
type Misbehaviour = fn(&Request) -> Reply;

/// Passwords, the first three exposed so often.
const PASSWORDS: [(&str, u64); 5] =
    [("password", 52_256_179), ("123456", 1_000_000), ("correct horse", 3), ("not there", 0), ("", 0)];

fn hex(kind: Kind, password: &str) -> String {
    let digest = match kind {
        Kind::Sha1 => Digest::sha1(password.as_bytes()),
        Kind::Ntlm => Digest::ntlm(password),
    };
    digest.to_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The body of a range of the passwords above, padded where that is asked for.
fn range(request: &Request) -> Vec<u8> {
    let mut rows: Vec<String> = PASSWORDS
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(password, count)| format!("{}:{count}", hex(request.kind, password)))
        .filter(|row| row.starts_with(&format!("{:05X}", request.prefix)))
        .map(|row| row[5..].to_owned())
        .collect();
    if request.headers.get("add-padding").is_some_and(|value| value == "true") {
        // Padding that looks like an answer is padding all the same.
        for (password, _) in PASSWORDS {
            let row = hex(request.kind, password);
            if row.starts_with(&format!("{:05X}", request.prefix)) {
                rows.push(format!("{}:0", &row[5..]));
            }
        }
    }
    rows.push(format!("{:0>width$}:0", 7, width = request.kind.hex_digits() - 5));
    rows.join("\r\n").into_bytes()
}

fn server() -> RangeServer {
    let server = RangeServer::start(|_, _| vec![]);
    server.behave(|request| Reply::Body(range(request)));
    server
}

pub(super) fn check(folder: &Path, arguments: &[&str], stdin: &str) -> (String, String, i32) {
    check_with(folder, &[], arguments, stdin)
}

/// `check` with variables in its environment.
pub(super) fn check_with(
    folder: &Path,
    environment: &[(&str, &str)],
    arguments: &[&str],
    stdin: &str,
) -> (String, String, i32) {
    let mut child = command(folder)
        .envs(environment.iter().copied())
        .arg("check")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    said(&child.wait_with_output().unwrap())
}

fn lines() -> String {
    PASSWORDS.map(|(password, _)| format!("{password}\n")).concat()
}

#[test]
fn answers_are_those_of_an_index() {
    let (server, folder) = (server(), tempdir().unwrap());
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let rows: Vec<String> = PASSWORDS
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(password, count)| format!("{}:{count}", hex(kind, password)))
            .collect();
        fs::write(folder.path().join("rows.txt"), rows.join("\n")).unwrap();
        let built = command(folder.path())
            .args(["build", "--force", "-o", "a.bdx", "--kind", kind.name(), "rows.txt"])
            .output()
            .unwrap();
        assert!(built.status.success());
        for extra in [&["--json"][..], &[], &["--quiet"], &["--min-count", "4"], &["--exit-zero"]] {
            let index = [&["--index", "a.bdx"], extra].concat();
            let url = server.url();
            let api = [&["--api", &url, "--kind", kind.name()], extra].concat();
            let (expected, _, exit) = check(folder.path(), &index, &lines());
            let (found, stderr, found_exit) = check(folder.path(), &api, &lines());
            assert_eq!(found.replace(&url, "a.bdx"), expected);
            assert_eq!((stderr.as_str(), found_exit), ("", exit));
        }
    }
    for request in server.requests() {
        let query = if request.kind == Kind::Ntlm { "?mode=ntlm" } else { "" };
        assert_eq!(request.target, format!("/range/{:05X}{query}", request.prefix));
        assert_eq!(request.headers.get("add-padding").map(String::as_str), Some("true"));
        for (password, _) in PASSWORDS.iter().filter(|(password, _)| !password.is_empty()) {
            let digest = hex(request.kind, password);
            let sent = format!("{request:?}").to_uppercase();
            assert!(!sent.contains(&digest[5..13]) && !sent.contains(&password.to_uppercase()));
        }
    }
}

#[test]
fn digests_are_asked_for_as_well() {
    let (server, folder) = (server(), tempdir().unwrap());
    let stdin = format!("{}\nxyz\n", hex(Kind::Sha1, "correct horse").to_lowercase());
    let (stdout, stderr, exit) = check(folder.path(), &["--hash", "--api", &server.url()], &stdin);
    assert_eq!(stdout, "1\texposed\t3\n");
    assert_eq!(stderr, "breachdex: line 2: a SHA-1 digest has 40 hex digits, found 3\n");
    assert_eq!(exit, 2);
}

#[test]
fn no_answer_is_never_not_found() {
    let folder = tempdir().unwrap();
    let faults: [(Misbehaviour, &str); 9] = [
        (|_| Reply::Status(500, vec![]), "the server answered 500"),
        (|_| Reply::Status(404, vec![]), "the server answered 404"),
        (|_| Reply::Status(429, vec![("Retry-After", "2".into())]), "the server answered 429"),
        (
            |_| Reply::Status(302, vec![("Location", "/range/00000".into())]),
            "the server answered 302, a redirection, which is not followed; is the base URL right?",
        ),
        (|_| Reply::Body(vec![]), "the answer is empty"),
        (
            |_| Reply::Body(b"<html>".to_vec()),
            "line 1 of the answer is not a row of 35 hex digits, a colon and a count",
        ),
        (|_| Reply::StallAt(0), "no answer in time"),
        (|_| Reply::CutAt(10), "the answer broke off: "),
        (|_| Reply::Hangup, "the request failed: "),
    ];
    for (fault, reason) in faults {
        let server = RangeServer::start(|_, _| vec![(1, 1)]);
        server.behave(move |request| {
            let first = format!("{:05X}", request.prefix);
            if hex(Kind::Sha1, "password").starts_with(&first) {
                Reply::Body(range(request))
            } else {
                fault(request)
            }
        });
        let url = server.url();
        let api = ["--api", &url, "--timeout", "0.5"];
        let stdin = "password\nother\n";
        let said = |stderr: &str| {
            let start = format!("breachdex: line 2: {url} gave no answer: {reason}");
            assert!(stderr.starts_with(&start), "{stderr}");
        };
        let (stdout, stderr, exit) = check(folder.path(), &api, stdin);
        assert_eq!((stdout.as_str(), exit), ("1\texposed\t52256179\n", 2), "{reason}");
        said(&stderr);
        let (stdout, stderr, exit) =
            check(folder.path(), &[&api[..], &["--on-error", "accept"]].concat(), stdin);
        assert_eq!((stdout.as_str(), exit), ("1\texposed\t52256179\n2\tunknown\t-\n", 1), "{reason}");
        said(&stderr);
        let json = [&api[..], &["--json", "--on-error", "accept"]].concat();
        let (stdout, _, exit) = check(folder.path(), &json, "other\n");
        let start = r#"{"line":1,"exposed":null,"unknown":true,"error":""#;
        assert!(stdout.starts_with(&format!("{start}{url} gave no answer: ")), "{stdout}");
        assert_eq!(exit, 0);
        let json = [&api[..], &["--json", "--on-error", "reject"]].concat();
        let (stdout, _, exit) = check(folder.path(), &json, "other\n");
        assert!(stdout.starts_with(r#"{"line":1,"exposed":true,"unknown":true,"error":""#), "{stdout}");
        assert_eq!(exit, 1);
    }
}

#[test]
fn what_is_asked_wrongly_is_an_error_whatever_the_rule() {
    let (server, folder) = (server(), tempdir().unwrap());
    let url = server.url();
    for rule in ["accept", "reject", "raise"] {
        let (stdout, _, exit) = check(folder.path(), &["--hash", "--api", &url, "--on-error", rule], "xyz\n");
        assert_eq!((stdout.as_str(), exit), ("", 2));
        let (_, stderr, exit) =
            check(folder.path(), &["--api", "http://mirror.example", "--on-error", rule], "password\n");
        assert_eq!(exit, 2);
        assert_eq!(
            stderr,
            "breachdex: error: http://mirror.example is not encrypted: use https, or --insecure-http if the \
             network is yours alone\n"
        );
    }
    assert!(server.requests().is_empty());
}

#[test]
fn an_overlay_lies_over_a_server_too_and_stands_where_that_gives_no_answer() {
    let (server, folder) = (server(), tempdir().unwrap());
    let own = OverlayFile::at(folder.path().join("own.bdx"));
    let digests = [Digest::sha1(b"password"), Digest::sha1(b"not there")];
    own.add(Kind::Sha1, &digests, &()).unwrap();
    let url = server.url();
    let api = ["--api", &url, "--overlay", "own.bdx", "--min-count", "4", "--timeout", "0.5"];
    let (stdout, stderr, exit) = check(folder.path(), &api, &lines());
    let expected =
        "1\texposed\t52256179\n2\texposed\t1000000\n3\tnot found\t0\n4\texposed\t1\n5\tnot found\t0\n";
    assert_eq!((stdout.as_str(), stderr.as_str(), exit), (expected, "", 1));
    server.behave(|_| Reply::Status(503, vec![]));
    let (stdout, _, exit) = check(folder.path(), &api, "password\n123456\n");
    // The overlay's own count is a lower bound.
    assert_eq!((stdout.as_str(), exit), ("1\texposed\t1\n", 2));
    let (stdout, stderr, exit) =
        check(folder.path(), &[&api[..], &["--kind", "ntlm"]].concat(), "password\n");
    let refused = format!(
        "breachdex: error: own.bdx holds SHA-1 digests, {url} holds NTLM: indexes of one kind only can be used \
         together\n"
    );
    assert_eq!((stdout.as_str(), stderr, exit), ("", refused, 2));
}
