//! An index with known passwords, and a sidecar in this process that answers until it is dropped.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use breachdex::{Checks, Corpus, Digest, Kind, LiveIndex, OpenOptions, OverlayFile};
use breachdex_policy::Settings;
use breachdex_sidecar::{Limits, Reload, Shutdown, Sidecar, SidecarError, SidecarOptions};
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::schema;

/// What is exposed.
pub(crate) const EXPOSED: [&str; 3] = ["iloveyou", "パスワード流出", "correct horse battery staple"];

/// Adds passwords to an index file, which need not be there.
pub(crate) fn add(path: &Path, passwords: &[&str]) {
    let digests: Vec<Digest> = passwords.iter().map(|password| Digest::sha1(password.as_bytes())).collect();
    OverlayFile::at(path).add(Kind::Sha1, &digests, &()).unwrap();
}

/// An index of [`EXPOSED`].
pub(crate) fn index(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("base.bdx");
    add(&path, &EXPOSED);
    path
}

/// The source of a file, opened as the command does.
pub(crate) fn source(path: &Path) -> LiveIndex {
    LiveIndex::open(path, OpenOptions::new().checks(Checks::Always), None).unwrap()
}

/// A free port, one worker, files looked at often; NIST's policy with 8 characters.
pub(crate) fn options(corpus: Corpus) -> SidecarOptions {
    with_policy(corpus, "profile = 'nist'\nmfa = true")
}

pub(crate) fn with_policy(corpus: Corpus, policy: &str) -> SidecarOptions {
    let rules = Settings::parse(policy, "policy.toml").unwrap().rules;
    let mut options = SidecarOptions::new(corpus, rules);
    options.reload_every = Duration::from_millis(10);
    options.transport.workers = 1;
    options.transport.limits = Limits { shutdown_timeout: Duration::from_secs(5), ..Limits::default() };
    options
}

/// A sidecar in this process. Dropping it stops it and fails where it did not end well.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) urls: Vec<String>,
    pub(crate) reload: Reload,
    shutdown: Shutdown,
    thread: Option<JoinHandle<Result<(), SidecarError>>>,
    /// Of the index.
    pub(crate) folder: TempDir,
}

impl Running {
    /// Over an index of [`EXPOSED`].
    pub(crate) fn new() -> Self {
        Self::with(|_, _| ())
    }

    /// The same with other options, which may have files in the folder.
    pub(crate) fn with(change: impl FnOnce(&mut SidecarOptions, &Path)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = options(Corpus::from(source(&index(&folder))));
        change(&mut options, folder.path());
        Self::start(&options, folder)
    }

    pub(crate) fn start(options: &SidecarOptions, folder: TempDir) -> Self {
        let sidecar = Sidecar::bind(options, Vec::new()).unwrap();
        let address = sidecar.local_addr().unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let (urls, shutdown) = (sidecar.urls(), Shutdown::new());
        let running = sidecar.start(&shutdown).unwrap();
        let reload = running.reload();
        let thread = Some(thread::spawn(move || running.wait()));
        Self { address, urls, reload, shutdown, thread, folder }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Posts JSON on a connection of its own, and holds the answer against the document of the API.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        let answer = self.client().post(path, body.as_bytes());
        schema::hold("post", path, &answer);
        answer
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        let answer = self.client().get(path);
        schema::hold("get", path, &answer);
        answer
    }

    pub(crate) fn start_drain(&self) {
        self.shutdown.start_drain();
    }

    pub(crate) fn stop(&mut self) {
        self.shutdown.trigger();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }

    /// A line of `/metrics`: the number behind `name`.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics");
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

/// Waits until something holds, for a while.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
