//! A folder of ranges: what is in it, and how its files are replaced.
//!
//! `manifest` names what a finished run left. A run that is under way, or was interrupted, has `manifest.part`: the ranges in it are
//! on disk. The lock is on `manifest.lock`. In a folder that is there already, each file is replaced by rename, for it may be served.
//! A folder that is not there is written under the name `.NAME.part` beside it and gets its name when it is complete: its files need
//! no renames of their own.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use breachdex::Index;
use breachdex::files::{self, Lock, Readers};

use super::StaticError;
use super::handle::{Handle, Name};
use super::manifest::{RangeFacts, RangesHead, RangesManifest};
use super::target::{RangeEncoding, RangeTarget};

const MANIFEST: &str = "manifest";
const UNFINISHED: &str = "manifest.part";
/// Where notes are begun, before they get their name.
const FRESH_NOTES: &str = ".manifest.part";
const LOCK: &str = "manifest.lock";

/// Files in all encodings of a range.
const ENCODINGS: [RangeEncoding; 3] = [RangeEncoding::Plain, RangeEncoding::Gzip, RangeEncoding::Brotli];

/// A folder that this process writes to.
pub(super) struct Folder {
    /// Where it is written.
    path: PathBuf,
    /// The name that it gets when it is complete, unless it has it.
    published: Option<PathBuf>,
    index_name: PathBuf,
    handle: Handle,
    lower_case: bool,
    /// What an earlier run left: its files are kept where they are the same.
    earlier: HashMap<u32, RangeFacts>,
    /// The notes of this run, once it has begun.
    unfinished: Option<File>,
    _lock: Lock,
}

impl Folder {
    /// Makes the folder where it is missing, and locks it.
    pub(super) fn open(path: &Path, index: &Index) -> Result<Self, StaticError> {
        let (path, published) = match unpublished(path)? {
            Some(unpublished) => (unpublished, Some(path.to_owned())),
            None => (path.to_owned(), None),
        };
        fs::create_dir_all(&path).map_err(StaticError::io("create", &path))?;
        let lock = lock(&path, published.as_deref().unwrap_or(&path))?;
        let handle = Handle::open(&path).map_err(StaticError::io("open", &path))?;
        Ok(Self {
            path,
            published,
            index_name: index.name().into(),
            handle,
            lower_case: false,
            earlier: HashMap::new(),
            unfinished: None,
            _lock: lock,
        })
    }

    /// Writes a file where no reader looks yet.
    fn write_fresh(&self, prefix: u32, ending: &str, body: &[u8]) -> Result<(), StaticError> {
        let name = Name::of(prefix, ending, false);
        self.fill(&name, body)?;
        if let Some(lower) = self.lower(prefix, ending) {
            let failed = |error| StaticError::io("link", &self.handle.path_of(&lower))(error);
            self.handle.link(&name, &lower).map_err(failed)?;
        }
        Ok(())
    }

    /// Writes a file in place of the one that is there.
    fn replace(&self, prefix: u32, ending: &str, body: &[u8]) -> Result<(), StaticError> {
        let (name, fresh) = (Name::of(prefix, ending, false), Name::unfinished(prefix, ending));
        let replace = |name: &Name| {
            let failed = |error| StaticError::io("replace", &self.handle.path_of(name))(error);
            self.handle.rename(&fresh, name).map_err(failed)
        };
        self.fill(&fresh, body)?;
        replace(&name)?;
        if let Some(lower) = self.lower(prefix, ending) {
            let failed = |error| StaticError::io("link", &self.handle.path_of(&fresh))(error);
            self.handle.link(&name, &fresh).map_err(failed)?;
            replace(&lower)?;
        }
        Ok(())
    }

    fn fill(&self, name: &Name, body: &[u8]) -> Result<(), StaticError> {
        let failed = |action| move |error| StaticError::io(action, &self.handle.path_of(name))(error);
        let mut file = self.handle.create(name).map_err(failed("create"))?;
        file.write_all(body).map_err(failed("write"))
    }

    /// The name in lower case, where that is another one and wanted.
    fn lower(&self, prefix: u32, ending: &str) -> Option<Name> {
        let has_letter = (0..5).any(|digit| prefix >> (4 * digit) & 15 > 9);
        (self.lower_case && has_letter).then(|| Name::of(prefix, ending, true))
    }

