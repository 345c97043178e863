//! Names that say nothing: pseudonyms for users and tags for digests, under keys that live as long as the run.

#![forbid(unsafe_code)]

use std::hash::{BuildHasher as _, RandomState};

use breachdex::Digest;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{AuditError, Result};

/// Bytes of a pseudonym, which is twice as many hex digits: of a million users, two share one with a chance of 1 in 560.
const PSEUDONYM: usize = 6;

/// Makes pseudonyms: HMAC-SHA-256 under a random key, so that equal users of one run are seen to be equal, no name can
/// be tried out by somebody who has the report alone, and two reports cannot be joined.
pub(crate) struct Pseudonyms(Hmac<Sha256>);

impl Pseudonyms {
    pub(crate) fn new() -> Result<Self> {
        let mut key = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *key).map_err(|error| AuditError::System {
            action: "get random bytes",
            source: std::io::Error::other(error),
        })?;
        let mac = Hmac::new_from_slice(&*key).map_err(|error| AuditError::System {
            action: "make a key for pseudonyms",
            source: std::io::Error::other(error),
        })?;
        Ok(Self(mac))
    }

    /// The pseudonym of a user: 12 hex digits.
    pub(crate) fn of(&self, user: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(user.as_bytes());
        let code = mac.finalize().into_bytes();
        let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
        code[..PSEUDONYM].iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

/// Tells equal passwords without keeping them or their digests: 63 bits of SipHash under the process's random key, and
/// whether the password is exposed. Of a million different passwords, two share a tag with a chance of 1 in 18 million.
pub(crate) struct Tags(RandomState);

impl Tags {
    pub(crate) fn new() -> Self {
        Self(RandomState::new())
    }

    pub(crate) fn of(&self, digest: &Digest, is_exposed: bool) -> u64 {
        self.0.hash_one(digest.to_bytes().as_slice()) & !1 | u64::from(is_exposed)
    }

    pub(crate) fn is_exposed(tag: u64) -> bool {
        tag & 1 == 1
    }
}
