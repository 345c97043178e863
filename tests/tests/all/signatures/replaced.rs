//! Files that are replaced while an index is in use: the order in which they appear, and what is refused.

#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use breachdex::files;
use breachdex::trust::{SignatureFiles, Trust};
use breachdex::{Digest, Index, LiveIndex, OpenOptions};

use super::{Key, Site, index_bytes, sound, statement, write_pair};

fn newer() -> Vec<u8> {
    index_bytes(1, "2026-08-02")
}

/// A password that only this state holds.
fn holds(live: &LiveIndex, state: u32) -> bool {
    live.ask(|index| index.contains(&Digest::sha1(format!("password {}", 1_000_000 + state).as_bytes()), 1))
        .unwrap()
}

fn reload(site: &Site, live: &LiveIndex) -> Result<bool, String> {
    let taken = live.reload_if_changed(&()).unwrap();
    match live.reload_error() {
        None => Ok(taken),
        Some(error) => Err(site.words(error)),
    }
}

#[test]
fn at_every_moment_of_a_publication_the_index_can_be_opened() {
    let site = Site::signed(sound());
    let live = LiveIndex::open(&site.path, site.options(), None).unwrap();
    let check = |state: u32| {
        site.open().unwrap();
        site.read().unwrap();
        reload(&site, &live).unwrap();
        assert!(holds(&live, state));
    };
    let fresh = Site::unsigned(&newer());
    let text = statement(&fresh.path);
    let (next, lasting) = (SignatureFiles::next(&site.path), site.files());
    check(0);
    fs::write(&next.statement, &text).unwrap();
    check(0);
    fs::write(&next.signature, site.key.sign(&text)).unwrap();
    check(0);
    site.replace(&newer());
    check(1);
    fs::copy(&next.statement, &lasting.statement).unwrap();
    check(1);
    fs::copy(&next.signature, &lasting.signature).unwrap();
    check(1);
    fs::remove_file(&next.signature).unwrap();
    check(1);
    fs::remove_file(&next.statement).unwrap();
    check(1);
}

#[test]
fn a_replacement_without_a_signature_is_refused_until_it_has_one() {
    let site = Site::signed(sound());
    let live = LiveIndex::open(&site.path, site.options(), None).unwrap();
    site.replace(&newer());
    let error = reload(&site, &live).unwrap_err();
    assert!(
        error.starts_with(
            "a.bdx is not signed by a trusted key: a.bdx.id is the statement of another index: its corpus date is \
             \"2026-07-02\", this one has \"2026-08-02\""
        ),
        "{error}"
    );
    assert!(holds(&live, 0));
    assert!(live.unreported().is_some() && live.unreported().is_none());
    reload(&site, &live).unwrap_err();
    assert!(live.unreported().is_none(), "the same refusal is reported once");
    let other = Key::new();
    write_pair(&site.files(), &statement(&site.path), &other);
    let expected = format!(
        "a.bdx is not signed by a trusted key: a.bdx.id.minisig was made with key {}, which is not trusted",
        other.public
    );
    assert_eq!(reload(&site, &live), Err(expected));
    assert!(holds(&live, 0));
    site.sign();
    assert_eq!(reload(&site, &live), Ok(true));
    assert!(holds(&live, 1));
}

/// A question looks for a signature again, too.
#[test]
fn questions_take_a_replacement_once_its_signature_is_there() {
    let site = Site::signed(sound());
    let live = LiveIndex::open(&site.path, site.options(), Some(std::time::Duration::ZERO)).unwrap();
    site.replace(&newer());
    assert!(holds(&live, 0) && live.reload_error().is_some());
    site.sign();
    assert!(holds(&live, 1) && live.reload_error().is_none());
}

#[test]
fn an_older_index_is_refused_unless_that_is_allowed() {
    for (old, expected, in_use) in [
        (
            index_bytes(1, "2026-07-01"),
            "its corpus date is 2026-07-01",
            "its corpus date is 2026-07-01, that of the previous one was 2026-07-02",
        ),
        (
            index_bytes(1, ""),
            "it has no corpus date",
            "it has no corpus date, the previous one had 2026-07-02",
        ),
    ] {
        let site = Site::signed(sound());
        let live = LiveIndex::open(&site.path, site.options(), None).unwrap();
        let trust = site.key.trust().with_rollback(true);
        let allowed = LiveIndex::open(&site.path, OpenOptions::new().trust(trust), None).unwrap();
        let untrusting = LiveIndex::open(&site.path, OpenOptions::default(), None).unwrap();
        let kept = site.open().unwrap();
        site.replace(&old);
        site.sign();
        let expected = format!(
            "a.bdx is not new enough: {expected}, which is older than 2026-07-02 of the index in use"
        );
        assert_eq!(reload(&site, &live), Err(expected.clone()));
        assert_eq!(kept.reopen_if_replaced().map(drop).map_err(|error| site.words(error)), Err(expected));
        assert!(holds(&live, 0));
        assert_eq!(reload(&site, &allowed), Ok(true));
        assert_eq!(reload(&site, &untrusting), Ok(true));
        let said = [&allowed, &untrusting].map(|live| live.unreported().map(|reload| site.words(reload)));
        let [trusting, untrusting] = said.map(Option::unwrap_or_default);
        let expected = format!("a.bdx was replaced by an older index, which is in use: {in_use}");
        assert_eq!((trusting.as_str(), untrusting.as_str()), (expected.as_str(), expected.as_str()));
        assert!(allowed.unreported().is_none(), "said once");
    }
    // The same day is not older.
    let site = Site::signed(sound());
    let live = LiveIndex::open(&site.path, site.options(), None).unwrap();
    site.replace(&index_bytes(1, "2026-07-02"));
    site.sign();
    assert_eq!(reload(&site, &live), Ok(true));
}

