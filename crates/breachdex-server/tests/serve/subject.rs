//! Indexes with known rows, and a server in this process that serves them until it is dropped.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use breachdex::{BuildOptions, CoverageRule, Format, Input, Kind, Source, build};
use breachdex_server::{Limits, Reload, ServeError, ServeOptions, Server, Shutdown};
use tempfile::TempDir;

use crate::client::{Answer, get};

/// The rows of prefix 21BD1 in [`ROWS`], as a client gets them.
pub(crate) const BODY: &str = "0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n\
    00D4F6E8FA6EECAD2A3AA415EEC418D38EC:2\r\n\
    FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:52256179";

/// `HEX:COUNT` lines with three rows under 21BD1 and one under ABCDE.
pub(crate) const ROWS: &str = "21BD10018A45C4D1DEF81644B54AB7F969B88D65:1\n\
    21BD100D4F6E8FA6EECAD2A3AA415EEC418D38EC:2\n\
    21BD1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:52256179\n\
    ABCDE00000000000000000000000000000000001:7\n";

/// `HEX:COUNT` lines of NTLM digests, one under 21BD1.
pub(crate) const NTLM_ROWS: &str = "21BD100000000000000000000000000A:9\n";

pub(crate) const EMPTY: &str = "00000000000000000000000000000000000:0";
pub(crate) const EMPTY_NTLM: &str = "000000000000000000000000000:0";

/// Builds `folder/name` of lines.
pub(crate) fn index(folder: &Path, name: &str, lines: &str, options: BuildOptions) -> PathBuf {
    let (plain, target) = (folder.join(format!("{name}.txt")), folder.join(name));
    fs::write(&plain, lines).unwrap();
    let inputs = [Input { source: Source::Path(plain), format: Some(Format::Hibp) }];
    build(&inputs, &target, &BuildOptions { replace: true, threads: 1, ..options }, &()).unwrap();
    target
}

pub(crate) fn sha1(folder: &Path, lines: &str) -> PathBuf {
    index(folder, "sha1.bdx", lines, BuildOptions { date: "2026-07-02".into(), ..BuildOptions::default() })
}

pub(crate) fn ntlm(folder: &Path, lines: &str) -> PathBuf {
    index(folder, "ntlm.bdx", lines, BuildOptions { kind: Kind::Ntlm, ..BuildOptions::default() })
}

/// The prefixes 00000, 10000 to F0000, of which `lines` hold what they hold.
pub(crate) fn partial(folder: &Path, lines: &str) -> PathBuf {
    let coverage = CoverageRule::Prefixes((0..16).map(|first| (first << 16, first << 16)).collect());
    index(folder, "partial.bdx", lines, BuildOptions { coverage, ..BuildOptions::default() })
}

/// The path of the range of one of [`partial`]'s prefixes, by its first digit.
pub(crate) fn range(prefix: u32) -> String {
    format!("/range/{prefix:X}0000")
}

/// Rows of real density for the prefixes of [`partial`] from the first on: so many rows each, all different in each `generation`.
pub(crate) fn dense_lines(prefixes: u32, rows: u32, generation: u32) -> String {
    let mut lines = String::new();
    for prefix in 0..prefixes {
        for row in 0..rows {
            let mixed = (row + 1).wrapping_mul(0x9E37_79B9) ^ generation.wrapping_mul(0x85EB_CA6B);
            writeln!(
                lines,
                "{prefix:X}0000{row:06X}{mixed:08X}{generation:08X}{:08X}{:05X}:{}",
                mixed.rotate_left(7),
                row & 0xF_FFFF,
                1 + row % 12
            )
            .unwrap();
        }
    }
    lines
}

/// The body of one prefix of [`dense_lines`].
pub(crate) fn dense_body(prefix: u32, rows: u32, generation: u32) -> String {
    let lines = dense_lines(prefix + 1, rows, generation);
    let digits = format!("{prefix:X}0000");
    let rows: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix(&digits)).collect();
    rows.join("\r\n")
}

/// A server in this process. Dropping it stops it and fails where it did not end well.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    pub(crate) reload: Reload,
    shutdown: Shutdown,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Running {
    pub(crate) fn start(options: ServeOptions) -> Self {
        let server = Server::bind(&options).unwrap();
        let address = server.local_addr().unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let (url, shutdown) = (server.urls().remove(0), Shutdown::new());
        let running = server.start(&shutdown).unwrap();
        let reload = running.reload();
        let thread = Some(thread::spawn(move || running.wait()));
        Self { address, url, reload, shutdown, thread }
    }

    /// Serves files that may be partial, with one worker.
    pub(crate) fn serve(indexes: &[&Path]) -> Self {
        Self::start(options(indexes))
    }

    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> Answer {
        get(self.address, path, headers)
    }

    pub(crate) fn stop(&mut self) {
        self.shutdown.trigger();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }

    pub(crate) fn start_drain(&self) {
        self.shutdown.start_drain();
    }

    pub(crate) fn ask_to_stop(&self) {
        self.shutdown.trigger();
    }

    /// A line of `/metrics`: the number behind `name`.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics", &[]);
        let line = metrics.text().lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.map_or(0.0, |value| value.parse().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.stop();
        }
    }
}

/// Free port, one worker, partial indexes allowed, files looked at often.
pub(crate) fn options(indexes: &[&Path]) -> ServeOptions {
    ServeOptions {
        indexes: indexes.iter().map(|path| path.to_path_buf()).collect(),
        listen: vec![SocketAddr::from(([127, 0, 0, 1], 0)).into()],
        workers: 1,
        allow_partial: true,
        reload_every: Duration::from_millis(10),
        limits: Limits { shutdown_timeout: Duration::from_secs(5), ..Limits::default() },
        ..ServeOptions::default()
    }
}

/// Both kinds, the small ones.
pub(crate) fn small() -> (TempDir, Running) {
    let folder = TempDir::new().unwrap();
    let (sha1, ntlm) = (sha1(folder.path(), ROWS), ntlm(folder.path(), NTLM_ROWS));
    let running = Running::serve(&[&sha1, &ntlm]);
    (folder, running)
}

/// Waits until something holds, for a while.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