    fn remove_range(&self, prefix: u32) -> Result<(), StaticError> {
        for is_lower in [false, true] {
            for encoding in ENCODINGS {
                let name = Name::of(prefix, encoding.ending(), is_lower);
                let failed = |error| StaticError::io("remove", &self.handle.path_of(&name))(error);
                self.handle.remove(&name).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn sync_all(&self) -> Result<(), StaticError> {
        self.handle.sync_all().map_err(StaticError::io("sync", &self.path))
    }

    /// Keeps no file that an interrupted run of another index may have replaced before it noted that.
    fn doubt_unnoted(&mut self, begun: &RangesManifest) {
        let noted = begun.records.last().map(|(prefix, _)| *prefix);
        let unnoted = self.earlier.iter_mut().filter(|(prefix, _)| Some(**prefix) > noted);
        // No range is like that. The prefix stays, so that its files are removed where it is not covered any more.
        unnoted.for_each(|(_, facts)| *facts = RangeFacts::default());
    }

    /// The notes of a run, begun anew with what it goes on from.
    fn begin_notes(&mut self, head: &RangesHead, finished: &[(u32, RangeFacts)]) -> Result<(), StaticError> {
        let path = self.path.join(UNFINISHED);
        let fresh = self.path.join(FRESH_NOTES);
        let mut file = files::replace_leftover(&*files::current(), &fresh, Readers::Umask)
            .map_err(StaticError::io("create", &fresh))?;
        let mut text = head.encode();
        finished.iter().for_each(|(prefix, facts)| facts.encode(*prefix, &mut text));
        file.write_all(text.as_bytes()).map_err(StaticError::io("write", &fresh))?;
        file.sync_data().map_err(StaticError::io("sync", &fresh))?;
        fs::rename(&fresh, &path).map_err(StaticError::io("replace", &path))?;
        self.unfinished = Some(file);
        Ok(())
    }
}

impl RangeTarget for Folder {
    fn begin(&mut self, head: &RangesHead, prefixes: &[u32]) -> Result<usize, StaticError> {
        self.lower_case = head.lower_case == "yes";
        let earlier = read_if_there(&self.path.join(MANIFEST), RangesManifest::read)?;
        let begun = read_if_there(&self.path.join(UNFINISHED), RangesManifest::read_unfinished)?;
        if earlier.is_none() && begun.is_none() {
            require_empty(&self.path)?;
        }
        for found in [&earlier, &begun].into_iter().flatten() {
            if found.head.kind != head.kind {
                return Err(StaticError::OtherKind {
                    path: self.path.clone(),
                    index: self.index_name.clone(),
                    found: found.head.kind.clone(),
                    expected: head.kind.clone(),
                });
            }
        }
        // What an interrupted run wrote, of this index or another, is newer than what the manifest names.
        for found in [&earlier, &begun].into_iter().flatten() {
            if found.head.has_files_of(head) {
                self.earlier.extend(found.records.iter().copied());
            } else {
                // Before any of them can be older than its plain one.
                found.records.iter().try_for_each(|(prefix, _)| self.remove_range(*prefix))?;
                self.earlier.clear();
            }
        }
        if let Some(begun) = begun.as_ref().filter(|begun| begun.head != *head) {
            self.doubt_unnoted(begun);
        }
        let finished = begun.filter(|begun| begun.head == *head).map_or_else(Vec::new, |begun| begun.records);
        self.begin_notes(head, &finished)?;
        Ok(finished.iter().zip(prefixes).take_while(|((done, _), prefix)| done == *prefix).count())
    }

    /// Some 600 MB of real ranges: what the system holds back while the block before is brought to disk.
    fn block(&self) -> usize {
        1 << 13
    }

    /// Where the manifest has the same rows and the file is there.
    fn keeps(&self, prefix: u32, facts: &RangeFacts) -> Result<bool, StaticError> {
        let is_there = || self.handle.length(&Name::of(prefix, "", false)) == Some(facts.length);
        Ok(self.earlier.get(&prefix) == Some(facts) && is_there())
    }

    fn write(
        &self,
        prefix: u32,
        encoding: RangeEncoding,
        body: &[u8],
        _: &RangeFacts,
    ) -> Result<u64, StaticError> {
        match &self.published {
            Some(_) => self.write_fresh(prefix, encoding.ending(), body)?,
            None => self.replace(prefix, encoding.ending(), body)?,
        }
        Ok(body.len() as u64)
    }

    fn note(&self, block: &[(u32, RangeFacts)]) -> Result<(), StaticError> {
        self.sync_all()?;
        let path = self.path.join(UNFINISHED);
        let mut text = String::with_capacity(block.len() * 128);
        block.iter().for_each(|(prefix, facts)| facts.encode(*prefix, &mut text));
        let Some(mut unfinished) = self.unfinished.as_ref() else { return Ok(()) };
        unfinished.write_all(text.as_bytes()).map_err(StaticError::io("write", &path))?;
        unfinished.sync_data().map_err(StaticError::io("sync", &path))
    }

    fn publish(&mut self, prefixes: &[u32]) -> Result<(), StaticError> {
        let gone = self.earlier.keys().filter(|prefix| prefixes.binary_search(prefix).is_err());
        gone.copied().try_for_each(|prefix| self.remove_range(prefix))?;
        let target = self.path.join(MANIFEST);
        fs::rename(self.path.join(UNFINISHED), &target).map_err(StaticError::io("replace", &target))?;
        if let Some(published) = &self.published {
            self.sync_all()?;
            fs::rename(&self.path, published).map_err(StaticError::io("create", published))?;
        }
        self.sync_all()
    }
}

/// Where a folder is written that is not there.
fn unpublished(path: &Path) -> Result<Option<PathBuf>, StaticError> {
    match fs::metadata(path) {
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(StaticError::io("open", path)(error)),
    }
    // A link that leads nowhere is followed as ever.
    let is_link = fs::symlink_metadata(path).is_ok();
    let Some(name) = path.file_name().filter(|_| !is_link) else { return Ok(None) };
    let mut unpublished = std::ffi::OsString::from(".");
    unpublished.push(name);
    unpublished.push(".part");
    Ok(Some(path.with_file_name(unpublished)))
}

fn lock(folder: &Path, named: &Path) -> Result<Lock, StaticError> {
    let path = folder.join(LOCK);
    let disk = files::current();
    let (file, _) = files::open_or_create(&*disk, &path).map_err(StaticError::io("open", &path))?;
    let taken = Lock::try_take(&disk, &file, &path).map_err(StaticError::io("lock", &path))?;
    taken.ok_or(StaticError::Busy { path: named.to_owned() })
}

fn read_if_there(
    path: &Path,
    read: impl FnOnce(&Path) -> Result<RangesManifest, StaticError>,
) -> Result<Option<RangesManifest>, StaticError> {
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
        // What a run leaves that ended before its first notes. The lock may have a lock file.
        let name = entry.file_name();
        if name != FRESH_NOTES && !name.as_encoded_bytes().starts_with(LOCK.as_bytes()) {
            return Err(StaticError::OtherFolder { path: folder.to_owned() });
        }
    }
    Ok(())
}
