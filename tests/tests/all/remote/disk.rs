//! How much disk a download and an update take, measured in blocks while they run.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use breachdex::{Index, Kind};
use breachdex_tests::is_thorough;
use breachdex_tests::range_server::{RangeServer, Reply};
use tempfile::tempdir;

use super::{command, mix};

/// Bytes on disk of all that is in a folder. Files may come and go meanwhile.
pub(crate) fn bytes_on_disk(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap();
    entries.filter_map(|entry| entry.ok()?.metadata().ok()).map(|facts| facts.blocks() * 512).sum()
}

/// Waits for a process and returns the most that was in a folder meanwhile, and whether it succeeded. It is killed
/// after a number of looks.
fn watch(mut child: Child, folder: &Path, looks: u32) -> (u64, bool) {
    let mut most = 0;
    for _ in 0..looks {
        most = most.max(bytes_on_disk(folder));
        if let Some(status) = child.try_wait().unwrap() {
            return (most, status.success());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    child.wait().unwrap();
    (most.max(bytes_on_disk(folder)), false)
}

/// Ranges of the corpus, from the first on.
const RANGES: u32 = 0x1000;
/// Rows of each.
const ROWS: u64 = 1040;
/// The most that may be ahead of the first incomplete group, which in so small a corpus is 128 ranges and not 0.8 %.
const AHEAD: u64 = 128 * ROWS * 20;

/// A corpus of more than 2^22 entries, so that the file that groups are appended to becomes the index. Of every `share`
/// ranges one has other counts in another state.
fn corpus(state: u64, share: u32) -> impl Fn(Kind, u32) -> Vec<(u64, u64)> + Send + Sync {
    move |_, prefix| {
        let state = if prefix.is_multiple_of(share) { state } else { 0 };
        let spread = u64::MAX / ROWS;
        let count = |row: u64| 1 + mix(row, u64::from(prefix) | state << 32) % 9;
        (0..ROWS).map(|row| (row * spread + mix(prefix.into(), row) % spread, count(row))).collect()
    }
}

/// Every 97th answer is late, so that others are ahead of it.
fn serve(rows: impl Fn(Kind, u32) -> Vec<(u64, u64)> + Send + Sync + 'static) -> RangeServer {
    let server = RangeServer::start(rows);
    server.behave(|request| {
        if request.prefix % 97 == 0 {
            thread::sleep(Duration::from_millis(30));
        }
        Reply::Good
    });
    server
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    command(folder)
        .args(arguments)
        .args(["--concurrency", "16", "--memory", "64MiB"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn download(folder: &Path, server: &RangeServer, name: &str) -> Child {
    let prefixes = format!("00000-{:05X}", RANGES - 1);
    start(folder, &["download", "-o", name, "--prefixes", &prefixes, "--base-url", &server.url()])
}

/// Has a command succeed that is killed five times on its way, unless the machine is quicker than that. Returns the most
/// that was in the folder.
fn killed_on_its_way(folder: &Path, command: impl Fn() -> Child) -> u64 {
    let mut most = 0;
    let success = [30, 70, 40, 90, 60, u32::MAX].into_iter().any(|looks| {
        let (here, success) = watch(command(), folder, looks);
        most = most.max(here);
        success
    });
    assert!(success);
    most
}

/// An index, checked, but for the name of the journal that it was made of: its bytes.
fn bytes_of(path: &Path) -> Vec<u8> {
    let index = Index::open(path).unwrap();
    index.verify(&()).unwrap();
    assert_eq!(index.len(), u64::from(RANGES) * ROWS);
    let notes = index.notes().unwrap();
    let (_, journal) = notes.into_iter().find(|(name, _)| name == "journal").unwrap();
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.windows(journal.len()).rposition(|part| part == journal).unwrap();
    bytes[at..at + journal.len()].fill(0);
    // The header has a checksum of the notes.
    bytes.split_off(256)
}

#[test]
fn a_download_takes_a_tenth_more_than_the_index() {
    let server = serve(corpus(0, 1));
    let folder = tempdir().unwrap();
    let most = killed_on_its_way(folder.path(), || download(folder.path(), &server, "a.bdx"));
    let path = folder.path().join("a.bdx");
    bytes_of(&path);
    let length = fs::metadata(&path).unwrap().len();
    assert!(most <= length / 10 * 11 + AHEAD, "{most} bytes for an index of {length}");
}

#[test]
fn an_update_takes_a_tenth_more_than_the_index_beside_the_old_one() {
    let server = serve(corpus(0, 1));
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.bdx");
    assert!(download(folder.path(), &server, "a.bdx").wait().unwrap().success());
    // Every range, then one in a hundred (in the long tier), then the last one alone: everything before it is caught up with at
    // once.
    let changes = [(1, 1), (2, 100), (3, RANGES - 1)];
    for (state, share) in changes.into_iter().filter(|(_, share)| *share != 100 || is_thorough()) {
        let old = fs::metadata(&path).unwrap().len();
        let before = Index::open(&path).unwrap().content_id();
        server.change(corpus(state, share), "Sat, 01 Aug 2026 10:00:00 GMT");
        server.forget();
        let most = killed_on_its_way(folder.path(), || start(folder.path(), &["update", "a.bdx"]));
        let length = fs::metadata(&path).unwrap().len();
        assert!(
            most <= old + length / 10 * 11 + AHEAD,
            "{most} bytes for an index of {length} beside one of {old}, 1 of {share} changed"
        );
        assert_ne!(Index::open(&path).unwrap().content_id(), before);
        // What was asked for while a process died may be asked for again, nothing else.
        let again = server.requests().len() - RANGES as usize;
        assert!(again <= 5 * (16 + 128), "{again} ranges were fetched again after 5 kills");
        let fresh = tempdir().unwrap();
        assert!(download(fresh.path(), &server, "a.bdx").wait().unwrap().success());
        assert!(bytes_of(&path) == bytes_of(&fresh.path().join("a.bdx")), "1 of {share} changed");
    }
}
