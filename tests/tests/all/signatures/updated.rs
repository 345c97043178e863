//! Indexes that are downloaded and updated, and signed by the same command.

#![forbid(unsafe_code)]

use std::fs;

use breachdex_tests::range_server::RangeServer;

use super::command::{breachdex, folder, success};

/// One row for each range; those of one range in eight are others in another state.
fn rows(state: u64) -> impl Fn(breachdex::Kind, u32) -> Vec<(u64, u64)> + Send + Sync + 'static {
    move |_, prefix| vec![(u64::from(prefix) + 1, if prefix.is_multiple_of(8) { state + 1 } else { 1 })]
}

#[test]
fn a_download_and_its_updates_are_signed() {
    let (server, folder) = (RangeServer::start(rows(0)), folder());
    let (folder, url) = (folder.path(), server.url());
    let check = || success(folder, &["verify", "b.bdx", "--public-key", "a.pub"], "");
    let download =
        ["download", "-o", "b.bdx", "--prefixes", "00000-0007F", "--base-url", &url, "--sign", "a.key"];
    let (exit, _, said) = breachdex(folder, &download, "");
    assert_eq!(exit, 0, "{said}");
    check();
    let update = ["update", "b.bdx", "--trusted-key", "a.pub"];
    let signing = [&update[..], &["--sign", "a.key"]].concat();
    server.change(rows(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    let (exit, changed, said) = breachdex(folder, &signing, "");
    assert_eq!(exit, 0, "{said}");
    assert!(changed.starts_with("16 ranges changed, "), "{changed}");
    check();
    // Nothing changed, and the signature stays.
    assert_eq!(breachdex(folder, &signing, "").0, 0);
    check();
    server.change(rows(2), "Sun, 02 Aug 2026 10:00:00 GMT");
    let (exit, _, said) = breachdex(folder, &update, "");
    assert_eq!(exit, 0, "{said}");
    assert!(
        said.contains("note: the new index is not signed, and will be refused where keys are trusted"),
        "{said}"
    );
    // What is not signed any more is not updated, and so never signed by the way.
    let (exit, _, said) = breachdex(folder, &signing, "");
    assert!(exit == 2 && said.contains("b.bdx.id is the statement of another index"), "{said}");
    success(folder, &["sign", "b.bdx", "--secret-key", "a.key"], "");
    check();
    assert!(!fs::exists(folder.join("b.bdx.next.id")).unwrap());
}

/// A secret key is read by the job that would replace it, and nobody has another copy.
#[test]
fn no_job_replaces_the_key_that_it_signs_or_checks_with() {
    let folder = folder();
    let folder = folder.path();
    let before = |name: &str| fs::read(folder.join(name)).unwrap();
    let keys = ["a.key", "a.pub"].map(|name| (name, before(name)));
    success(folder, &["sign", "a.bdx", "--secret-key", "a.key"], "");
    fs::hard_link(folder.join("a.key"), folder.join("other.name")).unwrap();
    for arguments in [
        &["build", "-o", "a.key", "--sign", "a.key", "a.bdx"][..],
        &["build", "-o", "other.name", "--sign", "a.key", "a.bdx"],
        &["build", "-o", "a.pub", "--trusted-key", "a.pub", "a.bdx"],
        &["merge", "-o", "a.key", "--sign", "a.key", "a.bdx"],
        &["merge", "-o", "a.pub", "--trusted-key", "a.pub", "a.bdx"],
        &["download", "-o", "a.key", "--sign", "a.key", "--base-url", "http://127.0.0.1:9"],
        &["export", "a.bdx", "-o", "a.pub", "--trusted-key", "a.pub"],
        &["diff", "a.bdx", "a.bdx", "--delta", "a.pub", "--trusted-key", "a.pub"],
    ] {
        let (exit, out, said) = breachdex(folder, &[arguments, &["--force"]].concat(), "");
        assert!(
            exit == 2 && said.contains(" is a key that this command reads; choose another OUT"),
            "{out}{said}"
        );
        for (name, bytes) in &keys {
            assert!(before(name) == *bytes, "{arguments:?}: {name}");
        }
    }
}

/// The signature is that of the most frequent entries, and not of the whole index that they are taken from.
#[test]
fn the_most_frequent_of_a_download_are_signed() {
    let (server, folder) = (RangeServer::start(rows(0)), folder());
    let (folder, url) = (folder.path(), server.url());
    let download = ["download", "-o", "b.bdx", "--top", "5", "--prefixes", "00000-0007F", "--base-url", &url];
    let (exit, _, said) = breachdex(folder, &[&download[..], &["--sign", "a.key"]].concat(), "");
    assert_eq!(exit, 0, "{said}");
    success(folder, &["verify", "b.bdx", "--public-key", "a.pub"], "");
    let statement = fs::read_to_string(folder.join("b.bdx.id")).unwrap();
    assert!(statement.contains("entries: 5\n") && statement.contains("corpus-date: 2026-07-"), "{statement}");
}
