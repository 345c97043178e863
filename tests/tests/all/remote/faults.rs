//! Every way in which a server, a proxy or the network can misbehave: what passes is survived, what does not is said,
//! and an index is never made of it.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use breachdex::files::{self, Disk, System};
use breachdex::{Kind, SpliceOptions};
use breachdex_hibp::{DownloadOptions, Error, download};
use breachdex_tests::range_server::{RangeServer, Reply, Request, body};
use flate2::write::GzEncoder;
use tempfile::tempdir;

use super::{assert_holds, assert_unfinished, corpus, downloading, fetch, listing};

const LAST: u32 = 63;
/// A prefix with many rows.
fn busy() -> u32 {
    (0..=LAST).max_by_key(|prefix| corpus(0)(Kind::Sha1, *prefix).len()).unwrap()
}

fn good(request: &Request) -> Vec<u8> {
    body(&corpus(0)(request.kind, request.prefix), request.kind)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn packed(request: &Request, encoding: &str, bytes: Vec<u8>) -> Reply {
    let _ = request;
    Reply::Headed(vec![("Content-Encoding", encoding.into())], bytes)
}

/// A way to misbehave: its name, what the server does, what is said when it does not pass.
type Misbehaviour = (&'static str, fn(&Request) -> Reply, &'static str);

fn misbehaviours() -> Vec<Misbehaviour> {
    fn lines(request: &Request) -> Vec<String> {
        String::from_utf8(good(request)).unwrap().split("\r\n").map(str::to_owned).collect()
    }
    fn text(lines: &[String]) -> Reply {
        Reply::Body(lines.join("\r\n").into_bytes())
    }
    vec![
        ("hangs up", |_| Reply::Hangup, "the request failed: "),
        ("resets mid-body", |_| Reply::CutAt(100), "the answer broke off: "),
        ("stalls before the body", |_| Reply::StallAt(0), "no answer in time"),
        ("stalls mid-body", |_| Reply::StallAt(100), "no answer in time"),
        ("server error", |_| Reply::Status(500, vec![]), "the server answered 500"),
        ("unavailable", |_| Reply::Status(503, vec![]), "the server answered 503"),
        ("too many requests", |_| Reply::Status(429, vec![]), "the server answered 429"),
        (
            "unasked 304",
            |_| Reply::Status(304, vec![]),
            "the server answered 304 to a question that has no earlier answer",
        ),
        ("empty", |_| Reply::Body(vec![]), "the answer is not the range: it is empty"),
        (
            "web page",
            |_| Reply::Body(b"<!DOCTYPE html><title>Log in</title>".to_vec()),
            "the answer is not the range: line 1: this looks like a web page",
        ),
        (
            "NTLM in a SHA-1 run",
            |request| Reply::Body(body(&corpus(0)(Kind::Ntlm, request.prefix.max(3)), Kind::Ntlm)),
            "the answer is not the range: line 1: this looks like an NTLM digest",
        ),
        (
            "not hex",
            |request| {
                let mut lines = lines(request);
                lines[1].replace_range(3..4, "x");
                text(&lines)
            },
            "the answer is not the range: line 2: column 4 is not a hex digit",
        ),
        (
            "a digit too few",
            |request| {
                let mut lines = lines(request);
                lines[1].remove(0);
                text(&lines)
            },
            "the answer is not the range: line 2: expected 35 hex digits for SHA-1, found 34",
        ),
        (
            "cut in a row",
            |request| {
                let body = good(request);
                Reply::Body(body[..body.len() - 20].to_vec())
            },
            "the answer is not the range: line ",
        ),
        (
            "cut between rows",
            |request| {
                let mut lines = lines(request);
                lines.pop();
                lines.push(String::new());
                text(&lines)
            },
            "the answer is not the range: it ends with a line end",
        ),
        (
            "out of order",
            |request| {
                let mut lines = lines(request);
                lines.swap(0, 1);
                text(&lines)
            },
            "the answer is not the range: line 2: the digest is smaller than the one before it",
        ),
        (
            "twice",
            |request| {
                let mut lines = lines(request);
                lines[1] = lines[0].clone();
                text(&lines)
            },
            "the answer is not the range: line 2: the digest occurs more than once",
        ),
        (
            "no count",
            |request| {
                let mut lines = lines(request);
                lines[0].truncate(35);
                text(&lines)
            },
            "the answer is not the range: line 1: the count is missing",
        ),
        (
            "count 0",
            |request| {
                let mut lines = lines(request);
                lines[0].truncate(36);
                lines[0].push('0');
                text(&lines)
            },
            "the answer is not the range: line 1: the count is 0, which marks padding",
        ),
        (
            "huge count",
            |request| {
                let mut lines = lines(request);
                lines[0] += "00000000000000000000";
                text(&lines)
            },
            "the answer is not the range: line 1: the count is larger than 18446744073709551615",
        ),
        (
            "binary",
            |_| Reply::Body(vec![0; 500]),
            "the answer is not the range: line 1: the line holds a NUL byte",
        ),
        ("too large", |_| Reply::Body(vec![b'0'; 9 << 20]), "the answer is larger than 8 MiB"),
        (
            "gzip cut short",
            |request| {
                let all = gzip(&good(request));
                let most = all.len() - 9;
                packed(request, "gzip", all[..most].to_vec())
            },
            "the answer's compression is damaged or cut short",
        ),
        (
            "gzip damaged",
            |request| {
                let mut all = gzip(&good(request));
                let last = all.len() - 6;
                all[last] ^= 1;
                packed(request, "gzip", all)
            },
            "the answer's compression is damaged or cut short",
        ),
        (
            "gzip that is none",
            |request| packed(request, "gzip", good(request)),
            "the answer's compression is damaged or cut short",
        ),
        (
            "gzip bomb",
            |request| packed(request, "gzip", gzip(&vec![b'0'; 20 << 20])),
            "the answer is larger than 8 MiB",
        ),
        (
            "unknown compression",
            |request| packed(request, "zstd", good(request)),
            "the answer's compression is one that was not asked for",
        ),
    ]
}

#[test]
fn what_passes_is_survived() {
    for (name, misbehave, _) in misbehaviours() {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        let busy = busy();
        server.behave(move |request| match (request.prefix == busy, request.earlier) {
            (true, 0 | 1) => misbehave(request),
            _ => Reply::Good,
        });
        let report = fetch(&server, folder.path(), LAST).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(report.fetch.retries, 2, "{name}");
        assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
        assert_eq!(listing(folder.path()), ["a.bdx"], "{name}");
    }
}

#[test]
fn what_does_not_pass_is_said_and_nothing_is_published() {
    for (name, misbehave, said) in misbehaviours() {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        let busy = busy();
        server.behave(move |request| if request.prefix == busy { misbehave(request) } else { Reply::Good });
        let error = fetch(&server, folder.path(), LAST).expect_err(name).to_string();
        assert!(error.starts_with(&format!("range {busy:05X}: {said}")), "{name}: {error}");
        // Once more when all others are there.
        assert!(error.ends_with(" (tried 8 times)"), "{name}: {error}");
        assert_unfinished(folder.path());
        // Once it behaves, what is missing is fetched and nothing else.
        let (had, asked) = (server.served(), server.requests().len());
        server.behave(|_| Reply::Good);
        let report = fetch(&server, folder.path(), LAST).unwrap();
        assert_eq!(u64::from(report.fetch.resumed + report.fetch.asked), u64::from(LAST + 1), "{name}");
        assert!(u64::from(report.fetch.resumed) <= had && server.requests().len() - asked <= LAST as usize);
        assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
    }
}

#[test]
fn what_will_not_get_better_is_given_up_at_once() {
    for (status, said) in [
        (301, "the server answered 301, a redirection, which is not followed; is the base URL right?"),
        (302, "the server answered 302, a redirection, which is not followed; is the base URL right?"),
        (400, "the server answered 400"),
        (403, "the server answered 403"),
        (404, "the server answered 404"),
        (204, "the server answered 204"),
    ] {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        let elsewhere = RangeServer::start(corpus(0));
        let location = format!("{}/range/00005", elsewhere.url());
        server.behave(move |request| match request.prefix {
            5 => Reply::Status(status, vec![("Location", location.clone())]),
            _ => Reply::Good,
        });
        let error = fetch(&server, folder.path(), LAST).expect_err("no such range");
        assert_eq!(error.to_string(), format!("range 00005: {said} (tried 2 times)"));
        assert!(elsewhere.requests().is_empty());
        assert!(!folder.path().join("a.bdx").exists());
    }
}

#[test]
fn a_server_that_asks_to_wait_is_left_alone() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    // Each range is refused twice: far more refusals than tries that are allowed to fail.
    server.behave(|request| match request.earlier {
        0 => Reply::Status(429, vec![("Retry-After", "0".into())]),
        1 => Reply::Status(503, vec![("Retry-After", "Fri, 03 Jul 2026 10:00:00 GMT".into())]),
        _ => Reply::Good,
    });
    let report = fetch(&server, folder.path(), LAST).unwrap();
    assert_eq!(report.fetch.retries, 2 * u64::from(LAST + 1));
    assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);

    // Nobody is asked while one server wants a second of quiet.
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    server.behave(|request| match (request.prefix, request.earlier) {
        (0, 0) => Reply::Status(429, vec![("Retry-After", "1".into())]),
        _ => Reply::Good,
    });
    let options = DownloadOptions {
        fetch: breachdex_hibp::FetchOptions { concurrency: 1, ..super::fetching(&server) },
        ..downloading(&server, 1)
    };
    let started = std::time::Instant::now();
    download(&folder.path().join("a.bdx"), &options, &()).unwrap();
    assert!(started.elapsed() >= std::time::Duration::from_secs(1));

    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    server.behave(|_| Reply::Status(429, vec![("Retry-After", "86400".into())]));
    let error = fetch(&server, folder.path(), LAST).expect_err("too long").to_string();
    assert!(error.ends_with(": the server answered 429 and asked to wait 86400 seconds"), "{error}");
}

