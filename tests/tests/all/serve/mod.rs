//! The command `serve` from outside, and our own downloader and updater against it.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod config;
mod huge;
mod operators;
mod systemd;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use breachdex::{BuildOptions, CoverageRule, Index, Input, build};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use tempfile::{TempDir, tempdir};

const COMMAND: &str = env!("CARGO_BIN_EXE_breachdex-under-test");
const PREFIXES: u32 = 256;

/// The rows of a range in a state of the corpus: one range in ten differs from state to state.
fn body(prefix: u32, state: u32) -> String {
    let changed = if prefix % 10 == 7 { state } else { 0 };
    let rows = (1..=prefix % 30 + 1).map(|row| {
        let suffix = u128::from(row) << 100 | u128::from(prefix.wrapping_mul(0x9E37_79B9) ^ row);
        format!("{suffix:035X}:{}", row + changed)
    });
    rows.collect::<Vec<_>>().join("\r\n")
}

/// Builds `folder/a.bdx` of a state, in place of what is there.
fn index(folder: &Path, state: u32) {
    let ranges = folder.join("ranges");
    fs::create_dir_all(&ranges).unwrap();
    for prefix in 0..PREFIXES {
        fs::write(ranges.join(format!("{prefix:05X}.txt")), body(prefix, state)).unwrap();
    }
    let options = BuildOptions {
        coverage: CoverageRule::Present,
        date: format!("2026-07-{:02}", state + 1),
        replace: true,
        threads: 1,
        ..BuildOptions::default()
    };
    build(&[Input::path(&ranges)], &folder.join("a.bdx"), &options, &()).unwrap();
}

/// A running server; killed when it is dropped.
struct Server {
    process: Child,
    url: String,
    address: SocketAddr,
}

