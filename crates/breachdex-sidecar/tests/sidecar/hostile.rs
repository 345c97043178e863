//! Clients that send too much, too slowly or not to the end.

use std::time::Duration;

use crate::subject::{Running, wait_until};

const HEAD: &str = "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

#[test]
fn a_body_beyond_64_kib_is_refused_before_it_is_read() {
    let sidecar = Running::new();
    let refused = (413, String::from("body-too-large"), String::from("a body may have 65536 bytes"));
    for length in ["65537", "999999999999999"] {
        let mut client = sidecar.client();
        // Nothing of the body is sent, nor asked for.
        client.send(format!("{HEAD}Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n").as_bytes());
        assert_eq!(client.read().problem(), refused);
        assert!(client.is_closed());
    }
    let mut client = sidecar.client();
    client.send(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
    client.send(chunk.repeat(16).as_bytes());
    client.try_send(b"1\r\na\r\n");
    assert_eq!(client.read().problem(), refused);
    assert!(client.is_closed());
    let label = "breachdex_sidecar_requests_total{route=\"check\",status=\"413\"}";
    assert_eq!(sidecar.metric(label), 3.0);
}

#[test]
fn a_length_that_is_said_twice_is_refused() {
    let sidecar = Running::new();
    let chunked = "17\r\n{\"password\":\"iloveyou\"}\r\n0\r\n\r\n";
    for lengths in
        ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 23\r\nContent-Length: 23"]
    {
        let mut client = sidecar.client();
        client.send(format!("{HEAD}{lengths}\r\n\r\n{chunked}").as_bytes());
        assert_eq!(client.read().status, 400, "{lengths}");
        assert!(client.is_closed());
    }
}

#[test]
fn a_slow_body_is_ended_and_holds_nobody_up() {
    let sidecar = Running::with(|options, _| options.body_timeout = Duration::from_millis(300));
    let mut slow = sidecar.client();
    slow.send(format!("{HEAD}Content-Length: 1000\r\n\r\n{{\"password\":\"").as_bytes());
    // The one worker answers others.
    assert_eq!(sidecar.post("/v1/check", r#"{"password":"iloveyou"}"#).status, 200);
    for _ in 0..3 {
        slow.try_send(b"iloveyou");
    }
    let said = "send the body at once; --body-timeout says how long it may take";
    assert_eq!(slow.read().problem(), (408, "body-timeout".into(), said.into()));
    assert!(slow.is_closed());
}

#[test]
fn a_body_that_ends_before_its_end_is_no_question() {
    let sidecar = Running::new();
    let mut client = sidecar.client();
    client.send(format!("{HEAD}Content-Length: 1000\r\n\r\n{{\"password\":\"iloveyou\"}}").as_bytes());
    drop(client);
    let mut client = sidecar.client();
    client.send(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n").as_bytes());
    let answer = client.read();
    assert_eq!(answer.status, 400);
    let label = "breachdex_sidecar_requests_total{route=\"check\",status=\"200\"}";
    assert_eq!(sidecar.metric(label), 0.0);
}

#[test]
fn what_the_protocol_forbids_ends_the_connection() {
    let sidecar = Running::new();
    for bad in [
        &b"GET /healthz HTTP/9.9\r\n\r\n"[..],
        b"POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        let mut client = sidecar.client();
        client.send(bad);
        assert_eq!(client.read_head().status, 400, "{}", String::from_utf8_lossy(bad));
    }
    assert_eq!(sidecar.get("/healthz").status, 200);
}

#[test]
fn it_ends_when_running_requests_are_answered() {
    let mut sidecar = Running::new();
    let mut open = sidecar.client();
    assert_eq!(open.get("/healthz").status, 200);
    let address = sidecar.address;
    sidecar.stop();
    wait_until("nobody listens", || std::net::TcpStream::connect(address).is_err());
    assert!(open.is_closed());
}
