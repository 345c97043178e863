//! A folder that gets each range as a file, too.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use breachdex::files::{self, Disk, Readers};

use crate::error::{Result, io_error};

/// The folder.
pub(crate) struct TextFolder {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    /// Files that may not be on disk.
    unsynced: Vec<PathBuf>,
}

impl TextFolder {
    /// Makes the folder if it is not there.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(io_error("create", path))?;
        Ok(Self { path: path.to_owned(), disk: files::current(), unsynced: Vec::new() })
    }

    /// A file appears whole or not at all.
    pub(super) fn write(&mut self, prefix: u32, text: &[u8]) -> Result<()> {
        let path = self.path.join(format!("{prefix:05X}.txt"));
        let temporary = self.path.join(format!(".{prefix:05X}.part"));
        let write = || {
            let file = files::replace_leftover(&*self.disk, &temporary, Readers::Umask)?;
            files::write_all_at(&*self.disk, &file, text, 0)?;
            self.disk.rename(&temporary, &path, true)
        };
        let written = write();
        if written.is_err() {
            // The next run replaces what stays.
            let _ = self.disk.remove(&temporary);
        }
        written.map_err(io_error("write", &path))?;
        self.unsynced.push(path);
        Ok(())
    }

    /// Waits until all files are on disk.
    pub(super) fn sync(&mut self) -> Result<()> {
        if self.unsynced.is_empty() {
            return Ok(());
        }
        // One call for the whole file system takes less time than one for each of thousands of files.
        #[cfg(target_os = "linux")]
        {
            let folder = std::fs::File::open(&self.path).map_err(io_error("open", &self.path))?;
            rustix::fs::syncfs(&folder).map_err(|error| io_error("write", &self.path)(error.into()))?;
        }
        #[cfg(not(target_os = "linux"))]
        {
            for path in &self.unsynced {
                let synced = self.disk.open(path).and_then(|file| self.disk.sync(&file));
                synced.map_err(io_error("write", path))?;
            }
            // Where folders cannot be synced, the names may be lost with the power.
            let _ = self.disk.sync_folder(&self.path);
        }
        self.unsynced.clear();
        Ok(())
    }
}
