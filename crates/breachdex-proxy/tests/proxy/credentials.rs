//! What the site is told about credentials.

#![forbid(unsafe_code)]

use breachdex_proxy::{Event, Rule};

use crate::setup::{EXPOSED, FINE, FORM, Proxy, log_in, options, post, rejecting};
use crate::site::Site;
use crate::wire::Connection;

#[test]
fn an_exposed_password_is_told_to_the_site_and_nothing_else_is_changed() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let body = format!("user%5Bemail%5D=taro%40example.jp&user%5Bpassword%5D={EXPOSED}&x=%zz&x=");
    let answer = proxy.ask(post("/login?next=%2F&a", FORM, &body));
    assert_eq!((answer.status(), answer.text()), (200, "hello\n"));
    let request = site.last();
    assert_eq!(request.check(), Some("4"));
    assert_eq!(request.head.first, "POST /login?next=%2F&a HTTP/1.1");
    assert_eq!(request.body, body.as_bytes());
    assert_eq!(request.head.one("host"), Some("shop.example"));
    assert_eq!(request.head.one("content-length"), Some(body.len().to_string().as_str()));
    proxy.ask(log_in("taro@example.jp", FINE));
    assert_eq!(site.last().check(), None);
    assert_eq!(proxy.metric("breachdex_proxy_checks_total{event=\"log_in\",result=\"4\"}"), 1);
    assert_eq!(proxy.metric("breachdex_proxy_checks_total{event=\"log_in\",result=\"not_exposed\"}"), 1);
}

#[test]
fn every_encoding_is_read_and_passed_on_byte_for_byte() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let json = format!("{{\"user\": {{\"email\":\"a@b.jp\",\"password\":\"{EXPOSED}\"}} }}\n");
    let multipart = format!(
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\0\u{1}\r\n\
         --X\r\nContent-Disposition: form-data; name=\"user[password]\"\r\n\r\n{EXPOSED}\r\n--X--\r\n"
    );
    for (content_type, body) in [
        ("application/json", json.as_str()),
        ("multipart/form-data; boundary=X", &multipart),
        ("text/plain", &format!("user.password={EXPOSED}")),
        ("", &json),
    ] {
        proxy.ask(post("/login", content_type, body));
        assert_eq!(
            (site.last().check(), site.last().body),
            (Some("4"), body.as_bytes().to_vec()),
            "{content_type}"
        );
    }
    proxy.ask(post("/join", "application/json", format!("{{\"password\":\"{EXPOSED}\"}}")));
    assert_eq!(site.last().check(), Some("4"));
    assert_eq!(proxy.metric("breachdex_proxy_checks_total{event=\"sign_up\",result=\"4\"}"), 1);
}

/// As `/wp-login.php` has them, where another field says what the request is for.
#[test]
fn the_fields_of_all_rules_for_a_path_are_read() {
    let site = Site::plain();
    let mut options = rejecting(&site.url());
    let rule = |event, text| Rule::parse(event, text).expect("a rule");
    options.check.rules = vec![
        rule(Event::LogIn, "POST /account user=log password=pwd"),
        rule(Event::SignUp, "POST /account password=pass1"),
    ];
    let proxy = Proxy::start(&options);
    for (content_type, body, value) in [
        (FORM, format!("log=a&pwd={EXPOSED}"), Some("4")),
        (FORM, format!("pass1={EXPOSED}"), Some("4")),
        (FORM, format!("pwd={FINE}&pass1={EXPOSED}"), Some("4")),
        (FORM, format!("pwd={EXPOSED}&pass1={FINE}"), Some("4")),
        ("text/plain", format!("{{\"pass1\":\"{FINE}\"}}"), None),
        (FORM, format!("pwd={FINE}"), None),
    ] {
        assert_eq!(proxy.ask(post("/account", content_type, &body)).status(), 200, "{body}");
        assert_eq!(site.last().check(), value, "{body}");
    }
    let checks = |event: &str, result: &str| {
        proxy.metric(&format!("breachdex_proxy_checks_total{{event=\"{event}\",result=\"{result}\"}}"))
    };
    assert_eq!((checks("log_in", "4"), checks("sign_up", "4")), (3, 1));
    assert_eq!((checks("log_in", "not_exposed"), checks("sign_up", "not_exposed")), (1, 1));
}

