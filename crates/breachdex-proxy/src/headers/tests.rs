//! What becomes of heads.

#![forbid(unsafe_code)]

use hyper::{Method, Uri, Version};

use super::*;

fn map(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        headers.append(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
}

fn peer(address: &str) -> Peer {
    let address = address.parse().ok();
    Peer { address, client: address, is_trusted: false, is_tls: false }
}

/// What is passed on, without what is always said about the client, sorted.
fn passed(lines: &[(&str, &str)], peer: &Peer) -> (Vec<String>, Cleaned) {
    let mut headers = map(lines);
    let cleaned = prepare_request(&mut headers, &HeaderValue::from_static("shop.example"), peer);
    let mut all: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))).collect();
    all.sort();
    (all, cleaned)
}

const ALWAYS: [&str; 5] = [
    "forwarded: for=192.0.2.7;host=\"shop.example\";proto=http",
    "host: shop.example",
    "x-forwarded-for: 192.0.2.7",
    "x-forwarded-host: shop.example",
    "x-forwarded-proto: http",
];

fn with_always(more: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = ALWAYS.iter().chain(more).map(ToString::to_string).collect();
    all.sort();
    all
}

#[test]
fn every_spelling_of_our_headers_from_outside_is_removed() {
    let sent = [
        ("Exposed-Credential-Check", "4"),
        ("EXPOSED-CREDENTIAL-CHECK", "1"),
        ("Exposed_Credential_Check", "1"),
        ("exposed-credential_check", "1"),
        ("exposed.credential.check", "1"),
        ("exposed~credential|check", "1"),
        ("Breachdex-Radar", "quiet"),
        ("breachdex_radar", "quiet"),
        ("X-Exposed", "kept"),
    ];
    let (passed, cleaned) = passed(&sent, &peer("192.0.2.7"));
    assert_eq!(passed, with_always(&["x-exposed: kept"]));
    assert_eq!(cleaned.stripped, 8);
    let mut trailers =
        map(&[("exposed-credential-check", "1"), ("X_Forwarded_For", "1.1.1.1"), ("x-checksum", "9")]);
    assert_eq!(strip_trailers(&mut trailers), 1);
    assert_eq!(trailers, map(&[("x-checksum", "9")]));
}

#[test]
fn no_other_spelling_says_how_the_body_is_to_be_read() {
    let sent = [
        ("Content-Type", "text/plain"),
        ("Content_Type", "application/json"),
        ("Content_Length", "9"),
        ("Content.Encoding", "gzip"),
        ("Transfer_Encoding", "chunked"),
        ("X-Original-URL", "/login"),
        ("X_Rewrite_URL", "/login"),
        ("Content-Language", "ja"),
    ];
    let kept = ["content-language: ja", "content-type: text/plain"];
    assert_eq!(passed(&sent, &peer("192.0.2.7")).0, with_always(&kept));
    let mut trailers = map(&[("content-type", "a/b"), ("Content_Length", "1"), ("x-checksum", "9")]);
    strip_trailers(&mut trailers);
    assert_eq!(trailers, map(&[("x-checksum", "9")]));
}

#[test]
fn nobody_else_says_who_asked() {
    let sent = [
        ("X-Forwarded-For", "10.0.0.1"),
        ("X_Forwarded_For", "10.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Port", "1"),
        ("Forwarded", "for=10.0.0.1"),
        ("X-Real-IP", "10.0.0.1"),
        ("True-Client-IP", "10.0.0.1"),
    ];
    assert_eq!(passed(&sent, &peer("192.0.2.7")).0, with_always(&[]));
}

