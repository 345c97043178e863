//! What a client may not do for ever: send a head slowly, be idle, read slowly, come in thousands.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use breachdex_server::{Limits, ServeOptions};
use tempfile::TempDir;

use crate::client::Client;
use crate::subject::{
    BODY, ROWS, Running, dense_body, dense_lines, options, partial, sha1, small, wait_until,
};

/// Timeouts that a test can wait for.
fn short(limits: Limits) -> Limits {
    Limits {
        header_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
        shutdown_timeout: Duration::from_secs(2),
        ..limits
    }
}

fn serve(folder: &TempDir, limits: Limits) -> Running {
    let index = sha1(folder.path(), ROWS);
    Running::start(ServeOptions { limits, ..options(&[&index]) })
}

#[test]
fn malformed_requests_are_400_and_the_connection_ends() {
    let (_folder, server) = small();
    for bytes in [
        &b"\0\x01\x02\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /range/21BD1\r\n\r\n",
        b"GET /range/21BD1 HTTP/9.9\r\n\r\n",
        b"GET /range/21BD1 HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /range/21BD1 HTTP/1.1\r\nA: \x00\r\n\r\n",
        b"GET /range/\xFF\xFF HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /range/21BD1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /range/21BD1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /range/21BD1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        // What a proxy takes for a body would be another request, and its answer somebody else's.
        b"GET /range/21BD1 HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET ",
    ] {
        let mut client = Client::connect(server.address);
        client.send(bytes);
        let answer = client.read();
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(bytes));
        assert!(client.is_closed(), "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
}

#[test]
fn a_giant_head_is_refused_before_it_is_read() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits { header_bytes: 8 << 10, ..Limits::default() });
    for head in [
        format!("GET /range/21BD1 HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(1 << 20)),
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20)),
        format!("GET /range/21BD1 HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(10_000)),
    ] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may close while this is still being written.
        let _ = stream.write_all(head.as_bytes());
        let mut answer = [0; 12];
        // A reset may overtake the answer.
        if stream.read_exact(&mut answer).is_ok() {
            let status = std::str::from_utf8(&answer[9..]).unwrap();
            assert!(["431", "414", "400"].contains(&status), "{status}");
        }
    }
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
}

#[test]
fn a_head_that_does_not_end_and_silence_are_closed() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, short(Limits::default()));
    let mut silent = Client::connect(server.address);
    let mut slow = TcpStream::connect(server.address).unwrap();
    let dribble = thread::spawn(move || {
        let head = format!("GET /range/21BD1 HTTP/1.1\r\nX: {}", "a".repeat(1_000));
        let sent = head.bytes().position(|byte| {
            thread::sleep(Duration::from_millis(20));
            slow.write_all(&[byte]).is_err()
        });
        assert!(sent.is_some(), "a thousand bytes in twenty seconds were taken");
    });
    assert!(silent.is_closed());
    let mut idle = Client::connect(server.address);
    assert_eq!(idle.get("/range/21BD1", &[]).text(), BODY);
    assert!(idle.is_closed());
    dribble.join().unwrap();
}

#[test]
fn a_client_that_reads_a_byte_at_a_time_is_closed_and_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let (prefixes, rows) = (16, 20_000);
    let index = partial(folder.path(), &dense_lines(prefixes, rows, 0));
    let limits = short(Limits::default());
    let server = Running::start(ServeOptions { limits, ..options(&[&index]) });
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // More than any socket buffer takes: 200 answers of 800 kB.
    slow.write_all("GET /range/00001 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200).as_bytes()).unwrap();
    let mut read = 0_usize;
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(700) {
        let mut byte = [0];
        match slow.read(&mut byte) {
            Ok(1) => read += 1,
            _ => break,
        }
        assert!(server.get("/range/00000", &[]).text() == dense_body(0, rows, 0));
        thread::sleep(Duration::from_millis(20));
    }
    assert!(read > 0);
    wait_until("the slow client was closed", || server.metric("breachdex_connections") <= 1.0);
}

#[test]
fn answers_that_wait_for_slow_clients_are_bounded() {
    let folder = TempDir::new().unwrap();
    let index = partial(folder.path(), &dense_lines(1, 50_000, 0));
    // Four answers at once.
    let limits = Limits { waiting_bytes: 512 << 10, ..Limits::default() };
    let server = Running::start(ServeOptions { limits, ..options(&[&index]) });
    let request = "GET /range/00000 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50);
    let slow: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    let mut busy = None;
    wait_until("an answer is refused", || {
        busy = Some(server.get("/range/00000", &[])).filter(|answer| answer.status != 200);
        busy.is_some()
    });
    let busy = busy.unwrap();
    assert_eq!(busy.status, 503);
    assert_eq!(busy.text(), "Too many answers are waiting for slow clients; try again soon");
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert_eq!(server.get("/healthz", &[]).status, 200);
    drop(slow);
    wait_until("there is room again", || server.get("/range/00000", &[]).status == 200);
}

#[test]
fn one_connection_too_many_is_told_so() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits { connections: Some(3), ..Limits::default() });
    let mut held: Vec<Client> = (0..3).map(|_| Client::connect(server.address)).collect();
    for client in &mut held {
        assert_eq!(client.get("/range/21BD1", &[]).text(), BODY);
    }
    let mut refused = Client::connect(server.address);
    let answer = refused.read();
    assert_eq!(answer.status, 503);
    assert_eq!(answer.text(), "Too many connections are open; try again shortly\n");
    assert!(refused.is_closed());
    drop(held);
    wait_until("there is room again", || Client::connect(server.address).get("/healthz", &[]).status == 200);
}

#[test]
fn stopping_closes_idle_connections_at_once_and_finishes_the_others() {
    let folder = TempDir::new().unwrap();
    let rows = 40_000;
    let index = partial(folder.path(), &dense_lines(1, rows, 0));
    let mut server = Running::serve(&[&index]);
    let mut idle = Client::connect(server.address);
    assert_eq!(idle.get("/healthz", &[]).status, 200);
    let mut untouched = Client::connect(server.address);
    // Eight answers of 1.6 MB, more than the socket buffers take: the server is in the midst of them.
    let mut reading = Client::connect(server.address);
    reading.send(b"GET /range/00000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut first = [0];
    assert_eq!(reading.stream().peek(&mut first).unwrap(), 1);
    server.ask_to_stop();
    assert!(idle.is_closed());
    assert!(untouched.is_closed());
    assert!(reading.read().text() == dense_body(0, rows, 0));
    server.stop();
    assert!(TcpStream::connect(server.address).is_err());
}
