//! The key of pairs: 32 random bytes in a file that only its owner can read.

#![forbid(unsafe_code)]

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use breachdex::files::{PrivateFault, read_private};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

use crate::digests::Keyed;
use crate::error::PairsError;

/// Bytes of a key.
pub const KEY_LENGTH: usize = 32;

type Result<T> = std::result::Result<T, PairsError>;

/// The key under which pairs are hashed. Overwritten when it is dropped; `Debug` shows nothing of it.
///
/// Whoever has a file of pairs and its key can try passwords for the names in it, as with any leaked list. Keep the key
/// apart from the file: on another disk, in other backups, out of the repository.
pub struct PairKey([u8; KEY_LENGTH]);

impl PairKey {
    /// Makes a key of random bytes, which is in memory alone.
    ///
    /// # Errors
    /// [`PairsError::Random`].
    pub fn generate() -> Result<Self> {
        let mut key = Self([0; KEY_LENGTH]);
        getrandom::fill(&mut key.0).map_err(|error| PairsError::Random(io::Error::other(error)))?;
        Ok(key)
    }

    /// [`PairKey::generate`] and [`PairKey::save`].
    ///
    /// # Errors
    /// As these.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let key = Self::generate()?;
        key.save(path)?;
        Ok(key)
    }

    /// Writes the key to a new file of mode 0600, which is on disk when this returns.
    ///
    /// # Errors
    /// [`PairsError::KeyExists`], [`PairsError::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => PairsError::KeyExists(path.to_owned()),
            _ => failed("create", path)(source),
        })?;
        let written = file.write_all(&self.0).and_then(|()| file.sync_all()).and_then(|()| sync_folder(path));
        if let Err(source) = written {
            // A key that is not whole is of no use, and in the way of the next try.
            let _ = fs::remove_file(path);
            return Err(failed("write", path)(source));
        }
        Ok(())
    }

    /// Reads a key file. Only its owner may be able to read it; of a file that belongs to root, such as a secret that a
    /// service manager hands over, its group too.
    ///
    /// # Errors
    /// [`PairsError::KeyReadable`], [`PairsError::KeyForeign`], [`PairsError::NotAKey`], [`PairsError::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read_private(path, KEY_LENGTH).map_err(|fault| match fault {
            PrivateFault::Public { mode } => PairsError::KeyReadable { path: path.to_owned(), mode },
            PrivateFault::Foreign => PairsError::KeyForeign(path.to_owned()),
            PrivateFault::Io(error) if error.kind() == ErrorKind::InvalidInput => {
                PairsError::NotAKey { path: path.to_owned(), reason: "it is not a regular file" }
            }
            fault => failed("open", path)(fault.into()),
        })?;
        let not_a_key = |reason| PairsError::NotAKey { path: path.to_owned(), reason };
        let mut key = Self([0; KEY_LENGTH]);
        if bytes.len() != KEY_LENGTH {
            return Err(not_a_key("it does not have 32 bytes"));
        }
        key.0.copy_from_slice(&bytes);
        if key.0.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
            return Err(not_a_key(
                "it is text, and a key is 32 random bytes, as `breachdex keygen` makes them",
            ));
        }
        if key.0.iter().all(|byte| *byte == key.0[0]) {
            return Err(not_a_key("all its bytes are the same"));
        }
        Ok(key)
    }

    /// The id of the key, which a file of pairs has. It says nothing about the key that could be used to guess it.
    pub fn id(&self) -> KeyId {
        Keyed::new(self).key_id()
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }
}

impl fmt::Debug for PairKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PairKey(..)")
    }
}

impl Drop for PairKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for PairKey {}

/// Names a key: 16 bytes of HMAC-SHA-256 under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub(crate) [u8; 16]);

impl KeyId {
    /// The id of these 32 hexadecimal digits in lower case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let is_id =
            digits.len() == 32 && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        is_id.then_some(())?;
        Some(Self(u128::from_str_radix(text, 16).ok()?.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", u128::from_be_bytes(self.0))
    }
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> PairsError + 'a {
    move |source| PairsError::Io { action, path: path.to_owned(), source }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Some file systems have nothing to sync about a folder.
    File::open(folder)?.sync_all().or(Ok(()))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
