//! The command `proxy` from outside: its file of flags, what it refuses to start with, signals and its log.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::tempdir;

const COMMAND: &str = env!("CARGO_BIN_EXE_breachdex-under-test");

/// A site that answers one request for each connection, and the heads that came.
fn site() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (told, heads) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut head, mut bytes) = (Vec::new(), [0; 4096]);
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut bytes) {
                    Ok(count @ 1..) => head.extend_from_slice(&bytes[..count]),
                    _ => break,
                }
            }
            if told.send(String::from_utf8_lossy(&head).into_owned()).is_err() {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
        }
    });
    (url, heads)
}

/// A proxy that runs; killed when it is dropped.
struct Proxy {
    process: Child,
    /// `listening` and `status`.
    urls: Vec<String>,
}

impl Proxy {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new(COMMAND)
            .arg("proxy")
            .args(arguments)
            .current_dir(folder)
            .env_remove("BREACHDEX_INDEX")
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let urls = (0..2).map(|_| lines.next().unwrap().unwrap()).collect();
        Self { process, urls }
    }

    fn ask(&self, number: usize, request: &str) -> String {
        let (_, address) = self.urls[number].split_once("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn log_in(&self, password: &str) -> String {
        let body = format!("{{\"user\":{{\"email\":\"taro@example.jp\",\"password\":\"{password}\"}}}}");
        let head = "POST /login HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Type: application/json";
        self.ask(0, &format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_file_of_flags_makes_a_proxy_that_tells_the_site() {
    let folder = tempdir().unwrap();
    let (url, heads) = site();
    let text = format!(
        "upstream = \"{url}\"\nlisten = \"127.0.0.1:0\"\nstatus-listen = \"127.0.0.1:0\"\nworkers = 1\n\
         login = [\"POST /login user=user[email] password=user[password]\"]\n\
         sign-up = [\"POST /join password=password\"]\nradar-state = \"radar\"\nradar-header = true\n\
         failed-when = [\"status=401\", \"body-contains=Not right\"]\nlog-level = \"debug\"\n"
    );
    fs::write(folder.path().join("proxy.toml"), text).unwrap();
    let mut proxy = Proxy::start(folder.path(), &["--config", "proxy.toml"]);
    assert!(proxy.urls[0].starts_with("listening on ") && proxy.urls[1].starts_with("status on "));
    assert!(proxy.log_in("password").starts_with("HTTP/1.1 401"));
    let head = heads.recv().unwrap();
    assert!(
        head.contains("exposed-credential-check: 4\r\n") && head.contains("breachdex-radar: quiet\r\n"),
        "{head}"
    );
    proxy.log_in("Sentinel-71-Hagebutte");
    assert!(!heads.recv().unwrap().contains("exposed-credential-check"));
    let metrics = proxy.ask(1, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(metrics.contains("breachdex_radar_attempts_total{outcome=\"failed\"} 2"), "{metrics}");
    proxy.signal(Signal::HUP);
    assert!(proxy.log_in("password").starts_with("HTTP/1.1 401"));
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.process.wait().unwrap().code(), Some(0));
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("Sentinel") && !log.contains("taro") && !log.contains("/login"), "{log}");
    let state = fs::metadata(folder.path().join("radar")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&state.permissions()) & 0o777, 0o600);
}

#[test]
fn a_running_proxy_is_asked_whether_it_is_well() {
    let folder = tempdir().unwrap();
    let (url, _heads) = site();
    let rule = "POST /login password=password";
    let listen = ["--listen", "127.0.0.1:0", "--status-listen", "127.0.0.1:0", "--workers", "1"];
    let proxy =
        Proxy::start(folder.path(), &[&["--upstream", url.as_str(), "--login", rule], &listen[..]].concat());
    let status = proxy.urls[1].strip_prefix("status on ").unwrap().to_owned();
    let asked = Command::new(COMMAND).args(["proxy", "--health", &status]).output().unwrap();
    assert_eq!(asked.status.code(), Some(0), "{}", String::from_utf8_lossy(&asked.stderr));
    drop(proxy);
    let asked = Command::new(COMMAND).args(["proxy", "--health", &status]).output().unwrap();
    assert_eq!(asked.status.code(), Some(2));
}

#[test]
fn what_prevents_a_start_is_said_with_the_flag_that_helps() {
    let folder = tempdir().unwrap();
    let site = ["--upstream", "http://127.0.0.1:1", "--listen", "127.0.0.1:0"];
    let rule = ["--login", "POST /login password=password"];
    let mut said = String::new();
    for arguments in [
        &site[..],
        &rule,
        &["--upstream", "127.0.0.1:3000"],
        &["--upstream", "http://127.0.0.1:1/app"],
        &["--login", "GET /login password=password"],
        &["--login", "POST /login user=email"],
        &["--sign-up", "POST /join password=p failed-when=status=401"],
        &["--failed-when", "status=500"],
        &["--deny", "200"],
        &["--no-radar", "--deny", "429"],
        &[&site[..], &rule, &["--upstream-ca", "ca.pem"]].concat(),
        &[&site[..], &rule, &["--index", "none.bdx"]].concat(),
    ] {
        let output = Command::new(COMMAND)
            .arg("proxy")
            .args(arguments)
            .current_dir(folder.path())
            .env_remove("BREACHDEX_INDEX")
            .output()
            .unwrap();
        assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)), "{arguments:?}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let own = text.lines().find(|line| line.starts_with("breachdex: error: "));
        said += own.and_then(|line| line.strip_prefix("breachdex: error: ")).unwrap_or(&text);
        said += "\n";
    }
    let conditions = "take numbers from 200 to 499 with commas between; an error of the site says nothing about the log-in";
    assert_eq!(
        said,
        format!(
            "there is nothing to check: no request is named that carries a password; name one with --login or --sign-up\n\
             the following required arguments were not provided:\n\
             invalid value '127.0.0.1:3000' for '--upstream <URL>': give http://HOST:PORT, https://HOST:PORT or unix:/path\n\
             invalid value 'http://127.0.0.1:1/app' for '--upstream <URL>': give a host and a port alone: paths are those \
             that the client asks for\n\
             invalid value 'GET /login password=password' for '--login <RULE>': \"GET\" is no method; give one that has a \
             body, such as POST, or * for any\n\
             invalid value 'POST /login user=email' for '--login <RULE>': give a method, a path and the name of the password \
             field, as in 'POST /login user=email password=password'\n\
             invalid value 'POST /join password=p failed-when=status=401' for '--sign-up <RULE>': failed-when= belongs to a \
             log-in: a sign-up is no attempt to log in\n\
             invalid value 'status=500' for '--failed-when <CONDITION>': status= {conditions}\n\
             invalid value '200' for '--deny <STATUS>': give 429 or 403\n\
             the argument '--no-radar' cannot be used with '--deny <STATUS>'\n\
             the site is reached without TLS, so no certificate is verified; give an https address or no file of authorities\n\
             cannot open none.bdx: No such file or directory (os error 2)\n",
            conditions = conditions.replacen("take", "takes", 1)
        )
    );
}
