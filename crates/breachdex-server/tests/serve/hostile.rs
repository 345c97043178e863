//! Clients that take and do not give: answers that are never read, floods of frames, connections without end. Others are
//! served all the while.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use breachdex_server::{Limits, ServeOptions};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use crate::client::Client;
use crate::h2::{
    CONTINUATION, Connection, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE,
    fields, frame, get,
};
use crate::subject::{BODY, ROWS, Running, options, sha1, wait_until};

/// ENHANCE_YOUR_CALM.
const CALM: u32 = 11;

/// Buffers for so many answers.
const fn answers(number: usize) -> usize {
    number * (128 << 10)
}

fn serve(folder: &TempDir, limits: Limits) -> Running {
    let index = sha1(folder.path(), ROWS);
    Running::start(ServeOptions { limits, ..options(&[&index]) })
}

fn made(server: &Running) -> f64 {
    server.metric("breachdex_range_requests_total{kind=\"sha1\",outcome=\"ok\"}")
}

/// Requests on so many streams.
fn requests(streams: u32) -> Vec<u8> {
    (0..streams).flat_map(|stream| get(2 * stream + 1, "/range/21BD1")).collect()
}

#[test]
fn answers_that_nobody_reads_leave_room_for_others() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits { waiting_bytes: answers(256), ..Limits::default() });
    // 800 requests, three times as many as there is room for.
    let mut attackers: Vec<Connection> = (0..8).map(|_| Connection::open(server.address, 0)).collect();
    for attacker in &mut attackers {
        assert!(attacker.send(&requests(100)));
    }
    // 16 for each connection until an eighth of the room is taken, then one each.
    wait_until("the attackers have what they get", || made(&server) >= 32.0);
    for _ in 0..50 {
        assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
    }
    assert!(made(&server) <= 40.0 + 50.0, "{} answers were made", made(&server));
    assert_eq!(server.metric("breachdex_range_requests_total{kind=\"sha1\",outcome=\"busy\"}"), 0.0);
}

#[test]
fn one_answer_each_of_many_connections_is_bounded_for_an_address() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits { waiting_bytes: answers(64), ..Limits::default() });
    let attackers: Vec<Connection> = (0..40)
        .map(|_| {
            let mut attacker = Connection::open(server.address, 0);
            assert!(attacker.send(&requests(1)));
            attacker
        })
        .collect();
    // A quarter of the room.
    wait_until("the rest is refused", || server.metric("breachdex_over_quota_requests_total") >= 24.0);
    assert_eq!(made(&server), 16.0);
    let mut other = from([127, 0, 0, 2], server.address);
    assert_eq!(other.get("/range/21BD1", &[]).text(), BODY);
    let same = server.get("/range/21BD1", &[]);
    assert_eq!((same.status, same.header("retry-after")), (503, Some("1")));
    assert_eq!(server.get("/healthz", &[]).status, 200);
    drop(attackers);
    wait_until("there is room again", || server.get("/range/21BD1", &[]).status == 200);
}

#[test]
fn an_unread_answer_ends_its_connection_whatever_else_the_client_sends() {
    let folder = TempDir::new().unwrap();
    let limits = Limits { send_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = serve(&folder, limits);
    let mut attacker = Connection::open(server.address, 0);
    assert!(attacker.send(&get(1, "/range/21BD1")));
    let mut stream = 3;
    wait_until("it is ended", || {
        // A byte at a time, a ping, a further request.
        let update = frame(WINDOW_UPDATE, 0, 1, &1_u32.to_be_bytes());
        let ping = frame(PING, 0, 0, &[0; 8]);
        let sent = [update, ping, get(stream, "/range/21BD1")].concat();
        stream += 2;
        !attacker.send(&sent) || server.metric("breachdex_connections_stalled_total") >= 1.0
    });
    wait_until("it is gone", || server.metric("breachdex_connections") <= 1.0);
    assert_eq!(server.metric("breachdex_connections_stalled_total"), 1.0);
}

#[test]
fn waiting_requests_are_answered_once_earlier_answers_are_read() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits { answers_per_connection: 1, ..Limits::default() });
    let mut client = Connection::open(server.address, 1 << 20);
    assert!(client.send(&requests(60)));
    let mut bodies = 0;
    while bodies < 60 {
        let (kind, _, payload) = client.next().expect("an answer");
        if kind == crate::h2::DATA && payload == BODY.as_bytes() {
            bodies += 1;
        }
    }
    assert_eq!(made(&server), 60.0);
}

#[test]
fn large_heads_that_wait_are_bounded() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits { answers_per_connection: 1, ..Limits::default() });
    let mut attacker = Connection::open(server.address, 0);
    let large = "a".repeat(8_000);
    for stream in 0..50 {
        let block = fields("/range/21BD1", &[("x", &large)]);
        assert!(attacker.send(&frame(HEADERS, END_STREAM | END_HEADERS, 2 * stream + 1, &block)));
    }
    // 64 KiB wait: seven of them, behind the one that is answered.
    wait_until("the rest is refused", || server.metric("breachdex_over_quota_requests_total") >= 42.0);
    assert_eq!(made(&server), 1.0);
}