#[test]
fn nobody_there_is_said() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let options = downloading(&server, 0);
    drop(server);
    std::thread::sleep(std::time::Duration::from_millis(20));
    let error = download(&folder.path().join("a.bdx"), &options, &()).expect_err("nobody").to_string();
    assert!(error.starts_with("range 00000: cannot connect: "), "{error}");
    assert!(error.ends_with(" (tried 4 times)"), "{error}");
}

#[test]
fn compressed_and_foreign_line_ends_are_taken() {
    for encoding in ["gzip", "GZIP", "identity"] {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        server.behave(move |request| {
            assert_eq!(
                request.headers.get("accept-encoding").map(String::as_str),
                Some("identity, gzip;q=0.5, br;q=0.5")
            );
            let text = String::from_utf8(good(request)).unwrap().replace("\r\n", "\n").into_bytes();
            packed(request, encoding, if encoding == "identity" { text } else { gzip(&text) })
        });
        fetch(&server, folder.path(), LAST).unwrap();
        assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
    }
}

#[test]
fn ntlm_is_asked_for_as_such() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let mut options = downloading(&server, LAST);
    options.index = SpliceOptions { kind: Kind::Ntlm, ..options.index };
    download(&folder.path().join("a.bdx"), &options, &()).unwrap();
    assert!(server.requests().iter().all(|request| request.target.ends_with("?mode=ntlm")));
    assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
}

