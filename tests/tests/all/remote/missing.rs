//! Ranges that cannot be fetched: the others are, what is missing is named, and an index never claims to cover it.

use std::fs;

use breachdex::{Coverage, Digest, Entry, Index, Kind, OpenOptions, Prefix};
use breachdex_hibp::{DownloadOptions, Error, UpdateOptions, download, update};
use breachdex_tests::range_server::{RangeServer, Reply};
use tempfile::tempdir;

use super::{assert_holds, assert_unfinished, command, corpus, downloading, fetch, fetching, listing, said};

const LAST: u32 = 0x2ff;
/// Two in a row and two alone, the first of them in the first group.
const BROKEN: [u32; 4] = [0x005, 0x100, 0x101, 0x2ff];

fn break_ranges(server: &RangeServer, status: u16) {
    server.behave(move |request| match BROKEN.contains(&request.prefix) {
        true => Reply::Status(status, vec![]),
        false => Reply::Good,
    });
}

#[test]
fn the_others_are_fetched_and_a_later_run_asks_for_the_missing_only() {
    for (status, tries) in [(403, 2), (404, 2), (500, 8)] {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        break_ranges(&server, status);
        let error = fetch(&server, folder.path(), LAST).expect_err("missing");
        assert_eq!(
            error.to_string(),
            format!(
                "4 ranges could not be fetched (00005, 00100-00101, 002FF); range 00005: the server answered {status} \
                 (tried {tries} times)"
            )
        );
        match error {
            Error::Missing(missing) => {
                assert_eq!((missing.prefixes, missing.gave_up), (BROKEN.to_vec(), false))
            }
            other => panic!("{other}"),
        }
        assert_unfinished(folder.path());
        assert_eq!(server.served(), u64::from(LAST + 1) - BROKEN.len() as u64);
        server.forget();
        server.behave(|_| Reply::Good);
        let report = fetch(&server, folder.path(), LAST).unwrap();
        let mut asked: Vec<u32> = server.requests().iter().map(|request| request.prefix).collect();
        asked.sort_unstable();
        assert_eq!(asked, BROKEN);
        assert_eq!((report.fetch.asked, report.fetch.resumed), (4, LAST + 1 - 4));
        assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
        assert_eq!(listing(folder.path()), ["a.bdx"]);
    }
}

#[test]
fn what_recovers_meanwhile_is_fetched_in_the_end() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    server.behave(|request| match (BROKEN.contains(&request.prefix), request.earlier) {
        (true, 0) => Reply::Status(403, vec![]),
        _ => Reply::Good,
    });
    let report = fetch(&server, folder.path(), LAST).unwrap();
    assert!(report.missing.is_none());
    assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
    assert_eq!(server.requests().len(), LAST as usize + 1 + BROKEN.len());
}

#[test]
fn an_index_without_the_missing_ranges_says_so() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    break_ranges(&server, 404);
    let path = folder.path().join("a.bdx");
    let options = DownloadOptions { allow_missing: true, ..downloading(&server, LAST) };
    let report = download(&path, &options, &()).unwrap();
    assert_eq!(report.missing.unwrap().ranges(), "00005, 00100-00101, 002FF");
    let index = Index::open(&path).unwrap();
    index.verify(&()).unwrap();
    let covered = Coverage::from_ranges([(0, 4), (6, 0xff), (0x102, 0x2fe)]).unwrap();
    assert_eq!(index.metadata().coverage, covered);
    for prefix in 0..=LAST {
        let is_missing = BROKEN.contains(&prefix);
        assert_eq!(index.range(&Prefix::of_range(prefix)).is_err(), is_missing, "{prefix:05X}");
    }
    let mut bytes = [0; 20];
    bytes[..3].copy_from_slice(&[0, 0, 0x51]);
    let digest = Digest::from_bytes(Kind::Sha1, &bytes).unwrap();
    assert_eq!(Entry::new(&digest, 1).prefix(), 5);
    assert!(index.lookup(&digest).is_err());
    assert_eq!(listing(folder.path()), ["a.bdx"]);
    // What it covers is kept up to date, with the entity tags of the download.
    server.forget();
    server.behave(|_| Reply::Good);
    let options = UpdateOptions {
        fetch: fetching(&server),
        allow_older: false,
        from_origin: true,
        memory: 64 << 20,
        threads: 0,
        open: OpenOptions::new().mapped(),
        before_publish: None,
    };
    let report = update(&path, &options, &()).unwrap();
    assert_eq!((report.ranges_unchanged, report.index.is_none()), (u64::from(LAST + 1) - 4, true));
}

#[test]
fn nothing_but_missing_ranges_is_no_index() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    server.behave(|_| Reply::Status(404, vec![]));
    let options = DownloadOptions { allow_missing: true, ..downloading(&server, 7) };
    let error = download(&folder.path().join("a.bdx"), &options, &()).expect_err("nothing").to_string();
    assert_eq!(error, "8 ranges could not be fetched (00000-00007); range 00000: the server answered 404");
    assert!(!folder.path().join("a.bdx").exists());
    // Where nothing came, nothing is asked for again.
    assert_eq!(server.requests().len(), 8);
}

