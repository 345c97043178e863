//! Keyed digests: HMAC-SHA-256, of which 160 bits are kept.
//!
//! What is hashed begins with a byte that says what it is, so that no digest of one thing is that of another, and the
//! length of the name, so that a name and a password are told apart.

#![forbid(unsafe_code)]

use breachdex::Digest;
use hmac::digest::common::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::key::{KEY_LENGTH, KeyId, PairKey};

type Block = Key<Hmac<Sha256>>;

/// What a digest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// A user name in full and a password.
    Pair,
    /// A user name without its host, which it has, and a password.
    LocalPair,
    /// A user name in full.
    User,
    /// Every pair of a file.
    All,
}

impl Of {
    const fn tag(self) -> u8 {
        match self {
            Self::Pair => b'p',
            Self::LocalPair => b'l',
            Self::User => b'u',
            Self::All => b'a',
        }
    }
}

/// The tag of the key's id.
const KEY_ID: u8 = b'k';

/// The state of HMAC-SHA-256 behind the key. Overwritten when it is dropped.
#[derive(Clone)]
pub(crate) struct Keyed(Hmac<Sha256>);

impl Keyed {
    pub(crate) fn new(key: &PairKey) -> Self {
        // HMAC fills a key up to the length of a block with zeros.
        let mut block = Block::default();
        block[..KEY_LENGTH].copy_from_slice(key.bytes());
        let mac = Hmac::new(&block);
        block.as_mut_slice().zeroize();
        Self(mac)
    }

    pub(crate) fn key_id(&self) -> KeyId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.code(KEY_ID, "", b"")[..16]);
        KeyId(id)
    }

    /// The digest of a name and a password; without a password, of the name alone.
    pub(crate) fn digest(&self, of: Of, name: &str, password: &[u8]) -> Digest {
        let code = self.code(of.tag(), name, password);
        let mut bytes = Zeroizing::new([0; 20]);
        bytes.copy_from_slice(&code[..20]);
        Digest::keyed(&bytes)
    }

    fn code(&self, tag: u8, name: &str, password: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut mac = self.0.clone();
        mac.update(&[tag]);
        mac.update(&(name.len() as u64).to_le_bytes());
        mac.update(name.as_bytes());
        mac.update(password);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}
