//! Requests and answers as they come through, beside what a direct connection shows.

#![forbid(unsafe_code)]

use std::io::Write;
use std::process::Command;

use crate::setup::{Proxy, options};
use crate::site::{Reply, Request, Site, ok};
use crate::wire::Connection;

/// A site with an answer of each shape.
fn shapes(request: &Request) -> Reply {
    let path = request.head.first.split(' ').nth(1).unwrap_or_default();
    let bytes = match path {
        "/chunked" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-A: 2\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n".to_owned(),
        "/empty" => "HTTP/1.1 204 No Content\r\nServer: s\r\n\r\n".to_owned(),
        "/same" => "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\n".to_owned(),
        "/part" => "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-2/4\r\nContent-Length: 2\r\n\r\nbc".to_owned(),
        "/odd" => "HTTP/1.1 299 Whatever\r\nContent-Type: \x7f\u{e9}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 1\r\n\r\nx".replace('\x7f', ""),
        "/redirect" => "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "/hints" => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(),
        "/coded" => "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\0\u{1}\u{2}".to_owned(),
        "/close" => return Reply::Last(b"HTTP/1.1 200 OK\r\nX-B: 1\r\n\r\nuntil the end".to_vec()),
        "/old" => return Reply::Last(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold".to_vec()),
        "/head" => return Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n".to_vec()),
        _ => return Reply::Bytes(ok(&String::from_utf8_lossy(&request.body))),
    };
    Reply::Bytes(bytes.into_bytes())
}

/// What of an answer must be the same: status, headers without those of the connection, body.
fn essence(connection: &mut Connection, request: &str) -> (u16, Vec<String>, Vec<u8>) {
    let answer = connection.ask(request.as_bytes());
    assert!(!answer.is_cut, "{request} {answer:?}");
    let own = ["transfer-encoding", "connection", "date", "content-length"];
    let mut lines: Vec<String> = answer
        .head
        .lines
        .iter()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let name = name.to_ascii_lowercase();
            (!own.contains(&name.as_str())).then(|| format!("{name}:{value}"))
        })
        .collect();
    lines.sort();
    (answer.status(), lines, answer.body)
}

