//! The target appears whole or not at all: written beside it under a name of its own, locked while in use,
//! synced, renamed. The next build of a target removes what a killed one left. What holds entries of an overlay
//! is for its owner's eyes from the moment the file is there.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::groups::GroupStore;
use super::positioned::Place;
use super::read_back::{ReadBack, read_back};
use crate::error::{Error, Result, io_error};
use crate::format::{Layout, OverlayMark};

/// Characters of a temporary name's random end.
const RANDOM: usize = 8;

/// Who may read a file that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whom the process's umask allows.
    AsUsual,
    /// Its owner alone: mode 0600 where files have modes.
    Owner,
}

/// The right to write a target, and the temporary file that will become it.
pub(crate) struct Publication {
    target: PathBuf,
    folder: PathBuf,
    replace: bool,
    readers: Readers,
    temporary: NamedTempFile,
    /// Keeps the claim while a file of the caller's is the temporary one.
    claim: Option<NamedTempFile>,
}

impl Publication {
    /// Claims a target. What a killed build of it left is removed.
    ///
    /// # Errors
    /// [`Error::TargetExists`] unless `replace`; [`Error::TargetBusy`] while another build writes it;
    /// [`Error::Io`]; [`Error::Unbuildable`] when the target is no regular file.
    pub(crate) fn claim(target: &Path, replace: bool) -> Result<Self> {
        Self::claim_for(Readers::AsUsual, target, replace)
    }

    /// [`Publication::claim`] of a file for certain readers.
    pub(crate) fn claim_for(readers: Readers, target: &Path, replace: bool) -> Result<Self> {
        match std::fs::symlink_metadata(target) {
            Ok(facts) if facts.is_dir() => {
                return Err(Error::Unbuildable(format!("{} is a folder", target.display())));
            }
            Ok(_) if !replace => return Err(Error::TargetExists(target.to_owned())),
            Ok(facts) if !facts.is_file() && !facts.is_symlink() => {
                return Err(Error::Unbuildable(format!("{} is not a regular file", target.display())));
            }
            _ => {}
        }
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let Some(name) = target.file_name() else {
            return Err(Error::Unbuildable(format!("{} is not a file name", target.display())));
        };
        let prefix = temporary_prefix(name);
        // Between two builds of one target, looking for the other's file and making one's own is one step.
        let guard = lock_folder(&folder)?;
        clear_leftovers(target, &folder, &prefix)?;
        let temporary = create(target, &folder, &prefix, readers)?;
        drop(guard);
        Ok(Self { target: target.to_owned(), folder, replace, readers, temporary, claim: None })
    }

    /// The folder of the target.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A handle on the temporary file, and the target's name for messages.
    pub(crate) fn file(&self) -> Result<(File, Place)> {
        let file = self.temporary.as_file().try_clone().map_err(io_error("write", &self.target))?;
        Ok((file, Place::Target(self.target.clone())))
    }

    /// Keeps what will hold entries of an overlay from other readers. To be called before anything is written:
    /// whoever opened the first file reads nothing in it.
    pub(crate) fn suit(&mut self, layout: Layout) -> Result<()> {
        if layout.overlay == OverlayMark::None || self.readers == Readers::Owner {
            return Ok(());
        }
        self.readers = Readers::Owner;
        self.renew()
    }

    /// Takes a file of the caller's, which lies in the target's folder and is kept unless it is published.
    pub(crate) fn adopt(&mut self, file: File, path: &Path) -> Result<()> {
        let path = TempPath::try_from_path(path).map_err(io_error("find", path))?;
        let mut adopted = NamedTempFile::from_parts(file, path);
        adopted.disable_cleanup(true);
        self.claim = Some(std::mem::replace(&mut self.temporary, adopted));
        Ok(())
    }

    /// Starts over with an empty temporary file.
    pub(crate) fn renew(&mut self) -> Result<()> {
        let prefix = temporary_prefix(self.target.file_name().unwrap_or_default());
        self.temporary = create(&self.target, &self.folder, &prefix, self.readers)?;
        Ok(())
    }

