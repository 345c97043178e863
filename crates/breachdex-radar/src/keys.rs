//! Keyed hashes: sources and accounts are known by these only.

#![forbid(unsafe_code)]

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;
use zeroize::ZeroizeOnDrop;

use crate::error::{RadarError, Result};
use crate::source::Group;

/// Bytes of a key.
pub(crate) const KEY_LENGTH: usize = 16;
/// Of a longer text the beginning and the length are hashed, so that nobody's long text costs time.
const TEXT_LENGTH: usize = 1024;

/// The key of a radar. SipHash under it: a sender cannot choose texts that collide without knowing it.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Keys([u8; KEY_LENGTH]);

impl Keys {
    pub(crate) fn new(key: [u8; KEY_LENGTH]) -> Self {
        Self(key)
    }

    pub(crate) fn random() -> Result<Self> {
        let mut key = [0; KEY_LENGTH];
        getrandom::fill(&mut key).map_err(RadarError::Random)?;
        Ok(Self(key))
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }

    /// The hash of a source, and of its network if it has one.
    pub(crate) fn source(&self, group: Group<'_>) -> (Option<u64>, Option<u64>) {
        match group {
            Group::Unsaid => (None, None),
            Group::Text(text) => (Some(self.text(b't', text)), None),
            Group::V4(address) => (Some(self.hash(b'4', &address)), Some(self.hash(b'n', &address[..3]))),
            Group::V6(network) => (Some(self.hash(b'6', &network)), Some(self.hash(b'm', &network[..6]))),
        }
    }

    /// The hash of an account, if it is said.
    pub(crate) fn account(&self, account: &str) -> Option<u64> {
        (!account.is_empty()).then(|| self.text(b'a', account))
    }

    fn text(&self, domain: u8, text: &str) -> u64 {
        let bytes = text.as_bytes();
        if bytes.len() <= TEXT_LENGTH {
            return self.hash(domain, bytes);
        }
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(&[domain.to_ascii_uppercase()]);
        hasher.write(&bytes.len().to_le_bytes());
        hasher.write(&bytes[..TEXT_LENGTH]);
        hasher.finish()
    }

    fn hash(&self, domain: u8, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(&[domain]);
        hasher.write(bytes);
        hasher.finish()
    }
}
