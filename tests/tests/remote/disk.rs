//! How much disk a download takes, measured in blocks while it runs.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use breachdex::{Index, Kind};
use breachdex_tests::range_server::{RangeServer, Reply};
use tempfile::tempdir;

use crate::{command, mix};

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

/// More than 2^22 entries, so that the file that groups are appended to becomes the index: then a download takes a
/// tenth more than the index, and what may be ahead of the first incomplete group, which in a corpus of 4,096 ranges is
/// 128 of them and not 0.8 %.
#[test]
fn a_download_takes_a_tenth_more_than_the_index() {
    const LAST: u32 = 0xfff;
    const ROWS: u64 = 1040;
    let rows = |_: Kind, prefix: u32| {
        let spread = u64::MAX / ROWS;
        let row =
            |row: u64| (row * spread + mix(prefix.into(), row) % spread, 1 + mix(row, prefix.into()) % 9);
        (0..ROWS).map(row).collect::<Vec<_>>()
    };
    let server = RangeServer::start(rows);
    // Every 97th answer is late, so that others are ahead of it.
    server.behave(|request| {
        if request.prefix % 97 == 0 {
            thread::sleep(Duration::from_millis(30));
        }
        Reply::Good
    });
    let folder = tempdir().unwrap();
    let download = || {
        command(folder.path())
            .args(["download", "-o", "a.bdx", "--concurrency", "16", "--memory", "64MiB"])
            .args(["--prefixes", &format!("00000-{LAST:05X}"), "--base-url", &server.url()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut most = 0;
    // Killed five times on its way, unless the machine is quicker than that.
    let success = [30, 70, 40, 90, 60, u32::MAX].into_iter().any(|looks| {
        let (here, success) = watch(download(), folder.path(), looks);
        most = most.max(here);
        success
    });
    assert!(success);
    let path = folder.path().join("a.bdx");
    let index = Index::open(&path).unwrap();
    index.verify(&()).unwrap();
    assert_eq!(index.len(), u64::from(LAST + 1) * ROWS);
    let length = fs::metadata(&path).unwrap().len();
    let ahead = 128 * ROWS * 20;
    assert!(most <= length / 10 * 11 + ahead, "{most} bytes for an index of {length}");
}
