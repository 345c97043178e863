//! What is answered, over TCP and Unix sockets.

use std::os::unix::net::UnixStream;

use breachdex_pairs::{PairKey, PairRules, Pairs, PairsFile, PairsOptions};
use breachdex_sidecar::DOCUMENT;
use serde_json::{Value, json};

use crate::client::Client;
use crate::subject::{Running, with_policy};

#[test]
fn a_check_says_whether_and_in_which_form() {
    let sidecar = Running::new();
    let check = |body: Value| sidecar.post("/v1/check", &body.to_string()).json();
    let exposed = |form: &str| json!({"exposed": true, "form": form, "pair": null, "header": 4});
    assert_eq!(check(json!({"password": "iloveyou"})), exposed("raw"));
    assert_eq!(check(json!({"password": "ｉｌｏｖｅｙｏｕ", "user": "hanako"})), exposed("nfkc"));
    let safe = json!({"exposed": false, "form": null, "pair": null, "header": null});
    assert_eq!(check(json!({"password": "iloveyou!", "user": null})), safe);
    assert_eq!(check(json!({"password": ""})), safe);
}

#[test]
fn a_verdict_is_pythons_with_messages() {
    let sidecar = Running::new();
    let verdict = |body: Value| sidecar.post("/v1/verdict", &body.to_string()).json();
    assert_eq!(
        verdict(json!({"event": "sign_up", "password": "パスワード流出", "lang": "ja"})),
        json!({
            "event": "sign_up", "action": "reject", "accepted": false,
            "reasons": [
                {"code": "exposed", "action": "reject", "count": 1, "form": "raw", "source": "base"},
                {"code": "too_short", "action": "reject", "length": 7, "min_length": 8},
            ],
            "messages": [
                "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。ほかのサービスで使っていない、別のパスワードを設定してください。",
                "パスワードが短すぎます。8文字以上で設定してください（現在7文字）。",
            ],
        })
    );
    let words = verdict(json!({"event": "change", "password": "H4n4ko2026!!", "user_name": "hanako"}));
    assert_eq!(
        words["reasons"],
        json!([{"code": "context_word", "action": "reject", "source": "user_name"}])
    );
    let mail = json!({"event": "reset", "password": "taro.yamada", "email": "taro.yamada@example.jp"});
    assert_eq!(verdict(mail)["reasons"][0]["source"], "email");
    assert_eq!(verdict(json!({"event": "log_in", "password": "iloveyou"}))["action"], "force_reset");
    assert_eq!(
        verdict(json!({"event": "sign_up", "password": "kentucky-bluegrass-92"})),
        json!({"event": "sign_up", "action": "accept", "accepted": true, "reasons": [], "messages": []})
    );
}

#[test]
fn messages_are_in_the_language_of_the_body_the_header_or_the_default() {
    let sidecar = Running::with(|options, _| options.rules.language = breachdex_messages::Language::Ja);
    let language = |body: &str, header: &str| {
        let headers = ["Content-Type: application/json", header];
        let answer = sidecar.client().request("POST", "/v1/verdict", &headers, body.as_bytes());
        answer.header("content-language").unwrap().to_owned()
    };
    let plain = r#"{"event":"sign_up","password":"iloveyou"}"#;
    let english = r#"{"event":"sign_up","password":"iloveyou","lang":"en_US.UTF-8"}"#;
    let french = r#"{"event":"sign_up","password":"iloveyou","lang":"fr"}"#;
    assert_eq!(language(plain, "X-Other: 1"), "ja");
    assert_eq!(language(plain, "Accept-Language: fr, en;q=0.5"), "en");
    assert_eq!(language(english, "Accept-Language: ja"), "en");
    assert_eq!(language(french, "Accept-Language: en"), "en");
    assert_eq!(language(french, "X-Other: 1"), "ja");
}

