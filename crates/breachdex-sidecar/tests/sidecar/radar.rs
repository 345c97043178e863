//! The radar through the API, and its state over restarts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use breachdex_radar::Advice;
use breachdex_sidecar::{Sidecar, SidecarError};
use serde_json::{Value, json};

use crate::client::Client;
use crate::subject::{Running, index, options, source, wait_until};

/// One source tries a list of exposed passwords on many accounts.
fn attack(client: &mut Client, first: usize, count: usize) -> Value {
    let mut last = Value::Null;
    for number in first..first + count {
        let body = json!({
            "source": "203.0.113.7", "account": format!("user{number}@example.jp"), "outcome": "failed",
            "account_status": "unknown", "password": "iloveyou",
        });
        last = client.post("/v1/attempt", body.to_string().as_bytes()).json();
    }
    last
}

#[test]
fn an_attack_is_seen_denied_and_told_to_metrics() {
    let sidecar = Running::with(|options, _| options.radar.on_attack = Advice::Deny);
    let mut client = sidecar.client();
    let seen = attack(&mut client, 0, 60);
    let radar = &seen["radar"];
    assert_eq!(
        (&radar["state"], &radar["advice"], &radar["source"]),
        (&json!("attack"), &json!("deny"), &json!("attack"))
    );
    assert!(radar["since"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(radar["reasons"], json!([{"reason": "sources", "count": 1}]));

    let taken =
        json!({"source": "203.0.113.7", "account": "hanako", "outcome": "succeeded", "password": "iloveyou"});
    let taken = sidecar.post("/v1/attempt", &taken.to_string()).json();
    assert_eq!(taken["radar"]["is_suspect_log_in"], true);
    assert_eq!(taken["verdict"]["action"], "force_reset");
    let honest = json!({"source": "198.51.100.9", "account": "taro", "outcome": "succeeded"});
    let honest = sidecar.post("/v1/attempt", &honest.to_string()).json();
    assert_eq!(
        (&honest["radar"]["advice"], &honest["radar"]["is_suspect"]),
        (&json!("allow"), &json!(false))
    );

    let overview = sidecar.get("/v1/radar").json();
    assert_eq!((&overview["state"], &overview["attempts"]), (&json!("attack"), &json!(62)));
    assert_eq!(overview["episodes"][0]["until"], Value::Null);
    assert_eq!(overview["episodes"][0]["successes"], 1);
    assert_eq!(sidecar.metric("breachdex_radar_state"), 2.0);
    assert_eq!(sidecar.metric("breachdex_radar_episodes_total"), 1.0);
    assert_eq!(sidecar.metric("breachdex_radar_suspect_log_ins_total"), 1.0);
    assert!(sidecar.metric("breachdex_radar_advice_total{advice=\"deny\"}") >= 1.0);
}

#[test]
fn advice_is_asked_for_before_an_attempt_and_tells_nothing() {
    let sidecar = Running::with(|options, _| options.radar.on_attack = Advice::Deny);
    let advice = |source: &str| {
        let body = json!({ "source": source }).to_string();
        sidecar.post("/v1/advice", &body).json()
    };
    assert_eq!(advice("203.0.113.7"), json!({"advice": "allow", "state": "quiet"}));
    attack(&mut sidecar.client(), 0, 60);
    assert_eq!(advice("203.0.113.7"), json!({"advice": "deny", "state": "attack"}));
    assert_eq!(advice("198.51.100.9"), json!({"advice": "allow", "state": "attack"}));
    assert_eq!(sidecar.get("/v1/radar").json()["attempts"], 60);
    assert_eq!(sidecar.metric("breachdex_radar_attempts_total{outcome=\"failed\"}"), 60.0);
    for body in ["{}", r#"{"source": 7}"#, r#"{"source": "a", "account": "b"}"#] {
        assert_eq!(sidecar.post("/v1/advice", body).status, 400, "{body}");
    }
}

#[test]
fn a_draining_sidecar_answers_and_is_not_well() {
    let sidecar = Running::new();
    sidecar.start_drain();
    let health = sidecar.get("/healthz");
    assert_eq!((health.status, health.json()), (503, json!({"status": "draining"})));
    let checked = sidecar.post("/v1/check", r#"{"password": "iloveyou"}"#);
    assert_eq!((checked.status, checked.header("connection")), (200, Some("close")));
}

#[test]
fn the_state_survives_a_restart_and_is_for_its_owner_alone() {
    let start = |folder| {
        let mut options = options(breachdex::Corpus::from(source(&index(&folder))));
        let path = folder.path().join("radar");
        options.radar_state = Some(path.clone());
        (Running::start(&options, folder), path)
    };
    let (mut first, path) = start(tempfile::TempDir::new().unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    attack(&mut first.client(), 0, 60);
    first.stop();
    let folder = std::mem::replace(&mut first.folder, tempfile::TempDir::new().unwrap());
    let (second, _) = start(folder);
    let overview = second.get("/v1/radar").json();
    assert_eq!((&overview["state"], &overview["attempts"]), (&json!("attack"), &json!(0)));
    assert_eq!(second.metric("breachdex_radar_episodes_total"), 0.0);
}

#[test]
fn the_state_is_saved_at_intervals() {
    let sidecar = Running::with(|options, folder| {
        options.radar_state = Some(folder.join("radar"));
        options.save_every = Duration::from_millis(20);
    });
    let path = sidecar.folder.path().join("radar");
    let first = fs::read(&path).unwrap();
    attack(&mut sidecar.client(), 0, 1);
    wait_until("the state was saved", || fs::read(&path).unwrap() != first);
}

#[test]
fn a_state_that_cannot_be_used_is_an_error_at_start() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut options = options(breachdex::Corpus::from(source(&index(&folder))));
    let path = folder.path().join("radar");
    fs::write(&path, b"something else, and long enough for a checksum").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    options.radar_state = Some(path.clone());
    let said = Sidecar::bind(&options, Vec::new()).unwrap_err().to_string();
    assert_eq!(
        said,
        format!(
            "{}: the saved radar state is damaged (it is no radar state); delete it to start with an empty radar",
            path.display()
        )
    );
    options.radar_state = Some(folder.path().join("no-such-folder/radar"));
    let shutdown = breachdex_sidecar::Shutdown::new();
    let refused = Sidecar::bind(&options, Vec::new()).unwrap().start(&shutdown).unwrap_err();
    assert!(matches!(refused, SidecarError::Radar(_)));
}
