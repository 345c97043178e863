//! A folder that gets each range as a file, too.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use breachdex::files::{self, Disk, Readers};

use crate::error::{Result, io_error};

/// The folder. A range's file appears under its name when its bytes are on disk and not before: names are believed by the next
/// run, which does not fetch such ranges again.
pub(crate) struct TextFolder {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    /// Ranges whose files have no names yet.
    unnamed: Vec<u32>,
    bytes: usize,
}

impl TextFolder {
    /// Ranges, and bytes of them, that wait for one sync: it takes as long for many of them as for one.
    const MOST_UNNAMED: usize = 1024;
    const MOST_BYTES: usize = 64 << 20;

    /// Makes the folder if it is not there.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let disk = files::current();
        if !path.is_dir() {
            std::fs::create_dir_all(path).map_err(io_error("create", path))?;
            // Where its own name cannot be synced, it may be lost with the power, and what is in it.
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            disk.sync_folder(parent.unwrap_or(Path::new("."))).map_err(io_error("create", path))?;
        }
        Ok(Self { path: path.to_owned(), disk, unnamed: Vec::new(), bytes: 0 })
    }

    /// Writes a range. It has no name before [`TextFolder::publish`].
    pub(super) fn write(&mut self, prefix: u32, text: &[u8]) -> Result<()> {
        let temporary = self.temporary(prefix);
        let write = || {
            let file = files::replace_leftover(&*self.disk, &temporary, Readers::Umask)?;
            files::write_all_at(&*self.disk, &file, text, 0)
        };
        let written = write();
        if written.is_err() {
            // The next run replaces what stays.
            let _ = self.disk.remove(&temporary);
        } else {
            self.unnamed.push(prefix);
            self.bytes += text.len();
        }
        written.map_err(io_error("write", &self.lasting(prefix)))
    }

    /// Whether so much has no name that it should get one.
    pub(super) fn is_full(&self) -> bool {
        self.unnamed.len() >= Self::MOST_UNNAMED || self.bytes >= Self::MOST_BYTES
    }

    /// Waits until all files are on disk, and their names.
    ///
    /// # Errors
    /// [`crate::Error::Io`]. After a sync that failed, nobody can tell which files are on disk: none of them gets its name.
    pub(super) fn publish(&mut self) -> Result<()> {
        if self.unnamed.is_empty() {
            return Ok(());
        }
        let unnamed = std::mem::take(&mut self.unnamed);
        self.bytes = 0;
        let files: Vec<PathBuf> = unnamed.iter().map(|prefix| self.temporary(*prefix)).collect();
        let published = self.disk.sync_all(&self.path, &files).and_then(|()| {
            let mut named = unnamed.iter().zip(&files);
            named.try_for_each(|(prefix, file)| self.disk.rename(file, &self.lasting(*prefix), true))?;
            self.disk.sync_folder(&self.path)
        });
        if published.is_err() {
            // The next run replaces what stays.
            files.iter().for_each(|file| drop(self.disk.remove(file)));
        }
        published.map_err(io_error("write", &self.path))
    }

    fn lasting(&self, prefix: u32) -> PathBuf {
        self.path.join(format!("{prefix:05X}.txt"))
    }

    fn temporary(&self, prefix: u32) -> PathBuf {
        self.path.join(format!(".{prefix:05X}.part"))
    }
}

/// What has no name is of no use to anybody.
impl Drop for TextFolder {
    fn drop(&mut self) {
        self.unnamed.iter().for_each(|prefix| drop(self.disk.remove(&self.temporary(*prefix))));
    }
}