#[test]
fn a_chunked_post_is_read_however_it_is_cut_and_keeps_its_trailers() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let body = format!("user[password]={EXPOSED}");
    for size in [1, 2, 3, 7, 100] {
        let mut connection = proxy.connect();
        connection
            .send(b"POST /login HTTP/1.1\r\nHost: a\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in body.as_bytes().chunks(size) {
            connection.send(format!("{:x};a=b\r\n", piece.len()).as_bytes());
            connection.send(&[piece, b"\r\n"].concat());
        }
        let answer = connection
            .ask(b"0\r\nX-Sum: 1\r\nExposed-Credential-Check: 1\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n");
        assert_eq!(answer.status(), 200);
        let request = site.last();
        assert_eq!((request.check(), request.body.as_slice()), (Some("4"), body.as_bytes()), "{size}");
        assert_eq!(request.trailers, ["x-sum: 1"], "{size}");
    }
}

#[test]
fn the_header_from_outside_never_reaches_the_site() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let forged = "exposed-credential-check: 1\r\nExposed-Credential-Check: 2\r\nEXPOSED_CREDENTIAL_CHECK: 3\r\n\
                  Exposed.Credential-Check: 4\r\nBreachdex-Radar: quiet\r\n";
    let body = format!("user[password]={FINE}");
    for path in ["/login", "/other"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\n{forged}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        proxy.ask(request);
        let lines = site.last().head.lines;
        let has = |part: &str| lines.iter().any(|line| line.to_ascii_lowercase().contains(part));
        assert!(!has("credential") && !has("breachdex"), "{lines:?}");
    }
    assert_eq!(proxy.metric("breachdex_proxy_stripped_headers_total"), 10);
    // Nor can a client have ours removed.
    let body = format!("user[password]={EXPOSED}");
    let head =
        "POST /login HTTP/1.1\r\nHost: a\r\nConnection: exposed-credential-check, x-forwarded-for, host";
    proxy.ask(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    let request = site.last();
    assert_eq!((request.check(), request.head.one("host")), (Some("4"), Some("a")));
    assert_eq!(request.head.one("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn a_repeated_field_is_told_where_any_of_its_values_is_exposed() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    for body in [
        format!("user[password]={FINE}&user[password]={EXPOSED}"),
        format!("user[password]={EXPOSED}&user[password]={FINE}"),
    ] {
        proxy.ask(post("/login", FORM, &body));
        assert_eq!(site.last().check(), Some("4"), "{body}");
    }
    proxy.ask(post(&format!("/login?user[password]={EXPOSED}"), FORM, ""));
    assert_eq!(site.last().check(), Some("4"));
    proxy.ask(post("/%6Cogin/", FORM, format!("user[password]={EXPOSED}")));
    assert_eq!(
        (site.last().check(), site.last().head.first.as_str()),
        (Some("4"), "POST /%6Cogin/ HTTP/1.1")
    );
}

/// What cannot be read, the reason that is counted, and whether the site could read it all the same.
fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    let coded = format!(
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n{}",
        26, "user[password]=aaaaaaaaaaa"
    );
    let large = format!("x={}&user[password]={FINE}", "y".repeat(70_000));
    vec![
        ("content_encoding", coded.into_bytes()),
        ("content_type", post("/login", "application/xml", "<password>x</password>")),
        ("charset", post("/login", FORM, "user[password]=%83p%83X")),
        ("malformed", post("/login", "application/json", "{\"user\":")),
        ("too_many_values", post("/login", FORM, format!("user[password]={FINE}&").repeat(9))),
        ("too_large", post("/login", FORM, large)),
    ]
}

