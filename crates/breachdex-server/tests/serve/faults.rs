//! The file under a running server is cut, overwritten in place, deleted: right rows or 503, nothing else.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use breachdex_server::ServeOptions;
use tempfile::TempDir;

use crate::client::Client;
use crate::subject::{Running, dense_body, dense_lines, options, partial, range};

const PREFIXES: u32 = 16;
const ROWS: u32 = 400;

/// Serves a file and never looks whether it was replaced, so that only its own checks stand against damage.
fn served() -> (TempDir, std::path::PathBuf, Running) {
    served_with(0)
}

fn served_with(cache_bytes: usize) -> (TempDir, std::path::PathBuf, Running) {
    let folder = TempDir::new().unwrap();
    let path = partial(folder.path(), &dense_lines(PREFIXES, ROWS, 0));
    let reload_every = Duration::from_secs(3_600);
    let server = Running::start(ServeOptions { reload_every, cache_bytes, ..options(&[&path]) });
    (folder, path, server)
}

/// Asks for every range: each is right or 503. Gives the number of right ones.
fn right_answers(server: &Running) -> u32 {
    let mut client = Client::connect(server.address);
    let mut right = 0;
    for prefix in 0..PREFIXES {
        let answer = client.get(&range(prefix), &[]);
        match answer.status {
            200 => {
                assert!(answer.text() == dense_body(prefix, ROWS, 0), "a wrong row under {prefix:X}0000");
                right += 1;
            }
            503 => {
                assert_eq!(answer.header("etag"), None);
                assert_eq!(answer.header("retry-after"), Some("10"));
                assert_eq!(answer.text(), "The index cannot be read; the server's log has the reason");
            }
            other => panic!("status {other}"),
        }
    }
    right
}

#[test]
fn a_file_cut_in_place_gives_503_for_what_is_gone() {
    let (_folder, path, server) = served();
    assert_eq!(right_answers(&server), PREFIXES);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length / 2).unwrap();
    let right = right_answers(&server);
    assert!(right > 0 && right < PREFIXES, "{right}");
    file.set_len(0).unwrap();
    assert_eq!(right_answers(&server), 0);
    assert!(server.metric("breachdex_range_requests_total{kind=\"sha1\",outcome=\"unreadable\"}") > 1.0);
}

#[test]
fn a_file_overwritten_in_place_gives_503_for_what_was_hit() {
    let (_folder, path, server) = served();
    let length = fs::metadata(&path).unwrap().len();
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(length / 2)).unwrap();
    file.write_all(&[0xA5; 64]).unwrap();
    let right = right_answers(&server);
    assert!(right > 0 && right < PREFIXES, "{right}");
}

#[test]
fn another_index_written_into_the_file_in_place_is_never_mixed_with_the_old_one() {
    let (folder, path, server) = served();
    let other = TempDir::new().unwrap();
    let bytes = fs::read(partial(other.path(), &dense_lines(PREFIXES, ROWS, 1))).unwrap();
    fs::write(&path, bytes).unwrap();
    assert_eq!(right_answers(&server), 0);
    drop(folder);
}

#[test]
fn what_is_kept_is_right_whatever_becomes_of_the_file() {
    let (_folder, path, server) = served_with(32 << 20);
    assert_eq!([(); 2].map(|()| right_answers(&server)), [PREFIXES; 2]);
    fs::write(&path, b"an error page").unwrap();
    assert_eq!(right_answers(&server), PREFIXES);
    let packed = Client::connect(server.address).get(&range(0), &["Accept-Encoding: gzip"]);
    assert_eq!(packed.status, 503, "nothing but what was kept");
}

#[test]
fn a_deleted_file_is_served_on() {
    let (_folder, path, server) = served();
    fs::remove_file(path).unwrap();
    assert_eq!(right_answers(&server), PREFIXES);
}
