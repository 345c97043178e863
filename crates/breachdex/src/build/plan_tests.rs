//! Floors, coverage and limits.

#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn floors_follow_the_rule() {
    let floors = |rule, floors: &[u64]| Floors::new(rule, floors.iter().copied());
    assert_eq!(floors(MergeRule::Sum, &[]).floor(1), 1);
    assert_eq!(floors(MergeRule::Sum, &[1, 1]).floor(1), 1);
    assert_eq!(floors(MergeRule::Sum, &[5, 3]).floor(1), 7);
    assert_eq!(floors(MergeRule::Sum, &[5, 3]).floor(10), 16);
    assert_eq!(floors(MergeRule::Max, &[5, 3]).floor(1), 5);
    assert_eq!(floors(MergeRule::Error, &[5, 3]).floor(9), 9);
    assert_eq!(floors(MergeRule::Sum, &[u64::MAX, u64::MAX]).floor(2), u64::MAX);
}

#[test]
fn the_false_positive_rate_has_a_limit() {
    assert_eq!(most_entries(Kind::Sha1, 32, false), Some(1 << 25));
    assert_eq!(most_entries(Kind::Sha1, 32, true), None);
    assert_eq!(most_entries(Kind::Ntlm, 128, false), None);
    assert_eq!(most_entries(Kind::Sha1, 128, false), None);
}

#[test]
fn a_rate_past_the_limit_is_refused_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.txt");
    std::fs::write(&path, "").unwrap();
    let inputs = [Opened::new(&crate::input::Input::path(path), &crate::OpenOptions::new()).unwrap()];
    let decision = |bits, force_bits| {
        let options = BuildOptions { bits: Some(bits), force_bits, ..BuildOptions::default() };
        Decision::new(&options, &inputs).unwrap()
    };
    let refused = decision(32, false).check_rate((1 << 25) + 1).unwrap_err().to_string();
    assert_eq!(refused, "with 32 bits more than one password in 128 would be reported as exposed by chance");
    for (bits, force, entries) in [(32, false, 1 << 25), (32, true, u64::MAX), (33, false, 1 << 26)] {
        decision(bits, force).check_rate(entries).unwrap();
    }
}
