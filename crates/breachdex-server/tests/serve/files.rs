//! Paths of indexes and certificates that lead to something else than a file, and reloads on request.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use breachdex::BuildOptions;
use breachdex_server::{ServeOptions, Server, TlsFiles};
use tempfile::TempDir;

use crate::subject::{BODY, ROWS, Running, index, options, sha1, wait_until};

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn refused(server: &Running) -> f64 {
    server.metric("breachdex_index_swaps_refused_total{kind=\"sha1\"}")
}

#[test]
fn what_is_no_regular_file_is_a_sentence_at_start_and_not_a_wait() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    fifo(&pipe);
    let good = sha1(folder.path(), ROWS);
    let refusal = |options: ServeOptions| {
        let error = Server::bind(&options).err().unwrap().to_string();
        error.replace(folder.path().to_str().unwrap(), "FOLDER")
    };
    assert_eq!(
        refusal(options(&[&pipe])),
        "FOLDER/pipe is not a breachdex index: it is a pipe or a device, not a file"
    );
    assert_eq!(refusal(options(&[folder.path()])), "FOLDER is not a breachdex index: it is a folder");
    assert_eq!(
        refusal(options(&[Path::new("/dev/zero")])),
        "/dev/zero is not a breachdex index: it is a pipe or a device, not a file"
    );
    let overlaid = ServeOptions { overlays: vec![pipe.clone()], serve_overlays: true, ..options(&[&good]) };
    assert_eq!(
        refusal(overlaid),
        "FOLDER/pipe is not a breachdex index: it is a pipe or a device, not a file"
    );
    let files = TlsFiles { certificate: pipe.clone(), key: pipe, client_ca: None };
    assert_eq!(
        refusal(ServeOptions { tls: Some(files), ..options(&[&good]) }),
        "cannot use FOLDER/pipe for https: it is a pipe or a device, not a file"
    );
}

#[test]
fn a_fifo_in_the_place_of_an_index_stops_neither_the_watcher_nor_the_end() {
    let folder = TempDir::new().unwrap();
    let path = sha1(folder.path(), ROWS);
    let mut server = Running::serve(&[&path]);
    let pipe = folder.path().join("pipe");
    fifo(&pipe);
    fs::rename(&pipe, &path).unwrap();
    wait_until("it is refused", || refused(&server) == 1.0);
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
    let fresh = index(folder.path(), "fresh.bdx", &ROWS.replace("0001:7", "0001:8"), BuildOptions::default());
    fs::rename(fresh, &path).unwrap();
    wait_until("a good one takes over", || server.get("/range/ABCDE", &[]).text().ends_with(":8"));
    fifo(&pipe);
    fs::rename(&pipe, &path).unwrap();
    wait_until("it is refused", || refused(&server) == 2.0);
    server.stop();
}

#[test]
fn a_reload_looks_at_once_also_at_what_was_refused() {
    let folder = TempDir::new().unwrap();
    let path = sha1(folder.path(), ROWS);
    let reload_every = Duration::from_secs(3_600);
    let server = Running::start(ServeOptions { reload_every, ..options(&[&path]) });
    server.reload.run();
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
    let fresh = folder.path().join("fresh");
    fs::write(&fresh, "no index").unwrap();
    fs::rename(&fresh, &path).unwrap();
    for times in [1.0, 2.0] {
        server.reload.run();
        assert_eq!(refused(&server), times);
    }
    let fresh = index(folder.path(), "fresh.bdx", &ROWS.replace("0001:7", "0001:8"), BuildOptions::default());
    fs::rename(fresh, &path).unwrap();
    server.reload.run();
    assert!(server.get("/range/ABCDE", &[]).text().ends_with(":8"));
}