#[test]
fn an_attempt_is_judged_if_it_succeeded_and_told_in_any_case() {
    let sidecar = Running::new();
    let attempt = |rest: Value| {
        let mut body = json!({"source": "203.0.113.7", "account": "hanako"});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        sidecar.post("/v1/attempt", &body.to_string()).json()
    };
    let quiet = json!({
        "state": "quiet", "advice": "allow", "reasons": [], "since": null, "source": "quiet", "is_suspect": false,
        "is_suspect_log_in": false,
    });
    let failed = attempt(json!({"outcome": "failed", "password": "iloveyou", "account_status": "known"}));
    assert_eq!(failed, json!({"verdict": null, "radar": quiet}));
    let succeeded = attempt(json!({"outcome": "succeeded", "password": "iloveyou", "lang": "en"}));
    assert_eq!(succeeded["verdict"]["action"], "force_reset");
    assert_eq!(succeeded["verdict"]["event"], "log_in");
    assert_eq!(succeeded["radar"], quiet);
    let named = attempt(json!({"outcome": "succeeded", "password": "iloveyou", "event": "sign_up"}));
    assert_eq!(named["verdict"]["action"], "reject");
    assert_eq!(attempt(json!({"outcome": "succeeded", "exposure": "not_exposed"}))["verdict"], Value::Null);
    assert_eq!(sidecar.get("/v1/radar").json()["attempts"], 4);
    assert_eq!(sidecar.metric("breachdex_radar_attempts_total{outcome=\"failed\"}"), 1.0);
    assert_eq!(sidecar.metric("breachdex_radar_attempts_total{outcome=\"succeeded\"}"), 3.0);
    assert_eq!(sidecar.metric("breachdex_radar_advice_total{advice=\"allow\"}"), 4.0);
    let label = "breachdex_sidecar_verdicts_total{event=\"log_in\",action=\"force_reset\"}";
    assert_eq!(sidecar.metric(label), 1.0);
    assert_eq!(sidecar.metric("breachdex_sidecar_requests_total{route=\"attempt\",status=\"200\"}"), 4.0);
}

/// The file and the key of a list of pairs.
fn pairs(folder: &std::path::Path) -> std::sync::Arc<dyn breachdex::PairList> {
    let (path, key_path) = (folder.join("pairs.bdx"), folder.join("pairs.key"));
    let key = PairKey::create(&key_path).unwrap();
    let held: [(&str, &[u8]); 1] = [("hanako@example.jp", b"zq7kvdwm2019")];
    PairsFile::at(&path, &key, PairRules::default()).add(held, &()).unwrap();
    let options = PairsOptions { mapped: false, reload_every: None };
    std::sync::Arc::new(Pairs::open(&path, &key_path, options).unwrap())
}

#[test]
fn exposed_pairs_are_asked_where_the_account_is_known() {
    let sidecar = Running::with(|options, folder| {
        options.corpus = options.corpus.clone().with_pairs([pairs(folder)]);
    });
    let check = |user: &str, password: &str| {
        let body = json!({"user": user, "password": password}).to_string();
        let answer = sidecar.post("/v1/check", &body).json();
        (answer["exposed"].clone(), answer["pair"].clone(), answer["header"].clone())
    };
    assert_eq!(check("Hanako@Example.JP", "zq7kvdwm2019"), (json!(false), json!("pair"), json!(1)));
    assert_eq!(check("hanako@example.jp", "zq7kvdwm2019!"), (json!(false), json!("similar_pair"), json!(3)));
    assert_eq!(check("hanako@example.jp", "iloveyou"), (json!(true), json!("user_name"), json!(4)));
    assert_eq!(check("hanako@example.jp", "something-else-22"), (json!(false), json!("user_name"), json!(2)));
    assert_eq!(check("taro@example.jp", "zq7kvdwm2019"), (json!(false), Value::Null, Value::Null));
    let body = json!({"event": "log_in", "password": "zq7kvdwm2019", "email": "hanako@example.jp"});
    let verdict = sidecar.post("/v1/verdict", &body.to_string()).json();
    assert_eq!(
        verdict["reasons"],
        json!([{"code": "exposed_pair", "action": "force_reset", "match": "pair"}])
    );
    let body = json!({"source": "192.0.2.1", "account": "hanako@example.jp", "outcome": "succeeded", "password": "zq7kvdwm2019"});
    let attempt = sidecar.post("/v1/attempt", &body.to_string()).json();
    assert_eq!(attempt["verdict"]["action"], "force_reset");
}

#[test]
fn the_test_password_is_exposed_on_request() {
    let asked = r#"{"password":"Breachdex-Test-Password-4711"}"#;
    assert_eq!(Running::new().post("/v1/check", asked).json()["exposed"], false);
    let sidecar = Running::with(|options, _| options.rules.test_password = true);
    assert_eq!(sidecar.post("/v1/check", asked).json()["exposed"], true);
}

