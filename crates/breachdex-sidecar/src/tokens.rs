//! Bearer tokens from a file, compared in constant time.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use breachdex::files;

use crate::error::SidecarError;

/// Bytes of the longest file that is read.
const MOST: usize = 4096;
/// Characters of the shortest token: 32 of base64 or hex are 128 bits or more.
const SHORTEST: usize = 32;
/// Tokens that a file may have, so that one can be replaced by another while both are valid.
const MOST_TOKENS: usize = 8;

/// The tokens that are valid.
pub(crate) struct Tokens {
    path: PathBuf,
    /// Equal hashes are equal tokens, and hashes are compared in constant time.
    hashes: RwLock<Vec<blake3::Hash>>,
}

impl Tokens {
    /// Reads the file: one token a line; empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// [`SidecarError::Token`].
    pub(crate) fn open(path: &Path) -> Result<Self, SidecarError> {
        Ok(Self { path: path.to_owned(), hashes: RwLock::new(read(path)?) })
    }

    /// Reads the file again. If that fails, the tokens stay as they are.
    ///
    /// # Errors
    /// As [`Tokens::open`].
    pub(crate) fn reload(&self) -> Result<(), SidecarError> {
        let fresh = read(&self.path)?;
        *self.hashes.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Whether a token is one of them.
    pub(crate) fn hold(&self, token: &[u8]) -> bool {
        let hash = blake3::hash(token);
        let hashes = self.hashes.read().unwrap_or_else(PoisonError::into_inner);
        hashes.iter().fold(false, |found, known| found | (*known == hash))
    }
}

fn read(path: &Path) -> Result<Vec<blake3::Hash>, SidecarError> {
    let refused = |reason: String| SidecarError::Token { path: path.to_owned(), reason };
    let bytes = files::read_private(path, MOST).map_err(|fault| refused(fault.to_string()))?;
    if bytes.len() > MOST {
        return Err(refused(format!("it has more than {MOST} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| refused(String::from("it is not UTF-8 text")))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut hashes = Vec::new();
    for token in lines {
        if token.len() < SHORTEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused(format!(
                "a token has at least {SHORTEST} visible ASCII characters; make one with openssl rand -hex 32"
            )));
        }
        hashes.push(blake3::hash(token.as_bytes()));
    }
    match hashes.len() {
        0 => Err(refused(String::from("there is no token in it; make one with openssl rand -hex 32"))),
        1..=MOST_TOKENS => Ok(hashes),
        _ => Err(refused(format!("it has more than {MOST_TOKENS} tokens"))),
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tokens").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const FIRST: &str = "0123456789abcdef0123456789abcdef";
    const SECOND: &str = "fedcba9876543210fedcba9876543210";

    fn file(folder: &tempfile::TempDir, text: &str, mode: u32) -> PathBuf {
        let path = folder.path().join("token");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_token_is_replaced_while_both_are_valid() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = file(&folder, &format!("{FIRST}\n"), 0o600);
        let tokens = Tokens::open(&path).unwrap();
        assert!(tokens.hold(FIRST.as_bytes()) && !tokens.hold(SECOND.as_bytes()) && !tokens.hold(b""));
        file(&folder, &format!("# new\n{SECOND}\r\n\n{FIRST}"), 0o400);
        tokens.reload().unwrap();
        assert!(tokens.hold(FIRST.as_bytes()) && tokens.hold(SECOND.as_bytes()));
        file(&folder, "short", 0o600);
        assert!(tokens.reload().is_err());
        assert!(tokens.hold(FIRST.as_bytes()));
        assert!(!format!("{tokens:?}").contains(FIRST));
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_by_name() {
        let folder = tempfile::TempDir::new().unwrap();
        let refused = |text: &str, mode| {
            let path = file(&folder, text, mode);
            let said = Tokens::open(&path).unwrap_err().to_string();
            said.strip_prefix(&format!("cannot use the token file {}: ", path.display())).unwrap().to_owned()
        };
        assert_eq!(refused(FIRST, 0o644), "other users can access it (mode 0644); run chmod 0600");
        let short = "a token has at least 32 visible ASCII characters; make one with openssl rand -hex 32";
        assert_eq!(refused("0123456789abcdef", 0o600), short);
        assert_eq!(refused("0123456789abcdef 0123456789abcdef", 0o600), short);
        assert_eq!(refused("# none\n", 0o600), "there is no token in it; make one with openssl rand -hex 32");
        assert_eq!(refused(&format!("{FIRST}\n").repeat(9), 0o600), "it has more than 8 tokens");
    }
}
