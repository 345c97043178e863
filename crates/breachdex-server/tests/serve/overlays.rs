//! Overlays: served only when that was asked for, merged into the ranges, and followed while the server runs.

#![forbid(unsafe_code)]

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use breachdex::{BuildOptions, Digest, Kind, MergeOptions, OverlayFile, merge};
use breachdex_server::{ServeOptions, Server};
use tempfile::TempDir;

use crate::subject::{BODY, EMPTY, NTLM_ROWS, ROWS, Running, index, ntlm, options, sha1, wait_until};

/// A digest that the small index holds, two times seen.
const HELD: &str = "21BD100D4F6E8FA6EECAD2A3AA415EEC418D38EC";
/// One under the same prefix, and one under a prefix without any, that it does not hold.
const NEXT: &str = "21BD1A0000000000000000000000000000000001";
const APART: &str = "0000100000000000000000000000000000000002";

fn digests(hex: &[&str]) -> Vec<Digest> {
    hex.iter().map(|hex| Digest::from_hex(Kind::Sha1, hex.as_bytes()).unwrap()).collect()
}

fn overlay(folder: &Path, hex: &[&str]) -> OverlayFile {
    let overlay = OverlayFile::at(folder.join("own.bdx"));
    overlay.add(Kind::Sha1, &digests(hex), &()).unwrap();
    overlay
}

fn agreed(indexes: &[&Path], overlays: &[&Path]) -> ServeOptions {
    let overlays = overlays.iter().map(|path| path.to_path_buf()).collect();
    ServeOptions { overlays, serve_overlays: true, ..options(indexes) }
}

fn row(hex: &str, count: u64) -> String {
    format!("{}:{count}", &hex[5..])
}

/// The small index's range with a row more; the count of a row that both hold stays the base's.
fn merged_body() -> String {
    let (before, last) = BODY.rsplit_once("\r\n").unwrap();
    format!("{before}\r\n{}\r\n{last}", row(NEXT, 1))
}

#[test]
fn rows_of_base_and_overlay_are_one_range() {
    let folder = TempDir::new().unwrap();
    let base = sha1(folder.path(), ROWS);
    let own = overlay(folder.path(), &[HELD, NEXT, APART]);
    let server = Running::start(agreed(&[&base], &[own.path()]));
    assert_eq!(server.get("/range/21BD1", &[]).text(), merged_body());
    assert_eq!(server.get("/range/00001", &[]).text(), row(APART, 1));
    assert_eq!(server.get("/range/00002", &[]).text(), EMPTY);
    let padded = server.get("/range/21BD1", &["Add-Padding: true"]);
    assert!(padded.text().starts_with(&merged_body()));
    let gzip = server.get("/range/21BD1", &["Accept-Encoding: gzip"]);
    assert_eq!(crate::encodings::gunzipped(&gzip), merged_body());
}

#[test]
fn a_changed_overlay_is_seen_and_only_its_ranges_get_other_tags() {
    let folder = TempDir::new().unwrap();
    let base = sha1(folder.path(), ROWS);
    let own = overlay(folder.path(), &[]);
    let server = Running::start(agreed(&[&base], &[own.path()]));
    let tag = |path: &str| server.get(path, &[]).header("etag").unwrap().to_owned();
    let (before, other) = (tag("/range/21BD1"), tag("/range/ABCDE"));
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
    own.add(Kind::Sha1, &digests(&[HELD, NEXT]), &()).unwrap();
    wait_until("the overlay's rows are there", || server.get("/range/21BD1", &[]).text() == merged_body());
    assert_ne!(tag("/range/21BD1"), before);
    assert_eq!(tag("/range/ABCDE"), other);
    let none_match = format!("If-None-Match: {before}");
    assert_eq!(server.get("/range/21BD1", &[&none_match]).status, 200);
    own.remove(Kind::Sha1, &digests(&[HELD, NEXT]), &()).unwrap();
    wait_until("they are gone", || server.get("/range/21BD1", &[]).text() == BODY);
    assert_eq!(tag("/range/21BD1"), before);
    // The base is followed as ever, and keeps its overlay.
    own.add(Kind::Sha1, &digests(&[APART]), &()).unwrap();
    let fresh = index(folder.path(), "f.bdx", &ROWS.replace("0001:7", "0001:8"), BuildOptions::default());
    fs::rename(fresh, &base).unwrap();
    wait_until("the new base answers", || server.get("/range/ABCDE", &[]).text().ends_with(":8"));
    wait_until("so does its overlay", || server.get("/range/00001", &[]).text() == row(APART, 1));
}