#[test]
fn what_cannot_be_read_is_passed_without_a_header_and_counted() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    for (reason, request) in unreadable() {
        let answer = proxy.ask(&request);
        assert_eq!(answer.status(), 200, "{reason}");
        let arrived = site.last();
        assert_eq!(arrived.check(), None, "{reason}");
        assert!(request.ends_with(&arrived.body) && !arrived.body.is_empty(), "{reason}");
        assert_eq!(
            proxy.metric(&format!("breachdex_proxy_unread_total{{reason=\"{reason}\"}}")),
            1,
            "{reason}"
        );
    }
    assert_eq!(proxy.metric("breachdex_proxy_checks_total{event=\"log_in\",result=\"unknown\"}"), 6);
    // What could be read of a body is looked up.
    proxy.ask(post("/login", "application/json", format!("{{\"user\":{{\"password\":\"{EXPOSED}\"}}")));
    assert_eq!(site.last().check(), Some("4"));
}

#[test]
fn what_cannot_be_read_is_refused_where_that_was_chosen() {
    let site = Site::plain();
    let proxy = Proxy::start(&rejecting(&site.url()));
    for (reason, request) in unreadable() {
        let answer = proxy.ask(&request);
        assert_eq!(answer.status(), 503, "{reason}");
        assert_eq!(answer.text(), "The password of this request could not be checked; try again later\n");
        assert_eq!(answer.head.one("retry-after"), Some("10"));
    }
    assert!(site.requests().is_empty());
    assert_eq!(proxy.metric("breachdex_proxy_refused_total{reason=\"unchecked\"}"), 6);
    // What was read is passed on, exposed or not, and what carries no password.
    for request in
        [log_in("a", EXPOSED), log_in("a", FINE), post("/login", FORM, "a=b"), post("/x", FORM, "{")]
    {
        assert_eq!(proxy.ask(request).status(), 200);
    }
}

#[test]
fn a_body_beyond_the_memory_for_all_of_them_is_passed_unread() {
    let site = Site::plain();
    let mut options = options(&site.url());
    options.check.most_bodies = 1 << 10;
    let proxy = Proxy::start(&options);
    proxy.ask(log_in("a", EXPOSED));
    assert_eq!(site.last().check(), None);
    assert_eq!(proxy.metric("breachdex_proxy_unread_total{reason=\"out_of_memory\"}"), 1);
}

#[test]
fn a_body_that_does_not_come_is_answered_and_not_passed_on() {
    let site = Site::plain();
    let mut options = options(&site.url());
    options.check.body_timeout = std::time::Duration::from_millis(50);
    let proxy = Proxy::start(&options);
    let mut connection: Connection = proxy.connect();
    let answer = connection.ask(b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nuser");
    assert_eq!((answer.status(), answer.text()), (408, "The body of the request did not come\n"));
    assert!(connection.is_closed());
    assert!(site.requests().is_empty());
    assert_eq!(proxy.metric("breachdex_proxy_unread_total{reason=\"timed_out\"}"), 1);
}

#[test]
fn an_index_that_cannot_be_read_is_unknown() {
    use breachdex::{BuildOptions, Corpus, Input, LiveIndex, OpenOptions, build};
    let folder = tempfile::tempdir().expect("a folder");
    let (list, index) = (folder.path().join("list.txt"), folder.path().join("index.bdx"));
    std::fs::write(&list, "one\ntwo\n").expect("a list");
    let input = Input { format: Some(breachdex::Format::Passwords), ..Input::path(&list) };
    build(&[input], &index, &BuildOptions::default(), &()).expect("an index");
    let live =
        LiveIndex::open(&index, OpenOptions::new(), Some(std::time::Duration::ZERO)).expect("an index");
    let site = Site::plain();
    for (mut options, status) in [(options(&site.url()), 200), (rejecting(&site.url()), 503)] {
        options.check.corpus = Corpus::from(live.clone());
        let proxy = Proxy::start(&options);
        std::fs::OpenOptions::new().write(true).open(&index).and_then(|file| file.set_len(100)).expect("cut");
        let answer = proxy.ask(log_in("a", FINE));
        assert_eq!(answer.status(), status);
        assert_eq!(proxy.metric("breachdex_proxy_checks_total{event=\"log_in\",result=\"unknown\"}"), 1);
    }
    assert_eq!(site.last().check(), None);
}
