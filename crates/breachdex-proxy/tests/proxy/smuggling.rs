//! Requests that two servers could read differently: none of them reaches the site in two ways.

#![forbid(unsafe_code)]

use crate::setup::Proxy;
use crate::site::Site;

/// What is sent, and the status that it is refused with.
const REFUSED: &[(&str, u16)] = &[
    (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        400,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        400,
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1a\r\n\r\nx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\nx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\0: 1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\0\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405),
    ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\nx", 417),
];

#[test]
fn what_can_be_read_in_two_ways_is_refused_and_the_connection_closed() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    for (request, status) in REFUSED {
        let mut connection = proxy.connect();
        connection.send(request.as_bytes());
        let answer = connection.try_answer(false).map(|answer| answer.status());
        assert_eq!(answer, Some(*status), "{request:?}");
        assert!(connection.try_answer(false).is_none(), "{request:?}");
    }
    let arrived: Vec<String> = site.requests().into_iter().map(|request| request.head.first).collect();
    assert!(arrived.is_empty(), "{arrived:?}");
}

#[test]
fn bad_chunks_end_the_request_at_the_site() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let head = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["zz\r\n", "1\r\nab\r\n0\r\n\r\n", "-1\r\n", "1\r\na", "ffffffffffffffffff\r\n", "1 \n\r\na"]
    {
        // One that is streamed, and one that is read.
        for head in [head.to_owned(), head.replace("/x", "/login")] {
            let mut connection = proxy.connect();
            connection.send(format!("{head}{body}").as_bytes());
            connection.stream.get_ref().shutdown(std::net::Shutdown::Write).expect("shut");
            let status = connection.try_answer(false).map(|answer| answer.status());
            assert!(status.is_none_or(|status| status == 400), "{head}{body:?}: {status:?}");
        }
    }
    assert!(site.requests().is_empty());
}

/// What is before it on the connection does not hide it.
#[test]
fn a_length_that_is_said_twice_is_refused_behind_any_request() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let (twice, _) = REFUSED[0];
    for (before, answered) in [
        (String::from("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n"), true),
        (
            String::from("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
            true,
        ),
        (format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:{}0\r\n\r\n", " ".repeat(80)), false),
        (
            format!(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n\r\n",
                "0".repeat(80)
            ),
            false,
        ),
    ] {
        let mut connection = proxy.connect();
        connection.send(format!("{before}{twice}").as_bytes());
        let mut statuses = Vec::new();
        while let Some(answer) = connection.try_answer(false) {
            statuses.push(answer.status());
        }
        let expected: &[u16] = if answered { &[200, 400] } else { &[400] };
        assert_eq!(statuses, expected, "{before:?}");
    }
    let posts = site.requests().into_iter().filter(|request| request.head.first.starts_with("POST")).count();
    assert_eq!(posts, 0);
}

#[test]
fn a_client_can_neither_upgrade_past_the_proxy_nor_name_headers_away() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    proxy.ask(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, Cookie, Authorization, X-Forwarded-For\r\n\
         Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nCookie: a=1\r\nAuthorization: Basic x\r\n\r\n",
    );
    let head = site.last().head;
    for gone in ["upgrade", "http2-settings", "connection"] {
        assert_eq!(head.one(gone), None, "{gone}");
    }
    for kept in ["cookie", "authorization", "x-forwarded-for"] {
        assert!(head.one(kept).is_some(), "{kept}");
    }
}
