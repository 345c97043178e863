//! A server whose index file is replaced: what is not signed, or older, is refused, and the old index keeps answering.

#![forbid(unsafe_code)]
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{Site, index_bytes, sound};

pub(super) struct Server {
    process: Child,
    address: String,
    log: std::path::PathBuf,
}

impl Server {
    pub(super) fn start(site: &Site, arguments: &[&str]) -> Self {
        fs::write(site.folder.path().join("a.pub"), site.key.pair.pk.to_box().unwrap().to_string()).unwrap();
        Self::run(site, &[&["--trusted-key", "a.pub"], arguments].concat())
    }

    /// Without trusted keys.
    pub(super) fn unsigned(site: &Site) -> Self {
        Self::run(site, &[])
    }

    fn run(site: &Site, arguments: &[&str]) -> Self {
        let log = site.folder.path().join("log");
        let mut process = Command::new(env!("CARGO_BIN_EXE_breachdex-under-test"))
            .current_dir(site.folder.path())
            .args(["serve", "--index", "a.bdx", "--listen", "127.0.0.1:0"])
            .args(["--reload-every", "0.02"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        Self { process, address, log }
    }

    pub(super) fn get(&self, path: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits for a line of the log; how many there are.
    pub(super) fn wait_for(&self, words: &str) -> usize {
        for _ in 0..1500 {
            let log = fs::read_to_string(&self.log).unwrap();
            let count = log.lines().filter(|line| line.contains(words)).count();
            if count > 0 {
                return count;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{words}: {}", fs::read_to_string(&self.log).unwrap());
    }

    /// Whether the index of the first state answers.
    fn serves_the_first(&self) -> bool {
        let digest = breachdex::Digest::sha1(b"password 1000000").to_bytes();
        let hex: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        let answer = self.get(&format!("/range/{}", &hex[..5]));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.contains(&hex[5..])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_unsigned_replacement_is_refused_and_taken_once_it_is_signed() {
    let site = Site::signed(sound());
    let server = Server::start(&site, &[]);
    assert!(server.serves_the_first());
    site.replace(&index_bytes(1, "2026-08-02"));
    let refused = "the replacement is refused: a.bdx is not signed by a trusted key: a.bdx.id is the statement of another \
                   index";
    server.wait_for(refused);
    // It is looked at again and again, and that is said once.
    thread::sleep(Duration::from_millis(200));
    assert_eq!(server.wait_for(refused), 1);
    assert!(server.serves_the_first());
    let metrics = server.get("/metrics");
    assert!(metrics.lines().any(|line| line.contains("refused") && line.ends_with(" 1")), "{metrics}");
    site.sign();
    server.wait_for("now serving the replaced index");
    assert!(!server.serves_the_first());
}

#[test]
fn an_older_replacement_is_refused() {
    let site = Site::signed(sound());
    let server = Server::start(&site, &[]);
    site.replace(&index_bytes(1, "2026-06-02"));
    site.sign();
    server.wait_for(
        "the replacement is refused: a.bdx is not new enough: its corpus date is 2026-06-02, which is older than \
         2026-07-02 of the index in use",
    );
    assert!(server.serves_the_first());
    site.replace(&index_bytes(2, "2026-07-02"));
    site.sign();
    server.wait_for("now serving the replaced index");
}

#[test]
fn an_older_replacement_is_served_when_that_is_allowed() {
    let site = Site::signed(sound());
    for is_unsigned in [false, true] {
        let server =
            if is_unsigned { Server::unsigned(&site) } else { Server::start(&site, &["--allow-rollback"]) };
        site.replace(&index_bytes(1, "2026-06-02"));
        site.sign();
        server.wait_for("now serving the replaced index");
        server.wait_for(
            "a.bdx was replaced by an older index, which is in use: its corpus date is 2026-06-02, that of the previous one \
             was 2026-07-02",
        );
        assert!(!server.serves_the_first());
        site.replace(sound());
        site.sign();
    }
}
