//! A file beside its target that takes the target's name when it is complete, and the right to make it: one living
//! writer for each target. What killed writers left is removed by the next one.
//!
//! A temporary file is its maker's alone until it has the target's name: nobody else can lock it, or read what is not
//! yet published.

#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::attributes::{Attributes, give_mode, mode_of};
use super::disk::Disk;
use super::owned::{PRIVATE, follow, refuse_strange};
use super::{Durability, Lock, folder_of, kind_of};

/// Characters of a temporary name's random end.
const RANDOM: usize = 8;
/// How often a target is tried that another writer has, who may be about to find out that it has it in vain.
const TRIES: u32 = 12;

/// Who may read a file that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Those of the file that it replaces; of a new one whom the process's umask allows.
    Umask,
    /// Its owner alone: mode 0600 where files have modes.
    Owner,
}

impl Readers {
    /// The mode that such a file is made with, before the umask.
    pub(super) const fn mode(self) -> u32 {
        match self {
            Self::Umask => 0o666,
            Self::Owner => PRIVATE,
        }
    }
}

/// Why a target cannot be claimed.
#[derive(Debug)]
pub enum ClaimError {
    /// It exists and is not to be replaced.
    Exists,
    /// Another living writer makes it.
    Busy,
    /// It is none that a file can take the place of.
    Unfit(String),
    /// The system refused something about a path.
    Io(&'static str, PathBuf, io::Error),
}

/// Where a target really is: a link to a regular file stays, and what it leads to is replaced.
///
/// # Errors
/// [`ClaimError`], its texts with the path as it was given.
pub fn resolve_target(target: &Path, replace: bool) -> Result<PathBuf, ClaimError> {
    let shown = target.display();
    let facts = match std::fs::symlink_metadata(target) {
        Ok(facts) => facts,
        Err(_) => return Ok(target.to_owned()),
    };
    if facts.is_dir() {
        return Err(ClaimError::Unfit(format!("{shown} is a folder")));
    }
    if !replace {
        return Err(ClaimError::Exists);
    }
    if facts.is_symlink() {
        let resolved = follow(target).map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => failed("replace", target)(error),
            _ => ClaimError::Unfit(format!("{shown} is a symbolic link that leads nowhere; remove it")),
        })?;
        let facts = std::fs::symlink_metadata(&resolved).map_err(failed("open", target))?;
        return match facts.is_file() {
            true => Ok(resolved),
            false => Err(ClaimError::Unfit(format!("{shown} is a symbolic link to {}", kind_of(&facts)))),
        };
    }
    if !facts.is_file() {
        return Err(ClaimError::Unfit(format!("{shown} is not a regular file")));
    }
    Ok(target.to_owned())
}

/// A locked file beside a target; removed when it is dropped unpublished.
#[derive(Debug)]
pub struct Temporary {
    disk: Arc<dyn Disk>,
    target: PathBuf,
    path: PathBuf,
    file: File,
    _lock: Option<Lock>,
    /// The mode that a new file has.
    usual_mode: u32,
    removes: bool,
}

impl Temporary {
    /// Claims a target, which [`resolve_target`] gave, and begins its file.
    ///
    /// # Errors
    /// [`ClaimError::Busy`], [`ClaimError::Io`].
    pub fn claim(disk: Arc<dyn Disk>, target: &Path, readers: Readers) -> Result<Self, ClaimError> {
        if target.file_name().is_none() {
            return Err(ClaimError::Unfit(format!("{} is not a file name", target.display())));
        }
        let mut tries = 0;
        loop {
            // Made and locked before the look at others: of two that begin at once, each sees the other.
            let own = Self::create(Arc::clone(&disk), target, readers)?;
            match own.is_alone() {
                Err(ClaimError::Busy) if tries < TRIES => tries += 1,
                Err(error) => return Err(error),
                Ok(()) => return Ok(own),
            }
            drop(own);
            std::thread::sleep(Duration::from_micros(random() % (500 << tries.min(5))));
        }
    }

    /// Another file for the same target, while this one keeps the claim.
    ///
    /// # Errors
    /// [`ClaimError::Io`].
    pub fn another(&self, readers: Readers) -> Result<Self, ClaimError> {
        Self::create(Arc::clone(&self.disk), &self.target, readers)
    }

    /// A file of the caller's, which is kept unless it is published, in place of this one, which keeps the claim.
    #[must_use]
    pub fn adopt(&self, file: File, path: &Path) -> Self {
        Self {
            disk: Arc::clone(&self.disk),
            target: self.target.clone(),
            path: path.to_owned(),
            file,
            _lock: None,
            usual_mode: self.usual_mode,
            removes: false,
        }
    }

