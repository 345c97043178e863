//! A folder of ranges: what is in it, and how its files are replaced.
//!
//! `manifest` names what a finished run left. A run that is under way, or was interrupted, has `manifest.part`: the ranges in it are
//! on disk. The lock is on `manifest.lock`.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use breachdex::Index;
use breachdex::files::{self, Lock, Readers};

use super::StaticError;
use super::manifest::{Head, Manifest, Record};

const MANIFEST: &str = "manifest";
const UNFINISHED: &str = "manifest.part";
const LOCK: &str = "manifest.lock";

/// Whether a range is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Write,
    Keep,
}

/// A folder that this process writes to.
pub(super) struct Folder {
    path: PathBuf,
    /// What an earlier run left: its files are kept where they are the same.
    earlier: HashMap<u32, Record>,
    /// What this run has on disk, and what one had that it goes on with.
    finished: Vec<(u32, Record)>,
    unfinished: File,
    _lock: Lock,
}

impl Folder {
    /// Makes the folder where it is missing, locks it and reads what it has.
    pub(super) fn open(path: &Path, head: Head, index: &Index) -> Result<Self, StaticError> {
        fs::create_dir_all(path).map_err(StaticError::io("create", path))?;
        let lock = lock(path)?;
        let earlier = read_if_there(&path.join(MANIFEST), Manifest::read)?;
        let begun = read_if_there(&path.join(UNFINISHED), Manifest::read_unfinished)?;
        if earlier.is_none() && begun.is_none() {
            require_empty(path)?;
        }
        for found in [&earlier, &begun].into_iter().flatten() {
            if found.head.kind != head.kind {
                return Err(StaticError::OtherKind {
                    path: path.to_owned(),
                    index: index.name().into(),
                    found: found.head.kind.clone(),
                    expected: head.kind,
                });
            }
        }
        // What an interrupted run wrote, of this index or another, is newer than what the manifest names.
        let mut known = HashMap::new();
        for found in [&earlier, &begun].into_iter().flatten() {
            if found.head.has_files_of(&head) {
                known.extend(found.records.iter().copied());
            } else {
                remove_files(path, found)?;
                known.clear();
            }
        }
        let finished = begun.filter(|begun| begun.head == head).map_or_else(Vec::new, |begun| begun.records);
        let unfinished = write_unfinished(path, &head, &finished)?;
        Ok(Self { path: path.to_owned(), earlier: known, finished, unfinished, _lock: lock })
    }

    /// How many of the prefixes are done already, from the first on.
    pub(super) fn resumed(&self, prefixes: &[u32]) -> usize {
        self.finished.iter().zip(prefixes).take_while(|((done, _), prefix)| done == *prefix).count()
    }

    /// Whether a range has to be written: not where the manifest has the same rows and the file is there.
    pub(super) fn change(&self, prefix: u32, record: &Record) -> Change {
        let is_there = || {
            fs::symlink_metadata(self.path.join(format!("{prefix:05X}")))
                .is_ok_and(|facts| facts.is_file() && facts.len() == record.length)
        };
        if self.earlier.get(&prefix) == Some(record) && is_there() { Change::Keep } else { Change::Write }
    }

    /// Writes a file of a range in place of the one that is there, and links it under its name in lower case if that is wanted.
    /// Returns its bytes.
    pub(super) fn write(
        &self,
        prefix: u32,
        ending: &str,
        body: &[u8],
        lower_case: bool,
    ) -> Result<u64, StaticError> {
        let target = self.path.join(format!("{prefix:05X}{ending}"));
        let fresh = self.path.join(format!(".{prefix:05X}{ending}.part"));
        let mut file = files::replace_leftover(&*files::current(), &fresh, Readers::Umask)
            .map_err(StaticError::io("create", &fresh))?;
        file.write_all(body).map_err(StaticError::io("write", &fresh))?;
        drop(file);
        fs::rename(&fresh, &target).map_err(StaticError::io("replace", &target))?;
        let lower = format!("{prefix:05x}");
        if lower_case && lower.bytes().any(|digit| digit.is_ascii_lowercase()) {
            link(&target, &self.path.join(format!("{lower}{ending}")), &fresh)?;
        }
        Ok(body.len() as u64)
    }

    /// Has what was written on disk, and notes it.
    pub(super) fn note(&mut self, block: &[u32], records: Vec<Record>) -> Result<(), StaticError> {
        sync_all(&self.path)?;
        let path = self.path.join(UNFINISHED);
        let mut text = String::with_capacity(records.len() * 128);
        for (prefix, record) in block.iter().copied().zip(records) {
            record.encode(prefix, &mut text);
            self.finished.push((prefix, record));
        }
        self.unfinished.write_all(text.as_bytes()).map_err(StaticError::io("write", &path))?;
        self.unfinished.sync_data().map_err(StaticError::io("sync", &path))
    }