#[test]
fn opening_and_resetting_streams_ends_the_connection() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits::default());
    let mut attacker = Connection::open(server.address, 0);
    let pair = |stream: u32| {
        let mut both = get(stream, "/range/21BD1");
        both.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        both
    };
    let burst: Vec<u8> = (0..5_000).flat_map(|number| pair(2 * number + 1)).collect();
    attacker.send(&burst);
    assert!(matches!(attacker.farewell(), Some(CALM) | None));
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
}

#[test]
fn a_head_without_end_is_ended() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits::default());
    let mut attacker = Connection::open(server.address, 0);
    assert!(attacker.send(&frame(HEADERS, END_STREAM, 1, &fields("/range/21BD1", &[]))));
    let more = frame(CONTINUATION, 0, 1, &fields("/", &[("x", &"a".repeat(4_000))])[16..]);
    let is_ended = (0..10_000).any(|_| !attacker.send(&more));
    assert!(is_ended, "forty megabytes of a head were taken");
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
}

#[test]
fn frames_that_ask_for_answers_buy_no_time() {
    let folder = TempDir::new().unwrap();
    let limits = Limits { header_timeout: Duration::from_millis(500), ..Limits::default() };
    let server = serve(&folder, limits);
    for asking in [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[])] {
        let mut attacker = Connection::open(server.address, 0);
        // Few enough to be no flood: the time without a request ends the connection.
        wait_until("it is ended", || {
            let _ = attacker.0.write(&asking);
            assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
            server.metric("breachdex_connections") <= 1.0
        });
    }
    assert_eq!(server.metric("breachdex_connections_flooded_total"), 0.0);
}

#[test]
fn an_http_1_client_that_does_not_read_is_ended() {
    let folder = TempDir::new().unwrap();
    let lines = crate::subject::dense_lines(1, 40_000, 0);
    let index = crate::subject::partial(folder.path(), &lines);
    let limits = Limits { send_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = Running::start(ServeOptions { limits, ..options(&[&index]) });
    let mut attacker = TcpStream::connect(server.address).unwrap();
    attacker.write_all("GET /range/00000 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20).as_bytes()).unwrap();
    wait_until("it is ended", || server.metric("breachdex_connections_stalled_total") == 1.0);
}

#[test]
fn an_address_has_a_share_of_the_connections() {
    let folder = TempDir::new().unwrap();
    let limits = Limits { connections_per_address: Some(2), ..Limits::default() };
    let server = serve(&folder, limits);
    let mut held: Vec<Client> = (0..2).map(|_| Client::connect(server.address)).collect();
    for client in &mut held {
        assert_eq!(client.get("/range/21BD1", &[]).text(), BODY);
    }
    let mut refused = Client::connect(server.address);
    let answer = refused.read();
    assert_eq!(answer.status, 503);
    assert_eq!(answer.text(), "Too many connections are open from your address; try again shortly\n");
    assert!(refused.is_closed());
    assert_eq!(from([127, 0, 0, 2], server.address).get("/range/21BD1", &[]).text(), BODY);
    drop(held);
    wait_until("there is room again", || Client::connect(server.address).get("/healthz", &[]).status == 200);
}

#[test]
fn idle_connections_go_while_connections_are_scarce() {
    let folder = TempDir::new().unwrap();
    let limits = Limits {
        connections: Some(8),
        header_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_secs(3_600),
        ..Limits::default()
    };
    let server = serve(&folder, limits);
    let mut all: Vec<Client> = (0..7).map(|_| Client::connect(server.address)).collect();
    for client in &mut all {
        assert_eq!(client.get("/range/21BD1", &[]).text(), BODY);
    }
    // Three quarters of the eight may stay, beside the one that asks here.
    wait_until("there is room again", || server.metric("breachdex_connections") <= 7.0);
    drop(all);
}

#[test]
fn clients_behind_a_trusted_proxy_have_limits_of_their_own() {
    let folder = TempDir::new().unwrap();
    let index = sha1(folder.path(), ROWS);
    let limits = Limits { waiting_bytes: answers(8), connections_per_address: Some(1), ..Limits::default() };
    let server = Running::start(ServeOptions {
        limits,
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..options(&[&index])
    });
    // Two unread answers of one client, each on a connection of the proxy, are its quarter.
    let held: Vec<Connection> = (0..2)
        .map(|_| {
            let mut proxy = Connection::open(server.address, 0);
            let block = fields("/range/21BD1", &[("x-forwarded-for", "192.0.2.1")]);
            assert!(proxy.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)));
            proxy
        })
        .collect();
    wait_until("both are made", || made(&server) == 2.0);
    assert_eq!(server.get("/range/21BD1", &["X-Forwarded-For: 192.0.2.1"]).status, 503);
    assert_eq!(server.get("/range/21BD1", &["X-Forwarded-For: 192.0.2.1, 192.0.2.2"]).status, 200);
    drop(held);
}

#[test]
fn the_word_of_anybody_else_about_clients_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let server = serve(&folder, Limits { waiting_bytes: answers(8), ..Limits::default() });
    let held: Vec<Connection> = (0..2)
        .map(|_| {
            let mut attacker = Connection::open(server.address, 0);
            assert!(attacker.send(&requests(1)));
            attacker
        })
        .collect();
    wait_until("both are made", || made(&server) == 2.0);
    assert_eq!(server.get("/range/21BD1", &["X-Forwarded-For: 192.0.2.9"]).status, 503);
    drop(held);
}

/// A client with another address of this machine.
fn from(address: [u8; 4], server: SocketAddr) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    let stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    Client::over(stream)
}
