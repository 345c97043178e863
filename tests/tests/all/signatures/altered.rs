//! An entry that was changed so that every checksum stays, on every surface: `verify` and a comparison find it without a
//! key, and with one nothing is answered, written or served from it.

#![forbid(unsafe_code)]

use std::fs;

use breachdex::{Answer, Digest, Index};
use breachdex_tests::parts::sections;
use breachdex_tests::range_server::RangeServer;

use super::command::{breachdex, folder, success};
use super::contents::{altered, solved};
use super::serving::Server;
use super::{Site, sound};

const UNHASHED: &str = "the groups from here on do not have their hash";
const NOT_ITS_HASH: &str = "its unit does not have its hash, though all checksums match, so it was changed";
const OTHER_HASH: &str = "its unit does not have the hash that was signed, so it was changed or replaced";

/// Lines of the list that `sound()` was built of and that the altered index does not find.
fn lost() -> Vec<String> {
    let altered = Index::from_bytes(solved(), "altered").unwrap();
    let line = |i: u32| format!("password {}", if i.is_multiple_of(10) { 1_000_000 + i } else { i });
    let is_lost =
        |line: &String| matches!(altered.lookup(&Digest::sha1(line.as_bytes())), Ok(Answer::Absent));
    let lost: Vec<String> = (0..20_000).map(line).filter(is_lost).collect();
    assert!(!lost.is_empty());
    lost
}