#[test]
fn answers_are_those_of_the_site() {
    let site = Site::new(shapes);
    let proxy = Proxy::before(&site);
    for path in
        ["/chunked", "/empty", "/same", "/part", "/odd", "/redirect", "/coded", "/close", "/old", "/x"]
    {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\nIf-None-Match: \"x\"\r\n\r\n");
        let direct = essence(&mut Connection::open(site.address), &request);
        assert_eq!(essence(&mut proxy.connect(), &request), direct, "{path}");
    }
    let hinted = proxy.ask("GET /hints HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((hinted.status(), hinted.text()), (200, "ok"));
    let head = proxy.ask("HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((head.status(), head.head.one("content-length")), (200, Some("12345")));
}

#[test]
fn requests_arrive_as_they_were_sent() {
    let site = Site::new(shapes);
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    let sent = "PATCH /a//b/../%7e?q=%zz&[]=' HTTP/1.1\r\nHost: Shop.Example:81\r\nX-One: 1\r\nX-One:  2 \r\n\
                Authorization: Basic x\r\nCookie: a=1; b=2\r\nRange: bytes=0-1\r\nContent-Length: 4\r\n\r\n\0\x01\r\n";
    let answer = connection.ask(sent.as_bytes());
    assert_eq!(answer.body, b"\0\x01\r\n");
    let request = site.last();
    assert_eq!(request.head.first, "PATCH /a//b/../%7e?q=%zz&[]=' HTTP/1.1");
    assert_eq!(request.head.one("host"), Some("Shop.Example:81"));
    assert_eq!(request.head.all("x-one"), ["1", "2"]);
    assert_eq!(request.head.one("cookie"), Some("a=1; b=2"));
    assert_eq!(request.body, b"\0\x01\r\n");
    for (method, body) in
        [("GET", ""), ("GET", "with a body"), ("DELETE", "x"), ("PURGE", ""), ("OPTIONS", "")]
    {
        let answer = connection.ask(
            format!("{method} /m HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                .as_bytes(),
        );
        assert_eq!((answer.status(), answer.text()), (200, body), "{method}");
        assert_eq!(site.last().head.first, format!("{method} /m HTTP/1.1"));
    }
    let star = connection.ask(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((star.status(), site.last().head.first.as_str()), (200, "OPTIONS * HTTP/1.1"));
    let absolute = connection.ask(b"GET http://other.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(absolute.status(), 200);
    assert_eq!(
        (site.last().head.first.as_str(), site.last().head.one("host")),
        ("GET /x?y HTTP/1.1", Some("other.example"))
    );
    let old = proxy.ask("GET /x HTTP/1.0\r\n\r\n");
    assert_eq!(old.status(), 200);
    assert_eq!(site.last().head.one("host"), Some(site.address.to_string().as_str()));
}

#[test]
fn chunked_requests_of_every_method_keep_their_bodies_and_trailers() {
    let site = Site::new(shapes);
    let proxy = Proxy::before(&site);
    for method in ["POST", "GET", "DELETE"] {
        let head = format!(
            "{method} /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n"
        );
        let answer = proxy.ask(
            [head.as_bytes(), b"5\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 7\r\nBreachdex_Radar: quiet\r\n\r\n"]
                .concat(),
        );
        assert_eq!((answer.status(), answer.text()), (200, "hello!"), "{method}");
        assert_eq!(site.last().trailers, ["x-sum: 7"], "{method}");
    }
}

#[test]
fn trailers_of_answers_reach_clients_that_take_them() {
    let site = Site::new(|_| {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\n\r\n".to_vec())
    });
    let proxy = Proxy::before(&site);
    let answer = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    assert_eq!((answer.text(), answer.trailers.as_slice()), ("ok", &[String::from("x-sum: 9")][..]));
    assert_eq!(site.last().head.one("te"), Some("trailers"));
    let answer = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((answer.text(), answer.trailers.len()), ("ok", 0));
}

#[test]
fn a_client_that_expects_to_go_on_waits_for_the_site() {
    let site = Site::new(|request| match request.head.one("x-refuse") {
        Some(_) => Reply::Last(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno".to_vec()),
        None => Reply::Bytes(ok(&String::from_utf8_lossy(&request.body))),
    });
    let proxy = Proxy::before(&site);
    let head = "POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n";
    let mut connection = proxy.connect();
    let informed = connection.ask(format!("{head}\r\n").as_bytes());
    assert_eq!(informed.status(), 100);
    let answer = connection.ask(b"hello");
    assert_eq!((answer.status(), answer.text()), (200, "hello"));
    // Refused before a byte of the body was sent.
    let refused = proxy.connect().ask(format!("{head}X-Refuse: 1\r\n\r\n").as_bytes());
    assert_eq!((refused.status(), refused.text()), (413, "no"));
    assert!(site.last().body.is_empty());
    // A log-in is read here, so the proxy itself says to go on.
    let mut connection = proxy.connect();
    let log_in = "POST /login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 23\r\n\r\n";
    assert_eq!(connection.ask(log_in.as_bytes()).status(), 100);
    assert_eq!(connection.ask(b"user[password]=password").status(), 200);
    assert_eq!((site.last().check(), site.last().head.one("expect")), (Some("4"), None));
}

/// The site's answer ends the wait for its 100; a thread that is slow to pass it on must not say 100 in between.
#[test]
fn a_client_that_is_refused_is_never_told_to_go_on() {
    let site = Site::new(|_| Reply::Last(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno".to_vec()));
    let proxy = Proxy::before(&site);
    let head = b"POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    for round in 0..300 {
        assert_eq!(proxy.connect().ask(head).status(), 413, "round {round}");
    }
}

#[test]
fn requests_that_come_at_once_are_answered_in_order() {
    let site = Site::new(shapes);
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    let one =
        |text: &str| format!("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    connection.send([one("first"), one("second"), one("")].concat().as_bytes());
    let texts: Vec<String> = (0..3).map(|_| connection.answer(false).text().to_owned()).collect();
    assert_eq!(texts, ["first", "second", ""]);
}

#[test]
fn who_asked_is_said_and_only_trusted_proxies_are_believed() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let request =
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n";
    proxy.ask(request);
    let head = site.last().head;
    assert_eq!(
        (head.one("x-forwarded-for"), head.one("x-forwarded-proto")),
        (Some("127.0.0.1"), Some("http"))
    );
    assert_eq!(head.one("forwarded"), Some("for=127.0.0.1;host=\"a\";proto=http"));
    let mut options = options(&site.url());
    options.transport.trusted_proxies = vec!["127.0.0.1".parse().expect("a proxy")];
    Proxy::start(&options).ask(request);
    let head = site.last().head;
    assert_eq!(head.one("x-forwarded-for"), Some("203.0.113.9, 127.0.0.1"));
    assert_eq!(head.one("x-forwarded-proto"), Some("https"));
}

/// Whether curl is there; says so where it is not.
fn has_curl() -> bool {
    let is_there = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        writeln!(std::io::stderr(), "skipped: there is no curl").expect("standard error");
    }
    is_there
}

#[test]
fn curl_sees_the_same_with_and_without_the_proxy() {
    if !has_curl() {
        return;
    }
    let site = Site::new(shapes);
    let proxy = Proxy::before(&site);
    let seen = |address: std::net::SocketAddr, arguments: &[&str], path: &str| {
        let mut curl = Command::new("curl");
        curl.args([
            "-sS",
            "--max-time",
            "30",
            "-H",
            "Host: shop.example",
            "-w",
            "\n%{http_code} %{content_type}",
        ]);
        let output = curl.args(arguments).arg(format!("http://{address}{path}")).output().expect("curl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    for (arguments, path) in [
        (&[][..], "/chunked"),
        (&["--data", "user[password]=password&a=b"], "/login"),
        (&["--form", "user[password]=password", "--form", "file=@Cargo.toml"], "/login"),
        (&["--json", "{\"user\":{\"password\":\"password\"}}"], "/login"),
        (&["--data", "x", "-H", "Transfer-Encoding: chunked"], "/x"),
        (&["-X", "PUT", "--data-binary", "@Cargo.toml"], "/x"),
        (&["--range", "1-2"], "/part"),
        (&["--http1.0"], "/chunked"),
    ] {
        let direct = seen(site.address, arguments, path);
        let sent = site.last();
        let through = seen(proxy.address, arguments, path);
        // The boundary of a multipart form is another one each time.
        if !arguments.contains(&"--form") {
            assert_eq!(String::from_utf8_lossy(&through), String::from_utf8_lossy(&direct), "{path}");
            assert_eq!(site.last().body, sent.body);
        }
        assert_eq!(site.last().check(), (path == "/login").then_some("4"), "{arguments:?}");
    }
}
