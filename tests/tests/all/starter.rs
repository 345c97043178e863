//! The embedded starter index is what `data/README.md` says it is.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use breachdex::{Answer, Digest, Index, Kind};

#[test]
fn it_is_sound_exact_and_of_sha1_digests_with_counts() {
    let index = Index::starter().unwrap();
    index.verify(&()).unwrap();
    let metadata = index.metadata();
    assert!(index.is_starter());
    assert!(metadata.is_exact() && metadata.has_counts && metadata.coverage.is_whole());
    assert_eq!(metadata.kind, Kind::Sha1);
    assert_eq!(metadata.entries, 40_101);
    assert_eq!(metadata.source, "Django 5.2.8 common-passwords, zxcvbn 4.5.0 passwords");
    assert_eq!(metadata.corpus_date, "2025-11-05");
}

#[test]
fn it_claims_no_more_than_once_for_any_password() {
    let index = Index::starter().unwrap();
    let metadata = index.metadata();
    assert_eq!((metadata.total_count, metadata.max_count), (metadata.entries, 1));
}

#[test]
fn it_holds_the_passwords_that_everybody_knows_and_not_a_random_one() {
    let index = Index::starter().unwrap();
    for known in ["123456", "password", "qwerty", "letmein", "iloveyou", "trustno1", "1qaz2wsx", "dragon"] {
        let answer = index.lookup(&Digest::sha1(known.as_bytes())).unwrap();
        assert_eq!(answer, Answer::Present { count: Some(1) }, "{known}");
    }
    for unknown in ["", "correct horse battery staple", "qM7#vT2$zL9&wX4!", "Password"] {
        assert_eq!(index.lookup(&Digest::sha1(unknown.as_bytes())).unwrap(), Answer::Absent, "{unknown}");
    }
}
