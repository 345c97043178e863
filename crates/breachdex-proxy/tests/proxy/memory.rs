//! Large uploads and downloads: whole, and with little memory.

#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::process::Command;
use std::time::Duration;

use crate::setup::Proxy;
use crate::site::{Reply, Site};

const LARGE: usize = 100 << 20;

/// A piece that tells where it is.
fn piece(number: usize) -> Vec<u8> {
    let mut bytes = vec![b'x'; 64 << 10];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Bytes of memory of this process that no file backs.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    number.unwrap_or_default() << 10
}

/// A site that reads an upload slowly at first, checks it and says how much it was; a download is 100 MiB.
fn site() -> Site {
    Site::new(|request| {
        let is_upload = request.head.first.starts_with("PUT");
        Reply::Stream(Box::new(move |stream| {
            if is_upload {
                return;
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
            for number in 0..LARGE / (64 << 10) {
                if stream.write_all(&piece(number)).is_err() {
                    return;
                }
            }
        }))
    })
}

/// A site that counts an upload without keeping it.
fn counting() -> (std::net::SocketAddr, std::thread::JoinHandle<usize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let counting = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut stream = std::io::BufReader::new(stream);
        let head = crate::wire::head(&mut stream).expect("a head");
        assert_eq!(head.one("content-length"), Some(LARGE.to_string().as_str()));
        // The client is ahead of the site: what is between them has to wait.
        std::thread::sleep(Duration::from_millis(300));
        let mut buffer = vec![0; 64 << 10];
        for number in 0..LARGE / (64 << 10) {
            stream.read_exact(&mut buffer).expect("a piece");
            assert!(buffer == piece(number), "piece {number}");
        }
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("answered");
        LARGE
    });
    (address, counting)
}

/// Runs a test in a process of its own, where nothing else takes memory. Returns whether this is that process.
fn is_alone(name: &str) -> bool {
    const ALONE: &str = "BREACHDEX_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).args(["--exact", name]).env(ALONE, "1").output().expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    false
}

#[test]
fn an_upload_of_100_mib_arrives_whole_with_little_memory() {
    if !is_alone("memory::an_upload_of_100_mib_arrives_whole_with_little_memory") {
        return;
    }
    let (address, counting) = counting();
    let proxy = Proxy::start(&crate::setup::options(&format!("http://{address}")));
    let before = resident();
    let mut connection = proxy.connect();
    connection.send(format!("PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: {LARGE}\r\n\r\n").as_bytes());
    let mut most = 0;
    for number in 0..LARGE / (64 << 10) {
        connection.send(&piece(number));
        if number % 64 == 0 {
            most = most.max(resident());
        }
    }
    assert_eq!(connection.answer(false).text(), "ok");
    assert_eq!(counting.join().expect("counted"), LARGE);
    assert!(most.saturating_sub(before) < 16 << 20, "{} MiB more", (most.saturating_sub(before)) >> 20);
}

#[test]
fn a_download_of_100_mib_waits_for_a_slow_client_with_little_memory() {
    if !is_alone("memory::a_download_of_100_mib_waits_for_a_slow_client_with_little_memory") {
        return;
    }
    let site = site();
    let proxy = Proxy::before(&site);
    let before = resident();
    let mut connection = proxy.connect();
    connection.send(b"GET /down HTTP/1.1\r\nHost: a\r\n\r\n");
    crate::wire::head(&mut connection.stream).expect("a head");
    std::thread::sleep(Duration::from_millis(300));
    let mut most = resident();
    let mut buffer = vec![0; 64 << 10];
    for number in 0..LARGE / (64 << 10) {
        connection.stream.read_exact(&mut buffer).expect("a piece");
        assert!(buffer == piece(number), "piece {number}");
        if number % 64 == 0 {
            most = most.max(resident());
        }
    }
    assert!(most.saturating_sub(before) < 16 << 20, "{} MiB more", (most.saturating_sub(before)) >> 20);
}
