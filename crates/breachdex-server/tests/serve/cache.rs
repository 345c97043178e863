//! Bodies that are kept ready: the same answers as made ones, none of them of an index that was replaced.

use std::fs;

use breachdex::BuildOptions;
use breachdex_server::ServeOptions;
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::encodings::gunzipped;
use crate::subject::{
    BODY, NTLM_ROWS, ROWS, Running, dense_body, dense_lines, index, ntlm, options, partial, range, sha1,
    wait_until,
};

fn hits_and_misses(server: &Running) -> (f64, f64) {
    (server.metric("breachdex_cache_hits_total"), server.metric("breachdex_cache_misses_total"))
}

/// What a client sees of an answer, but for the time of day.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let headers = answer.headers.iter().filter(|(name, _)| name != "date").cloned().collect();
    (answer.status, headers, answer.body.clone())
}

#[test]
fn a_kept_body_is_sent_as_a_made_one_in_every_encoding() {
    let folder = TempDir::new().unwrap();
    let (sha1, ntlm) = (sha1(folder.path(), ROWS), ntlm(folder.path(), NTLM_ROWS));
    let keeping = Running::serve(&[&sha1, &ntlm]);
    let making = Running::start(ServeOptions { cache_bytes: 0, ..options(&[&sha1, &ntlm]) });
    let (mut kept, mut made) = (Client::connect(keeping.address), Client::connect(making.address));
    let mut asked = 0.0;
    for path in ["/range/21BD1", "/range/00000", "/range/21bd1?mode=ntlm"] {
        for encoding in ["identity", "gzip", "br"] {
            let accept = format!("Accept-Encoding: {encoding}");
            for _ in 0..4 {
                assert_eq!(
                    seen(&kept.get(path, &[&accept])),
                    seen(&made.get(path, &[&accept])),
                    "{path} {encoding}"
                );
            }
            let tag = made.get(path, &[&accept]).header("etag").unwrap().to_owned();
            for lines in [vec![format!("If-None-Match: {tag}")], vec!["If-None-Match: \"other\"".to_owned()]]
            {
                let lines: Vec<&str> = lines.iter().map(String::as_str).chain([accept.as_str()]).collect();
                assert_eq!(seen(&kept.get(path, &lines)), seen(&made.get(path, &lines)), "{path} {lines:?}");
            }
            let heads = [&mut kept, &mut made].map(|client| seen(&client.request("HEAD", path, &[&accept])));
            assert_eq!(heads[0], heads[1], "{path} {encoding}");
            asked += 7.0;
            let (hits, misses) = hits_and_misses(&keeping);
            assert_eq!(hits + misses, asked);
        }
    }
    // Two questions each for a body that is not there yet.
    assert_eq!(hits_and_misses(&keeping), (asked - 18.0, 18.0));
    assert_eq!(keeping.metric("breachdex_cache_bodies"), 9.0);
    assert_eq!(hits_and_misses(&making), (0.0, 0.0));
}

#[test]
fn padding_is_fresh_behind_kept_rows() {
    let folder = TempDir::new().unwrap();
    let server = Running::serve(&[&sha1(folder.path(), ROWS)]);
    for accept in ["Accept-Encoding: identity", "Accept-Encoding: gzip"] {
        let bodies: Vec<String> = (0..5)
            .map(|_| {
                let answer = server.get("/range/21BD1", &["Add-Padding: true", accept]);
                assert_eq!((answer.header("etag"), answer.header("cache-control")), (None, Some("no-store")));
                let is_packed = answer.header("content-encoding").is_some();
                if is_packed { gunzipped(&answer) } else { answer.text().to_owned() }
            })
            .collect();
        for (at, body) in bodies.iter().enumerate() {
            assert!(body.starts_with(BODY));
            assert!(body[BODY.len()..].split("\r\n").skip(1).all(|row| row.ends_with(":0")));
            assert!(!bodies[..at].contains(body), "the same padding twice");
        }
    }
    assert_eq!(server.metric("breachdex_cache_bodies"), 1.0);
    assert_eq!(hits_and_misses(&server), (8.0, 2.0));
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
}

#[test]
fn a_replaced_index_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let path = sha1(folder.path(), ROWS);
    let other = ntlm(folder.path(), NTLM_ROWS);
    let server = Running::serve(&[&path, &other]);
    let gzip = ["Accept-Encoding: gzip"];
    let mut swaps = 0.0;
    for count in 7..12 {
        for _ in 0..4 {
            assert!(server.get("/range/ABCDE", &[]).text().ends_with(&format!(":{count}")));
            assert!(gunzipped(&server.get("/range/ABCDE", &gzip)).ends_with(&format!(":{count}")));
            server.get("/range/21BD1?mode=ntlm", &[]);
        }
        assert_eq!(server.metric("breachdex_cache_bodies"), 3.0);
        let lines = ROWS.replace("0001:7", &format!("0001:{}", count + 1));
        fs::rename(index(folder.path(), "fresh.bdx", &lines, BuildOptions::default()), &path).unwrap();
        swaps += 1.0;
        wait_until("it takes over", || server.metric("breachdex_index_swaps_total{kind=\"sha1\"}") == swaps);
        assert_eq!(server.metric("breachdex_cache_bodies"), 1.0, "that of the other kind stays");
    }
}

#[test]
fn a_changed_overlay_is_seen_and_kept_like_any_rows() {
    let folder = TempDir::new().unwrap();
    let (base, over) = (sha1(folder.path(), ROWS), folder.path().join("over.bdx"));
    let overlay = |digest: &str| {
        let fresh = index(folder.path(), "fresh.bdx", &format!("{digest}:1\n"), BuildOptions::default());
        fs::rename(fresh, &over).unwrap();
    };
    overlay("ABCDE00000000000000000000000000000000002");
    let overlays = vec![over.clone()];
    let server = Running::start(ServeOptions { overlays, serve_overlays: true, ..options(&[&base]) });
    for _ in 0..4 {
        let answer = server.get("/range/ABCDE", &[]);
        assert_eq!(answer.text().split("\r\n").count(), 2);
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    overlay("ABCDE00000000000000000000000000000000003");
    wait_until("the overlay takes over", || {
        server.metric("breachdex_index_swaps_total{kind=\"sha1\"}") == 1.0
    });
    assert_eq!(server.metric("breachdex_cache_bodies"), 0.0);
    for _ in 0..4 {
        let text = server.get("/range/ABCDE", &[]).text().to_owned();
        assert!(text.ends_with("0003:1") && !text.contains("0002:1"), "{text}");
    }
}

#[test]
fn a_scan_of_everything_keeps_within_the_limit() {
    let folder = TempDir::new().unwrap();
    let (prefixes, rows, most) = (16, 700, 200_000);
    let path = partial(folder.path(), &dense_lines(prefixes, rows, 1));
    let server = Running::start(ServeOptions { cache_bytes: most, ..options(&[&path]) });
    let bodies: Vec<String> = (0..prefixes).map(|prefix| dense_body(prefix, rows, 1)).collect();
    let mut client = Client::connect(server.address);
    for round in 0..6 {
        for (prefix, body) in bodies.iter().enumerate() {
            assert_eq!(client.get(&range(prefix as u32), &[]).text(), body, "round {round}");
            assert!(server.metric("breachdex_cache_bytes") <= most as f64);
        }
    }
    assert!(server.metric("breachdex_cache_bytes") > most as f64 / 2.0);
}
