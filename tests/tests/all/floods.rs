//! Clients cannot fill the log of a server: whatever they send, and however often, there are few lines.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use tempfile::{TempDir, tempdir};

const COMMAND: &str = env!("CARGO_BIN_EXE_breachdex-under-test");

/// How often each thing is sent.
const TIMES: usize = 100;

/// Connections that send floods of frames.
const FLOODS: usize = 5;

const FLOODED: &str = "closed an HTTP/2 connection that sent far more frames than its requests account for";

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A server whose log is `log` in its folder; killed when it is dropped.
struct Server {
    process: Child,
    address: String,
    /// Lines that it wrote when it began.
    before: usize,
    _output: BufReader<ChildStdout>,
}

impl Server {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new(COMMAND)
            .args(arguments)
            .args(["--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .env_remove("BREACHDEX_INDEX")
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address =
            line.trim_end().rsplit_once("://").unwrap_or_else(|| panic!("{}", log(folder))).1.to_owned();
        let before = log(folder).lines().count();
        Self { process, address, before, _output: output }
    }

    /// Sends bytes on a connection of their own, and says that no more will come. Returns the beginning of what is answered.
    fn send(&self, bytes: &[u8]) -> String {
        self.exchange(bytes, true)
    }

    /// As a client that waits for its answer: another one may be taken for gone.
    fn ask(&self, bytes: &[u8]) -> String {
        self.exchange(bytes, false)
    }

    fn exchange(&self, bytes: &[u8], is_last: bool) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(bytes);
        if is_last {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let mut answer = Vec::new();
        let _ = stream.take(4096).read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends pings until the connection is ended.
    fn flood(&self) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let mut reading = stream.try_clone().unwrap();
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            while reading.read(&mut bytes).is_ok_and(|read| read > 0) {}
        });
        let pings = b"\0\0\x08\x06\0\0\0\0\0pingping".repeat(100);
        stream.write_all(PREFACE).unwrap();
        assert!((0..50_000).any(|_| stream.write_all(&pings).is_err()), "five million pings were taken");
        reader.join().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap()
}

/// A folder with an index, a token, and a certificate with its key.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    let path = folder.path();
    let list = path.join("list.txt");
    fs::write(&list, "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:7\n").unwrap();
    let built =
        Command::new(COMMAND).current_dir(path).args(["build", "-o", "a.bdx", "list.txt"]).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut token =
        fs::File::options().write(true).create_new(true).mode(0o600).open(path.join("token")).unwrap();
    token.write_all(TOKEN.as_bytes()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec![String::from("localhost")]).unwrap().self_signed(&key).unwrap();
    fs::write(path.join("cert.pem"), own.pem()).unwrap();
    fs::write(path.join("key.pem"), key.serialize_pem()).unwrap();
    folder
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n").into_bytes()
}

fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// What no server of HTTP can read.
fn malformed() -> Vec<Vec<u8>> {
    vec![
        Vec::new(),
        b"\x16\x03\x01\0\x05hello\0\xff\x1b[2J\n\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        get("/", "Host: localhost\r\nContent-Length: 1\r\nContent-Length: 2"),
        get("/", &format!("X: {}", "y".repeat(100_000))),
        [PREFACE, b"\0\0\x01\x01\x01\0\0\0\x01\xff"].concat(),
        [PREFACE, b"\0\0\x08\x06\x01\0\0\0\0\x1b[2Jevil"].concat(),
        [PREFACE, &[0xff; 64]].concat(),
    ]
}

/// Sends all of it many times, and floods of frames. Returns how many lines were logged, but for those about floods.
#[track_caller]
fn lines(folder: &Path, server: &Server, sent: &[Vec<u8>], floods: usize) -> usize {
    let began = Instant::now();
    for bytes in sent {
        for _ in 0..TIMES {
            server.send(bytes);
        }
    }
    (0..floods).for_each(|_| server.flood());
    let log = log(folder);
    let count = log.lines().count() - server.before;
    let seconds = began.elapsed().as_secs() as usize;
    let flooded = log.lines().filter(|line| line.contains(FLOODED)).count();
    assert!((floods.min(1)..=floods.min(1 + seconds / 60)).contains(&flooded), "{log}");
    // One a second for each kind of line that there is about a fault of the server's own.
    assert!(
        count <= 3 + 2 * seconds && count * 5 < TIMES * sent.len(),
        "{count} lines in {seconds} s: {log}"
    );
    assert!(!log.contains("\x1b") && !log.contains("evil"), "{log}");
    count - flooded
}

