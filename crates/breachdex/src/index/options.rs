//! How to open an index: what its bytes are had by, how often they are checked, and what is in memory first.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::path::Path;

use super::core::{Checks, Core};
use super::identity::Identity;
#[cfg(feature = "signatures")]
use crate::error::Error;
use crate::error::Result;
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
    #[cfg(feature = "signatures")]
    trust: crate::trust::Trust,
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
        Core::open(storage, length, name, self.kernel, self.checks.unwrap_or(usual))
    }
}
