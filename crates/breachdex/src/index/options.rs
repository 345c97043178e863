//! How to open an index: what its bytes are had by, how often they are checked, and what is in memory first.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::path::Path;

use super::core::{Checks, Core};
use super::identity::Identity;
use crate::error::{Error, Result};
use crate::files;
use crate::kernels::Kernel;
use crate::storage::Storage;
use crate::storage::residency::Residency;

/// How to open an index; see [`Index::open_with`](super::Index::open_with).
///
/// ```no_run
/// use breachdex::{Index, OpenOptions, Residency};
/// let index = Index::open_with("pwned.bdx", OpenOptions::new().mapped().residency(Residency::Populate))?;
/// # let _ = index; Ok::<(), breachdex::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct OpenOptions {
    kernel: Kernel,
    residency: Residency,
    checks: Option<Checks>,
    is_mapped: bool,
    content: Content,
    #[cfg(feature = "signatures")]
    trust: crate::trust::Trust,
}

/// What a file must hold to be opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Content {
    /// Digests of passwords.
    #[default]
    Passwords,
    /// Keyed digests of pairs of a user name and a password.
    Pairs,
    /// Either.
    Any,
}

impl Content {
    /// Refuses a file that holds something else: what asks one kind of file the other's questions finds nothing.
    fn check(self, core: &Core) -> Result<()> {
        let (name, facts) = (core.name().to_owned(), core.metadata());
        match self {
            Self::Passwords if facts.is_pairs => Err(Error::HoldsPairs { name }),
            Self::Pairs if !facts.is_pairs => {
                let reason = if facts.is_overlay {
                    "it is an overlay of passwords; name it as an overlay"
                } else {
                    "it is an index of passwords; name it as an index"
                };
                Err(Error::HoldsNoPairs { name, reason })
            }
            Self::Passwords | Self::Pairs | Self::Any => Ok(()),
        }
    }
}

impl OpenOptions {
    /// The file is read, on demand, and checked for every answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Maps the file instead of reading it: a lookup takes about a sixth of the time. The mapping is shared with whoever else
    /// has the file open, and no program can keep them from changing it.
    ///
    /// Use it for a file that is only ever replaced by rename, as everything in this project does, and that only users
    /// whom you trust may write. While it is mapped,
    /// - cutting it short ends the process with a signal (`SIGBUS`; on Windows the system refuses to cut it), and so does a
    ///   disk that cannot be read;
    /// - overwriting it is undefined behaviour in the terms of Rust, because bytes change that the compiler takes for
    ///   constant. What the code does then was made as harmless as can be: no offset or length is used unchecked, each part
    ///   is checked when it is first touched, and a handle that notices the change refuses to answer. Nothing promises it.
    ///
    /// With [`Residency::HugePages`] nothing is mapped: the file is copied.
    pub fn mapped(self) -> Self {
        Self { is_mapped: true, ..self }
    }

    /// Opens a file of exposed pairs, and nothing else. Without, such a file is [`Error::HoldsPairs`].
    ///
    /// Its entries are keyed digests: ask it through the crate `breachdex-pairs`, which has the key.
    pub fn pairs(self) -> Self {
        Self { content: Content::Pairs, ..self }
    }

    /// Opens a file of exposed pairs as well as an index of passwords: for a program that describes or verifies files and
    /// asks them nothing.
    pub fn any_content(self) -> Self {
        Self { content: Content::Any, ..self }
    }

    /// How often parts are held against their checksums. By default each time where bytes are read from the file, and at
    /// the first touch where they are mapped or in memory.
    pub fn checks(self, checks: Checks) -> Self {
        Self { checks: Some(checks), ..self }
    }

    /// How much of the file is in memory before the first question. Others than [`Residency::OnDemand`] read the whole
    /// file at open.
    pub fn residency(self, residency: Residency) -> Self {
        Self { residency, ..self }
    }

    /// Which kernels to use.
    pub fn kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// Whose signature the file must have, and how old it may be.
    ///
    /// With trusted keys header, directory and facts are held against the signed content id at open, and a group when it
    /// is first touched, whatever [`Checks`] say: that lookup reads its unit, half a megabyte in a whole corpus.
    #[cfg(feature = "signatures")]
    pub fn trust(self, trust: crate::trust::Trust) -> Self {
        Self { trust, ..self }
    }

    #[cfg(feature = "signatures")]
    pub(super) fn trusted(&self) -> &crate::trust::Trust {
        &self.trust
    }

    #[cfg(feature = "signatures")]
    pub(super) fn open(&self, path: &Path) -> Result<(Core, Identity)> {
        let mut tries = 3;
        loop {
            tries -= 1;
            let (mut core, identity) = self.open_file(path)?;
            match self.trust.check(path, core.metadata(), core.content_id()) {
                Ok(None) => return Ok((core, identity)),
                Ok(Some(signed)) => {
                    core.trust_content_id(signed)?;
                    return Ok((core, identity));
                }
                // Replaced in between, and its signature with it.
                Err(Error::NotSigned { .. })
                    if tries > 0
                        && std::fs::metadata(path).is_ok_and(|facts| Identity::of(&facts) != identity) => {}
                Err(error) => return Err(error),
            }
        }
    }

    #[cfg(not(feature = "signatures"))]
    pub(super) fn open(&self, path: &Path) -> Result<(Core, Identity)> {
        self.open_file(path)
    }

    fn open_file(&self, path: &Path) -> Result<(Core, Identity)> {
        let (file, facts) = files::open_index(path)?;
        let length = facts.len();
        let storage = if length == 0 {
            Storage::Memory(Cow::Borrowed(&[]))
        } else {
            Storage::open(file, length, path, self.residency, self.is_mapped)?
        };
        let core = self.core(storage, length, path.display().to_string())?;
        Ok((core, Identity::of(&facts)))
    }

    pub(super) fn open_bytes(&self, bytes: Cow<'static, [u8]>, name: &str) -> Result<Core> {
        let length = bytes.len() as u64;
        self.core(Storage::Memory(bytes), length, name.to_owned())
    }

    fn core(&self, storage: Storage, length: u64, name: String) -> Result<Core> {
        let usual = if storage.bytes().is_none() { Checks::Always } else { Checks::Once };
        // A mapping may be shorter than the file was a moment ago, or longer.
        let length = storage.bytes().map_or(length, |bytes| bytes.len() as u64);
        let core = Core::open(storage, length, name, self.kernel, self.checks.unwrap_or(usual))?;
        self.content.check(&core)?;
        Ok(core)
    }
}
