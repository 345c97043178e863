//! What is no whole answer, and what takes too long: a body whose end the protocol does not tell is never one.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use breachdex_hibp::{DownloadOptions, FetchOptions, download};
use breachdex_tests::range_server::{RangeServer, Reply, Request, body};
use tempfile::tempdir;

use super::secure::authority;
use super::{assert_holds, check, command, corpus, downloading, listing, said};

const LAST: u32 = 31;

/// An answer with these headers and this body, which ends with its connection.
fn raw(version: &str, headers: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/{version} 200 OK\r\nDate: Fri, 03 Jul 2026 10:00:00 GMT\r\n{headers}\r\n");
    Reply::Raw([head.as_bytes(), body].concat())
}

/// The first two rows of a range, or all that there are.
fn two_rows(request: &Request) -> Vec<u8> {
    let rows = corpus(0)(request.kind, request.prefix);
    body(&rows[..rows.len().min(2)], request.kind)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn chunk(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat()
}

type Answer = fn(&Request) -> Reply;

/// Answers that were cut between two rows, and what is said of them.
const CUT: [(&str, Answer, &str); 7] = [
    (
        "ends with the connection",
        |request| raw("1.1", "Connection: close\r\n", &two_rows(request)),
        "the server does not say where its answer ends",
    ),
    (
        "HTTP/1.0",
        |request| raw("1.0", "", &two_rows(request)),
        "the server does not say where its answer ends",
    ),
    (
        "other transfer coding",
        |request| raw("1.1", "Transfer-Encoding: chunked, gzip\r\n", &two_rows(request)),
        "the server does not say where its answer ends",
    ),
    (
        "compressed",
        |request| raw("1.1", "Content-Encoding: gzip\r\n", &gzip(&two_rows(request))),
        "the server does not say where its answer ends",
    ),
    (
        "before the last chunk",
        |request| raw("1.1", "Transfer-Encoding: chunked\r\n", &chunk(&two_rows(request))),
        "the answer broke off",
    ),
    (
        "two lengths",
        |request| {
            let chunks = [chunk(&two_rows(request)), b"0\r\n\r\n".to_vec()].concat();
            raw("1.1", "Content-Length: 4000\r\nTransfer-Encoding: chunked\r\n", &chunks)
        },
        "the server says the length of its answer twice",
    ),
    (
        "before its length",
        |request| raw("1.1", "Content-Length: 4000\r\n", &two_rows(request)),
        "the answer broke off",
    ),
];

#[test]
fn a_cut_range_is_never_published() {
    for (name, answer, reason) in CUT {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        server.behave(answer);
        let error = download(&folder.path().join("a.bdx"), &downloading(&server, LAST), &()).expect_err(name);
        assert!(error.to_string().contains(&format!(": {reason}")), "{name}: {error}");
        assert!(!folder.path().join("a.bdx").exists());
        // It is a fault of the moment.
        server.behave(move |request| if request.earlier == 0 { answer(request) } else { Reply::Good });
        let report = download(&folder.path().join("a.bdx"), &downloading(&server, LAST), &()).expect(name);
        assert_eq!(report.missing.map(|missing| missing.ranges()), None, "{name}");
        assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
    }
}

#[test]
fn a_cut_range_is_never_not_found() {
    let folder = tempdir().unwrap();
    for (name, answer, reason) in CUT.into_iter().filter(|(name, _, _)| *name != "compressed") {
        let server = RangeServer::start(|_, _| vec![(1, 1), (2, 2), (3, 3)]);
        server.behave(move |request| {
            let rows = body(&[(1, 1), (2, 2)], request.kind);
            match answer(request) {
                // The same answer with rows of another corpus.
                Reply::Raw(raw) => {
                    let head = raw.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
                    let text = if raw[..head].windows(9).any(|part| part == b": chunked")
                        && name.contains("chunk")
                    {
                        chunk(&rows)
                    } else {
                        rows
                    };
                    Reply::Raw([&raw[..head], &text].concat())
                }
                other => other,
            }
        });
        let url = server.url();
        let (stdout, stderr, exit) = check::check(folder.path(), &["--api", &url], "password\n");
        assert_eq!((stdout.as_str(), exit), ("", 2), "{name}");
        let start = format!("breachdex: line 1: {url} gave no answer: {reason}");
        assert!(stderr.starts_with(&start), "{name}: {stderr}");
    }
}

#[test]
fn whole_answers_of_any_framing_are_taken() {
    let framings: [Answer; 2] = [
        |request| {
            let rows = body(&corpus(0)(request.kind, request.prefix), request.kind);
            raw("1.1", "Transfer-Encoding: chunked\r\n", &[chunk(&rows), b"0\r\n\r\n".to_vec()].concat())
        },
        |request| {
            let rows = body(&corpus(0)(request.kind, request.prefix), request.kind);
            raw("1.0", &format!("Content-Length: {}\r\n", rows.len()), &rows)
        },
    ];
    for framing in framings {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        server.behave(framing);
        download(&folder.path().join("a.bdx"), &downloading(&server, LAST), &()).unwrap();
        assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
    }
}

/// Answers any HTTP/2 request with two rows, then resets the stream "without an error".
fn resetting_server(folder: &std::path::Path) -> u16 {
    let tls = Arc::new(authority("localhost", folder, &[b"h2"]));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&tls)).unwrap();
            let mut stream = rustls::StreamOwned::new(session, connection.unwrap());
            let frame = |kind: u8, flags: u8, id: u32, payload: &[u8]| {
                let length = (payload.len() as u32).to_be_bytes();
                [&length[1..], &[kind, flags], &id.to_be_bytes(), payload].concat()
            };
            // The preface, then frames up to the request.
            let mut preface = [0; 24];
            if stream.read_exact(&mut preface).is_err() {
                continue;
            }
            let _ = stream.write_all(&frame(4, 0, 0, &[]));
            let id = loop {
                let mut head = [0; 9];
                if stream.read_exact(&mut head).is_err() {
                    break None;
                }
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let mut payload = vec![0; length as usize];
                if stream.read_exact(&mut payload).is_err() {
                    break None;
                }
                if head[3] == 1 {
                    break Some(u32::from_be_bytes(head[5..].try_into().unwrap()));
                }
            };
            let Some(id) = id else { continue };
            let rows = body(&[(1, 1), (2, 2)], breachdex::Kind::Sha1);
            // Status 200, rows, reset with NO_ERROR.
            let answer =
                [frame(1, 4, id, &[0x88]), frame(0, 0, id, &rows), frame(3, 0, id, &[0; 4])].concat();
            let _ = stream.write_all(&answer).and_then(|()| stream.flush());
            // Until the client goes away.
            let _ = stream.read(&mut [0; 1024]);
        }
    });
    port
}

