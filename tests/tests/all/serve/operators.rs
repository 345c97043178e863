//! What operators do to a server: signals, reloads, limits, health checks, logs.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use socket2::SockRef;

use super::{COMMAND, Server, ask, body, folder, index};

/// Waits until something holds, for a while.
#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap()
}

fn range(server: &Server, prefix: u32) -> String {
    let mut connection = TcpStream::connect(server.address).unwrap();
    ask(&mut connection, &format!("/range/{prefix:05X}")).unwrap().1
}

/// Runs a script with the command as `$0` and the arguments of a server.
fn script(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", text, COMMAND, "serve", "--index", "a.bdx", "--partial", "--listen", "127.0.0.1:0"]);
    command
}

#[test]
fn sighup_reloads_and_does_not_end_the_server() {
    let folder = folder();
    let mut server = Server::spawn(folder.path(), script("exec \"$0\" \"$@\" --reload-every 3600"));
    for state in [1, 2] {
        index(folder.path(), state);
        server.signal(Signal::HUP);
        wait_until("the new index answers", || range(&server, 7) == body(7, state));
    }
    assert!(log(folder.path()).contains("reloading"));
    server.signal(Signal::TERM);
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn signals_that_the_parent_had_ignored_stay_ignored() {
    let folder = folder();
    let mut server = Server::spawn(folder.path(), script("trap '' HUP INT; exec \"$0\" \"$@\""));
    index(folder.path(), 1);
    server.signal(Signal::HUP);
    server.signal(Signal::INT);
    wait_until("the watcher sees the new index", || range(&server, 7) == body(7, 1));
    assert!(!log(folder.path()).contains("reloading"));
    server.signal(Signal::TERM);
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_stop_signal_ends_a_server_whose_clients_do_not_read() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &["--shutdown-timeout", "0.2"]);
    let mut stuck = TcpStream::connect(server.address).unwrap();
    stuck.write_all("GET /range/0001D HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20_000).as_bytes()).unwrap_or(());
    server.signal(Signal::TERM);
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_stop_signal_drains_first_and_a_second_one_does_not_wait() {
    for (drain, signals, code) in [("0.3", 1, 0), ("600", 2, 2)] {
        let folder = folder();
        let mut server = Server::start(folder.path(), &["--drain", drain]);
        let mut connection = TcpStream::connect(server.address).unwrap();
        assert!(ask(&mut connection, "/healthz").unwrap().1.contains("ok"));
        for _ in 0..signals {
            server.signal(Signal::TERM);
            wait_until("it says so", || log(folder.path()).contains(&format!("draining for {drain} s")));
        }
        assert_eq!(server.process.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn clients_that_misbehave_in_thousands_write_no_log() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let before = log(folder.path()).lines().count();
    for number in 0..300_u32 {
        let mut client = TcpStream::connect(server.address).unwrap();
        // HTTP/2 with a ping answer that was never asked for, a stream without an end, or nothing at all.
        let frames: &[&[u8]] =
            &[b"\0\0\x08\x06\x01\0\0\0\0\x1b[2Jevil", b"\0\0\x01\x01\x01\0\0\0\x01\xff", b""];
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
        let _ = client.write_all(frames[number as usize % 3]);
        // Closing resets the connection.
        SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    }
    let mut connection = TcpStream::connect(server.address).unwrap();
    wait_until("the server is rid of them", || {
        ask(&mut connection, "/metrics").unwrap().1.contains("breachdex_connections 1\n")
    });
    assert_eq!(log(folder.path()).lines().count(), before, "{}", log(folder.path()));
}

#[test]
fn control_characters_of_a_path_do_not_reach_the_log() {
    let folder = folder();
    let name = std::ffi::OsStr::from_bytes(b"a\nERROR forged\x1b[2J.bdx");
    fs::rename(folder.path().join("a.bdx"), folder.path().join(name)).unwrap();
    let mut command = Command::new(COMMAND);
    command.args(["serve", "--partial", "--listen", "127.0.0.1:0", "--index"]).arg(name);
    let server = Server::spawn(folder.path(), command);
    drop(server);
    let log = log(folder.path());
    assert!(log.contains(r"serving a\nERROR forged\x1b[2J.bdx"), "{log}");
    assert!(log.lines().all(|line| !line.starts_with("ERROR")), "{log}");
}

#[test]
fn a_low_limit_on_open_files_is_named_with_what_is_needed() {
    let folder = folder();
    let output =
        script("ulimit -n 40; exec \"$0\" \"$@\" --workers 2").current_dir(folder.path()).output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "breachdex: error: the limit on open files is 40, and the server needs at least 52; raise it (ulimit -n, \
         LimitNOFILE=) or use fewer --workers\n"
    );
    let mut server = Server::spawn(
        folder.path(),
        script("ulimit -n 80; exec \"$0\" \"$@\" --workers 2 --max-connections 500"),
    );
    assert_eq!(range(&server, 7), body(7, 0));
    let said = log(folder.path());
    let warning = "500 connections were asked for, and the limit on open files allows 44";
    assert!(said.contains(warning), "{said}");
    server.signal(Signal::TERM);
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_server_that_cannot_listen_says_nothing_of_serving() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(COMMAND)
        .current_dir(folder.path())
        .args(["serve", "--index", "a.bdx", "--partial", "--listen", &address])
        .output()
        .unwrap();
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)));
    let sentence =
        format!("breachdex: error: cannot listen on {address}: Address already in use (os error 98)\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), sentence);
}

#[test]
fn health_is_asked_by_the_command_itself() {
    let folder = folder();
    let socket = folder.path().join("a.sock");
    let unix = format!("unix:{}", socket.display());
    let server = Server::start(folder.path(), &["--listen", &unix]);
    let health = |url: &str| {
        let output = Command::new(COMMAND).args(["serve", "--health", url]).output().unwrap();
        assert!(output.stdout.is_empty());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for url in [&server.url, &format!("{}/", server.url), &unix] {
        assert_eq!(health(url), (Some(0), String::new()), "{url}");
    }
    let form = "breachdex: error: --health takes http://ADDR:PORT or unix:/path\n";
    for url in ["https://127.0.0.1", "127.0.0.1:80", "http://127.0.0.1/healthz"] {
        assert_eq!(health(url), (Some(2), form.to_owned()), "{url}");
    }
    let url = server.url.clone();
    drop(server);
    let gone =
        format!("breachdex: error: the server at {url} does not answer: Connection refused (os error 111)\n");
    assert_eq!(health(&url), (Some(2), gone));
}