#[test]
fn a_replacement_that_is_too_old_is_refused() {
    let site = Site::signed(&index_bytes(0, "2001-01-01"));
    let trust: Trust = site.key.trust().with_max_age(Some(1_000_000)).with_rollback(true);
    let live = LiveIndex::open(&site.path, OpenOptions::new().trust(trust), None).unwrap();
    site.replace(&index_bytes(1, ""));
    site.sign();
    let error = reload(&site, &live).unwrap_err();
    assert_eq!(
        error,
        "a.bdx is not new enough: it has no corpus date, and at most 1000000 days since then are allowed; build it with \
         one"
    );
    assert!(holds(&live, 0));
}

#[test]
fn a_publication_that_ended_early_leaves_a_signed_index() {
    let site = Site::signed(sound());
    // The pair of an index that never came.
    let fresh = Site::unsigned(&newer());
    write_pair(&SignatureFiles::next(&site.path), &statement(&fresh.path), &site.key);
    site.open().unwrap();
    // One that came, and whose pair did not get its lasting names.
    site.replace(&newer());
    assert_eq!(site.open().unwrap().signed().unwrap().statement.corpus_date, "2026-08-02");
    assert!(Index::open_with(&site.path, site.options()).is_ok());
}

/// A job that is killed when its index has its name leaves its pair under the names of the next one, and that pair is the only
/// one of the index that is there.
#[test]
fn a_signature_that_an_earlier_job_left_outlives_the_next_one() {
    let site = Site::signed(sound());
    let next = SignatureFiles::next(&site.path);
    let sign = |bytes: &[u8]| {
        let text = statement(&Site::unsigned(bytes).path);
        SignatureFiles::write_next(&site.path, &text, &site.key.sign(&text)).unwrap();
    };
    let (second, third) = (newer(), index_bytes(2, "2026-09-02"));
    sign(&second);
    site.replace(&second);
    site.open().unwrap();
    // The one after it is killed before its index has its name.
    sign(&third);
    site.open().unwrap();
    site.replace(&third);
    site.open().unwrap();
    assert!(SignatureFiles::settle(&site.path).unwrap().is_synced());
    site.open().unwrap();
    assert!(!next.statement.exists() && !next.signature.exists());
}

/// A disk that cannot sync folders: a loss of power may bring back what had a name before.
#[derive(Debug)]
struct NoFolders;

impl files::Disk for NoFolders {
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(5))
    }
}

#[test]
fn where_the_index_may_be_lost_the_signature_of_the_one_before_stays() {
    let site = Site::signed(sound());
    let old = [site.files().statement, site.files().signature].map(|path| fs::read(path).unwrap());
    let text = statement(&Site::unsigned(&newer()).path);
    SignatureFiles::write_next(&site.path, &text, &site.key.sign(&text)).unwrap();
    site.replace(&newer());
    let settled = files::simulate(Arc::new(NoFolders), || SignatureFiles::settle(&site.path)).unwrap();
    assert!(!settled.is_synced());
    site.open().unwrap();
    site.replace(sound());
    site.open().unwrap();
    assert_eq!([site.files().statement, site.files().signature].map(|path| fs::read(path).unwrap()), old);
    // Before an index may have its name, its signature has to be there for certain.
    let refused = files::simulate(Arc::new(NoFolders), || {
        SignatureFiles::write_next(&site.path, &text, &site.key.sign(&text))
    });
    assert!(refused.unwrap_err().to_string().starts_with("cannot write "));
}

/// What others put under the names of signatures, in a folder that they may write to.
#[cfg(unix)]
#[test]
fn links_and_pipes_under_the_names_of_signatures_are_replaced() {
    let site = Site::unsigned(sound());
    let victim = site.folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let (next, lasting) = (SignatureFiles::next(&site.path), site.files());
    for path in [&next.statement, &lasting.signature] {
        std::os::unix::fs::symlink(&victim, path).unwrap();
    }
    for path in [&next.signature, &lasting.statement] {
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    }
    let text = statement(&site.path);
    SignatureFiles::write_next(&site.path, &text, &site.key.sign(&text)).unwrap();
    assert!(SignatureFiles::settle(&site.path).unwrap().is_synced());
    site.open().unwrap();
    assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
    assert!(lasting.signature.symlink_metadata().unwrap().is_file());
}
