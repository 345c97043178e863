//! The test password: made up, in no leak, and exposed to a corpus that is told so, for trying a site's whole path.

#![forbid(unsafe_code)]

use std::sync::OnceLock;

use crate::digest::{Digest, Kind};
use crate::index::Answer;

/// The password that [`Corpus::with_test_password`](super::Corpus::with_test_password) takes for exposed. It is long enough
/// for every profile, short enough for bcrypt, and has letters of both cases, digits and symbols, for sites that ask for them.
pub const TEST_PASSWORD: &str = "Breachdex-Test-Password-4711";

/// What the test password's own source says about a digest.
pub(super) fn answer(digest: &Digest) -> Answer {
    // Nobody has seen it, so there is no count.
    if digest == of_kind(digest.kind()) { Answer::Present { count: None } } else { Answer::Absent }
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
    use super::*;

    #[test]
    fn it_is_known_by_either_digest() {
        let present = Answer::Present { count: None };
        assert_eq!(answer(&Digest::sha1(TEST_PASSWORD.as_bytes())), present);
        assert_eq!(answer(&Digest::ntlm(TEST_PASSWORD)), present);
        assert_eq!(answer(&Digest::sha1(b"breachdex-test-password-4711")), Answer::Absent);
        assert_eq!(answer(&Digest::ntlm("Breachdex-Test-Password-4712")), Answer::Absent);
    }
}
