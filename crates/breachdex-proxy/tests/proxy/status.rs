//! `/healthz` and `/metrics` on their own address, and what prevents a start.

#![forbid(unsafe_code)]

use breachdex_proxy::ProxyServer;

use crate::setup::{Proxy, options};
use crate::site::Site;
use crate::wire::Connection;

#[test]
fn status_pages_have_an_address_of_their_own() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let ask = |request: &str| Connection::open(proxy.status).ask(request.as_bytes());
    let health = ask("GET /healthz HTTP/1.1\r\nHost: any.example\r\n\r\n");
    assert_eq!((health.status(), health.text()), (200, "{\"status\":\"ok\"}"));
    assert_eq!(ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").status(), 404);
    assert_eq!(ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").status(), 200);
    assert_eq!(ask("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n").status(), 421);
    assert!(site.requests().is_empty());
    // On the other address they are the site's.
    for path in ["/healthz", "/metrics"] {
        assert_eq!(proxy.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).text(), "hello\n");
    }
    for name in ["breachdex_proxy_requests_total 2", "breachdex_radar_state 0", "breachdex_connections "] {
        assert!(proxy.metrics().contains(name), "{name}");
    }
}

#[test]
fn a_proxy_that_would_check_nothing_does_not_start() {
    let mut options = options("http://127.0.0.1:1");
    options.check.rules.clear();
    let error = ProxyServer::bind(&options, Vec::new()).expect_err("refused").to_string();
    assert_eq!(error, "there is nothing to check: no request is named that carries a password");
}