    /// Waits until the temporary file is on disk.
    pub(crate) fn sync(&self) -> Result<()> {
        self.temporary.as_file().sync_all().map_err(io_error("write", &self.target))
    }

    /// Opens the finished file and asks it for what was written to it.
    ///
    /// # Errors
    /// [`Error::NotPublished`].
    pub(crate) fn read_back(&self, store: &GroupStore) -> Result<ReadBack> {
        read_back(store, self.temporary.path(), &self.target)
    }

    /// Gives the temporary file, which was synced and read back, the target's name.
    pub(crate) fn publish(self, _: ReadBack) -> Result<()> {
        let Self { target, folder, replace, temporary, claim, .. } = self;
        // A process that is killed once the target is there leaves nothing of ours beside it.
        drop(claim);
        let renamed = if replace { temporary.persist(&target) } else { temporary.persist_noclobber(&target) };
        renamed.map_err(|failed| match failed.error.kind() {
            std::io::ErrorKind::AlreadyExists if !replace => Error::TargetExists(target.clone()),
            _ => io_error("create", &target)(failed.error),
        })?;
        sync_folder(&folder)
    }
}

impl Readers {
    /// Has files that `options` create be for these readers from the start.
    pub(crate) fn restrict(self, options: &mut OpenOptions) -> &mut OpenOptions {
        #[cfg(unix)]
        if self == Self::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
        }
        options
    }
}

/// What the temporary files of a target are called, up to their random ends.
fn temporary_prefix(name: &std::ffi::OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".breachdex-");
    prefix
}

fn create(target: &Path, folder: &Path, prefix: &OsString, readers: Readers) -> Result<NamedTempFile> {
    let mut prefix = prefix.clone();
    prefix.push(format!("{}-", std::process::id()));
    // Opened here, as any new file is: the temporary name would otherwise be part of what went wrong.
    let open = |path: &Path| {
        let mut options = OpenOptions::new();
        readers.restrict(options.read(true).write(true).create_new(true)).open(path)
    };
    let file = tempfile::Builder::new()
        .prefix(&prefix)
        .rand_bytes(RANDOM)
        .make_in(folder, open)
        .map_err(io_error("create", target))?;
    file.as_file().try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => Error::TargetBusy(target.to_owned()),
        TryLockError::Error(source) => io_error("lock", target)(source),
    })?;
    Ok(file)
}

/// Removes temporary files of the target that no process holds.
fn clear_leftovers(target: &Path, folder: &Path, prefix: &OsString) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(io_error("list", folder))? {
        let entry = entry.map_err(io_error("list", folder))?;
        if !is_temporary(&entry.file_name(), prefix) {
            continue;
        }
        // One that went away meanwhile was nobody's.
        let Ok(file) = File::open(entry.path()) else { continue };
        match file.try_lock() {
            Ok(()) => {
                // A leftover that cannot be removed does no harm.
                let _ = std::fs::remove_file(entry.path());
            }
            Err(TryLockError::WouldBlock) => return Err(Error::TargetBusy(target.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &entry.path())(source)),
        }
    }
    Ok(())
}

/// Whether a name is the prefix, a process id, a dash and a random end.
fn is_temporary(name: &OsString, prefix: &OsString) -> bool {
    let Some(rest) = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes()) else { return false };
    let Some(dash) = rest.iter().position(|byte| *byte == b'-') else { return false };
    let (process, random) = (&rest[..dash], &rest[dash + 1..]);
    !process.is_empty()
        && process.iter().all(u8::is_ascii_digit)
        && random.len() == RANDOM
        && random.iter().all(u8::is_ascii_alphanumeric)
}

#[cfg(unix)]
fn lock_folder(folder: &Path) -> Result<File> {
    let file = File::open(folder).map_err(io_error("open", folder))?;
    file.lock().map_err(io_error("lock", folder))?;
    Ok(file)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(io_error("write", folder))
}

/// Folders cannot be opened as files here; the file's own lock still tells builds apart.
#[cfg(not(unix))]
fn lock_folder(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
