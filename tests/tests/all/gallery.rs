//! The gallery of bad indexes in `gallery/`: each has one fault, is named for it, and is refused with the
//! message in `gallery/messages.tsv`, a line a file: name, when it is seen, message.
//!
//! The files are made by `breachdex_tests::faults` out of two sound ones and never change, for they stand for
//! files that are out there: a format that a later version reads differently gets new files beside them.
//! `BREACHDEX_WRITE_GALLERY=1 cargo test -p breachdex-tests --test all gallery` writes the missing ones.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use breachdex::{Answer, Error, Index, Kind, diff};
use breachdex_tests::faults::{FAULTS, Fault, Sound, known_digest};
use breachdex_tests::judge::Judge;
use breachdex_tests::subject::{Subject, corpus};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery")
}

/// Reads a file of the gallery; writes it first where it is missing and that was asked for.
fn file(name: &str, make: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    /// The tests of this file run at once, and none may read what another has half written.
    static WRITING: Mutex<()> = Mutex::new(());
    let _writing = WRITING.lock().unwrap();
    let path = folder().join(name);
    if !path.exists() && std::env::var_os("BREACHDEX_WRITE_GALLERY").is_some() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&path, make()).unwrap();
    }
    fs::read(&path).unwrap_or_else(|error| panic!("{name} cannot be read: {error}"))
}

fn bad_file(sound: &Sound, (name, make): &Fault) -> Vec<u8> {
    file(&format!("{name}.bdx"), || make(sound))
}

fn sound() -> Sound {
    let build =
        |bits, entries| Subject::build("gallery", Kind::Sha1, bits, true, &corpus(Kind::Sha1, entries)).bytes;
    Sound {
        small: file("sound-small.bdx", || build(160, 40)),
        split: file("sound-split.bdx", || build(64, 600)),
    }
}

/// When a fault is seen first, and the message.
fn refusal(name: &str, bytes: Vec<u8>) -> (&'static str, String) {
    let index = match Index::from_bytes(bytes, &format!("{name}.bdx")) {
        Ok(index) => index,
        Err(error) => return ("open", error.to_string()),
    };
    match index.lookup(&known_digest()) {
        Ok(_) | Err(Error::NotCovered { .. }) => {}
        Err(error) => return ("lookup", error.to_string()),
    }
    match index.verify(&()) {
        Ok(()) => ("never", String::new()),
        Err(error) => ("verify", error.to_string()),
    }
}

#[test]
fn every_bad_index_is_refused_as_the_table_says() {
    let sound = sound();
    let mut found = String::new();
    for fault in FAULTS {
        let (when, message) = refusal(fault.0, bad_file(&sound, fault));
        found += &format!("{}\t{when}\t{message}\n", fault.0);
    }
    let expected = String::from_utf8(file("messages.tsv", || found.clone().into_bytes())).unwrap();
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

#[test]
fn the_files_are_what_the_generator_makes_and_there_are_no_others() {
    let sound = sound();
    let mut names = BTreeSet::from(["sound-small.bdx".to_owned(), "sound-split.bdx".to_owned()]);
    for fault @ (name, make) in FAULTS {
        assert!(bad_file(&sound, fault) == make(&sound), "{name}.bdx is not what is made now");
        assert!(names.insert(format!("{name}.bdx")), "{name} is there twice");
    }
    names.insert("messages.tsv".to_owned());
    let entries = fs::read_dir(folder()).unwrap();
    let there: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, names);
}

#[test]
fn the_sound_files_still_answer() {
    let sound = sound();
    for (bits, entries, bytes) in [(160, 40, sound.small), (64, 600, sound.split)] {
        let index = Index::from_bytes(bytes.clone(), "sound").unwrap();
        assert_eq!(index.lookup(&known_digest()).unwrap(), Answer::Present { count: Some(1) });
        let subject =
            Subject::from_file("sound", Kind::Sha1, bits, true, &corpus(Kind::Sha1, entries), bytes);
        Judge::new(&subject, 1).must_be_right_or_refused("undamaged", subject.bytes.clone());
    }
}

/// A bucket that no encoder makes may be read as one thing by one reader and as another by the next, so whoever goes through
/// it refuses it, as lookups and `verify` do.
#[test]
fn a_bucket_that_cannot_be_is_refused_by_whoever_goes_through_it() {
    let sound = sound();
    let good = Index::from_bytes(sound.small.clone(), "sound").unwrap();
    let mut visit = |_| Ok::<(), Error>(());
    let faults: Vec<_> = FAULTS.iter().filter(|(name, _)| name.starts_with("bucket-")).collect();
    assert!(faults.len() >= 10);
    for fault @ (name, _) in faults {
        let bad = Index::from_bytes(bad_file(&sound, fault), name).unwrap();
        let damaged = |error: Error| matches!(error, Error::Damaged { .. });
        assert!(bad.iter().any(|entry| entry.is_err_and(damaged)), "{name} is iterated");
        assert!(diff(&good, &bad, &mut visit, &()).is_err_and(damaged), "{name} is compared");
        assert!(diff(&bad, &good, &mut visit, &()).is_err_and(damaged), "{name} is compared");
    }
}