#[test]
fn a_corpus_that_changes_meanwhile_is_noticed() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let report = fetch(&server, folder.path(), LAST).unwrap();
    assert!(!report.corpus_changed);
    std::fs::remove_file(folder.path().join("a.bdx")).unwrap();
    // The server's clock says 10:00 on the 3rd.
    server.change(corpus(1), "Fri, 03 Jul 2026 10:00:01 GMT");
    let report = fetch(&server, folder.path(), LAST).unwrap();
    assert!(report.corpus_changed);
    assert_holds(&folder.path().join("a.bdx"), &corpus(1), LAST);
}

/// A disk that has no space for one name.
#[derive(Debug)]
struct NoPlaceFor(&'static str);

impl Disk for NoPlaceFor {
    fn create_new(&self, path: &Path, mode: u32) -> std::io::Result<File> {
        match path.ends_with(self.0) {
            true => Err(std::io::Error::from_raw_os_error(28)),
            false => System.create_new(path, mode),
        }
    }
}

#[test]
fn a_full_disk_is_said_and_what_was_fetched_stays() {
    let server = RangeServer::start(corpus(0));
    let folder = tempdir().unwrap();
    let mut options = downloading(&server, LAST);
    options.also_text = Some(folder.path().join("text"));
    let full = || download(&folder.path().join("a.bdx"), &options, &());
    let error =
        files::simulate(Arc::new(NoPlaceFor("text/.00003.part")), full).expect_err("full").to_string();
    let file = folder.path().join("text/00003.txt");
    assert_eq!(error, format!("cannot write {}: No space left on device (os error 28)", file.display()));
    let report = download(&folder.path().join("a.bdx"), &options, &()).unwrap();
    assert_eq!(report.fetch.asked + report.fetch.resumed, LAST + 1);
    assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
    for prefix in 0..=LAST {
        let text = std::fs::read(folder.path().join(format!("text/{prefix:05X}.txt"))).unwrap();
        assert_eq!(text, body(&corpus(0)(Kind::Sha1, prefix), Kind::Sha1));
    }
}

#[test]
fn two_downloads_of_one_target_do_not_mix() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let sender = std::sync::Mutex::new(Some(sender));
    server.behave(move |request| {
        if request.prefix == LAST {
            drop(sender.lock().unwrap().take());
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        Reply::Good
    });
    let target = folder.path().join("a.bdx");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| fetch(&server, folder.path(), LAST).map(|report| report.fetch.asked));
        assert!(receiver.recv().is_err());
        match fetch(&server, folder.path(), LAST) {
            Err(Error::Busy(path)) => assert_eq!(path, target),
            other => panic!("{:?}", other.map(|report| report.fetch)),
        }
        assert_eq!(first.join().unwrap().unwrap(), LAST + 1);
    });
    assert_eq!(
        fetch(&server, folder.path(), LAST).expect_err("exists").to_string(),
        format!("{} exists", target.display())
    );
}
