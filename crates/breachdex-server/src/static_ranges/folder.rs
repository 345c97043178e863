//! A folder of ranges: what is in it, and how its files are replaced.
//!
//! `manifest` names what a finished run left. A run that is under way, or was interrupted, has `manifest.part`: the ranges in it are
//! on disk; and `manifest.begun`: the ranges in it may be of any run. The lock is on `manifest.lock`. In a folder that is there already, each file is replaced by rename, for it may be served: when its
//! block is noted, and on disk before.
//! A folder that is not there is written under the name `.NAME.part` beside it and gets its name when it is complete: its files need
//! no renames of their own.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use breachdex::Index;
use breachdex::files::{self, Lock};

use super::StaticError;
use super::begun::{self, BEGUN, Begun, FRESH_BEGUN};
use super::handle::{Handle, Name, RangeName};
use super::manifest::{MANIFEST, RangeFacts, RangesHead, RangesManifest};
use super::notes::Notes;
use super::span::PrefixSpan;
use super::target::{RangeEncoding, RangeTarget};

const UNFINISHED: &str = "manifest.part";
/// Where notes are begun, before they get their name.
const FRESH_NOTES: &str = ".manifest.part";
const LOCK: &str = "manifest.lock";

/// Prefixes of a block: some 600 MB of real ranges, what the system holds back while the block before is brought to disk.
const BLOCK: usize = 1 << 13;

/// Files in all encodings of a range.
const ENCODINGS: [RangeEncoding; 3] = [RangeEncoding::Plain, RangeEncoding::Gzip, RangeEncoding::Brotli];

/// A folder that this process writes to.
pub(super) struct Folder {
    /// Where it is written.
    path: PathBuf,
    /// The name that it gets when it is complete, unless it has it.
    published: Option<PathBuf>,
    index_name: PathBuf,
    pub(super) handle: Handle,
    /// Prefixes of a block.
    pub(super) block: usize,
    /// The encodings that this run writes.
    wanted: Vec<RangeEncoding>,
    lower_case: bool,
    /// What earlier runs left and noted: its files are kept where they are the same.
    earlier: HashMap<u32, RangeFacts>,
    /// Whether there may be files of prefixes that this run does not write.
    has_others: bool,
    /// What was written in place of files that are there, in the order of its writing, and does not replace them yet.
    waiting: Mutex<Vec<(u32, RangeEncoding)>>,
    /// The notes of this run, once it has begun.
    unfinished: Option<Notes>,
    begun: Option<Begun>,
    lock: Lock,
}

