//! `/healthz` and `/metrics`.

use breachdex_server::ServeOptions;
use tempfile::TempDir;

use crate::client::Client;
use crate::subject::{BODY, NTLM_ROWS, ROWS, Running, ntlm, options, sha1, small};

#[test]
fn health_says_that_it_is_well_and_no_more() {
    let (_folder, server) = small();
    let answer = server.get("/healthz", &[]);
    assert_eq!((answer.status, answer.text()), (200, r#"{"status":"ok"}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn health_details_say_what_answers() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (sha1(folder.path(), ROWS), ntlm(folder.path(), NTLM_ROWS));
    let server = Running::start(ServeOptions { health_details: true, ..options(&[&first, &second]) });
    let answer = server.get("/healthz", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let health: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(health["status"], "ok");
    let [sha1, ntlm] = &health["indexes"].as_array().unwrap()[..] else { panic!("{health}") };
    assert_eq!((&sha1["kind"], &sha1["entries"]), (&"sha1".into(), &4.into()));
    assert_eq!(sha1["corpus_date"], "2026-07-02");
    assert_eq!(sha1["file"], folder.path().join("sha1.bdx").to_str().unwrap());
    let index = breachdex::Index::open(folder.path().join("sha1.bdx")).unwrap();
    assert_eq!(sha1["content_id"], index.content_id().to_string());
    assert!(sha1["loaded"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!((&ntlm["kind"], &ntlm["corpus_date"]), (&"ntlm".into(), &serde_json::Value::Null));
}

#[test]
fn every_request_is_counted_where_it_belongs() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    for (path, headers) in [
        ("/range/21BD1", &[][..]),
        ("/range/21bd1", &[]),
        ("/range/21BD1", &["Add-Padding: true"]),
        ("/range/21BD1", &["If-None-Match: *"]),
        ("/range/21BD1?mode=ntlm", &[]),
        ("/range/21BD", &[]),
        ("/", &[]),
    ] {
        client.get(path, headers);
    }
    client.request("DELETE", "/", &[]);
    client.request("OPTIONS", "/", &[]);
    let ranges = |kind, outcome| {
        server.metric(&format!("breachdex_range_requests_total{{kind=\"{kind}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!(ranges("sha1", "ok"), 2.0);
    assert_eq!(ranges("sha1", "padded"), 1.0);
    assert_eq!(ranges("sha1", "not_modified"), 1.0);
    assert_eq!(ranges("ntlm", "ok"), 1.0);
    let others = |outcome| server.metric(&format!("breachdex_other_requests_total{{outcome=\"{outcome}\"}}"));
    assert_eq!((others("bad_request"), others("method_not_allowed"), others("preflight")), (2.0, 1.0, 1.0));
    assert_eq!(server.metric("breachdex_range_duration_seconds_count"), 5.0);
    assert!(server.metric("breachdex_range_body_bytes_total") > 2.0 * BODY.len() as f64);
    assert_eq!(server.metric("breachdex_index_entries{kind=\"sha1\"}"), 4.0);
    assert!(server.metric("breachdex_index_corpus_age_seconds{kind=\"sha1\"}") > 0.0);
    assert!(server.metric("breachdex_connections") >= 1.0);
    let answer = server.get("/metrics", &[]);
    assert!(answer.text().ends_with("# EOF\n"));
    assert!(!answer.text().contains("corpus_age_seconds{kind=\"ntlm\"}"), "it has no date");
}
