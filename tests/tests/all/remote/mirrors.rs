//! What some mirrors send and the service does not: refused by name, accepted when asked for, and never misread.

use std::fs;

use breachdex::OpenOptions;
use breachdex_hibp::{DownloadOptions, Error, UpdateOptions, download, update};
use breachdex_tests::range_server::{RangeServer, Reply, Request, body};
use tempfile::tempdir;

use super::{assert_holds, command, corpus, downloading, listing, said};

const LAST: u32 = 63;

fn good(request: &Request) -> Vec<u8> {
    body(&corpus(0)(request.kind, request.prefix), request.kind)
}

fn is_empty(request: &Request) -> bool {
    corpus(0)(request.kind, request.prefix).is_empty()
}

type Quirk = (&'static str, fn(&Request) -> Reply, &'static str);

const QUIRKS: [Quirk; 5] = [
    (
        "final line end",
        |request| Reply::Body([&good(request)[..], b"\r\n"].concat()),
        "the answer is not the range: it ends with a line end, as one that was cut short does",
    ),
    (
        "padding",
        |request| {
            let padding = format!("{:035X}:0\r\n{:035X}:0", 0xABC, 0x123);
            Reply::Body([&good(request)[..], b"\r\n", padding.as_bytes()].concat())
        },
        "the answer is not the range: line ",
    ),
    (
        "empty bodies",
        |request| if is_empty(request) { Reply::Body(vec![]) } else { Reply::Good },
        "the answer is not the range: it is empty",
    ),
    (
        "404 for empty ranges",
        |request| if is_empty(request) { Reply::Status(404, vec![]) } else { Reply::Good },
        "the server answered 404",
    ),
    (
        "compressed, ends with the connection",
        |request| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, &good(request)).unwrap();
            let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
            Reply::Raw([&head[..], &encoder.finish().unwrap()].concat())
        },
        "the server does not say where its answer ends",
    ),
];

#[test]
fn quirks_are_named_and_accepted_when_asked_for() {
    for (name, quirk, reason) in QUIRKS {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        server.behave(quirk);
        let path = folder.path().join("a.bdx");
        let mut options =
            DownloadOptions { also_text: Some(folder.path().join("text")), ..downloading(&server, LAST) };
        match download(&path, &options, &()).expect_err(name) {
            Error::Missing(missing) => {
                let fault = &missing.example.fault;
                assert!(fault.to_string().starts_with(reason), "{name}: {fault}");
                assert!(fault.is_mirror_quirk(), "{name}");
            }
            other => panic!("{name}: {other}"),
        }
        assert!(!path.exists());
        options.fetch.mirror_quirks = true;
        download(&path, &options, &()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_holds(&path, &corpus(0), LAST);
        // What is kept as text is what the service would send.
        for prefix in 0..=LAST {
            let text = fs::read(folder.path().join(format!("text/{prefix:05X}.txt"))).unwrap();
            assert!(text == body(&corpus(0)(breachdex::Kind::Sha1, prefix), breachdex::Kind::Sha1), "{name}");
        }
        assert_eq!(listing(folder.path()), ["a.bdx", "text"]);
    }
}

/// Found by the simulation: 304 for every range that it has says of a mirror that it is asked at the right address.
#[test]
fn a_404_is_believed_where_all_other_ranges_are_unchanged() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    server.behave(QUIRKS[3].1);
    let path = folder.path().join("a.bdx");
    let mut options = downloading(&server, LAST);
    options.fetch.mirror_quirks = true;
    download(&path, &options, &()).unwrap();
    let options = UpdateOptions {
        fetch: options.fetch,
        allow_older: false,
        from_origin: true,
        memory: 32 << 20,
        threads: 0,
        open: OpenOptions::default(),
        before_publish: None,
    };
    let report = update(&path, &options, &()).unwrap();
    assert!(report.missing.is_none() && report.index.is_none());
    assert_holds(&path, &corpus(0), LAST);
}

#[test]
fn the_command_names_the_flag() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let run = |extra: &[&str]| {
        let output = command(folder.path())
            .args(["download", "-o", "a.bdx", "--prefixes", "00003-00003", "--retries", "0"])
            .args(["--base-url", &server.url()])
            .args(extra)
            .output()
            .unwrap();
        said(&output)
    };
    server.behave(QUIRKS[0].1);
    let (_, stderr, exit) = run(&[]);
    assert_eq!(
        (stderr.as_str(), exit),
        (
            "breachdex: error: range 00003: the answer is not the range: it ends with a line end, as one that was cut \
             short does; for a mirror that always answers so: --mirror-quirks\n",
            2
        )
    );
    let (_, stderr, exit) = run(&["--mirror-quirks"]);
    assert_eq!(exit, 0, "{stderr}");
}

#[test]
fn damage_is_no_quirk() {
    let damages: [fn(&Request) -> Reply; 4] = [
        |request| {
            let mut text = good(request);
            text.truncate(text.len().saturating_sub(20).max(20));
            Reply::Body(text)
        },
        |_| Reply::Body(b"<html></html>\r\n".to_vec()),
        |request| Reply::Body([&good(request)[..], b"\r\n\r\n"].concat()),
        // Nothing but 404: the wrong address.
        |_| Reply::Status(404, vec![]),
    ];
    for damage in damages {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        server.behave(damage);
        let mut options = downloading(&server, LAST);
        options.fetch.mirror_quirks = true;
        let refused = download(&folder.path().join("a.bdx"), &options, &());
        assert!(matches!(refused, Err(Error::Missing(_))), "{refused:?}");
        assert!(!folder.path().join("a.bdx").exists());
    }
}
