//! The signature files of an index that is written, in the order in which they appear: whatever ends a job, and at any moment
//! of it, one of the two pairs is whole and belongs to the index that is there.

#![forbid(unsafe_code)]

use std::path::Path;

use super::signature::{self, LONGEST, SignatureFiles};
use super::statement::Statement;
use crate::build::refusal;
use crate::error::{Result, io_error};
use crate::files::{self, Durability, Readers, Temporary, folder_of};
use crate::index::Index;

impl SignatureFiles {
    /// Writes the pair of an index that is about to get its name. What an earlier job left as such for the index that is there
    /// gets its lasting names before.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io); [`Error::TargetBusy`](crate::Error::TargetBusy) while another writes the same files.
    pub fn write_next(index: &Path, statement: &str, signature: &str) -> Result<()> {
        let next = Self::next(index);
        if next.are_of(index) {
            Self::settle(index)?;
        }
        for (path, text) in [(&next.statement, statement), (&next.signature, signature)] {
            let written = write(path, text.as_bytes())?;
            // The index must not be on disk before its signature is.
            if let Durability::FolderNotSynced(code) = written {
                let source = code.map_or_else(
                    || std::io::Error::other("the folder cannot be synced"),
                    std::io::Error::from_raw_os_error,
                );
                return Err(io_error("write", path)(source));
            }
        }
        Ok(())
    }

    /// Gives the pair of an index that is there now its lasting names. Where it is not certain that the index is on disk under
    /// its name, the pair keeps the names that it has, which readers ask for as well: the one before may come back.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io); [`Error::TargetBusy`](crate::Error::TargetBusy) while another writes the same files.
    pub fn settle(index: &Path) -> Result<Durability> {
        let (next, lasting) = (Self::next(index), Self::beside(index));
        let disk = files::current();
        let mut durability = Durability::of(disk.sync_folder(folder_of(index)));
        for (from, to) in [(&next.statement, &lasting.statement), (&next.signature, &lasting.signature)] {
            if !durability.is_synced() {
                return Ok(durability);
            }
            let missing = || io_error("read", from)(std::io::ErrorKind::NotFound.into());
            durability = write(to, &signature::read(from, LONGEST)?.ok_or_else(missing)?)?;
        }
        if durability.is_synced() {
            for path in [&next.signature, &next.statement] {
                disk.remove(path).map_err(io_error("remove", path))?;
            }
        }
        Ok(durability)
    }

    /// Whether both are there and speak of the index that is there.
    fn are_of(&self, index: &Path) -> bool {
        let Ok(Some(text)) = signature::read(&self.statement, LONGEST) else { return false };
        let (Ok(statement), true) = (Statement::decode(&text), self.signature.is_file()) else {
            return false;
        };
        Index::open(index).is_ok_and(|index| index.content_id() == statement.content_id)
    }
}

/// These names can be guessed, so what has one is replaced and never followed: a link might lead to any file, and a pipe would
/// have us wait.
fn write(path: &Path, bytes: &[u8]) -> Result<Durability> {
    let temporary = Temporary::claim(files::current(), path, Readers::Umask).map_err(refusal(path))?;
    let written = files::write_all_at(&**temporary.disk(), temporary.file(), bytes, 0);
    written.map_err(io_error("write", path))?;
    temporary.publish(true, Readers::Umask).map_err(io_error("create", path))
}
