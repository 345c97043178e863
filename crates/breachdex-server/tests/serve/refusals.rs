//! What is refused at start, each with its sentence.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use breachdex::{BuildOptions, CoverageRule};
use breachdex_server::{ServeOptions, Server};
use tempfile::TempDir;

use crate::subject::{NTLM_ROWS, ROWS, index, ntlm, options, sha1};

#[track_caller]
fn refusal(options: &ServeOptions, folder: &Path) -> String {
    let error = Server::bind(options).err().unwrap();
    error.to_string().replace(folder.to_str().unwrap(), "FOLDER")
}

#[test]
fn no_index_and_two_of_one_kind() {
    let folder = TempDir::new().unwrap();
    let refused = |indexes: &[&Path]| refusal(&options(indexes), folder.path());
    assert_eq!(refused(&[]), "there is no index to serve");
    let (first, other) = (sha1(folder.path(), ROWS), ntlm(folder.path(), NTLM_ROWS));
    let second = index(folder.path(), "second.bdx", ROWS, BuildOptions::default());
    assert_eq!(
        refused(&[&first, &other, &second]),
        "FOLDER/sha1.bdx and FOLDER/second.bdx both hold SHA-1 digests; serve one index of each kind"
    );
}

#[test]
fn indexes_that_cannot_answer_ranges() {
    let folder = TempDir::new().unwrap();
    let build = |name, build| index(folder.path(), name, ROWS, build);
    let truncated = build("64.bdx", BuildOptions { bits: Some(64), ..BuildOptions::default() });
    let countless = build("bare.bdx", BuildOptions { counts: false, ..BuildOptions::default() });
    let coverage = CoverageRule::Prefixes(vec![(0, 15), (0x21BD1, 0x21BD1)]);
    let partial = build("part.bdx", BuildOptions { coverage, ..BuildOptions::default() });
    let whole_only =
        |index: &Path| refusal(&ServeOptions { allow_partial: false, ..options(&[index]) }, folder.path());
    assert_eq!(
        whole_only(&truncated),
        "FOLDER/64.bdx is truncated to 64 bits: a range server needs full digests"
    );
    assert_eq!(whole_only(&countless), "FOLDER/bare.bdx has no counts, which a range server needs");
    assert_eq!(whole_only(&partial), "FOLDER/part.bdx covers 17 of 1048576 prefixes");
    assert!(Server::bind(&options(&[&partial])).is_ok());
}

#[test]
fn files_that_are_no_sound_index() {
    let folder = TempDir::new().unwrap();
    let refused = |path: &Path| refusal(&options(&[path]), folder.path());
    let missing = folder.path().join("missing.bdx");
    assert_eq!(refused(&missing), "cannot open FOLDER/missing.bdx: No such file or directory (os error 2)");
    let path = sha1(folder.path(), ROWS);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(refused(&path).starts_with("FOLDER/sha1.bdx is damaged: header at byte "));
}

#[test]
fn a_port_in_use() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let options = ServeOptions { listen: vec![listen.into()], ..options(&[&sha1(folder.path(), ROWS)]) };
    assert_eq!(
        refusal(&options, folder.path()),
        format!("cannot listen on {listen}: Address already in use (os error 98)")
    );
}
