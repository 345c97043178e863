//! Entity tags, dates and 304.

use breachdex::BuildOptions;
use tempfile::TempDir;

use crate::client::Client;
use crate::subject::{BODY, ROWS, Running, index, sha1, small};

#[test]
fn an_unchanged_range_is_304_with_what_a_cache_needs() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    let full = client.get("/range/21BD1", &[]);
    let tag = full.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34, "{tag}");
    for value in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = client.get("/range/21BD1", &[&format!("If-None-Match: {value}")]);
        assert_eq!((answer.status, answer.text()), (304, ""), "{value}");
        for name in ["etag", "vary", "last-modified", "cache-control", "access-control-allow-origin"] {
            assert_eq!(answer.header(name), full.header(name), "{name}");
        }
        for name in ["content-length", "content-type", "content-encoding"] {
            assert_eq!(answer.header(name), None, "{name}");
        }
    }
    assert_eq!(client.get("/range/21BD1", &["If-None-Match: \"other\""]).text(), BODY);
    assert_eq!(client.request("HEAD", "/range/21BD1", &["If-None-Match: *"]).status, 304);
}

#[test]
fn each_encoding_and_each_range_has_a_tag_of_its_own() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    let mut tags: Vec<String> = Vec::new();
    for path in ["/range/21BD1", "/range/ABCDE", "/range/00000"] {
        for accept in ["identity", "gzip", "br"] {
            let accept = format!("Accept-Encoding: {accept}");
            let tag = client.get(path, &[&accept]).header("etag").unwrap().to_owned();
            assert_eq!(
                client.get(path, &[&accept, &format!("If-None-Match: {tag}")]).status,
                304,
                "{accept}"
            );
            tags.push(tag);
        }
    }
    let plain = format!("If-None-Match: {}", tags[0]);
    let answer = client.get("/range/21BD1", &["Accept-Encoding: gzip", &plain]);
    assert_eq!(answer.status, 200, "the plain body's tag does not name the packed one");
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 9);
}

#[test]
fn the_tag_is_of_the_rows_alone() {
    let folder = TempDir::new().unwrap();
    let other_rows = format!("{}\nBBBBB{:035X}:1\n", ROWS.trim_end(), 5);
    let dated =
        |date: &str| BuildOptions { date: date.into(), source: date.into(), ..BuildOptions::default() };
    let first = index(folder.path(), "first.bdx", ROWS, dated("2026-01-01"));
    let second = index(folder.path(), "second.bdx", &other_rows, dated("2026-02-02"));
    let (first, second) = (Running::serve(&[&first]), Running::serve(&[&second]));
    let tag = |server: &Running, path: &str| server.get(path, &[]).header("etag").unwrap().to_owned();
    assert_eq!(tag(&first, "/range/21BD1"), tag(&second, "/range/21BD1"));
    assert_ne!(tag(&first, "/range/BBBBB"), tag(&second, "/range/BBBBB"));
}

#[test]
fn dates_count_where_there_are_no_tags() {
    let (_folder, server) = small();
    let status = |headers: &[&str]| server.get("/range/21BD1", headers).status;
    assert_eq!(status(&["If-Modified-Since: Thu, 02 Jul 2026 00:00:00 GMT"]), 304);
    assert_eq!(status(&["If-Modified-Since: Fri, 03 Jul 2026 00:00:00 GMT"]), 304);
    assert_eq!(status(&["If-Modified-Since: Wed, 01 Jul 2026 23:59:59 GMT"]), 200);
    assert_eq!(status(&["If-Modified-Since: the day before"]), 200);
    let newer = "If-Modified-Since: Fri, 03 Jul 2026 00:00:00 GMT";
    assert_eq!(status(&[newer, "If-None-Match: \"other\""]), 200);
    // The NTLM index has no date.
    let undated = server.get("/range/21BD1?mode=ntlm", &[newer]);
    assert_eq!((undated.status, undated.header("last-modified")), (200, None));
    assert!(undated.header("etag").is_some());
}

#[test]
fn a_tag_outlives_a_new_start() {
    let folder = TempDir::new().unwrap();
    let path = sha1(folder.path(), ROWS);
    let tag = |server: &Running| server.get("/range/21BD1", &[]).header("etag").unwrap().to_owned();
    assert_eq!(tag(&Running::serve(&[&path])), tag(&Running::serve(&[&path])));
}