    /// Ends the run: the manifest is that of this index, and no file is left of prefixes that it does not cover.
    pub(super) fn publish(&self, prefixes: &[u32]) -> Result<(), StaticError> {
        let gone = self.earlier.keys().filter(|prefix| prefixes.binary_search(prefix).is_err());
        for prefix in gone {
            remove_range(&self.path, *prefix)?;
        }
        let target = self.path.join(MANIFEST);
        fs::rename(self.path.join(UNFINISHED), &target).map_err(StaticError::io("replace", &target))?;
        sync_all(&self.path)
    }
}

/// Links a file under another name, in place of what has it.
fn link(file: &Path, name: &Path, scratch: &Path) -> Result<(), StaticError> {
    match fs::remove_file(scratch) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(StaticError::io("remove", scratch)(error));
        }
        _ => {}
    }
    fs::hard_link(file, scratch).map_err(StaticError::io("link", scratch))?;
    fs::rename(scratch, name).map_err(StaticError::io("replace", name))
}

fn lock(folder: &Path) -> Result<Lock, StaticError> {
    let path = folder.join(LOCK);
    let disk = files::current();
    let (file, _) = files::open_or_create(&*disk, &path).map_err(StaticError::io("open", &path))?;
    let taken = Lock::try_take(&disk, &file, &path).map_err(StaticError::io("lock", &path))?;
    taken.ok_or(StaticError::Busy { path: folder.to_owned() })
}

fn read_if_there(
    path: &Path,
    read: impl FnOnce(&Path) -> Result<Manifest, StaticError>,
) -> Result<Option<Manifest>, StaticError> {
    match fs::symlink_metadata(path) {
        Ok(_) => read(path).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StaticError::io("open", path)(error)),
    }
}

/// A compressed file that nobody replaces would be served for ever in place of a plain one.
fn require_empty(folder: &Path) -> Result<(), StaticError> {
    for entry in fs::read_dir(folder).map_err(StaticError::io("list", folder))? {
        let entry = entry.map_err(StaticError::io("list", folder))?;
        if entry.file_name() != LOCK {
            return Err(StaticError::OtherFolder { path: folder.to_owned() });
        }
    }
    Ok(())
}

/// The notes of a run, begun anew with what it goes on from.
fn write_unfinished(folder: &Path, head: &Head, finished: &[(u32, Record)]) -> Result<File, StaticError> {
    let path = folder.join(UNFINISHED);
    let fresh = folder.join(".manifest.part");
    let mut file = files::replace_leftover(&*files::current(), &fresh, Readers::Umask)
        .map_err(StaticError::io("create", &fresh))?;
    let mut text = head.encode();
    finished.iter().for_each(|(prefix, record)| record.encode(*prefix, &mut text));
    file.write_all(text.as_bytes()).map_err(StaticError::io("write", &fresh))?;
    file.sync_data().map_err(StaticError::io("sync", &fresh))?;
    fs::rename(&fresh, &path).map_err(StaticError::io("replace", &path))?;
    Ok(file)
}

/// Removes the files of a run that wrote others than are wanted now, before any of them can be older than its plain one.
fn remove_files(folder: &Path, found: &Manifest) -> Result<(), StaticError> {
    found.records.iter().try_for_each(|(prefix, _)| remove_range(folder, *prefix))
}

fn remove_range(folder: &Path, prefix: u32) -> Result<(), StaticError> {
    for name in [format!("{prefix:05X}"), format!("{prefix:05x}")] {
        for ending in ["", ".gz", ".br"] {
            let path = folder.join(format!("{name}{ending}"));
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(StaticError::io("remove", &path)(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Has everything on disk that was written to the file system of a folder.
#[cfg(target_os = "linux")]
fn sync_all(folder: &Path) -> Result<(), StaticError> {
    let opened = File::open(folder).map_err(StaticError::io("open", folder))?;
    rustix::fs::syncfs(&opened).map_err(|error| StaticError::io("sync", folder)(error.into()))
}

/// Elsewhere there is no call for that, and a file for every range would take a day: the notes may claim what a power cut loses.
#[cfg(not(target_os = "linux"))]
fn sync_all(folder: &Path) -> Result<(), StaticError> {
    let opened = File::open(folder).map_err(StaticError::io("open", folder))?;
    // Windows opens no folders.
    let _ = opened.sync_all();
    Ok(())
}
