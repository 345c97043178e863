//! Locks that tell living writers from dead ones. Where the file system has none (`flock` says so), a lock file is made
//! beside the locked one, `NAME.lock`, which names its process.
//!
//! The system forgets an `flock` with the process. A lock file stays when its process is killed, so the next one looks for
//! that process, on the same machine and in the same container; of another machine it can only say whose the lock is. What this
//! machine left before it was started anew is nobody's. A file without its whole line is of a process that was killed before it had written it. To take over the lock of a dead process
//! one must hold a second lock file, so that no two take it over at once.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::disk::{Disk, write_all_at};
use super::owned::{PRIVATE, open_existing};
use super::place::{self, Place};

/// Follows the name of what is locked.
const SUFFIX: &str = ".lock";
/// Follows the lock file's name while a dead process's lock is taken over.
const TAKING_OVER: &str = ".takeover";
/// Follows that where the process which took over is dead, too.
const ASIDE: &str = ".old";

/// A lock file whose line is not complete after this time is of a process that was ended while it wrote it.
const WRITTEN_BY_THEN: Duration = Duration::from_secs(30);

/// The lock files that this process has, so that one which could not be removed is told from them.
static HELD: Mutex<Vec<FileId>> = Mutex::new(Vec::new());

/// The lock files of this process that could neither be written nor removed: they name nobody, and are nobody's. With the
/// time, for numbers are given out again.
static LEFT: Mutex<Vec<(FileId, SystemTime)>> = Mutex::new(Vec::new());

/// Whether a lock file was ever made by this process: worth saying once.
static USED_LOCK_FILE: AtomicBool = AtomicBool::new(false);

/// A lock that is held until it is dropped, and by nobody once the process has ended.
#[derive(Debug)]
pub struct Lock {
    /// Removed at the end; `None` where the system has the lock.
    lock_file: Option<(Arc<dyn Disk>, PathBuf, FileId)>,
    /// The file with the system's lock. By itself it ends with its last handle, of which a process that was just forked has
    /// another.
    locked: Option<File>,
    #[cfg(windows)]
    _beside: Option<beside::Beside>,
}

