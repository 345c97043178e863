//! A site that is dead, slow, or no HTTP: what the client is told.

#![forbid(unsafe_code)]

use std::io::Write;
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

use crate::setup::{EXPOSED, Proxy, log_in, options};
use crate::site::{Reply, Site, ok};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// An address that nobody listens on.
fn nowhere() -> String {
    let address =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address");
    format!("http://{address}")
}

#[test]
fn a_dead_site_is_a_bad_gateway() {
    let proxy = Proxy::start(&options(&nowhere()));
    for request in [GET.as_bytes().to_vec(), log_in("a", EXPOSED)] {
        let answer = proxy.ask(request);
        assert_eq!((answer.status(), answer.text()), (502, "The site cannot be reached\n"));
        assert_eq!(answer.head.one("cache-control"), Some("no-store"));
    }
    assert_eq!(proxy.metric("breachdex_proxy_upstream_errors_total{reason=\"connect\"}"), 2);
}

#[test]
fn what_is_no_http_is_a_bad_gateway() {
    for said in [
        &b""[..],
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ] {
        let site = Site::new(move |_| Reply::Last(said.to_vec()));
        let proxy = Proxy::before(&site);
        let answer = proxy.ask(GET);
        assert_eq!(
            (answer.status(), answer.text()),
            (502, "The site did not answer as it should\n"),
            "{said:?}"
        );
        assert_eq!(proxy.metric("breachdex_proxy_upstream_errors_total{reason=\"broken\"}"), 1);
    }
}

#[test]
fn an_upgrade_that_nobody_asked_for_is_a_bad_gateway() {
    let site = Site::new(|_| {
        Reply::Last(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n".to_vec())
    });
    let answer = Proxy::before(&site).ask(GET);
    assert_eq!((answer.status(), answer.text()), (502, "The site did not answer as it should\n"));
}

#[test]
fn a_site_that_says_nothing_is_a_gateway_timeout() {
    let site = Site::new(|_| Reply::Stream(Box::new(|_| std::thread::sleep(Duration::from_secs(2)))));
    let mut options = options(&site.url());
    options.upstream.answer_timeout = Duration::from_millis(100);
    let proxy = Proxy::start(&options);
    let upload = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    for request in [GET.as_bytes().to_vec(), log_in("a", EXPOSED), upload.as_bytes().to_vec()] {
        let answer = proxy.ask(request);
        assert_eq!((answer.status(), answer.text()), (504, "The site did not answer in time\n"));
    }
    assert_eq!(proxy.metric("breachdex_proxy_upstream_errors_total{reason=\"answer_timeout\"}"), 3);
}

#[test]
fn an_answer_that_is_cut_is_cut_for_the_client_too() {
    for head in ["Content-Length: 100\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"] {
        let site = Site::new(move |_| Reply::Last(format!("HTTP/1.1 200 OK\r\n{head}").into_bytes()));
        let answer = Proxy::before(&site).ask(GET);
        assert!(answer.status() == 200 && answer.is_cut, "{head}");
    }
}

#[test]
fn a_body_that_stands_still_is_ended() {
    let site = Site::new(|request| {
        if request.head.first.starts_with("POST") {
            return Reply::Bytes(ok(""));
        }
        Reply::Stream(Box::new(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
            std::thread::sleep(Duration::from_secs(2));
            let _ = stream.shutdown(Shutdown::Both);
        }))
    });
    let mut options = options(&site.url());
    options.stream_timeout = Duration::from_millis(100);
    let proxy = Proxy::start(&options);
    let answer = proxy.ask(GET);
    assert!(answer.is_cut && answer.body == b"ab");
    let late = proxy.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    assert_eq!((late.status(), late.text()), (408, "The body of the request did not come\n"));
    assert_eq!(proxy.metric("breachdex_proxy_upstream_errors_total{reason=\"request_body\"}"), 1);
}

#[test]
fn a_client_that_goes_away_ends_its_request_at_the_site() {
    let (told, ended) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let site = Site::new(move |_| {
        let told = told.lock().expect("a sender").clone();
        Reply::Stream(Box::new(move |stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
            while stream.write_all(b"1\r\na\r\n").is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
            let _ = told.send(());
        }))
    });
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    connection.send(GET.as_bytes());
    crate::wire::head(&mut connection.stream).expect("a head");
    drop(connection);
    ended.recv_timeout(Duration::from_secs(30)).expect("the site's connection is closed");
}