#[test]
fn status_pages_and_the_document_are_there() {
    let sidecar = Running::new();
    assert_eq!(sidecar.get("/healthz").json(), json!({"status": "ok"}));
    assert_eq!(sidecar.get("/openapi.json").text(), DOCUMENT);
    let radar = sidecar.get("/v1/radar").json();
    assert_eq!((&radar["state"], &radar["episodes"]), (&json!("quiet"), &json!([])));
    assert!(radar["memory"].as_u64().unwrap() > 1 << 20);
    let metrics = sidecar.get("/metrics");
    for line in [
        "breachdex_radar_state 0",
        "breachdex_radar_episodes_total 0",
        "breachdex_radar_suspect_log_ins_total 0",
        "breachdex_index_entries{index=\"base.bdx\"} 3",
        "# EOF",
    ] {
        assert!(metrics.text().lines().any(|other| other == line), "{line}\n{}", metrics.text());
    }
    let head = sidecar.client().request("HEAD", "/openapi.json", &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some(&*DOCUMENT.len().to_string())));
    for answer in [sidecar.get("/healthz"), sidecar.post("/v1/check", r#"{"password":"x"}"#)] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let options = sidecar.client().request("OPTIONS", "/v1/check", &[], b"");
    assert_eq!((options.status, options.header("allow")), (204, Some("POST, OPTIONS")));
    assert_eq!(options.header("access-control-allow-methods"), None);
}

#[test]
fn a_unix_socket_answers_as_tcp_does() {
    let sidecar = Running::with(|options, folder| {
        let path = folder.join("sidecar.sock");
        options.transport.listen = vec![format!("unix:{}", path.display()).parse().unwrap()];
    });
    let path = sidecar.folder.path().join("sidecar.sock");
    assert_eq!(sidecar.urls, [format!("unix:{}", path.display())]);
    let mut client = Client::over(UnixStream::connect(&path).unwrap());
    for _ in 0..3 {
        let answer = client.post("/v1/check", br#"{"password":"iloveyou"}"#);
        assert_eq!((answer.status, &answer.json()["exposed"]), (200, &json!(true)));
    }
    assert_eq!(client.get("/healthz").status, 200);
}

#[test]
fn a_connection_answers_many_requests_also_in_chunks_and_pieces() {
    let sidecar = Running::new();
    let mut client = sidecar.client();
    for _ in 0..3 {
        assert_eq!(client.post("/v1/check", br#"{"password":"iloveyou"}"#).json()["exposed"], true);
        let chunks = b"d\r\n{\"password\":\"\r\nA;x=y\r\niloveyou\"}\r\n0\r\n\r\n";
        let headers = ["Content-Type: application/json", "Transfer-Encoding: chunked"];
        let answer = client.request("POST", "/v1/check", &headers, chunks);
        assert_eq!(answer.json()["exposed"], true, "{}", answer.text());
    }
    let whole = b"POST /v1/check HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        content-length: 23\r\n\r\n{\"password\":\"iloveyou\"}";
    for byte in whole {
        client.send(&[*byte]);
    }
    assert_eq!(client.read().json()["exposed"], true);
    client.send(&whole.repeat(5));
    for _ in 0..5 {
        assert_eq!(client.read().json()["exposed"], true);
    }
    // A client that asks whether it may send is told so.
    client.send(&whole[..whole.len() - 27]);
    client.send(b"\r\nexpect: 100-continue\r\n\r\n");
    assert_eq!(client.read_head().status, 100);
    client.send(br#"{"password":"iloveyou"}"#);
    assert_eq!(client.read().json()["exposed"], true);
}

#[test]
fn a_body_may_have_64_kib() {
    let sidecar = Running::new();
    let text = |length: usize| format!("{{\"password\":\"{}\"}}", "a".repeat(length - 15));
    assert_eq!(sidecar.post("/v1/check", &text(64 << 10)).json()["exposed"], false);
    let long = sidecar.post("/v1/verdict", &format!("{{\"event\":\"sign_up\",{}", &text(65_000)[1..]));
    assert_eq!(long.json()["reasons"][0]["code"], "too_long");
}

#[test]
fn asvs_level_1_has_its_scope_in_verdicts() {
    let folder = tempfile::TempDir::new().unwrap();
    let corpus = breachdex::Corpus::from(breachdex::Index::starter().unwrap());
    let sidecar = Running::start(&with_policy(corpus, "profile = 'asvs-l1'"), folder);
    let verdict = sidecar.post("/v1/verdict", r#"{"event":"sign_up","password":"iloveyou"}"#).json();
    assert_eq!(verdict["action"], "reject");
}