/// A server decides how many ranges are missing, and must not fill a log with their names.
#[test]
fn of_many_missing_ranges_the_first_are_named() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    server.behave(|request| match request.prefix % 3 {
        0 => Reply::Status(403, vec![]),
        1 if request.prefix < 300 => Reply::Status(403, vec![]),
        _ => Reply::Good,
    });
    let error = fetch(&server, folder.path(), 0x3ff).expect_err("missing").to_string();
    let start = "442 ranges could not be fetched (00000-00001, 00003-00004, 00006-00007, ";
    assert!(error.starts_with(start), "{error}");
    let end = ", 00126-00127, 00129-0012A, 242 more); range 00000: the server answered 403 (tried 2 times)";
    assert!(error.contains(end) && error.len() < 1_500, "{error}");
}

#[test]
fn a_server_that_answers_nothing_but_errors_is_left_alone() {
    // What is not tried again counts one, what is counts 32, and 256 are enough; those on their way come on top.
    for (status, most) in [(403, 256 + 2 * 8 + 128), (500, 4 * (8 + 2 * 8 + 128))] {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        server.behave(move |_| Reply::Status(status, vec![]));
        let error = fetch(&server, folder.path(), 0xffff).expect_err("nothing").to_string();
        assert!(error.starts_with("gave up after "), "{error}");
        assert!(error.contains(" ranges could not be fetched, many in a row; range 000"), "{error}");
        assert!(server.requests().len() <= most, "{} requests", server.requests().len());
        assert!(!folder.path().join("a.bdx").exists());
    }
}

#[test]
fn an_update_applies_what_it_got() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    fetch(&server, folder.path(), LAST).unwrap();
    let path = folder.path().join("a.bdx");
    server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    break_ranges(&server, 403);
    let output = command(folder.path()).args(["update", "a.bdx"]).output().unwrap();
    let (stdout, stderr, exit) = said(&output);
    assert_eq!(exit, 2);
    assert!(stdout.contains(" ranges changed, "), "{stdout}");
    assert!(
        stderr.ends_with(
            "breachdex: error: 4 ranges could not be fetched (00005, 00100-00101, 002FF); range 00005: the server \
             answered 403 (tried 2 times); the others are up to date; run the same command again to update what is \
             missing\n"
        ),
        "{stderr}"
    );
    let (old, new) = (corpus(0), corpus(1));
    let mixed =
        move |kind, prefix| if BROKEN.contains(&prefix) { old(kind, prefix) } else { new(kind, prefix) };
    assert_holds(&path, &mixed, LAST);
    assert_eq!(listing(folder.path()), ["a.bdx"]);
    // The next one asks for what is missing with the old tags, and gets it.
    server.behave(|_| Reply::Good);
    let (_, stderr, exit) = said(&command(folder.path()).args(["update", "a.bdx"]).output().unwrap());
    assert_eq!(exit, 0, "{stderr}");
    assert_holds(&path, &corpus(1), LAST);
    // Where all is missing, nothing is written.
    let before = fs::read(&path).unwrap();
    server.behave(|_| Reply::Status(403, vec![]));
    let (stdout, _, exit) = said(&command(folder.path()).args(["update", "a.bdx"]).output().unwrap());
    assert_eq!((stdout.as_str(), exit), ("", 2));
    assert!(fs::read(&path).unwrap() == before);
}

/// Mirrors that stopped following give old ranges with a status of 200.
#[test]
fn what_a_mirror_changed_too_long_ago_makes_no_index() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let path = folder.path().join("a.bdx");
    let old = DownloadOptions { max_age: Some(30), ..downloading(&server, 7) };
    let error = download(&path, &old, &()).expect_err("of July").to_string();
    assert_eq!(
        error,
        format!(
            "{} changed a range on 2026-07-02 for the last time, and at most 30 days are allowed; what \
             was fetched is kept: run the same command again when the server has newer ranges, or with another server \
             or age",
            server.url()
        )
    );
    assert!(!path.exists());
    // Nothing is fetched twice, and what was made of them is refused alike.
    let asked = server.requests().len();
    download(&path, &DownloadOptions { max_age: Some(36500), ..old.clone() }, &()).unwrap();
    assert_eq!((server.requests().len(), asked), (8, 8));
    // A server that does not say when it changed may have anything.
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let path = folder.path().join("a.bdx");
    server.behave(|request| {
        Reply::Headed(vec![], super::body(&corpus(0)(request.kind, request.prefix), request.kind))
    });
    let undated = DownloadOptions { max_age: Some(36500), ..downloading(&server, 7) };
    let error = download(&path, &undated, &()).expect_err("no date").to_string();
    assert!(
        error.contains(" does not say when it changed a range, and at most 36500 days are allowed;"),
        "{error}"
    );
    assert!(!path.exists());
}