    fn create(disk: Arc<dyn Disk>, target: &Path, readers: Readers) -> Result<Self, ClaimError> {
        let creating = || failed("create", target);
        loop {
            let path = temporary_path(target);
            let file = match disk.create_new(&path, readers.mode()) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                created => created.map_err(creating())?,
            };
            let usual_mode = mode_of(&file).map_err(creating())?;
            give_mode(&file, PRIVATE).map_err(creating())?;
            let mut own = Self {
                disk: Arc::clone(&disk),
                target: target.to_owned(),
                path,
                file,
                _lock: None,
                usual_mode,
                removes: true,
            };
            own._lock = Lock::try_take(&own.disk, &own.file, &own.path).map_err(failed("lock", target))?;
            // Before it was locked another writer may have taken it for a leftover.
            if own._lock.is_some() && own.path.symlink_metadata().is_ok() {
                return Ok(own);
            }
        }
    }

    /// Removes what killed writers of the target left. Refuses a living one.
    fn is_alone(&self) -> Result<(), ClaimError> {
        let folder = folder_of(&self.target);
        let listing = || failed("list", folder);
        let prefix = temporary_prefix(self.target.file_name().unwrap_or_default());
        for entry in std::fs::read_dir(folder).map_err(listing())? {
            let name = entry.map_err(listing())?.file_name();
            let path = self.path.with_file_name(&name);
            if let Some(locked) = Lock::locked_name(name.as_encoded_bytes()) {
                let is_left = is_temporary(locked, prefix.as_encoded_bytes())
                    && path.with_extension("").symlink_metadata().is_err();
                if is_left {
                    Lock::clear(&self.disk, &path);
                }
            } else if is_temporary(name.as_encoded_bytes(), prefix.as_encoded_bytes())
                && self.path.file_name() != Some(&name)
            {
                self.remove_leftover(&path)?;
            }
        }
        Ok(())
    }

    /// Removes a file that no living writer has.
    fn remove_leftover(&self, path: &Path) -> Result<(), ClaimError> {
        // What went away meanwhile, or is not ours, is nobody's claim.
        let Ok(facts) = std::fs::symlink_metadata(path) else { return Ok(()) };
        if refuse_strange(path, &facts).is_err() {
            return Ok(());
        }
        let Ok(file) = self.disk.open(path) else { return Ok(()) };
        match Lock::try_take(&self.disk, &file, path) {
            Ok(Some(_lock)) => {
                // A leftover that cannot be removed does no harm.
                let _ = self.disk.remove(path);
                Ok(())
            }
            Ok(None) => Err(ClaimError::Busy),
            Err(error) => Err(failed("lock", path)(error)),
        }
    }

    /// The disk that it is on.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is until it is published.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs the file, gives it what the replaced one had (mode, owner, group, access lists) and the target's name, and
    /// syncs the folder.
    ///
    /// # Errors
    /// The system's, while the target is as it was; [`ErrorKind::AlreadyExists`].
    pub fn publish(mut self, replace: bool, readers: Readers) -> io::Result<Durability> {
        let private = readers == Readers::Owner;
        match Attributes::of(&self.target).filter(|_| replace) {
            Some(old) => old.give(&self.file, private)?,
            None if private => give_mode(&self.file, PRIVATE)?,
            None => give_mode(&self.file, self.usual_mode)?,
        }
        self.disk.sync(&self.file)?;
        self.disk.rename(&self.path, &self.target, replace)?;
        self.removes = false;
        Ok(Durability::of(self.disk.sync_folder(folder_of(&self.target))))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.removes {
            // Whoever makes the target next tries again.
            let _ = self.disk.remove(&self.path);
        }
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ClaimError {
    move |error| ClaimError::Io(action, path.to_owned(), error)
}

/// What the temporary files of a target are called, up to the process and their random ends.
fn temporary_prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".breachdex-");
    prefix
}

pub(super) fn temporary_path(target: &Path) -> PathBuf {
    let mut name = temporary_prefix(target.file_name().unwrap_or_default());
    name.push(format!("{}-{}", std::process::id(), random_end()));
    folder_of(target).join(name)
}

/// Letters and digits that nobody else is likely to choose; that nobody did is what creating the file shows.
fn random_end() -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut number = random();
    (0..RANDOM)
        .map(|_| {
            let digit = DIGITS[(number % 36) as usize];
            number /= 36;
            char::from(digit)
        })
        .collect()
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Whether a name is the prefix, a process id, a dash and a random end.
fn is_temporary(name: &[u8], prefix: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(prefix) else { return false };
    let Some(dash) = rest.iter().position(|byte| *byte == b'-') else { return false };
    let (process, random) = (&rest[..dash], &rest[dash + 1..]);
    !process.is_empty()
        && process.iter().all(u8::is_ascii_digit)
        && random.len() == RANDOM
        && random.iter().all(u8::is_ascii_alphanumeric)
}
