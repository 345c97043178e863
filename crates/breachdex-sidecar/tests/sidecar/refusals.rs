//! Every refusal by its message.

use breachdex::Corpus;
use breachdex_sidecar::{Sidecar, SidecarError, SidecarOptions};
use tempfile::TempDir;

use crate::schema;
use crate::subject::{Running, index, options, source};

const JSON: &str = "Content-Type: application/json";
const GOOD: &str = r#"{"password":"iloveyou"}"#;

#[test]
fn what_is_wrong_with_a_body_is_said_by_name() {
    let sidecar = Running::new();
    let known = "there is a field that this route does not have; it has ";
    for (path, body, name, detail) in [
        ("check", "", "empty-body", "the body is empty; send a JSON object"),
        (
            "check",
            "\u{feff}{}",
            "byte-order-mark",
            "the body begins with a byte order mark; send JSON without one",
        ),
        ("check", "[]", "not-an-object", "the body is not a JSON object"),
        ("check", "password=iloveyou", "invalid-json", "the body is not valid JSON"),
        ("check", r#"{"password":"iloveyou"}}"#, "trailing-data", "something follows the JSON object"),
        (
            "check",
            "{\"password\":\"ilove\tyou\"}",
            "control-character",
            "a string has a control character that is not escaped",
        ),
        (
            "check",
            r#"{"password":"ilove\u0000you"}"#,
            "nul-character",
            "password has a NUL character, which no password, name or address has",
        ),
        (
            "check",
            r#"{"password":"ilove\ud800you"}"#,
            "lone-surrogate",
            "password has a lone surrogate, which is no character",
        ),
        ("check", r#"{"passwort":"iloveyou"}"#, "unknown-field", &format!("{known}password and user")),
        (
            "verdict",
            r#"{"user":"iloveyou"}"#,
            "unknown-field",
            &format!("{known}event, password, user_name, email and lang"),
        ),
        (
            "attempt",
            r#"{"user":"iloveyou"}"#,
            "unknown-field",
            &format!(
                "{known}source, account, outcome, account_status, password, exposure, event, email and lang"
            ),
        ),
        ("check", r#"{"password":"a","password":"iloveyou"}"#, "duplicate-field", "password is there twice"),
        ("check", r#"{"user":"iloveyou"}"#, "missing-field", "password is missing"),
        ("check", r#"{"password":null}"#, "missing-field", "password is missing"),
        ("verdict", r#"{"password":"iloveyou"}"#, "missing-field", "event is missing"),
        ("attempt", r#"{"account":"a","outcome":"failed"}"#, "missing-field", "source is missing"),
        ("check", r#"{"password":12345}"#, "not-a-string", "password is not a string"),
        (
            "check",
            r#"{"password":["iloveyou"]}"#,
            "nested-value",
            "password is an object or a list; this API has strings only",
        ),
        (
            "verdict",
            r#"{"event":"login","password":"iloveyou"}"#,
            "not-one-of",
            "event is not one of sign_up, change, reset and log_in",
        ),
        (
            "attempt",
            r#"{"source":"a","account":"b","outcome":"iloveyou"}"#,
            "not-one-of",
            "outcome is not one of failed and succeeded",
        ),
        (
            "attempt",
            r#"{"source":"a","account":"b","outcome":"failed","password":"iloveyou","exposure":"unknown"}"#,
            "conflicting-fields",
            "password and exposure are both there; send one of them",
        ),
    ] {
        let answer = sidecar.post(&format!("/v1/{path}"), body);
        assert_eq!(answer.problem(), (400, name.to_owned(), detail.to_owned()), "{body}");
        assert!(!answer.text().contains("iloveyou"), "{}", answer.text());
    }
    let long = format!(r#"{{"password":"a","user":"{}"}}"#, "iloveyou".repeat(129));
    let answer = sidecar.post("/v1/check", &long);
    assert_eq!(answer.problem(), (400, "too-long".into(), "user is longer than 1024 bytes".into()));
    let deep = format!("{{\"password\":{}", "[".repeat(60_000));
    assert_eq!(sidecar.post("/v1/check", &deep).problem().1, "nested-value");
    let answer = sidecar.client().post("/v1/check", b"{\"password\":\"ilove\xffyou\"}");
    assert_eq!(
        answer.problem(),
        (400, "not-utf-8".into(), "the body is not UTF-8; send JSON as UTF-8".into())
    );
}

#[test]
fn what_is_wrong_with_a_head_is_said_by_name() {
    let sidecar = Running::new();
    let content = "send content-type: application/json, without a charset or with charset=utf-8";
    let page = "the request comes from a page of another site; call this API from your server";
    let host =
        "this server does not answer under this host name; its operator can allow the name with --allow-host";
    let query = "this API takes no query: a password in a URL would be kept by logs on its way";
    for (method, path, headers, status, name, detail) in [
        ("POST", "/v1/check", &[][..], 415, "content-type", content),
        ("POST", "/v1/check", &["Content-Type: text/plain"], 415, "content-type", content),
        (
            "POST",
            "/v1/check",
            &["Content-Type: application/x-www-form-urlencoded"],
            415,
            "content-type",
            content,
        ),
        (
            "POST",
            "/v1/check",
            &["Content-Type: application/json; charset=shift_jis"],
            415,
            "content-type",
            content,
        ),
        ("POST", "/v1/check", &[JSON, JSON], 415, "content-type", content),
        (
            "POST",
            "/v1/check",
            &[JSON, "Content-Encoding: gzip"],
            415,
            "content-encoding",
            "send the body without a content-encoding",
        ),
        ("POST", "/v1/check?password=iloveyou", &[JSON], 400, "query", query),
        ("GET", "/healthz?x", &[], 400, "query", query),
        ("GET", "/v1/check", &[], 405, "method", "/v1/check takes POST"),
        ("HEAD", "/v1/check", &[], 405, "method", ""),
        ("PUT", "/v1/check", &[JSON], 405, "method", "/v1/check takes POST"),
        ("POST", "/v1/radar", &[JSON], 405, "method", "/v1/radar takes GET and HEAD"),
        ("GET", "/", &[], 404, "not-found", "see /openapi.json for the paths that there are"),
        ("POST", "/v1/iloveyou", &[JSON], 404, "not-found", "see /openapi.json for the paths that there are"),
        ("POST", "/v1/check", &[JSON, "Host: evil.example"], 421, "host-name", host),
        ("GET", "/healthz", &["Host: evil.example:80"], 421, "host-name", host),
        ("POST", "/v1/check", &[JSON, "Sec-Fetch-Site: cross-site"], 403, "cross-site", page),
        ("POST", "/v1/check", &[JSON, "Sec-Fetch-Site: same-site"], 403, "cross-site", page),
        ("POST", "/v1/check", &[JSON, "Origin: https://evil.example"], 403, "cross-site", page),
        ("POST", "/v1/check", &[JSON, "Origin: null"], 403, "cross-site", page),
        ("OPTIONS", "/v1/check", &["Origin: https://evil.example"], 403, "cross-site", page),
        ("GET", "/v1/radar", &["Sec-Fetch-Site: cross-site"], 403, "cross-site", page),
    ] {
        let body = if method == "POST" { GOOD } else { "" };
        let answer = sidecar.client().request(method, path, headers, body.as_bytes());
        assert_eq!(answer.header("access-control-allow-origin"), None);
        if method == "HEAD" {
            assert_eq!((answer.status, answer.header("allow")), (status, Some("POST, OPTIONS")));
            continue;
        }
        assert_eq!(answer.problem(), (status, name.into(), detail.into()), "{method} {path} {headers:?}");
        assert!(!answer.text().contains("iloveyou"));
        let path = path.split('?').next().unwrap();
        if matches!(method, "GET" | "POST") && ![404, 405].contains(&status) {
            schema::hold(&method.to_ascii_lowercase(), path, &answer);
        }
    }
    for headers in [
        &[JSON, "Sec-Fetch-Site: none"][..],
        &[JSON, "Sec-Fetch-Site: same-origin", "Origin: http://localhost:8070"],
        &["content-type: Application/JSON;charset=UTF-8", "Content-Encoding: identity"],
        &[JSON, "Host: 127.0.0.1:8070"],
        &[JSON, "Host: app.localhost"],
    ] {
        let answer = sidecar.client().request("POST", "/v1/check", headers, GOOD.as_bytes());
        assert_eq!(answer.status, 200, "{headers:?} {}", answer.text());
    }
}

#[test]
fn a_host_name_can_be_allowed() {
    let sidecar = Running::with(|options, _| options.allow_hosts = vec!["sidecar".parse().unwrap()]);
    let answer =
        sidecar.client().request("POST", "/v1/check", &[JSON, "Host: sidecar:8070"], GOOD.as_bytes());
    assert_eq!(answer.status, 200);
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[cfg(unix)]
fn token_file(folder: &std::path::Path, text: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("token");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn a_token_is_needed_where_there_is_one() {
    let sidecar = Running::with(|options, folder| options.token_file = Some(token_file(folder, TOKEN)));
    let refused =
        (401, "unauthorized".into(), "send authorization: Bearer with a token of --token-file".into());
    let ask = |headers: &[&str]| {
        let headers: Vec<&str> = std::iter::once(JSON).chain(headers.iter().copied()).collect();
        sidecar.client().request("POST", "/v1/check", &headers, GOOD.as_bytes())
    };
    let with = |token: &str| format!("Authorization: {token}");
    let good = format!("Bearer {TOKEN}");
    for tokens in [
        &[][..],
        &[TOKEN],
        &["Bearer "],
        &["Bearer 0123456789abcdef0123456789abcdeF"],
        &[&*format!("{good}x")],
        &[&*format!("Basic {TOKEN}")],
        &[&*good, &*good],
    ] {
        let lines: Vec<String> = tokens.iter().map(|token| with(token)).collect();
        let headers: Vec<&str> = lines.iter().map(String::as_str).collect();
        let headers = &*headers;
        let answer = ask(headers);
        assert_eq!(answer.problem(), refused, "{headers:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"breachdex\""));
    }
    assert_eq!(ask(&[&with(&format!("bearer {TOKEN}"))]).status, 200);
    assert_eq!(sidecar.get("/metrics").problem(), refused);
    assert_eq!(sidecar.client().get("/nowhere").problem(), refused);
    assert_eq!(sidecar.get("/healthz").status, 200);

    let other = "fedcba9876543210fedcba9876543210";
    token_file(sidecar.folder.path(), other);
    sidecar.reload.run();
    assert_eq!(ask(&[&with(&format!("Bearer {TOKEN}"))]).status, 401);
    assert_eq!(ask(&[&with(&format!("Bearer {other}"))]).status, 200);
}

#[test]
fn other_machines_are_not_answered_unasked() {
    let folder = TempDir::new().unwrap();
    let corpus = Corpus::from(source(&index(&folder)));
    let bind = |change: &dyn Fn(&mut SidecarOptions)| {
        let mut options = options(corpus.clone());
        change(&mut options);
        Sidecar::bind(&options, Vec::new())
    };
    for address in ["0.0.0.0:0", "[::]:0"] {
        let error = bind(&|options| options.transport.listen = vec![address.parse().unwrap()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{address} can be reached by other machines, which could then test passwords here; listen on a loopback \
                 address or a Unix socket, or ask for a token or a client certificate"
            )
        );
        assert!(matches!(error, SidecarError::Open { .. }));
    }
    let token = token_file(folder.path(), TOKEN);
    let sidecar = bind(&|options| {
        options.transport.listen = vec!["0.0.0.0:0".parse().unwrap()];
        options.token_file = Some(token.clone());
    });
    assert!(sidecar.is_ok());
    for address in ["127.0.0.1:0", "127.8.8.8:0"] {
        assert!(bind(&|options| options.transport.listen = vec![address.parse().unwrap()]).is_ok());
    }
}

#[test]
fn a_status_socket_answers_health_and_metrics_only() {
    let folder = TempDir::new().unwrap();
    let mut options = options(Corpus::from(source(&index(&folder))));
    options.transport.status_listen = vec!["127.0.0.1:0".parse().unwrap()];
    let sidecar = Sidecar::bind(&options, Vec::new()).unwrap();
    let address = sidecar.local_addr().unwrap();
    let status: std::net::SocketAddr =
        sidecar.status_urls()[0].strip_prefix("http://").unwrap().parse().unwrap();
    let shutdown = breachdex_sidecar::Shutdown::new();
    let running = sidecar.start(&shutdown).unwrap();
    let mut client = crate::client::Client::connect(status);
    assert_eq!(client.get("/healthz").status, 200);
    assert_eq!(client.get("/metrics").status, 200);
    assert_eq!(client.post("/v1/check", GOOD.as_bytes()).problem().0, 404);
    assert_eq!(crate::client::Client::connect(status).get("/v1/radar").problem().0, 404);
    let mut main = crate::client::Client::connect(address);
    assert_eq!(main.post("/v1/check", GOOD.as_bytes()).status, 200);
    assert_eq!(main.get("/metrics").problem().0, 404);
    drop((client, main));
    shutdown.trigger();
    running.wait().unwrap();
}
