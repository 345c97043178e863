//! Files that change while it answers.

use std::fs;
use std::io::Write as _;

use breachdex::{Corpus, OnError};
use serde_json::json;
use tempfile::TempDir;

use crate::subject::{Running, add, index, options, source, wait_until, with_policy};

#[test]
fn a_password_that_is_added_to_an_overlay_is_refused_soon() {
    let folder = TempDir::new().unwrap();
    let own = folder.path().join("own.bdx");
    add(&own, &["our-own-campaign-2026"]);
    let corpus = Corpus::builder().base(source(&index(&folder))).overlay(source(&own)).build().unwrap();
    let sidecar = Running::start(&options(corpus), folder);
    let action = |password: &str| {
        let body = json!({"event": "sign_up", "password": password}).to_string();
        sidecar.post("/v1/verdict", &body).json()["action"].clone()
    };
    assert_eq!(action("our-own-campaign-2026"), "reject");
    assert_eq!(action("typed-into-a-fake-page"), "accept");
    add(&own, &["typed-into-a-fake-page"]);
    wait_until("the new overlay answers", || action("typed-into-a-fake-page") == "reject");
    // Counted once it answers.
    wait_until("it was counted", || sidecar.metric("breachdex_index_swaps_total") > 0.0);
    assert_eq!(sidecar.metric("breachdex_index_entries{index=\"own.bdx\"}"), 2.0);
}

#[test]
fn a_bad_replacement_is_refused_and_the_old_index_answers() {
    let sidecar = Running::new();
    let broken = sidecar.folder.path().join("broken");
    fs::write(&broken, b"not an index").unwrap();
    fs::rename(&broken, sidecar.folder.path().join("base.bdx")).unwrap();
    sidecar.reload.run();
    assert_eq!(sidecar.metric("breachdex_index_swaps_refused_total"), 1.0);
    assert_eq!(sidecar.post("/v1/check", r#"{"password":"iloveyou"}"#).json()["exposed"], true);
}

/// What cannot be read is never "not exposed": what happens then is what the operator chose.
#[test]
fn an_index_that_cannot_be_read_is_answered_as_the_operator_chose() {
    let fault = "the index cannot be read; the sidecar's log has the reason";
    let check = r#"{"password":"iloveyou"}"#;
    let verdict = |event: &str| format!(r#"{{"event":"{event}","password":"kentucky-bluegrass-92"}}"#);
    for on_error in OnError::ALL {
        let folder = TempDir::new().unwrap();
        let path = index(&folder);
        let policy = format!("profile = 'nist'\nmfa = true\non_error = '{}'", on_error.name());
        let mut options = with_policy(Corpus::from(source(&path)), &policy);
        options.on_error = on_error;
        // The damage is met by lookups, not by the watcher.
        options.reload_every = std::time::Duration::from_secs(3600);
        let sidecar = Running::start(&options, folder);
        let length = fs::metadata(&path).unwrap().len();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length / 2).unwrap();

        let answer = sidecar.post("/v1/check", check);
        let raised = (503, String::from("index-unavailable"), String::from(fault));
        if on_error == OnError::Raise {
            assert_eq!(answer.problem(), raised);
            assert_eq!(answer.header("retry-after"), Some("10"));
        } else {
            let expected =
                json!({"exposed": null, "form": null, "pair": null, "header": null, "fault": fault});
            assert_eq!(answer.json(), expected);
        }
        let answer = sidecar.post("/v1/verdict", &verdict("sign_up"));
        let accepted = match on_error {
            OnError::Raise => {
                assert_eq!(answer.problem(), raised);
                continue;
            }
            OnError::Accept => true,
            OnError::Reject => false,
        };
        assert_eq!(answer.json()["accepted"], accepted);
        assert_eq!(answer.json()["reasons"][0]["code"], "index_unavailable");
        let attempt = r#"{"source":"a","account":"b","outcome":"failed","password":"iloveyou"}"#;
        assert_eq!(sidecar.post("/v1/attempt", attempt).json()["radar"]["state"], "quiet");
    }
}

#[test]
fn a_file_that_was_changed_in_place_is_not_believed() {
    let sidecar = Running::new();
    let path = sidecar.folder.path().join("base.bdx");
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap();
    sidecar.reload.run();
    let answer = sidecar.post("/v1/check", r#"{"password":"iloveyou"}"#).json();
    assert_eq!(answer["exposed"], json!(null));
}