impl Folder {
    /// Makes the folder where it is missing, and locks it.
    pub(super) fn open(path: &Path, index: &Index) -> Result<Self, StaticError> {
        let (path, published) = match unpublished(path)? {
            Some(unpublished) => (unpublished, Some(path.to_owned())),
            None => (path.to_owned(), None),
        };
        fs::create_dir_all(&path).map_err(StaticError::io("create", &path))?;
        let handle = Handle::open(&path).map_err(StaticError::io("open", &path))?;
        let lock = lock(&handle, published.as_deref().unwrap_or(&path))?;
        Ok(Self {
            path,
            published,
            index_name: index.name().into(),
            handle,
            block: BLOCK,
            wanted: Vec::new(),
            lower_case: false,
            earlier: HashMap::new(),
            has_others: false,
            waiting: Mutex::default(),
            unfinished: None,
            begun: None,
            lock,
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

    /// Has a file that was written, and is on disk, replace the one that is there.
    fn replace(&self, prefix: u32, encoding: RangeEncoding) -> Result<(), StaticError> {
        let ending = encoding.ending();
        let (name, fresh) = (Name::of(prefix, ending, false), Name::unfinished(prefix, ending));
        let replace = |name: &Name| {
            let failed = |error| StaticError::io("replace", &self.handle.path_of(name))(error);
            self.handle.rename(&fresh, name).map_err(failed)
        };
        replace(&name)?;
        if let Some(lower) = self.lower(prefix, ending) {
            let failed = |error| StaticError::io("link", &self.handle.path_of(&fresh))(error);
            self.handle.link(&name, &fresh).map_err(failed)?;
            replace(&lower)?;
        }
        Ok(())
    }

    /// Has everything that was written of the prefixes up to `last` replace what is there: a loss of power leaves the old file or
    /// the new one, whole.
    fn replace_until(&self, last: u32) -> Result<(), StaticError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let ready: Vec<_> = waiting.extract_if(.., |(prefix, _)| *prefix <= last).collect();
        drop(waiting);
        ready.iter().try_for_each(|(prefix, encoding)| self.replace(*prefix, *encoding))?;
        if ready.is_empty() { Ok(()) } else { self.sync_names() }
    }

    fn sync_names(&self) -> Result<(), StaticError> {
        self.handle.sync_names().map_err(StaticError::io("sync", &self.path))
    }

    fn fill(&self, name: &Name, body: &[u8]) -> Result<(), StaticError> {
        let failed = |action| move |error| StaticError::io(action, &self.handle.path_of(name))(error);
        let file = self.handle.create(name).map_err(failed("create"))?;
        let write = || files::write_all_at(&**self.handle.disk(), &file, body, 0);
        self.handle.step().and_then(|()| write()).map_err(failed("write"))
    }

    /// The name in lower case, where that is another one and wanted.
    fn lower(&self, prefix: u32, ending: &str) -> Option<Name> {
        let has_letter = (0..5).any(|digit| prefix >> (4 * digit) & 15 > 9);
        (self.lower_case && has_letter).then(|| Name::of(prefix, ending, true))
    }

    /// Removes the files of ranges that are not to stay, and what killed runs left of files that they wrote.
    fn sweep(&self, stays: impl Fn(&RangeName) -> bool) -> Result<(), StaticError> {
        for entry in fs::read_dir(&self.path).map_err(StaticError::io("list", &self.path))? {
            let name = entry.map_err(StaticError::io("list", &self.path))?.file_name();
            if let Some(range) = name.to_str().and_then(RangeName::parse).filter(|range| !stays(range)) {
                let failed = |error| StaticError::io("remove", &self.handle.path_of(&range.name))(error);
                self.handle.remove(&range.name).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn is_wanted(&self, range: &RangeName) -> bool {
        !range.is_unfinished && self.wanted.contains(&range.encoding) && (!range.is_lower || self.lower_case)
    }

    fn sync_all(&self) -> Result<(), StaticError> {
        self.handle.sync_all().map_err(StaticError::io("sync", &self.path))
    }

    /// Takes up what earlier runs noted, but for what was begun behind their notes. What an interrupted run wrote, of this index or
    /// another, is newer than what the manifest names.
    fn take_known(
        &mut self,
        earlier: Option<RangesManifest>,
        begun: Option<&RangesManifest>,
        spans: &[PrefixSpan],
    ) {
        let finished = earlier.into_iter().flat_map(|found| found.records);
        self.earlier.extend(finished.filter(|(prefix, _)| !begun::contain(spans, *prefix)));
        self.earlier.extend(begun.into_iter().flat_map(|found| found.records.iter().copied()));
    }

    /// The notes of a run, begun anew with what it goes on from.
    fn begin_notes(&mut self, head: &RangesHead, finished: &[(u32, RangeFacts)]) -> Result<(), StaticError> {
        let mut text = head.encode();
        finished.iter().for_each(|(prefix, facts)| facts.encode(*prefix, &mut text));
        self.unfinished = Some(Notes::begin(&self.handle, FRESH_NOTES, UNFINISHED, &text)?);
        // The notes of another run would say of files that this one replaces what they were.
        self.sync_names()
    }
}

impl RangeTarget for Folder {
    fn begin(&mut self, head: &RangesHead, prefixes: &[u32]) -> Result<usize, StaticError> {
        self.lower_case = head.lower_case == "yes";
        self.wanted = ENCODINGS.into_iter().filter(|encoding| head.has(*encoding)).collect();
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
        // Notes without that file are of a version that did not write it.
        let spans = match Begun::read(&self.path)? {
            None if begun.is_some() => vec![(0, breachdex::PREFIX_COUNT - 1)],
            spans => spans.unwrap_or_default(),
        };
        let has_other_names =
            [&earlier, &begun].into_iter().flatten().any(|found| !found.head.has_files_of(head));
        self.take_known(earlier, begun.as_ref(), &spans);
        let is_other = |prefix: &u32| prefixes.binary_search(prefix).is_err();
        self.has_others = !spans.is_empty() || self.earlier.keys().any(is_other);
        let finished = begun.filter(|begun| begun.head == *head).map_or_else(Vec::new, |begun| begun.records);
        let done = finished.iter().zip(prefixes).take_while(|((done, _), prefix)| done == *prefix).count();
        // In front of the notes, which forget what the run before had noted.
        let blocks = begun::blocks(&prefixes[done..], self.block);
        self.begun = Some(Begun::begin(&self.handle, &spans, &blocks)?);
        self.begin_notes(head, &finished)?;
        if has_other_names || !spans.is_empty() {
            // Behind the notes, for those of the run before say that these files are there; and before any of them can be older than
            // its plain one.
            self.sweep(|range| self.is_wanted(range))?;
        }
        Ok(done)
    }

    fn block(&self) -> usize {
        self.block
    }

    fn notes_apart(&self) -> bool {
        !self.handle.is_simulated()
    }

    /// Where the notes have the same rows and all files are there.
    fn keeps(&self, prefix: u32, facts: &RangeFacts) -> Result<bool, StaticError> {
        if self.earlier.get(&prefix) != Some(facts) {
            return Ok(false);
        }
        let is_there = |encoding: &RangeEncoding, name: &Name| match encoding {
            RangeEncoding::Plain => self.handle.length(name) == Some(facts.length),
            _ => self.handle.length(name).is_some_and(|length| length > 0),
        };
        let mut wanted = self.wanted.iter();
        Ok(wanted.all(|encoding| {
            let ending = encoding.ending();
            is_there(encoding, &Name::of(prefix, ending, false))
                && self.lower(prefix, ending).is_none_or(|lower| is_there(encoding, &lower))
        }))
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
            None => {
                self.fill(&Name::unfinished(prefix, encoding.ending()), body)?;
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((prefix, encoding));
            }
        }
        Ok(body.len() as u64)
    }

    fn note(&self, block: &[(u32, RangeFacts)]) -> Result<(), StaticError> {
        let begun = self.begun.as_ref();
        begun.map_or(Ok(()), |begun| begun.next(&self.handle))?;
        self.sync_all()?;
        begun.map_or(Ok(()), |begun| begun.sync(&self.handle))?;
        block.last().map_or(Ok(()), |(last, _)| self.replace_until(*last))?;
        let mut text = String::with_capacity(block.len() * 128);
        block.iter().for_each(|(prefix, facts)| facts.encode(*prefix, &mut text));
        let Some(unfinished) = self.unfinished.as_ref() else { return Ok(()) };
        unfinished.append(&self.handle, &text)?;
        unfinished.sync(&self.handle)
    }

    fn publish(&mut self, prefixes: &[u32]) -> Result<(), StaticError> {
        if self.has_others {
            self.sweep(|range| self.is_wanted(range) && prefixes.binary_search(&range.prefix).is_ok())?;
        }
        let target = self.path.join(MANIFEST);
        let renamed = self.handle.rename_notes(&self.path.join(UNFINISHED), &target);
        renamed.map_err(StaticError::io("replace", &target))?;
        Begun::remove(&self.handle)?;
        if let Some(published) = &self.published {
            self.sync_all()?;
            let renamed = self.handle.rename_notes(&self.path, published);
            renamed.map_err(StaticError::io("create", published))?;
            self.lock.moved(&published.join(LOCK));
        }
        self.sync_all()
    }
}

/// Where a folder is written that is not there.
fn unpublished(path: &Path) -> Result<Option<PathBuf>, StaticError> {
    if let Err(error) = files::follow(path)
        && error.kind() == ErrorKind::PermissionDenied
    {
        return Err(StaticError::io("write to", path)(error));
    }
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
    let unpublished = path.with_file_name(unpublished);
    files::refuse_strange_folder(&unpublished).map_err(StaticError::io("write to", &unpublished))?;
    Ok(Some(unpublished))
}

fn lock(folder: &Handle, named: &Path) -> Result<Lock, StaticError> {
    let path = folder.path().join(LOCK);
    let (file, _) = files::open_or_create(&**folder.disk(), &path).map_err(StaticError::io("open", &path))?;
    let taken = Lock::try_take(folder.disk(), &file, &path).map_err(StaticError::io("lock", &path))?;
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
        let is_ours = [FRESH_NOTES, FRESH_BEGUN, BEGUN].iter().any(|ours| name == *ours);
        if !is_ours && !name.as_encoded_bytes().starts_with(LOCK.as_bytes()) {
            return Err(StaticError::OtherFolder { path: folder.to_owned() });
        }
    }
    Ok(())
}