#[test]
fn clients_of_a_range_server_cannot_fill_its_log() {
    let folder = folder();
    let server = Server::start(folder.path(), &["serve", "--index", "a.bdx"]);
    let mut sent = malformed();
    sent.extend([
        get("/healthz", "Host: evil.example"),
        get("/range/evil", "Host: localhost"),
        get("/range/5BAA6?mode=ntlm", "Host: localhost"),
        post("/range/5BAA6", "", "evil"),
    ]);
    assert_eq!(lines(folder.path(), &server, &sent, FLOODS), 0);
    assert!(server.ask(&get("/range/5BAA6", "Host: localhost")).starts_with("HTTP/1.1 200"));
}

#[test]
fn readers_of_a_damaged_index_cannot_fill_the_log() {
    let folder = folder();
    let server = Server::start(folder.path(), &["serve", "--index", "a.bdx", "--reload-every", "0.05"]);
    fs::File::options().write(true).open(folder.path().join("a.bdx")).unwrap().set_len(512).unwrap();
    let range = get("/range/5BAA6", "Host: localhost");
    lines(folder.path(), &server, std::slice::from_ref(&range), 0);
    assert!(!server.ask(&range).starts_with("HTTP/1.1 404"));
}

#[test]
fn clients_of_https_cannot_fill_its_log() {
    let folder = folder();
    let flags = ["serve", "--index", "a.bdx", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let server = Server::start(folder.path(), &flags);
    assert_eq!(lines(folder.path(), &server, &malformed(), 0), 0);
}

#[test]
fn clients_of_a_sidecar_cannot_fill_its_log() {
    let folder = folder();
    let server = Server::start(folder.path(), &["sidecar", "--index", "a.bdx", "--token-file", "token"]);
    let (json, token) = ("Content-Type: application/json", format!("Authorization: Bearer {TOKEN}"));
    let mut sent = malformed();
    sent.extend([
        get("/healthz", "Host: evil.example"),
        post("/v1/check", json, "{\"password\":\"evil\"}"),
        post("/v1/check", &format!("{json}\r\nAuthorization: Bearer evil"), "{\"password\":\"evil\"}"),
        post("/v1/check", &format!("{json}\r\n{token}"), "{\"password\":\"evil\",\"password\":\"evil\"}"),
        post("/v1/check", &format!("{json}\r\n{token}"), &"evil".repeat(20_000)),
        post("/v1/check", &token, "password=evil"),
        post("/v1/evil", &format!("{json}\r\n{token}"), "{}"),
    ]);
    assert_eq!(lines(folder.path(), &server, &sent, FLOODS), 0);
    let known = server.ask(&post("/v1/check", &format!("{json}\r\n{token}"), "{\"password\":\"password\"}"));
    assert!(known.starts_with("HTTP/1.1 200") && known.contains("true"), "{known}");
}

#[test]
fn clients_of_a_proxy_cannot_fill_its_log() {
    let folder = folder();
    // The site is down, so every request meets an error that is the operator's to know of.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let site = format!("http://{closed}");
    let rule = "POST /join password=password";
    let flags = [
        "proxy",
        "--index",
        "a.bdx",
        "--upstream",
        &site,
        "--sign-up",
        rule,
        "--no-radar",
        "--on-error",
        "reject",
    ];
    let server = Server::start(folder.path(), &flags);
    let form = "Content-Type: application/x-www-form-urlencoded";
    let mut sent = malformed();
    sent.extend([
        get("/evil", "Host: localhost"),
        post("/join", form, "password=evil"),
        post("/join", "Content-Type: application/json", "{\"password\":"),
        post("/join", "Content-Type: multipart/form-data; boundary=evil", "--evil"),
        post("/join", &format!("{form}\r\nContent-Encoding: gzip"), "evil"),
    ]);
    assert!(lines(folder.path(), &server, &sent, FLOODS) >= 1);
    assert!(log(folder.path()).contains("suppressed="), "{}", log(folder.path()));
    assert!(server.ask(&get("/", "Host: localhost")).starts_with("HTTP/1.1 502"));
}
