//! Downloads and updates that are killed at any moment, and gone on with.

use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use breachdex::{Index, Monitor, OpenOptions, Phase, Progress};
use breachdex_hibp::UpdateOptions;
use breachdex_tests::range_server::{RangeServer, Reply};
use tempfile::{TempDir, tempdir};

use super::{assert_holds, assert_unfinished, command, corpus, fetch, listing};

const LAST: u32 = 0x3ff;

fn download(folder: &Path, server: &RangeServer) -> Child {
    let prefixes = format!("00000-{LAST:05X}");
    command(folder)
        .args(["download", "-o", "a.bdx", "--concurrency", "4", "--memory", "32MiB", "--prefixes", &prefixes])
        .args(["--base-url", &server.url()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn update(folder: &Path) -> Child {
    command(folder)
        .args(["update", "a.bdx", "--concurrency", "4", "--memory", "32MiB"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// So long that a kill often falls into the middle of the work.
fn slowed(server: &RangeServer) {
    server.behave(|_| {
        thread::sleep(Duration::from_micros(300));
        Reply::Good
    });
}

/// Ranges that one kill can cost: as many as wait to be written, and as many again that are being written, each at most
/// 128, with those on their way. That none that is said to be there is fetched again is tested below.
const LOST_AT_MOST: u32 = 2 * 128 + 8;

/// How often a job is killed; the moments spread over all of it in both tiers.
fn wanted_kills() -> u32 {
    if breachdex_tests::is_thorough() { 50 } else { 15 }
}

/// Waits a while, then kills with a signal that cannot be caught. Whether it was still running.
fn kill_after(mut child: Child, wait: Duration) -> bool {
    let started = Instant::now();
    while started.elapsed() < wait {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_micros(500));
    }
    let running = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    child.wait().unwrap();
    running
}

fn content_id(path: &Path) -> String {
    Index::open(path).unwrap().content_id().to_string()
}

/// How often each prefix was asked for.
fn asked(server: &RangeServer) -> HashMap<u32, u32> {
    server.requests().iter().fold(HashMap::new(), |mut counts, request| {
        *counts.entry(request.prefix).or_default() += 1;
        counts
    })
}

/// What a killed download or update leaves takes a tenth more than the index and a constant, beside the old one. So small an index is encoded once more
/// for a shorter directory: there may be two of it. `disk` has one that is not.
#[cfg(unix)]
fn assert_little_disk(folder: &Path, old: u64, index: u64) {
    // Entity tags and dates of all ranges, 128 ranges ahead in a spool of segments, and each file's last block.
    const CONSTANT: u64 = 256 << 10;
    let found = super::disk::bytes_on_disk(folder);
    assert!(found <= old + 2 * (index / 10 * 11) + CONSTANT, "{found} bytes for an index of {index}");
}

#[test]
fn a_download_killed_at_any_moment_is_gone_on_with() {
    let server = RangeServer::start(corpus(0));
    slowed(&server);
    let folder = tempdir().unwrap();
    let started = Instant::now();
    assert!(download(folder.path(), &server).wait().unwrap().success());
    let whole = started.elapsed();
    let target = folder.path().join("a.bdx");
    let undisturbed = content_id(&target);
    let length = fs::metadata(&target).unwrap().len();
    assert_holds(&target, &corpus(0), LAST);
    fs::remove_file(&target).unwrap();
    server.forget();

    let (mut kills, mut rounds) = (0_u32, 0_u32);
    while kills < wanted_kills() && rounds < 400 {
        rounds += 1;
        // Moments spread over a run, and over its end when what is left is little.
        let wait = whole.mul_f64(f64::from(rounds * 37 % 100) / 130.0);
        let running = kill_after(download(folder.path(), &server), wait);
        kills += u32::from(running);
        #[cfg(unix)]
        assert_little_disk(folder.path(), 0, length);
        if target.exists() {
            assert_eq!(content_id(&target), undisturbed, "round {rounds}");
            // A run that was killed between publishing and cleaning up is finished by the next one.
            if listing(folder.path()) != ["a.bdx"] {
                assert!(download(folder.path(), &server).wait().unwrap().success());
                assert_eq!(listing(folder.path()), ["a.bdx"]);
            }
            fs::remove_file(&target).unwrap();
            // What was asked for while a process died may be asked for again, nothing else.
            let again: u32 = asked(&server).values().map(|times| times - 1).sum();
            assert!(
                again <= kills * LOST_AT_MOST + LOST_AT_MOST,
                "{again} ranges were fetched again after {kills} kills"
            );
            server.forget();
        }
    }
    assert_eq!(kills, wanted_kills(), "the machine is too fast or too slow for this test: {rounds} rounds");
    assert!(download(folder.path(), &server).wait().unwrap().success());
    assert_eq!(content_id(&target), undisturbed);
    assert_holds(&target, &corpus(0), LAST);
    assert_eq!(listing(folder.path()), ["a.bdx"]);
}

#[test]
fn an_update_killed_at_any_moment_is_gone_on_with() {
    let server = RangeServer::start(corpus(0));
    let folder = tempdir().unwrap();
    fetch(&server, folder.path(), LAST).unwrap();
    let target = folder.path().join("a.bdx");
    let old = fs::read(&target).unwrap();
    let old_id = content_id(&target);
    server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    slowed(&server);
    let started = Instant::now();
    assert!(update(folder.path()).wait().unwrap().success());
    let whole = started.elapsed();
    let new_id = content_id(&target);
    assert_ne!(new_id, old_id);
    assert_holds(&target, &corpus(1), LAST);

    let length = fs::metadata(&target).unwrap().len();

    fs::write(&target, &old).unwrap();
    server.forget();
    let (mut kills, mut rounds) = (0_u32, 0_u32);
    while kills < wanted_kills() && rounds < 400 {
        rounds += 1;
        let wait = whole.mul_f64(f64::from(rounds * 41 % 100) / 130.0);
        kills += u32::from(kill_after(update(folder.path()), wait));
        #[cfg(unix)]
        assert_little_disk(folder.path(), old.len() as u64, length);
        let id = content_id(&target);
        assert!(id == old_id || id == new_id, "round {rounds}");
        Index::open(&target).unwrap().verify(&()).unwrap();
        if id == new_id {
            // What was asked for while a process died, and what had arrived and waited to be written, may be asked for
            // again, nothing else. Answers without a body arrive faster than a download's.
            let again: u32 = asked(&server).values().map(|times| times - 1).sum();
            assert!(
                again <= kills * LOST_AT_MOST + LOST_AT_MOST,
                "{again} ranges were fetched again after {kills} kills"
            );
            assert!(update(folder.path()).wait().unwrap().success());
            assert_eq!(
                (content_id(&target), listing(folder.path())),
                (new_id.clone(), vec!["a.bdx".to_owned()])
            );
            fs::write(&target, &old).unwrap();
            server.forget();
        }
    }
    assert_eq!(kills, wanted_kills(), "the machine is too fast or too slow for this test: {rounds} rounds");
    assert!(update(folder.path()).wait().unwrap().success());
    assert_eq!(content_id(&target), new_id);
    assert_holds(&target, &corpus(1), LAST);
    assert_eq!(listing(folder.path()), ["a.bdx"]);
}

/// Copies all that is on disk now and then, as a kill would leave it, with the number of ranges that are said to be there.
struct Snapshots<'a> {
    folder: &'a Path,
    taken: Mutex<Vec<(TempDir, u64)>>,
}

impl Monitor for Snapshots<'_> {
    fn progress(&self, progress: Progress) -> ControlFlow<()> {
        let mut taken = self.taken.lock().unwrap();
        let last = taken.last().map_or(0, |(_, done)| *done);
        if progress.phase == Phase::Downloading && progress.done >= last + u64::from(LAST) / 20 {
            let copy = tempdir().unwrap();
            for name in listing(self.folder) {
                fs::copy(self.folder.join(&name), copy.path().join(&name)).unwrap();
            }
            taken.push((copy, progress.done));
        }
        ControlFlow::Continue(())
    }
}

/// Requests that a busy machine may make once more: what a closing connection swallowed is sent again on another.
const SENT_AGAIN: u64 = 3;

/// Goes on from each snapshot and checks that only what was not there is asked for, and that once.
fn go_on(server: &RangeServer, snapshots: Snapshots<'_>, finish: &dyn Fn(&Path)) {
    let taken = snapshots.taken.into_inner().unwrap();
    assert!(taken.len() >= 3, "{} snapshots", taken.len());
    for (copy, done) in taken {
        server.forget();
        finish(copy.path());
        let (requests, ranges) = (server.requests().len() as u64, asked(server).len() as u64);
        assert_eq!(ranges, u64::from(LAST) + 1 - done);
        assert!(requests <= ranges + SENT_AGAIN, "{requests} requests for {ranges} ranges");
    }
}

#[test]
fn no_range_that_is_said_to_be_there_is_fetched_twice() {
    let server = RangeServer::start(corpus(0));
    // Some are late, so that others wait in the spool.
    server.behave(|request| {
        thread::sleep(Duration::from_micros(if request.prefix % 61 == 0 { 5000 } else { 100 }));
        Reply::Good
    });
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.bdx");
    let snapshots = Snapshots { folder: folder.path(), taken: Mutex::default() };
    breachdex_hibp::download(&path, &super::downloading(&server, LAST), &snapshots).unwrap();
    go_on(&server, snapshots, &|copy| {
        fetch(&server, copy, LAST).unwrap();
        assert_holds(&copy.join("a.bdx"), &corpus(0), LAST);
    });

    server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    let options = UpdateOptions {
        fetch: super::fetching(&server),
        allow_older: false,
        from_origin: true,
        memory: 64 << 20,
        threads: 0,
        open: OpenOptions::new().mapped(),
        before_publish: None,
    };
    let snapshots = Snapshots { folder: folder.path(), taken: Mutex::default() };
    breachdex_hibp::update(&path, &options, &snapshots).unwrap();
    go_on(&server, snapshots, &|copy| {
        breachdex_hibp::update(&copy.join("a.bdx"), &options, &()).unwrap();
        assert_holds(&copy.join("a.bdx"), &corpus(1), LAST);
    });
}

#[cfg(unix)]
#[test]
fn a_download_that_is_interrupted_says_how_to_go_on() {
    let server = RangeServer::start(corpus(0));
    server.behave(|request| {
        thread::sleep(Duration::from_millis(if request.prefix > 40 { 50 } else { 0 }));
        Reply::Good
    });
    let folder = tempdir().unwrap();
    let child = command(folder.path())
        .args(["download", "-o", "a.bdx", "--prefixes", "00000-003FF", "--concurrency", "2"])
        .args(["--base-url", &server.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.requests().len() < 60 {
        thread::sleep(Duration::from_millis(5));
    }
    let process = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let (stdout, stderr, exit) = super::said(&child.wait_with_output().unwrap());
    assert_eq!((stdout.as_str(), exit), ("", 2));
    assert_eq!(
        stderr,
        "breachdex: error: stopped; what was fetched is kept: run the same command again to go on\n"
    );
    assert_unfinished(folder.path());
    server.behave(|_| Reply::Good);
    let done = server.requests().len();
    let output = download(folder.path(), &server).wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(server.requests().len() - done <= LAST as usize + 1 - 50);
    assert_holds(&folder.path().join("a.bdx"), &corpus(0), LAST);
}
