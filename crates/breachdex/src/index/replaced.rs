//! What an open index knows of the file under its path, and the traits of an index.

#![forbid(unsafe_code)]

use std::fmt;

use super::identity::Identity;
use super::{Answer, Index, Lookup, Range};
use crate::digest::{Digest, Kind};
use crate::error::{Error, Result, io_error};

impl Index {
    /// Whether there is another file under the path now, or the same one was changed. `false` for an index in memory.
    ///
    /// # Errors
    /// [`Error::Io`] where there is none.
    pub fn is_replaced(&self) -> Result<bool> {
        let (Some(path), Some(identity)) = (&self.path, &self.identity) else { return Ok(false) };
        let facts = std::fs::metadata(path).map_err(io_error("read", path))?;
        Ok(Identity::of(&facts) != *identity)
    }

    /// Opens the file anew when another one is under its path now, with the same options; `None` when it is
    /// the same. Readers of this handle finish undisturbed. Always `None` for an index in memory.
    ///
    /// # Errors
    /// As [`Index::open_with`]; [`Error::Damaged`] when the same file was changed in place.
    pub fn reopen_if_replaced(&self) -> Result<Option<Self>> {
        let (Some(path), Some(identity)) = (&self.path, &self.identity) else { return Ok(None) };
        let facts = std::fs::metadata(path).map_err(io_error("read", path))?;
        let now = Identity::of(&facts);
        if now == *identity {
            return Ok(None);
        }
        if now.is_same_file(identity) {
            return Err(self.core.changed_in_place());
        }
        let index = Self::open_with(path, self.options.clone())?;
        #[cfg(feature = "signatures")]
        self.options.trusted().check_replacement(self.name(), self.metadata(), index.metadata())?;
        Ok(Some(index))
    }
}

impl Lookup for Index {
    type Error = Error;

    fn kind(&self) -> Kind {
        Self::kind(self)
    }

    #[inline]
    fn lookup(&self, digest: &Digest) -> Result<Answer> {
        self.core.lookup(digest)
    }

    fn require_counts(&self) -> Result<()> {
        self.core.require_counts()
    }
}

impl<'a> IntoIterator for &'a Index {
    type Item = Result<crate::Entry>;
    type IntoIter = Range<'a>;

    fn into_iter(self) -> Range<'a> {
        self.iter()
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("name", &self.name())
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}