impl Lock {
    /// Locks an open file of this path; `None` while another has it locked. The lock stays when the file is closed.
    ///
    /// # Errors
    /// The system's.
    pub fn try_take(disk: &Arc<dyn Disk>, file: &File, path: &Path) -> io::Result<Option<Self>> {
        #[cfg(not(windows))]
        let taken = match disk.try_flock(file) {
            Ok(true) => file.try_clone().map(|file| Some(Self { lock_file: None, locked: Some(file) })),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        #[cfg(windows)]
        let taken = {
            let _ = file;
            beside::Beside::try_take(disk, &with_suffix(path, SUFFIX)).map(|taken| {
                taken.map(|beside| Self { lock_file: None, locked: None, _beside: Some(beside) })
            })
        };
        match taken {
            Err(error) if error.kind() == ErrorKind::Unsupported => Self::try_take_file(disk, path),
            taken => taken,
        }
    }

    /// The same where the file system has no locks.
    fn try_take_file(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<Option<Self>> {
        let lock = with_suffix(path, SUFFIX);
        let taken = take_file(&**disk, &lock)?;
        USED_LOCK_FILE.fetch_or(taken.is_some(), Ordering::Relaxed);
        Ok(taken.map(|id| Self {
            lock_file: Some((Arc::clone(disk), lock, id)),
            locked: None,
            #[cfg(windows)]
            _beside: None,
        }))
    }

    /// Says that the locked file has another path now, because its folder was renamed.
    pub fn moved(&mut self, path: &Path) {
        if let Some((_, lock, _)) = &mut self.lock_file {
            *lock = with_suffix(path, SUFFIX);
        }
    }

    /// Whether a lock file stood in for locks that a file system does not have; says so once for each process.
    pub fn lock_files_were_used() -> bool {
        USED_LOCK_FILE.swap(false, Ordering::Relaxed)
    }

    /// The name of what a lock file's name says is locked.
    pub(super) fn locked_name(name: &[u8]) -> Option<&[u8]> {
        name.strip_suffix(SUFFIX.as_bytes())
    }

    /// Removes a lock file whose process is dead, if there is one.
    pub(super) fn clear(disk: &Arc<dyn Disk>, lock: &Path) {
        // One that a process left behind is unlocked; it is removed with the lock on it.
        #[cfg(windows)]
        drop(beside::Beside::try_take(disk, lock));
        #[cfg(not(windows))]
        Self::clear_file(disk, lock);
    }

    #[cfg(not(windows))]
    fn clear_file(disk: &Arc<dyn Disk>, lock: &Path) {
        if let Ok(Some(id)) = take_file(&**disk, lock) {
            // One that stays is cleared by the next.
            let _ = disk.remove(lock);
            give_up(id);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(file) = &self.locked {
            // Where this fails the lock ends with the last handle.
            let _ = file.unlock();
        }
        if let Some((disk, path, id)) = &self.lock_file {
            // One that stays is taken over by the next.
            let _ = disk.remove(path);
            give_up(*id);
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Forgets a lock file that this process had.
fn give_up(id: FileId) {
    HELD.lock().unwrap_or_else(PoisonError::into_inner).retain(|held| *held != id);
}

/// Whether this process left that lock file without its line.
fn was_left(facts: &Metadata) -> io::Result<bool> {
    let file = (file_id(facts), facts.modified()?);
    Ok(LEFT.lock().unwrap_or_else(PoisonError::into_inner).contains(&file))
}

/// Makes a lock file, or takes that of a dead process over; `None` while a process that is or may be alive has it.
fn take_file(disk: &dyn Disk, lock: &Path) -> io::Result<Option<FileId>> {
    if let Some(made) = make(disk, lock)? {
        return Ok(Some(made));
    }
    if !is_abandoned(disk, lock)? {
        return Ok(None);
    }
    let second = with_suffix(lock, TAKING_OVER);
    let held = match make(disk, &second)? {
        None if drop_abandoned(disk, &second)? => make(disk, &second)?,
        made => made,
    };
    let Some(held) = held else { return Ok(None) };
    // Nobody else removes it now, and whose it was does not come back.
    let taken = (|| {
        if is_abandoned(disk, lock)? {
            disk.remove(lock)?;
        }
        make(disk, lock)
    })();
    let removed = disk.remove(&second);
    give_up(held);
    if removed.is_err()
        && let Ok(Some(taken)) = &taken
    {
        give_up(*taken);
    }
    removed.and(taken)
}

/// Removes the second lock file of a process that ended while it took a lock over; `false` where it is another's.
fn drop_abandoned(disk: &dyn Disk, second: &Path) -> io::Result<bool> {
    if !is_abandoned(disk, second)? {
        return Ok(false);
    }
    // Put aside and looked at again: another may have put its own there.
    let aside = with_suffix(second, ASIDE);
    match disk.rename(second, &aside, true) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        moved => moved?,
    }
    let is_abandoned = is_abandoned(disk, &aside)?;
    if is_abandoned {
        disk.remove(&aside)?
    } else {
        disk.rename(&aside, second, false)?
    }
    Ok(is_abandoned)
}

/// Makes a lock file of this process; `None` where there is one.
fn make(disk: &dyn Disk, lock: &Path) -> io::Result<Option<FileId>> {
    match disk.create_new(lock, PRIVATE) {
        Ok(file) => {
            // Before it says whose it is: other threads look, too.
            let id = file_id(&file.metadata()?);
            HELD.lock().unwrap_or_else(PoisonError::into_inner).push(id);
            let written = write_all_at(disk, &file, Place::here().line(std::process::id()).as_bytes(), 0);
            if written.is_err()
                && disk.remove(lock).is_err()
                && let Ok(modified) = file.metadata().and_then(|facts| facts.modified())
            {
                // To other processes, one that names none stands in the way until it is old.
                LEFT.lock().unwrap_or_else(PoisonError::into_inner).push((id, modified));
            }
            // Whoever was stopped so long between the two that the file was taken for a dead one's has lost it.
            let is_held = written.is_ok() && is_at(&file, lock);
            if !is_held {
                give_up(id);
            }
            written.map(|()| is_held.then_some(id))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an open file is the one of that path.
fn is_at(file: &File, path: &Path) -> bool {
    let open = file.try_clone().and_then(same_file::Handle::from_file);
    open.is_ok_and(|open| same_file::Handle::from_path(path).is_ok_and(|there| there == open))
}

/// Whether a lock file's process has certainly ended. One that was killed before it wrote all of its line, or whose line a
/// loss of power took, is told by the age of the file: writing it takes no time.
fn is_abandoned(disk: &dyn Disk, lock: &Path) -> io::Result<bool> {
    let mut text = Vec::new();
    let file = match open_existing(disk, lock) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    (&file).take(4096).read_to_end(&mut text)?;
    if text.last() != Some(&b'\n') {
        let facts = file.metadata()?;
        let is_old = facts.modified()?.elapsed().is_ok_and(|age| age >= WRITTEN_BY_THEN);
        return Ok(is_old || was_left(&facts)?);
    }
    let Some((process, place)) = std::str::from_utf8(&text).ok().and_then(Place::parse) else {
        return Ok(false);
    };
    let here = Place::here();
    if place != here {
        return Ok(here.is_restart_of(&place, file.metadata()?.modified()?, place::started()));
    }
    if process == std::process::id() {
        let id = file_id(&file.metadata()?);
        return Ok(!HELD.lock().unwrap_or_else(PoisonError::into_inner).contains(&id));
    }
    Ok(!is_alive(process))
}

#[cfg(windows)]
mod beside {
    use super::{Arc, Disk, File, Path, PathBuf, io, is_at};
    use crate::files::owned::open_or_create;

    /// A locked file that nobody reads; removed when it is dropped. The system drops the lock with the process.
    #[derive(Debug)]
    pub(super) struct Beside {
        disk: Arc<dyn Disk>,
        path: PathBuf,
        _file: File,
    }

    impl Beside {
        pub(super) fn try_take(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<Option<Self>> {
            loop {
                let (file, _) = match open_or_create(&**disk, path) {
                    // A name that is being removed is refused until its last handle is closed.
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
                    opened => opened?,
                };
                if !disk.try_flock(&file)? {
                    return Ok(None);
                }
                // Between the two another may have removed it, whose lock it was.
                if is_at(&file, path) {
                    return Ok(Some(Self { disk: Arc::clone(disk), path: path.to_owned(), _file: file }));
                }
            }
        }
    }

    impl Drop for Beside {
        fn drop(&mut self) {
            // One that stays is taken by the next.
            let _ = self.disk.remove(&self.path);
        }
    }
}

/// What tells a file from all others that are there.
#[cfg(unix)]
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(facts: &std::fs::Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt as _;
    (facts.dev(), facts.ino())
}

/// Where this is not known, all are taken for those that are held.
#[cfg(not(unix))]
type FileId = ();

#[cfg(not(unix))]
fn file_id(_: &std::fs::Metadata) -> FileId {}

#[cfg(unix)]
fn is_alive(process: u32) -> bool {
    let process = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    process.is_none_or(|process| rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_: u32) -> bool {
    true
}
