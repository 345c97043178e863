//! Floods of HTTP/2 frames that are no requests end their connection; clients that send as many as their requests account
//! for are served.

use std::io::{Read as _, Write as _};
use std::thread;

use tempfile::{TempDir, tempdir};

use crate::h2::{
    Connection, DATA, END_HEADERS, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE, fields, frame, get,
};
use crate::subject::{BODY, ROWS, Running, options, sha1, wait_until};

const PRIORITY: u8 = 2;

/// A frame of a type that does not exist.
const UNKNOWN: u8 = 0xbb;

/// No flood is as long that ends its connection.
const ENDLESS: usize = 2_000_000;

fn serve(folder: &TempDir) -> Running {
    let index = sha1(folder.path(), ROWS);
    Running::start(options(&[&index]))
}

fn priority(stream: u32) -> Vec<u8> {
    frame(PRIORITY, 0, stream, &[0, 0, 0, 0, 15])
}

/// What begins a flood, and what it is.
fn floods() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let open = frame(HEADERS, END_HEADERS, 1, &fields("/range/21BD1", &[]));
    let update = |stream| frame(WINDOW_UPDATE, 0, stream, &1_u32.to_be_bytes());
    vec![
        ("pings", Vec::new(), frame(PING, 0, 0, &[0; 8])),
        ("answers to pings", Vec::new(), frame(PING, 1, 0, &[7; 8])),
        ("settings", Vec::new(), frame(SETTINGS, 0, 0, &[])),
        ("priorities", Vec::new(), priority(1)),
        ("windows", Vec::new(), update(0)),
        ("windows of a stream", get(1, "/range/21BD1"), update(1)),
        ("resets", get(1, "/range/21BD1"), frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes())),
        ("unknown frames", Vec::new(), frame(UNKNOWN, 0, 0, &[])),
        ("empty pieces of a body", open, frame(DATA, 0, 1, &[])),
    ]
}

/// Sends a flood until the server ends the connection, and reads all that it says meanwhile. Returns how many frames it took.
fn flood(mut attacker: Connection, beginning: &[u8], frames: &[u8]) -> usize {
    let mut reading = attacker.0.try_clone().unwrap();
    let reader = thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while reading.read(&mut bytes).is_ok_and(|read| read > 0) {}
    });
    let burst = frames.repeat(100);
    let mut sent = 0;
    if attacker.send(beginning) {
        while sent < ENDLESS && attacker.0.write_all(&burst).is_ok() {
            sent += 100;
        }
    }
    let _ = attacker.0.shutdown(std::net::Shutdown::Both);
    reader.join().unwrap();
    sent
}

#[test]
fn a_flood_of_frames_ends_its_connection_and_holds_nobody_up() {
    let folder = tempdir().unwrap();
    let server = serve(&folder);
    let floods = floods();
    thread::scope(|scope| {
        for (what, beginning, frames) in &floods {
            let attacker = Connection::open(server.address, 1 << 20);
            scope.spawn(move || {
                let sent = flood(attacker, beginning, frames);
                assert!(sent < ENDLESS, "{what}: {sent} frames were taken");
            });
        }
        for _ in 0..100 {
            assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
        }
    });
    wait_until("all are gone", || server.metric("breachdex_connections") <= 1.0);
    let flooded = server.metric("breachdex_connections_flooded_total");
    // A stream that is reset or closed may end its connection by itself.
    assert!(flooded >= 7.0, "{flooded} of {} were ended for it", floods.len());
}

#[test]
fn requests_beyond_the_limit_on_streams_are_a_flood() {
    let folder = tempdir().unwrap();
    let server = serve(&folder);
    let mut attacker = Connection::open(server.address, 0);
    let mut sent = 0;
    let requests =
        |from: u32| -> Vec<u8> { (from..from + 100).flat_map(|n| get(2 * n + 1, "/range/21BD1")).collect() };
    wait_until("it is ended", || {
        let is_taken = attacker.0.write_all(&requests(sent)).is_ok();
        sent += 100;
        !is_taken || server.metric("breachdex_connections_flooded_total") >= 1.0
    });
    wait_until("it is gone", || server.metric("breachdex_connections") <= 1.0);
}

/// As clients do that follow the protocol to the letter: every piece of an answer is acknowledged on its stream and on the
/// connection, every answer is measured with a ping, every request says its priority, and every other one is cancelled.
#[test]
fn many_frames_that_belong_to_requests_are_no_flood() {
    let folder = tempdir().unwrap();
    let server = serve(&folder);
    let mut client = Connection::open(server.address, 1 << 20);
    for number in 0..3_000 {
        let stream = 4 * number + 1;
        assert!(client.send(&[get(stream, "/range/21BD1"), priority(stream)].concat()));
        loop {
            let (kind, of, payload) = client.next().expect("an answer");
            if kind == DATA && of == stream {
                assert_eq!(payload, BODY.as_bytes());
                let update = (payload.len() as u32).to_be_bytes();
                let ping = frame(PING, 0, 0, &[1; 8]);
                let all =
                    [frame(WINDOW_UPDATE, 0, 0, &update), frame(WINDOW_UPDATE, 0, stream, &update), ping];
                assert!(client.send(&all.concat()));
                break;
            }
        }
        let cancel = frame(RST_STREAM, 0, stream + 2, &8_u32.to_be_bytes());
        assert!(client.send(&[get(stream + 2, "/range/21BD1"), cancel].concat()));
    }
    assert_eq!(server.metric("breachdex_connections_flooded_total"), 0.0);
}
