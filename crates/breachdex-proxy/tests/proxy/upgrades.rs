//! WebSockets: agreed on by both sides, then bytes as they come.

#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::time::Duration;

use crate::setup::{Proxy, options};
use crate::site::{Reply, Request, Site, ok};

const ASKED: &str = "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhi";

/// Agrees, says hi and sends back what comes.
fn echo(request: &Request) -> Reply {
    if request.head.one("upgrade") != Some("websocket") {
        return Reply::Bytes(ok("no"));
    }
    Reply::Stream(Box::new(|stream| {
        let _ = stream.write_all(AGREED);
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut bytes) {
            if stream.write_all(&bytes[..count]).is_err() {
                return;
            }
        }
    }))
}

#[test]
fn a_websocket_carries_bytes_both_ways() {
    let site = Site::new(echo);
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    let answer = connection.ask(ASKED.as_bytes());
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.head.one("upgrade"), Some("websocket"));
    assert_eq!(answer.head.one("connection"), Some("upgrade"));
    assert_eq!(answer.head.one("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    let mut hi = [0; 2];
    connection.stream.read_exact(&mut hi).expect("hi");
    assert_eq!(&hi, b"hi");
    let frame: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let writer = connection.stream.get_ref().try_clone().expect("a handle");
    let sent = frame.clone();
    let writing = std::thread::spawn(move || (&writer).write_all(&sent).expect("sent"));
    let mut echoed = vec![0; frame.len()];
    connection.stream.read_exact(&mut echoed).expect("the echo");
    writing.join().expect("written");
    assert!(echoed == frame);
    assert_eq!(proxy.metric("breachdex_proxy_upgraded"), 1);
    assert_eq!(proxy.metric("breachdex_connections"), 2, "its place is still taken");
}

#[test]
fn a_site_that_does_not_agree_answers_as_usual() {
    let site = Site::new(|_| Reply::Bytes(ok("no")));
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    assert_eq!(connection.ask(ASKED.as_bytes()).text(), "no");
    assert_eq!(site.last().head.one("connection"), Some("upgrade"));
    assert_eq!(connection.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").text(), "no");
}

#[test]
fn a_websocket_that_stands_still_is_closed_and_one_side_closes_the_other() {
    let site = Site::new(echo);
    let mut options = options(&site.url());
    options.stream_timeout = Duration::from_millis(100);
    let proxy = Proxy::start(&options);
    let mut connection = proxy.connect();
    assert_eq!(connection.ask(ASKED.as_bytes()).status(), 101);
    let mut rest = Vec::new();
    connection.stream.read_to_end(&mut rest).expect("the end");
    assert_eq!(rest, b"hi");
    let site = Site::new(|_| Reply::Last(AGREED.to_vec()));
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    assert_eq!(connection.ask(ASKED.as_bytes()).status(), 101);
    let mut rest = Vec::new();
    let _ = connection.stream.read_to_end(&mut rest);
    assert_eq!(rest, b"hi");
}