impl Server {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(COMMAND);
        command
            .args(["serve", "--index", "a.bdx", "--partial", "--listen", "127.0.0.1:0"])
            .args(["--reload-every", "0.05"])
            .args(arguments);
        Self::spawn(folder, command)
    }

    /// Runs a command that becomes a server; its log is `folder/log`.
    fn spawn(folder: &Path, mut command: Command) -> Self {
        let mut process = command
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        Self { process, url, address }
    }

    /// Sends a signal, which no test may wait for that runs where it is ignored.
    fn signal(&self, signal: Signal) {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
        assert!(
            ignored >> (signal.as_raw() - 1) & 1 == 0,
            "this test was started with {signal:?} ignored, as by nohup; use make test, or env --default-signal"
        );
        kill_process(Pid::from_raw(self.process.id() as i32).unwrap(), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks on an open connection; `None` where it was closed before an answer began.
fn ask(connection: &mut TcpStream, target: &str) -> Option<(u16, String)> {
    write!(connection, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    let head_end = loop {
        match connection.read(&mut piece) {
            Ok(0) | Err(_) if answer.is_empty() => return None,
            Ok(read) if read > 0 => answer.extend_from_slice(&piece[..read]),
            other => panic!("an answer broke off in its head: {other:?}"),
        }
        if let Some(at) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8(answer[..head_end].to_vec()).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let length: usize = length.parse().unwrap();
    while answer.len() < head_end + length {
        let read = connection.read(&mut piece).unwrap();
        assert!(read > 0, "an answer broke off in its body");
        answer.extend_from_slice(&piece[..read]);
    }
    let status = head[9..12].parse().unwrap();
    Some((status, String::from_utf8(answer[head_end..].to_vec()).unwrap()))
}

fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    index(folder.path(), 0);
    folder
}

#[test]
fn told_to_stop_under_load_it_finishes_what_it_began() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = folder();
        let mut server = Server::start(folder.path(), &[]);
        let answered = AtomicU32::new(0);
        thread::scope(|scope| {
            for client in 0..8 {
                let (address, answered) = (server.address, &answered);
                scope.spawn(move || {
                    let mut connection = TcpStream::connect(address).unwrap();
                    for prefix in (0..PREFIXES).cycle().skip(client * 31) {
                        match ask(&mut connection, &format!("/range/{prefix:05X}")) {
                            Some((200, found)) => assert_eq!(found, body(prefix, 0)),
                            Some((status, _)) => panic!("status {status}"),
                            None => return,
                        }
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            while answered.load(Ordering::Relaxed) < 1_000 {
                thread::sleep(Duration::from_millis(1));
            }
            server.signal(signal);
        });
        assert_eq!(server.process.wait().unwrap().code(), Some(0));
        assert!(TcpStream::connect(server.address).is_err());
    }
}

#[test]
fn ten_thousand_idle_connections_hold_nobody_up() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let most =
        getrlimit(Resource::Nofile).current.map_or(10_000, |most| most.saturating_sub(500).min(10_000));
    let folder = folder();
    let server =
        Server::start(folder.path(), &["--header-timeout", "120", "--max-connections-per-address", "20000"]);
    let idle: Vec<TcpStream> = (0..most).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let mut connection = TcpStream::connect(server.address).unwrap();
    for prefix in 0..PREFIXES {
        let (status, found) = ask(&mut connection, &format!("/range/{prefix:05X}")).unwrap();
        assert_eq!((status, found), (200, body(prefix, 0)));
    }
    let (_, metrics) = ask(&mut connection, "/metrics").unwrap();
    let open = format!("breachdex_connections {}", most + 1);
    assert!(metrics.contains(&open), "{open} is not in {metrics}");
    drop(idle);
}

#[test]
fn the_log_holds_no_prefix_unless_asked_for() {
    for (flag, said) in [(None, false), (Some("--log-prefixes"), true)] {
        let folder = folder();
        let arguments: Vec<&str> =
            ["--log-level", "debug", "--log-format", "json"].into_iter().chain(flag).collect();
        let mut server = Server::start(folder.path(), &arguments);
        let mut connection = TcpStream::connect(server.address).unwrap();
        for target in ["/range/000A7", "/range/000a7?mode=ntlm", "/range/FFFA7", "/range/00XA7"] {
            ask(&mut connection, target).unwrap();
        }
        // Damage is complained of without telling where.
        let file = fs::OpenOptions::new().write(true).open(folder.path().join("a.bdx")).unwrap();
        file.set_len(300).unwrap();
        assert_eq!(ask(&mut connection, "/range/000A7").unwrap().0, 503);
        server.signal(Signal::TERM);
        server.process.wait().unwrap();
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        assert!(log.lines().count() >= 5, "{log}");
        for line in log.lines() {
            let _: serde_json::Value = serde_json::from_str(line).unwrap();
        }
        let log = log.to_uppercase();
        assert_eq!(log.contains("000A7"), said, "{log}");
        assert_eq!(log.contains("FFFA7"), said, "{log}");
        assert!(!log.contains("00XA7"), "{log}");
    }
}

#[test]
fn what_we_serve_we_download_and_update() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let client = tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(COMMAND).current_dir(client.path()).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout) + &text(&output.stderr)
    };
    let prefixes = format!("00000-{:05X}", PREFIXES - 1);
    run(&[
        "download",
        "-o",
        "b.bdx",
        "--prefixes",
        &prefixes,
        "--base-url",
        &server.url,
        "--also-text",
        "text",
    ]);
    let content = |folder: &Path, name: &str| Index::open(folder.join(name)).unwrap().content_id();
    assert_eq!(content(client.path(), "b.bdx"), content(folder.path(), "a.bdx"));
    for prefix in 0..PREFIXES {
        let text = fs::read_to_string(client.path().join(format!("text/{prefix:05X}.txt"))).unwrap();
        assert_eq!(text, body(prefix, 0));
    }
    let said = run(&["update", "b.bdx"]);
    assert!(said.contains("nothing changed in 256 ranges, nothing was written"), "{said}");
    assert!(said.contains("256 ranges asked for, 0 bytes fetched"), "{said}");
    index(folder.path(), 1);
    let mut connection = TcpStream::connect(server.address).unwrap();
    while ask(&mut connection, "/range/00007").unwrap().1 != body(7, 1) {
        thread::sleep(Duration::from_millis(10));
    }
    let said = run(&["update", "b.bdx"]);
    assert!(said.contains("25 ranges changed, 0 hashes added, "), "{said}");
    assert_eq!(content(client.path(), "b.bdx"), content(folder.path(), "a.bdx"));
    // Of what did not change nothing was sent: a tenth of the ranges is.
    let bytes: u64 =
        said.split(" ranges asked for, ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let all: usize = (0..PREFIXES).map(|prefix| body(prefix, 1).len()).sum();
    assert!(bytes > 0 && bytes < all as u64 / 5, "{bytes} of {all}");
}

#[test]
fn swaps_under_load_give_no_error_and_no_mixed_answer() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let (stop, answered) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        for client in 0..4 {
            let (address, stop, answered) = (server.address, &stop, &answered);
            scope.spawn(move || {
                let mut connection = TcpStream::connect(address).unwrap();
                for prefix in (0..PREFIXES).cycle().skip(client * 61) {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let (status, found) = ask(&mut connection, &format!("/range/{prefix:05X}")).unwrap();
                    assert_eq!(status, 200);
                    assert!((0..6).any(|state| found == body(prefix, state)), "a body of no state");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for state in 1..6 {
            index(folder.path(), state);
            let mut connection = TcpStream::connect(server.address).unwrap();
            while ask(&mut connection, "/range/00007").unwrap().1 != body(7, state) {
                thread::sleep(Duration::from_millis(5));
            }
            while answered.load(Ordering::Relaxed) < state * 200 {
                thread::sleep(Duration::from_millis(1));
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_cannot_be_served_is_said() {
    let folder = folder();
    let mut text = String::new();
    for arguments in [
        &["--index", "missing.bdx"][..],
        &["--index", "a.bdx"],
        &["--index", "a.bdx", "--index", "a.bdx", "--partial"],
        &["--index", "a.bdx", "--partial", "--tls-cert", "a.bdx", "--tls-key", "a.bdx"],
    ] {
        let output = Command::new(COMMAND)
            .current_dir(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "error"])
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)));
        write!(text, "{}", String::from_utf8_lossy(&output.stderr)).unwrap();
    }
    assert_eq!(
        text,
        "breachdex: error: cannot open missing.bdx: No such file or directory (os error 2)\n\
         breachdex: error: a.bdx covers 256 of 1048576 prefixes: with --partial it is served, and questions \
         outside are answered with 503\n\
         breachdex: error: a.bdx and a.bdx both hold SHA-1 digests; serve one index of each kind\n\
         breachdex: error: cannot use a.bdx for https: there is no certificate in it (PEM)\n"
    );
}