#[test]
fn an_http_2_stream_that_is_reset_without_an_error_is_no_whole_answer() {
    let folder = tempdir().unwrap();
    let url = format!("https://localhost:{}", resetting_server(folder.path()));
    let arguments =
        ["download", "-o", "a.bdx", "--prefixes", "00000-00000", "--retries", "0", "--base-url", &url];
    let output = command(folder.path()).args(arguments).args(["--ca-file", "root.pem"]).output().unwrap();
    let (_, stderr, exit) = said(&output);
    assert_eq!(
        (stderr.as_str(), exit),
        ("breachdex: error: range 00000: the answer broke off: its stream was reset\n", 2)
    );
    let (stdout, stderr, exit) =
        check::check(folder.path(), &["--api", &url, "--ca-file", "root.pem"], "password\n");
    assert_eq!((stdout.as_str(), exit), ("", 2), "{stderr}");
    assert!(stderr.contains(" gave no answer: the answer broke off: its stream was reset"), "{stderr}");
}

#[test]
fn an_answer_that_trickles_meets_the_deadline_of_the_request() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    // No single wait is longer than 20 ms, and a whole answer takes longer than the test.
    server.change(|_, _| (0..2000).map(|row| (row << 40, 1)).collect(), "Thu, 02 Jul 2026 10:00:00 GMT");
    server.behave(|_| Reply::Trickle);
    let mut options = downloading(&server, 0);
    options.fetch.request_timeout = Duration::from_millis(250);
    options.fetch.retry.retries = 1;
    let error = download(&folder.path().join("a.bdx"), &options, &()).expect_err("too slow").to_string();
    assert_eq!(error, "range 00000: the answer was not complete within 0.25 seconds (tried 2 times)");
    let url = server.url();
    let (stdout, stderr, exit) =
        check::check(folder.path(), &["--api", &url, "--timeout", "0.25"], "password\n");
    assert_eq!((stdout.as_str(), exit), ("", 2));
    assert_eq!(stderr, format!("breachdex: line 1: {url} gave no answer: no answer in time\n"));
    // What is slow and within the deadline is taken.
    server.change(|_, _| vec![(1, 1), (2, 2)], "Thu, 02 Jul 2026 10:00:00 GMT");
    let fetch = FetchOptions { request_timeout: Duration::from_secs(60), ..options.fetch };
    download(&folder.path().join("a.bdx"), &DownloadOptions { fetch, ..downloading(&server, 0) }, &())
        .unwrap();
    assert_eq!(listing(folder.path()), ["a.bdx"]);
}
