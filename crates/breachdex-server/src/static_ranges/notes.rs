//! A file of notes: made anew as a whole, and lines appended to it.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use breachdex::files::write_all_at;

use super::StaticError;
use super::handle::Handle;

/// An open file of notes.
pub(super) struct Notes {
    path: PathBuf,
    file: File,
    end: Mutex<u64>,
}

impl Notes {
    /// Writes the file anew under another name, and gives it its own once it is on disk. Its name is on disk with the folder's.
    pub(super) fn begin(folder: &Handle, fresh: &str, name: &str, text: &str) -> Result<Self, StaticError> {
        let (fresh, path) = (folder.path().join(fresh), folder.path().join(name));
        let file = folder.create_notes(&fresh).map_err(StaticError::io("create", &fresh))?;
        let notes = Self { path: fresh, file, end: Mutex::new(0) };
        notes.append(folder, text)?;
        notes.sync(folder)?;
        folder.rename_notes(&notes.path, &path).map_err(StaticError::io("replace", &path))?;
        Ok(Self { path, ..notes })
    }

    /// Appends lines.
    pub(super) fn append(&self, folder: &Handle, text: &str) -> Result<(), StaticError> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let write = || write_all_at(&**folder.disk(), &self.file, text.as_bytes(), *end);
        folder.step().and_then(|()| write()).map_err(StaticError::io("write", &self.path))?;
        *end += text.len() as u64;
        Ok(())
    }

    /// Has all its lines on disk.
    pub(super) fn sync(&self, folder: &Handle) -> Result<(), StaticError> {
        folder.disk().sync(&self.file).map_err(StaticError::io("sync", &self.path))
    }

    /// Removes a file of notes that may be missing.
    pub(super) fn remove(folder: &Handle, name: &Path) -> Result<(), StaticError> {
        folder.remove_notes(name).map_err(StaticError::io("remove", name))
    }
}
