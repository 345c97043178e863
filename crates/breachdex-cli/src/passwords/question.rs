//! A line as a digest.

#![forbid(unsafe_code)]

use breachdex::{Digest, Error, Kind, PasswordHasher};
use zeroize::{Zeroize as _, Zeroizing};

/// What a line holds, and so how it becomes a digest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A password, to be hashed.
    Passwords,
    /// A digest in hexadecimal.
    Digests,
}

/// Turns the pieces of lines into digests, one line after another in the same place.
pub(crate) enum Question {
    Password(PasswordHasher),
    Digest { kind: Kind, digits: Zeroizing<[u8; 40]>, length: usize },
}

impl Question {
    /// A line of which nothing was read yet.
    pub(crate) fn new(content: Content, kind: Kind) -> Self {
        match content {
            Content::Passwords => Self::Password(PasswordHasher::new(kind)),
            Content::Digests => Self::Digest { kind, digits: Zeroizing::new([0; 40]), length: 0 },
        }
    }

    /// Adds the next bytes of the line.
    pub(crate) fn update(&mut self, piece: &[u8]) {
        match self {
            Self::Password(hasher) => hasher.update(piece),
            Self::Digest { digits, length, .. } => {
                // Beyond the widest digest only the length matters, for the error.
                if let Some(free) = digits.get_mut(*length..) {
                    let kept = piece.len().min(free.len());
                    free[..kept].copy_from_slice(&piece[..kept]);
                }
                *length += piece.len();
            }
        }
    }

    /// The digest to look up. Afterwards nothing of the line is left, and the next one can be read.
    pub(crate) fn finish(&mut self) -> Result<Digest, Error> {
        match self {
            Self::Password(hasher) => hasher.finish_reset(),
            Self::Digest { kind, digits, length } => {
                let digest = match digits.get(..*length).filter(|digits| digits.len() == kind.hex_digits()) {
                    Some(digits) => Digest::from_hex(*kind, digits),
                    None => Err(Error::InvalidDigest { kind: *kind, found: *length, unit: "hex digits" }),
                };
                digits.zeroize();
                *length = 0;
                digest
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_digest_of_any_wrong_length_is_refused_with_that_length() {
        let mut question = Question::new(Content::Digests, Kind::Sha1);
        for length in (0..100).filter(|length| *length != 40) {
            question.update(&vec![b'A'; length]);
            let error = question.finish().unwrap_err().to_string();
            assert_eq!(error, format!("a SHA-1 digest has 40 hex digits, found {length}"));
        }
    }

    #[test]
    fn one_place_serves_many_lines() {
        for kind in [Kind::Sha1, Kind::Ntlm] {
            let mut question = Question::new(Content::Passwords, kind);
            let expected = |password: &str| match kind {
                Kind::Sha1 => Digest::sha1(password.as_bytes()),
                Kind::Ntlm => Digest::ntlm(password),
            };
            for password in ["first", "", "パスワード", "last"] {
                password.as_bytes().chunks(2).for_each(|piece| question.update(piece));
                assert!(question.finish().unwrap() == expected(password), "{kind} {password}");
                if kind == Kind::Ntlm {
                    question.update(b"\xff");
                    assert!(question.finish().is_err());
                }
            }
        }
        let mut question = Question::new(Content::Digests, Kind::Ntlm);
        for digits in ["8846F7EAEE8FB117AD06BDD830B7586C", "00000000000000000000000000000000"] {
            question.update(digits.as_bytes());
            assert!(question.finish().unwrap() == Digest::from_hex(Kind::Ntlm, digits.as_bytes()).unwrap());
        }
    }
}