fn hex(password: &str) -> String {
    Digest::sha1(password.as_bytes()).to_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// `a.bdx` is altered and has the signature of the sound one, which is `b.bdx`.
fn site() -> Site {
    let site = Site::signed(sound());
    let folder = site.folder.path();
    fs::write(folder.join("b.bdx"), sound()).unwrap();
    for ending in ["id", "id.minisig"] {
        fs::copy(folder.join(format!("a.bdx.{ending}")), folder.join(format!("b.bdx.{ending}"))).unwrap();
    }
    fs::write(folder.join("a.pub"), site.key.pair.pk.to_box().unwrap().to_string()).unwrap();
    site.replace(&solved());
    site
}

#[test]
fn without_a_key_verify_and_diff_find_it() {
    let site = site();
    let folder = site.folder.path();
    let (exit, out, said) = breachdex(folder, &["verify", "a.bdx"], "");
    assert_eq!(exit, 2);
    assert!(said.contains(UNHASHED) && !out.contains("sound"), "{out}{said}");
    for pair in [["a.bdx", "b.bdx"], ["b.bdx", "a.bdx"]] {
        let (exit, out, said) = breachdex(folder, &[&["diff"][..], &pair].concat(), "");
        assert_eq!(exit, 0, "{out}{said}");
        assert!(out.contains("hashes removed  1\n") && !out.contains("same"), "{out}{said}");
    }
}

/// What it makes of it would be sound to whoever looks, and might be signed.
#[test]
fn without_a_key_no_command_makes_a_file_of_it() {
    let site = site();
    let folder = site.folder.path();
    fs::write(folder.join("list.txt"), "password 1\n").unwrap();
    success(folder, &["keygen", "--no-password", "--secret-key", "c.key", "--public-key", "c.pub"], "");
    for arguments in [
        &["build", "-o", "out.bdx", "a.bdx"][..],
        &["build", "-o", "out.bdx", "--min-count", "1", "--sign", "c.key", "a.bdx"],
        &["build", "-o", "out.bdx", "--format", "index", "--bits", "64", "a.bdx"],
        &["merge", "-o", "out.bdx", "a.bdx", "b.bdx"],
        &["merge", "-o", "out.bdx", "b.bdx", "a.bdx", "--sign", "c.key"],
        &["export", "a.bdx", "-o", "out.txt"],
        &["export", "a.bdx", "-o", "out.txt", "--top", "30000"],
        &["sign", "a.bdx", "--secret-key", "c.key"],
    ] {
        let (exit, out, said) = breachdex(folder, arguments, "");
        assert_eq!(exit, 2, "{arguments:?}: {out}{said}");
        let expected = if arguments[0] == "sign" { UNHASHED } else { NOT_ITS_HASH };
        assert!(said.contains(expected), "{arguments:?}: {out}{said}");
        for target in ["out.txt", "out.bdx", "out.bdx.id"] {
            assert!(!folder.join(target).exists(), "{arguments:?}: {target}");
        }
    }
}

#[test]
fn nothing_is_made_of_a_download_that_was_altered() {
    let rows = |changes: fn(u32) -> u64| {
        move |_, prefix: u32| vec![(u64::from(prefix) << 40 | 1, 5), (u64::MAX >> 9, 1 + changes(prefix))]
    };
    let (server, folder) = (RangeServer::start(rows(|_| 0)), folder());
    let (folder, url) = (folder.path(), server.url());
    let download = ["download", "-o", "c.bdx", "--prefixes", "00000-001FF", "--base-url", &url];
    let (exit, _, said) = breachdex(folder, &download, "");
    assert_eq!(exit, 0, "{said}");
    let bytes = fs::read(folder.join("c.bdx")).unwrap();
    let groups = sections(&bytes)[0].clone();
    let bytes = altered(&bytes, groups, |_| true);
    fs::write(folder.join("c.bdx"), &bytes).unwrap();
    let refused = |arguments: &[&str]| {
        let (exit, out, said) = breachdex(folder, arguments, "");
        assert!(exit == 2 && said.contains(NOT_ITS_HASH), "{exit} {out}{said}");
        assert!(fs::read(folder.join("c.bdx")).unwrap() == bytes);
        assert!(!folder.join("c.bdx.id").exists() && !folder.join("ranges").exists());
    };
    refused(&["export", "c.bdx", "--ranges", "ranges", "--partial"]);
    // A range of another group changes, then all do.
    for changes in [(|prefix| u64::from(prefix == 0x1FF)) as fn(u32) -> u64, |_| 2] {
        server.change(rows(changes), "Sat, 01 Aug 2026 10:00:00 GMT");
        refused(&["update", "c.bdx"]);
    }
}

#[test]
fn with_a_key_no_command_answers_or_writes_from_it() {
    let site = site();
    let folder = site.folder.path();
    let list = lost().join("\n") + "\n";
    let hashes: String = lost().iter().map(|line| hex(line) + "\n").collect();
    fs::write(folder.join("list.txt"), hashes).unwrap();
    let digest = hex(&lost()[0]);
    for arguments in [
        &["check", "--index", "a.bdx"][..],
        &["policy", "check", "--index", "a.bdx", "--on-error", "raise"],
        &["audit", "--index", "a.bdx", "--format", "hashes", "list.txt"],
        &["range", &digest[..5], "--index", "a.bdx"],
        &["export", "a.bdx", "-o", "out.txt"],
        &["verify", "a.bdx"],
        &["diff", "a.bdx", "b.bdx"],
        &["diff", "b.bdx", "a.bdx"],
        &["merge", "-o", "out.bdx", "a.bdx", "b.bdx"],
        &["build", "-o", "out.bdx", "a.bdx"],
    ] {
        let flag = if arguments[0] == "verify" { "--public-key" } else { "--trusted-key" };
        let (exit, out, said) = breachdex(folder, &[arguments, &[flag, "a.pub"]].concat(), &list);
        assert_eq!(exit, 2, "{arguments:?}: {out}{said}");
        let expected = if arguments[0] == "verify" { UNHASHED } else { OTHER_HASH };
        assert!(said.contains(expected), "{arguments:?}: {out}{said}");
        let none = out.replace("not found             0\n", "");
        assert!(!none.contains("not found") && !none.contains("same"), "{arguments:?}: {out}{said}");
    }
    for target in ["out.txt", "out.bdx"] {
        assert!(!folder.join(target).exists(), "{target}");
    }
}

#[test]
fn a_server_with_a_key_answers_503_for_what_was_changed_and_refuses_it_as_a_replacement() {
    let digest = hex(&lost()[0]);
    let path = format!("/range/{}", &digest[..5]);
    let altered = site();
    let answer = Server::start(&altered, &[]).get(&path);
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let site = Site::signed(sound());
    let server = Server::start(&site, &[]);
    assert!(server.get(&path).contains(&digest[5..]));
    // Its content id is that of the signed one.
    site.replace(&solved());
    server.wait_for(UNHASHED);
    assert!(server.get(&path).contains(&digest[5..]));
}

#[test]
fn a_server_without_keys_refuses_it_as_a_replacement() {
    let digest = hex(&lost()[0]);
    let site = Site::unsigned(sound());
    let server = Server::unsigned(&site);
    site.replace(&solved());
    server.wait_for(UNHASHED);
    assert!(server.get(&format!("/range/{}", &digest[..5])).contains(&digest[5..]));
}
