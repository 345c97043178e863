//! The target appears whole or not at all: written beside it under a name of its own, locked while in use,
//! synced, renamed. The next build of a target removes what a killed one left. What holds entries of an overlay
//! is for its owner's eyes from the moment the file is there.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::groups::GroupStore;
use super::options::BeforePublish;
use super::positioned::{DiskFile, Place};
use super::read_back::{ReadBack, read_back};
use crate::error::{Error, Result, io_error};
pub(crate) use crate::files::Readers;
use crate::files::{self, ClaimError, Disk, Durability, Temporary, folder_of, resolve_target};
use crate::format::{Layout, OverlayMark};

/// The right to write a target, and the temporary file that will become it.
pub(crate) struct Publication {
    /// As it was given, for messages.
    target: PathBuf,
    folder: PathBuf,
    replace: bool,
    readers: Readers,
    temporary: Temporary,
    before: Option<BeforePublish>,
    /// Keeps the claim while another file is the temporary one.
    claim: Option<Temporary>,
}

impl Publication {
    /// Claims a target. What a killed build of it left is removed. Of a symbolic link to a file, what it leads to is
    /// claimed.
    ///
    /// # Errors
    /// [`Error::TargetExists`] unless `replace`; [`Error::TargetBusy`] while another build writes it;
    /// [`Error::Io`]; [`Error::Unbuildable`] when the target is no regular file.
    pub(crate) fn claim(target: &Path, replace: bool) -> Result<Self> {
        Self::claim_for(Readers::Umask, target, replace)
    }

    /// [`Publication::claim`] of a file for certain readers.
    pub(crate) fn claim_for(readers: Readers, target: &Path, replace: bool) -> Result<Self> {
        let resolved = resolve_target(target, replace).map_err(refusal(target))?;
        let temporary = Temporary::claim(files::current(), &resolved, readers).map_err(refusal(target))?;
        let folder = folder_of(&resolved).to_owned();
        Ok(Self { target: target.to_owned(), folder, replace, readers, temporary, before: None, claim: None })
    }

    /// Has something done before the file gets its name.
    #[must_use]
    pub(crate) fn before(self, before: Option<&BeforePublish>) -> Self {
        Self { before: before.cloned(), ..self }
    }

    /// The folder of the target.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The disk that all of it is on.
    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        self.temporary.disk()
    }

    /// A handle on the temporary file, and the target's name for messages.
    pub(crate) fn file(&self) -> Result<(DiskFile, Place)> {
        let file = self.temporary.file().try_clone().map_err(io_error("write", &self.target))?;
        Ok((DiskFile { disk: Arc::clone(self.disk()), file }, Place::Target(self.target.clone())))
    }

    /// Keeps what will hold entries of an overlay from other readers. To be called before anything is written:
    /// whoever opened the first file reads nothing in it.
    pub(crate) fn restrict_mode(&mut self, layout: Layout) -> Result<()> {
        if layout.overlay == OverlayMark::None || self.readers == Readers::Owner {
            return Ok(());
        }
        self.readers = Readers::Owner;
        self.renew()
    }

    /// Takes a file of the caller's, which lies in the target's folder and is kept unless it is published.
    pub(crate) fn adopt(&mut self, file: File, path: &Path) {
        let adopted = self.temporary.adopt(file, path);
        self.claim = Some(std::mem::replace(&mut self.temporary, adopted));
    }

    /// Starts over with an empty temporary file.
    pub(crate) fn renew(&mut self) -> Result<()> {
        // Made before the other is let go, so that the target is claimed at every moment.
        self.temporary = self.temporary.another(self.readers).map_err(refusal(&self.target))?;
        Ok(())
    }

    /// Waits until the temporary file is on disk.
    pub(crate) fn sync(&self) -> Result<()> {
        self.disk().sync(self.temporary.file()).map_err(io_error("write", &self.target))
    }

    /// Opens the finished file and asks it for what was written to it.
    ///
    /// # Errors
    /// [`Error::NotPublished`].
    pub(crate) fn read_back(&self, store: &GroupStore) -> Result<ReadBack> {
        read_back(store, self.temporary.path(), &self.target)
    }

    /// Gives the temporary file, which was synced and read back, the target's name. Says whether that is known to be on
    /// disk.
    pub(crate) fn publish(self, checked: ReadBack) -> Result<Durability> {
        let Self { target, replace, readers, temporary, before, claim, .. } = self;
        if let (Some(before), Some((metadata, content_id))) = (&before, checked.facts()) {
            before.call(metadata, content_id)?;
        }
        drop(checked);
        // A process that is killed once the target is there leaves nothing of ours beside it.
        drop(claim);
        temporary.publish(replace, readers).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists if !replace => Error::TargetExists(target.clone()),
            _ => io_error("create", &target)(error),
        })
    }
}

/// Names the target as it was given.
pub(crate) fn refusal(target: &Path) -> impl FnOnce(ClaimError) -> Error {
    move |error| match error {
        ClaimError::Exists => Error::TargetExists(target.to_owned()),
        ClaimError::Busy => Error::TargetBusy(target.to_owned()),
        ClaimError::Unfit(reason) => Error::Unbuildable(reason),
        ClaimError::Io(action, path, source) => Error::Io { action, path, source },
    }
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
