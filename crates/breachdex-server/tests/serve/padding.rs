//! `Add-Padding`.

use std::collections::BTreeSet;

use tempfile::TempDir;

use crate::client::Client;
use crate::encodings::gunzipped;
use crate::subject::{BODY, EMPTY, Running, dense_body, dense_lines, partial, small};

#[track_caller]
fn padding_of<'a>(body: &'a str, real: &str) -> Vec<&'a str> {
    let padding = body.strip_prefix(real).unwrap().strip_prefix("\r\n").unwrap();
    let rows: Vec<&str> = padding.split("\r\n").collect();
    assert!((10..=209).contains(&rows.len()), "{} rows", rows.len());
    for row in &rows {
        let suffix = row.strip_suffix(":0").unwrap();
        assert!(
            suffix.len() == 35 && suffix.bytes().all(|byte| b"0123456789ABCDEF".contains(&byte)),
            "{row}"
        );
    }
    rows
}

#[test]
fn padding_follows_the_real_rows_and_is_new_every_time() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    let (mut lengths, mut seen, mut rows) = (BTreeSet::new(), BTreeSet::new(), 0);
    for _ in 0..100 {
        let answer = client.get("/range/21BD1", &["Add-Padding: true"]);
        let padding = padding_of(answer.text(), BODY);
        lengths.insert(padding.len());
        rows += padding.len();
        seen.extend(padding.into_iter().map(str::to_owned));
    }
    assert!(lengths.len() > 20, "{lengths:?}");
    assert_eq!(seen.len(), rows, "a row came twice");
}

#[test]
fn a_padded_answer_has_no_validators_and_is_never_304() {
    let (_folder, server) = small();
    let answer = server.get("/range/21BD1", &["add-padding: TRUE", "If-None-Match: *"]);
    assert_eq!(answer.status, 200);
    padding_of(answer.text(), BODY);
    assert_eq!(answer.header("etag"), None);
    assert_eq!(answer.header("last-modified"), None);
    assert_eq!(answer.header("vary"), Some("Accept-Encoding, Add-Padding"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn padding_is_for_those_who_ask_for_it() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    for value in ["false", "1", "yes", ""] {
        assert_eq!(client.get("/range/21BD1", &[&format!("Add-Padding: {value}")]).text(), BODY);
    }
}

#[test]
fn padding_is_packed_too_and_an_empty_range_is_padded_like_any() {
    let (_folder, server) = small();
    let packed = server.get("/range/21BD1", &["Add-Padding: true", "Accept-Encoding: gzip"]);
    padding_of(&gunzipped(&packed), BODY);
    let empty = server.get("/range/00000", &["Add-Padding: true"]);
    padding_of(empty.text(), EMPTY);
    let ntlm = server.get("/range/21BD1?mode=ntlm", &["Add-Padding: true"]);
    let widths: BTreeSet<usize> =
        ntlm.text().split("\r\n").map(|row| row.split_once(':').unwrap().0.len()).collect();
    assert_eq!(widths, BTreeSet::from([27]));
}

#[test]
fn a_long_range_keeps_all_its_rows() {
    let folder = TempDir::new().unwrap();
    let server = Running::serve(&[&partial(folder.path(), &dense_lines(1, 3_000, 0))]);
    let answer = server.get("/range/00000", &["Add-Padding: true"]);
    padding_of(answer.text(), &dense_body(0, 3_000, 0));
}
