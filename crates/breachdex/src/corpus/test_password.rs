//! The test password: made up, in no leak, and exposed to a corpus that is told so, for trying a site's whole path.

#![forbid(unsafe_code)]

use std::sync::OnceLock;

use crate::coverage::Prefix;
use crate::digest::{Digest, Kind};
use crate::entry::Entry;
use crate::index::Answer;
use crate::rows::write_row;

/// The password that [`Corpus::with_test_password`](super::Corpus::with_test_password) takes for exposed. It is long enough
/// for every profile, short enough for bcrypt, and has letters of both cases, digits and symbols, for sites that ask for them.
pub const TEST_PASSWORD: &str = "Breachdex-Test-Password-4711";

/// What the test password's own source says about a digest.
pub(super) fn answer(digest: &Digest) -> Answer {
    // Nobody has seen it, so there is no count.
    if digest == of_kind(digest.kind()) { Answer::Present { count: None } } else { Answer::Absent }
}

/// Its entry, where it is under a prefix. A range has counts, so it gets the smallest one.
pub(super) fn entry(kind: Kind, prefix: &Prefix) -> Option<Entry> {
    let (first, last) = prefix.bounds();
    Some(Entry::new(of_kind(kind), 1)).filter(|entry| (first..=last).contains(&entry.key))
}

/// Its row as a range has it, where it is under a 5-digit prefix.
pub(super) fn row(kind: Kind, prefix: u32) -> Option<Vec<u8>> {
    let entry = entry(kind, &Prefix::of_range(prefix))?;
    let mut row = Vec::new();
    write_row(&mut row, &entry, kind, 5, true);
    Some(row)
}

fn of_kind(kind: Kind) -> &'static Digest {
    static SHA1: OnceLock<Digest> = OnceLock::new();
    static NTLM: OnceLock<Digest> = OnceLock::new();
    match kind {
        Kind::Sha1 => SHA1.get_or_init(|| Digest::sha1(TEST_PASSWORD.as_bytes())),
        Kind::Ntlm => NTLM.get_or_init(|| Digest::ntlm(TEST_PASSWORD)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn it_is_known_by_either_digest() {
        let present = Answer::Present { count: None };
        assert_eq!(answer(&Digest::sha1(TEST_PASSWORD.as_bytes())), present);
        assert_eq!(answer(&Digest::ntlm(TEST_PASSWORD)), present);
        assert_eq!(answer(&Digest::sha1(b"breachdex-test-password-4711")), Answer::Absent);
        assert_eq!(answer(&Digest::ntlm("Breachdex-Test-Password-4712")), Answer::Absent);
    }

    #[test]
    fn its_row_is_under_its_own_prefix_alone() {
        for kind in [Kind::Sha1, Kind::Ntlm] {
            let digits: String = of_kind(kind).to_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
            let prefix = u32::from_str_radix(&digits[..5], 16).unwrap();
            assert_eq!(row(kind, prefix), Some(format!("{}:1", &digits[5..]).into_bytes()));
            assert_eq!(row(kind, prefix ^ 1), None);
            let held = |digits: &str| entry(kind, &Prefix::from_hex(kind, digits).unwrap()).is_some();
            assert!(held("") && held(&digits[..3]) && held(&digits));
            assert!(!held("F0F0F"));
        }
    }
}
