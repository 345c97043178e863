//! The leak test: a password that is known is sent every way there is, and looked for wherever something is kept or said.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use breachdex::{Corpus, Digest};
use tempfile::TempDir;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::subject::{Running, add, options, source, wait_until};

const SENTINEL: &str = "Sentinel-Leak-Zebra-77";
const ACCOUNT: &str = "account-of-the-leak-test";
const SOURCE: &str = "2001:db8:77:1::beef";

/// Keeps every event of every crate, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut Line(self));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(self));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        // What the libraries below say at their finest level is never written by our commands; see `service::log`.
        if event.metadata().target().starts_with("breachdex") {
            event.record(&mut Line(self));
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line<'a>(&'a Log);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = self.0.0.lock().unwrap();
        writeln!(text, "{}={value:?}", field.name()).unwrap();
    }
}

/// The ways to write a secret that may not be found.
fn secrets() -> Vec<Vec<u8>> {
    let digest = Digest::sha1(SENTINEL.as_bytes());
    let bytes = digest.to_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![
        SENTINEL.as_bytes().to_vec(),
        SENTINEL.to_lowercase().into_bytes(),
        hex.as_bytes()[..8].to_vec(),
        hex[..8].to_uppercase().into_bytes(),
        ACCOUNT.as_bytes().to_vec(),
        SOURCE.as_bytes().to_vec(),
    ];
    all.push(bytes.to_vec());
    all.push(bytes[..8].to_vec());
    all
}

#[track_caller]
fn search(place: &str, text: &[u8], secrets: &[Vec<u8>]) {
    for secret in secrets {
        let found = text.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "{place} holds {}", String::from_utf8_lossy(secret));
    }
}

#[test]
fn nothing_that_is_answered_logged_counted_or_kept_tells_a_password() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("base.bdx");
    add(&path, &[SENTINEL]);
    let mut options = options(Corpus::from(source(&path)));
    options.radar_state = Some(folder.path().join("radar"));
    let mut sidecar = Running::start(&options, folder);
    let secrets = secrets();

    let mut bodies = vec![
        format!(r#"{{"password":"{SENTINEL}","user":"{ACCOUNT}"}}"#),
        format!(
            r#"{{"event":"sign_up","password":"{SENTINEL}","user_name":"{ACCOUNT}","email":"{ACCOUNT}@x.jp"}}"#
        ),
        format!(r#"{{"event":"log_in","password":"{SENTINEL}"}}"#),
        format!(r#"{{"event":"{SENTINEL}","password":"x"}}"#),
        format!(r#"{{"{SENTINEL}":"x"}}"#),
        format!(r#"{{"password":"{SENTINEL}","password":"{SENTINEL}"}}"#),
        format!(r#"{{"password":"{SENTINEL}\u0000"}}"#),
        format!(r#"{{"password":"{SENTINEL}\ud800"}}"#),
        format!(r#"{{"password":["{SENTINEL}"]}}"#),
        format!(r#"{{"password":"{SENTINEL}"#),
        format!("password={SENTINEL}"),
        format!(r#"{{"password":"{SENTINEL}"}} {SENTINEL}"#),
    ];
    for outcome in ["failed", "succeeded"] {
        let attempt = format!(r#""source":"{SOURCE}","account":"{ACCOUNT}","outcome":"{outcome}""#);
        bodies.push(format!(r#"{{{attempt},"password":"{SENTINEL}"}}"#));
        bodies.push(format!(r#"{{{attempt},"exposure":"{SENTINEL}"}}"#));
    }
    for number in 0..60 {
        bodies.push(format!(
            r#"{{"source":"{SOURCE}","account":"{ACCOUNT}{number}","outcome":"failed","account_status":"unknown","password":"{SENTINEL}"}}"#
        ));
    }
    let mut client = sidecar.client();
    for body in &bodies {
        for path in ["/v1/check", "/v1/verdict", "/v1/attempt"] {
            let answer = client.post(path, body.as_bytes());
            let head = format!("{:?}", answer.headers);
            search("an answer", &answer.body, &secrets);
            search("the head of an answer", head.as_bytes(), &secrets);
        }
    }
    for path in [&*format!("/{SENTINEL}"), &format!("/v1/check?password={SENTINEL}")] {
        // The body of what is refused by its head is not read, which ends the connection.
        let headers = ["Content-Type: application/json"];
        let answer = sidecar.client().request("POST", path, &headers, bodies[0].as_bytes());
        search("a refusal", &answer.body, &secrets);
    }
    for path in ["/metrics", "/v1/radar", "/healthz"] {
        let answer = client.get(path);
        assert_eq!(answer.status, 200);
        search(path, &answer.body, &secrets);
    }
    assert_eq!(client.get("/v1/radar").json()["state"], "attack");

    // A fault, which is logged.
    let index = sidecar.folder.path().join("base.bdx");
    let length = std::fs::metadata(&index).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&index).unwrap().set_len(length / 2).unwrap();
    for body in &bodies[..3] {
        for path in ["/v1/check", "/v1/verdict"] {
            search("the answer to a fault", &client.post(path, body.as_bytes()).body, &secrets);
        }
    }
    wait_until("the fault was logged", || log.0.lock().unwrap().contains("cannot be checked"));
    sidecar.stop();
    let state = std::fs::read(sidecar.folder.path().join("radar")).unwrap();
    search("the radar's state", &state, &secrets);
    let log = log.0.lock().unwrap();
    assert!(log.contains("the radar's state is attack now"), "{log}");
    assert!(log.contains("route="), "{log}");
    search("the log", log.as_bytes(), &secrets);
}
