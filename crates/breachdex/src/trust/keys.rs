//! Public keys in minisign's format.

#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// No file of a key or a signature is longer.
const LONGEST: u64 = 8 << 10;

/// Bytes of a key: algorithm, id, and the key itself.
const LENGTH: usize = 42;

/// What every file of minisign begins with.
pub(super) const UNTRUSTED: &str = "untrusted comment: ";

/// Names a key: 16 hex digits, as minisign prints it. Two keys may have one id; it proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why a public key cannot be used. Never repeats what was given: it may be a secret key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A text or a file is no public key.
    #[error("{}not a minisign public key: {reason}", path.as_ref().map(|path| format!("{} is ", path.display())).unwrap_or_default())]
    Malformed {
        /// The file; `None` for a text.
        path: Option<PathBuf>,
        /// What is wrong.
        reason: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot open {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// No key was given.
    #[error("no key is trusted, so no index would be; name at least one public key")]
    NoKeys,
}

/// A key that signatures are checked with.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    bytes: [u8; LENGTH],
    key: minisign_verify::PublicKey,
}

impl PublicKey {
    /// Reads a public key's file.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Io { path: path.to_owned(), source };
        let malformed = |reason| KeyError::Malformed { path: Some(path.to_owned()), reason };
        // Opening a pipe would wait for somebody to write into it.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(malformed("it is not a file"));
        }
        let mut text = Vec::new();
        File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut text)).map_err(failed)?;
        let text = String::from_utf8(text).map_err(|_| malformed("it is not text"))?;
        parse(&text).map_err(malformed)
    }

    /// A key that is given as its 56 characters or as the path of its file.
    ///
    /// # Errors
    /// As [`PublicKey::read`], for what is not the text of a key.
    pub fn from_text_or_file(given: &Path) -> Result<Self, KeyError> {
        match given.to_str().map(str::parse::<Self>) {
            Some(Ok(key)) => Ok(key),
            // Whoever gives a secret key is not to see it named as a missing file.
            Some(Err(error @ KeyError::Malformed { reason: SECRET, .. })) => Err(error),
            _ => Self::read(given),
        }
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        key_id(&self.bytes)
    }

    /// The key's 56 characters, as a line of its file has them.
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.bytes)
    }

    /// Whether a signature of this key is valid for a message, and its trusted comment is the signer's.
    pub(super) fn verifies(&self, message: &[u8], signature: &minisign_verify::Signature) -> bool {
        // Signatures of the message itself were minisign's before 0.10, and it still accepts them.
        self.key.verify(message, signature, true).is_ok()
    }
}

/// The base64 text of a key, or the text of its file.
impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        parse(text).map_err(|reason| KeyError::Malformed { path: None, reason })
    }
}

const SECRET: &str = "it is a secret key; name the public key that belongs to it, and keep this one secret";

fn parse(text: &str) -> Result<PublicKey, &'static str> {
    let mut lines = text.trim().lines();
    let mut line = lines.next().unwrap_or_default();
    if line.starts_with(UNTRUSTED) {
        line = lines.next().ok_or("the second line, which holds the key, is missing")?;
    }
    let line = line.trim();
    // "Ed" or "ED", then how a secret key is encrypted, or that it is not.
    if line.len() > 100 && ["RWRTY0Iy", "RWQAAEIy"].iter().any(|start| line.starts_with(start)) {
        return Err(SECRET);
    }
    let bytes = BASE64_STANDARD.decode(line).map_err(|_| "it is not base64")?;
    let bytes = bytes.try_into().map_err(|_| "it has another length than a public key")?;
    let key =
        minisign_verify::PublicKey::from_base64(line).map_err(|_| "it is a key of another algorithm")?;
    Ok(PublicKey { bytes, key })
}

/// The id in a decoded key or signature.
pub(super) fn key_id(bytes: &[u8]) -> KeyId {
    KeyId(bytes.get(2..10).and_then(|id| id.try_into().ok()).unwrap_or_default())
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}
