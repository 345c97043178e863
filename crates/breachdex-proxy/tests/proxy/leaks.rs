//! A sentinel password is nowhere in logs, metrics, answers of the proxy and errors.

#![forbid(unsafe_code)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::setup::{FORM, Proxy, log_in, options, post, rejecting};
use crate::site::{Reply, Site, ok};

const SENTINEL: &str = "Sentinel-9f3-Hagebutte";
/// The SHA-1 digest of [`SENTINEL`].
const DIGEST: &str = "6476d4d73ea450b9e4ac37877d0bac5918bb63a2";
const USER: &str = "sentinel-user@example.jp";

/// Keeps every event of this crate's, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

struct Line<'a>(&'a mut Vec<u8>);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("written");
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("breachdex")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().expect("the log");
        event.record(&mut Line(&mut log));
        log.push(b'\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn no_log_metric_or_answer_holds_a_password_a_digest_or_a_user() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).expect("the only log");
    let mut seen = String::new();
    let dead = "http://127.0.0.1:9";
    let sites = [
        Site::new(|_| Reply::Bytes(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec())),
        Site::new(|_| Reply::Last(b"nonsense".to_vec())),
        Site::new(|_| Reply::Bytes(ok("welcome"))),
    ];
    let urls = sites.iter().map(Site::url).chain([dead.to_owned()]);
    for options in urls.flat_map(|url| [options(&url), rejecting(&url)]) {
        let proxy = Proxy::start(&options);
        let form = format!("user[email]={USER}&user[password]={SENTINEL}");
        let json = format!("{{\"user\":{{\"email\":\"{USER}\",\"password\":\"{SENTINEL}\"}}}}");
        let requests = [
            log_in(USER, SENTINEL),
            post("/login", "application/json", &json),
            post("/login", "application/json", &json[..json.len() - 1]),
            post("/login", "multipart/form-data; boundary=x", &form),
            post("/login", "application/xml", &form),
            post("/login", FORM, format!("{form}&").repeat(9)),
            post("/login", FORM, format!("{form}&x={}", "y".repeat(70_000))),
            post("/login", FORM, format!("{form}%83")),
            post(&format!("/login?{form}"), FORM, &form),
            post("/join", FORM, format!("email={USER}&password={SENTINEL}")),
            format!("POST /login?{form} HTTP/1.1\r\nHost: {SENTINEL}/\r\n\r\n").into_bytes(),
            format!(
                "POST /login HTTP/1.1\r\nHost: a\r\n{SENTINEL}: {SENTINEL}\r\nExpect: {SENTINEL}\r\n\r\n"
            )
            .into_bytes(),
        ];
        for _ in 0..3 {
            for request in &requests {
                let answer = proxy.ask(request);
                seen.push_str(&answer.head.lines.join("\n"));
                seen.push_str(&String::from_utf8_lossy(&answer.body));
            }
        }
        // Enough for an alarm.
        for number in 0..60 {
            proxy.ask(log_in(&format!("{number}{USER}"), crate::setup::EXPOSED));
        }
        seen.push_str(&proxy.metrics());
        seen.push_str(&format!("{options:?}"));
    }
    seen.push_str(&String::from_utf8_lossy(&log.0.lock().expect("the log")));
    assert!(seen.contains("could not be checked") && seen.contains("an attack runs"), "{seen}");
    let seen = seen.to_lowercase();
    for secret in [SENTINEL, USER, DIGEST, &DIGEST[..8]] {
        assert!(!seen.contains(&secret.to_lowercase()), "{secret}");
    }
}