#[test]
fn what_an_overlay_has_part_in_is_kept_by_nobody_and_shown_to_no_other_site() {
    let folder = TempDir::new().unwrap();
    let base = sha1(folder.path(), ROWS);
    let own = overlay(folder.path(), &[HELD]);
    let merged = folder.path().join("merged.bdx");
    let inputs = [base.clone(), own.path().to_owned()];
    merge(&inputs, &merged, &MergeOptions { date: "2026-07-02".into(), ..MergeOptions::default() }, &())
        .unwrap();
    let since = "If-Modified-Since: Thu, 02 Jul 2026 00:00:00 GMT";
    let laid = Running::start(agreed(&[&base], &[own.path()]));
    assert_eq!(laid.get("/range/ABCDE", &[since]).status, 200, "the date does not move with the overlay");
    assert_eq!(laid.get("/range/ABCDE", &[]).header("last-modified"), None);
    for server in [&laid, &Running::start(agreed(&[&merged], &[]))] {
        let none_match =
            format!("If-None-Match: {}", server.get("/range/ABCDE", &[]).header("etag").unwrap());
        for (headers, caching) in [
            (&[][..], "private, no-cache"),
            (&[none_match.as_str()], "private, no-cache"),
            (&["Add-Padding: true"], "no-store"),
        ] {
            let answer = server.get("/range/ABCDE", headers);
            assert_eq!(answer.header("cache-control"), Some(caching));
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    let plain = Running::start(agreed(&[&base], &[]));
    let answer = plain.get("/range/ABCDE", &[]);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn a_bad_overlay_is_refused_while_the_old_one_answers_on() {
    let folder = TempDir::new().unwrap();
    let base = sha1(folder.path(), ROWS);
    let own = overlay(folder.path(), &[HELD, NEXT]);
    let server = Running::start(agreed(&[&base], &[own.path()]));
    let refused = || server.metric("breachdex_index_swaps_refused_total{kind=\"sha1\"}");
    let mut damaged = fs::read(own.path()).unwrap();
    damaged[290] ^= 1;
    let bare = BuildOptions { counts: false, ..BuildOptions::default() };
    let replacements = [
        damaged,
        fs::read(ntlm(folder.path(), NTLM_ROWS)).unwrap(),
        fs::read(index(folder.path(), "bare.bdx", ROWS, bare)).unwrap(),
    ];
    for (number, bytes) in replacements.iter().enumerate() {
        let fresh = folder.path().join("fresh");
        fs::write(&fresh, bytes).unwrap();
        fs::rename(&fresh, own.path()).unwrap();
        wait_until("it is refused", || refused() == number as f64 + 1.0);
        assert_eq!(server.get("/range/21BD1", &[]).text(), merged_body(), "replacement {number}");
    }
}

#[test]
fn health_names_overlays_when_asked_to_and_never_what_they_hold() {
    let folder = TempDir::new().unwrap();
    let base = sha1(folder.path(), ROWS);
    let own = overlay(folder.path(), &[HELD, NEXT, APART]);
    let content_id = own.open().unwrap().content_id().to_string();
    let terse = Running::start(agreed(&[&base], &[own.path()]));
    assert_eq!(terse.get("/healthz", &[]).text(), r#"{"status":"ok"}"#);
    let options = ServeOptions { health_details: true, ..agreed(&[&base], &[own.path()]) };
    let server = Running::start(options);
    let answer = server.get("/healthz", &[]);
    let health: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let served = &health["indexes"][0];
    assert_eq!((&served["entries"], &served["overlays"][0]["entries"]), (&4.into(), &3.into()));
    assert_eq!(served["overlays"][0]["file"], own.path().to_str().unwrap());
    assert!(!answer.text().contains(&content_id));
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[track_caller]
fn refusal(options: &ServeOptions, folder: &Path) -> String {
    Server::bind(options).err().unwrap().to_string().replace(folder.to_str().unwrap(), "FOLDER")
}

/// The small index, an overlay, and both merged.
fn subjects(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let base = sha1(folder, ROWS);
    let own = overlay(folder, &[NEXT]).path().to_owned();
    let merged = folder.join("merged.bdx");
    merge(&[base.clone(), own.clone()], &merged, &MergeOptions::default(), &()).unwrap();
    (base, own, merged)
}

#[test]
fn nothing_of_an_overlay_is_served_unasked() {
    let folder = TempDir::new().unwrap();
    let (base, own, merged) = subjects(folder.path());
    let sentence =
        "holds digests from an overlay, and every client of this server could list them range by range";
    let unasked =
        |options: ServeOptions| refusal(&ServeOptions { serve_overlays: false, ..options }, folder.path());
    assert_eq!(unasked(agreed(&[&base], &[&own])), format!("FOLDER/own.bdx {sentence}"));
    assert_eq!(unasked(agreed(&[&merged], &[])), format!("FOLDER/merged.bdx {sentence}"));
    assert_eq!(unasked(agreed(&[&own], &[])), format!("FOLDER/own.bdx {sentence}"));
    // An index that bears no mark is an overlay too when it is named as one.
    assert_eq!(unasked(agreed(&[&base], &[&base])), format!("FOLDER/sha1.bdx {sentence}"));
    for options in [agreed(&[&base], &[&own]), agreed(&[&merged], &[])] {
        assert!(Server::bind(&options).is_ok());
    }
}

#[test]
fn other_machines_are_served_nothing_of_an_overlay_without_a_second_word() {
    let folder = TempDir::new().unwrap();
    let (base, own, merged) = subjects(folder.path());
    let listen = || vec![SocketAddr::from(([0, 0, 0, 0], 0)).into()];
    let sentence = "holds digests from an overlay, and other machines could list them range by range at 0.0.0.0:0; \
                    listen on 127.0.0.1";
    let public =
        |options: ServeOptions| refusal(&ServeOptions { listen: listen(), ..options }, folder.path());
    assert_eq!(public(agreed(&[&base], &[&own])), format!("FOLDER/own.bdx {sentence}"));
    assert_eq!(public(agreed(&[&merged], &[])), format!("FOLDER/merged.bdx {sentence}"));
    let agreed = agreed(&[&base], &[&own]);
    let both = ServeOptions { listen: listen(), serve_overlays_to_the_network: true, ..agreed };
    assert!(Server::bind(&both).is_ok());
}

#[test]
fn a_base_that_is_replaced_by_a_marked_one_is_refused_unless_agreed() {
    let folder = TempDir::new().unwrap();
    let (base, _, merged) = subjects(folder.path());
    let server = Running::serve(&[&base]);
    fs::rename(&merged, &base).unwrap();
    wait_until("it is refused", || {
        server.metric("breachdex_index_swaps_refused_total{kind=\"sha1\"}") == 1.0
    });
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
}

#[test]
fn an_overlay_needs_a_base_of_its_kind() {
    let folder = TempDir::new().unwrap();
    let (base, own, _) = subjects(folder.path());
    let other = ntlm(folder.path(), NTLM_ROWS);
    assert_eq!(
        refusal(&agreed(&[&other], &[&own]), folder.path()),
        "FOLDER/own.bdx holds SHA-1 digests, and no SHA-1 index is served beside it"
    );
    let both = Running::start(agreed(&[&base, &other], &[&own]));
    assert!(both.get("/range/21BD1", &[]).text().contains(&row(NEXT, 1)));
    assert!(!both.get("/range/21BD1?mode=ntlm", &[]).text().contains(&NEXT[5..]));
}