#[test]
fn a_trusted_proxy_is_added_to() {
    let trusted = Peer { is_trusted: true, is_tls: true, ..peer("2001:db8::1") };
    let sent = [
        ("X-Forwarded-For", "198.51.100.1, 203.0.113.9"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", "www.shop.example"),
        ("X_Forwarded_Host", "evil.example"),
        ("Forwarded", "for=198.51.100.1"),
        ("X-Forwarded-Port", "80"),
    ];
    assert_eq!(
        passed(&sent, &trusted).0,
        [
            "forwarded: for=198.51.100.1, for=\"[2001:db8::1]\";host=\"shop.example\";proto=https",
            "host: shop.example",
            "x-forwarded-for: 198.51.100.1, 203.0.113.9, 2001:db8::1",
            "x-forwarded-host: www.shop.example",
            "x-forwarded-port: 80",
            "x-forwarded-proto: http",
        ]
    );
    let unix = Peer { address: None, client: None, is_trusted: false, is_tls: false };
    let (passed, _) = passed(&[("X-Forwarded-For", "10.0.0.1")], &unix);
    assert!(passed.iter().all(|line| !line.contains("10.0.0.1") && !line.starts_with("x-forwarded-for")));
    assert!(passed.contains(&String::from("forwarded: for=unknown;host=\"shop.example\";proto=http")));
}

#[test]
fn what_belongs_to_one_connection_ends_there() {
    let sent = [
        ("Connection", "close, X-Mine, cookie, content-type, X-Forwarded-For, te"),
        ("X-Mine", "1"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("Content-Type", "text/plain"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("Proxy-Authorization", "Basic x"),
        ("TE", "trailers;q=1, gzip"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "x"),
        ("Trailer", "x-checksum"),
    ];
    let (passed, cleaned) = passed(&sent, &peer("192.0.2.7"));
    let kept = [
        "connection: te",
        "content-type: text/plain",
        "cookie: a=1; b=2",
        "te: trailers",
        "trailer: x-checksum",
    ];
    assert_eq!(passed, with_always(&kept));
    assert_eq!(cleaned.upgrade, None);
    let mut answer = map(&[
        ("Connection", "close, x-mine"),
        ("X-Mine", "1"),
        ("Keep-Alive", "timeout=5, max=9"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "5"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]);
    assert_eq!(prepare_answer(&mut answer), (true, Some(5)));
    assert_eq!(answer, map(&[("content-length", "5"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]));
}

#[test]
fn only_websocket_is_upgraded_to() {
    let asked = |upgrade: &str, connection: &str| {
        passed(&[("Upgrade", upgrade), ("Connection", connection)], &peer("192.0.2.7")).1.upgrade
    };
    assert_eq!(asked("WebSocket", "keep-alive, Upgrade"), Some(Upgrade::WebSocket));
    assert_eq!(asked("websocket", "keep-alive"), None);
    for other in ["h2c", "h2c, websocket", "TLS/1.3"] {
        assert_eq!(asked(other, "Upgrade"), None, "{other}");
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let asked =
        |lines: &[(&str, &str)]| check(&Method::POST, &Uri::from_static("/x"), Version::HTTP_11, &map(lines));
    let host = ("Host", "shop.example:8443");
    assert_eq!(asked(&[host]), Ok(Some(HeaderValue::from_static("shop.example:8443"))));
    assert_eq!(asked(&[]), Err(BadRequest::NoHost));
    assert_eq!(asked(&[host, host]), Err(BadRequest::SeveralHosts));
    for bad in ["a b", "a/b", "user@a", "a,b", "", "a?b"] {
        assert_eq!(asked(&[("Host", bad)]), Err(BadRequest::BadHost), "{bad:?}");
    }
    assert_eq!(asked(&[host, ("Expect", "tea")]), Err(BadRequest::Expectation));
    assert!(asked(&[host, ("Expect", "100-Continue"), ("Content-Length", "1")]).is_ok());
    for framing in [
        &[("Content-Length", "1"), ("Transfer-Encoding", "chunked")][..],
        &[("Content-Length", "1"), ("Content-Length", "1")],
        &[("Content-Length", "+1")],
        &[("Content-Length", "1, 1")],
        &[("Transfer-Encoding", "gzip, chunked")],
        &[("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        &[("Transfer-Encoding", "xchunked")],
    ] {
        assert_eq!(asked(&[&[host], framing].concat()), Err(BadRequest::Framing), "{framing:?}");
    }
    for method in [Method::CONNECT, Method::TRACE] {
        let uri = Uri::from_static("/");
        assert_eq!(check(&method, &uri, Version::HTTP_11, &map(&[host])), Err(BadRequest::Method));
    }
    let absolute = Uri::from_static("http://other.example/x");
    let named = check(&Method::GET, &absolute, Version::HTTP_11, &map(&[host]));
    assert_eq!(named, Ok(Some(HeaderValue::from_static("other.example"))));
    assert_eq!(check(&Method::GET, &Uri::from_static("/"), Version::HTTP_10, &map(&[])), Ok(None));
}
