//! The seam between what writes files and the disk: each system call that changes something, one method.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A disk that is written to. What is not overridden is what the system does, so that a simulation says only where it
/// differs: it may write less than it was given, fail, or note what was not synced and lose it.
///
/// Files are the system's own. Reading them is not part of the seam, because readers map them.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Creates a file under a name that nothing has, a link included; open for reading and writing. `mode` is cut by the
    /// umask.
    ///
    /// # Errors
    /// The system's.
    fn create_new(&self, path: &Path, mode: u32) -> io::Result<File> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        options.read(true).write(true).create_new(true).open(path)
    }

    /// Opens a file that is there for reading and writing; never a link's target, never waits for a pipe.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
        // Of a link the link itself, which callers refuse by what its metadata says.
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, FILE_FLAG_OPEN_REPARSE_POINT);
        options.read(true).write(true).open(path)
    }

    /// Writes some of `bytes` at an offset and says how many.
    ///
    /// # Errors
    /// The system's.
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_at(file, bytes, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_write(file, bytes, offset);
    }

    /// Cuts a file or fills it up with zeros.
    ///
    /// # Errors
    /// The system's.
    fn set_len(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    /// Waits until what was written to a file is on disk.
    ///
    /// # Errors
    /// The system's.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Waits until what was written to some files of a folder is on disk. One call for the whole file system takes less time
    /// than one for each of thousands of files.
    ///
    /// # Errors
    /// The system's.
    fn sync_all(&self, folder: &Path, files: &[PathBuf]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            let _ = files;
            rustix::fs::syncfs(File::open(folder)?).map_err(io::Error::from)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = folder;
            files.iter().try_for_each(|file| self.sync(&self.open(file)?))
        }
    }

    /// Waits until everything that was written to the file system of a folder is on disk: files and names.
    ///
    /// Where the system has no call for that (others than Linux), this is the folder alone, where folders can be opened.
    ///
    /// # Errors
    /// The system's.
    fn sync_file_system(&self, folder: &Path) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        return Ok(rustix::fs::syncfs(File::open(folder)?)?);
        #[cfg(not(target_os = "linux"))]
        {
            if let Ok(opened) = File::open(folder) {
                let _ = opened.sync_all();
            }
            Ok(())
        }
    }

    /// Waits until what was written to a file is on disk, and forgets what is in memory of it: what is read then is what a
    /// loss of power would leave. After a sync that failed, systems take for written what they could not write, keep it in
    /// memory and do not tell the next sync: who goes on with a file that another run wrote must not believe its pages.
    ///
    /// Where the system does not let us forget (others than Linux), this is [`Disk::sync`].
    ///
    /// # Errors
    /// The system's.
    fn forget(&self, file: &File) -> io::Result<()> {
        self.sync(file)?;
        #[cfg(target_os = "linux")]
        {
            // A file system that has no such thing reads anew anyway, or has all in memory.
            let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
        }
        Ok(())
    }

    /// Gives a file another name in its folder; one that something has only to `replace` that.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::AlreadyExists`].
    fn rename(&self, from: &Path, to: &Path, replace: bool) -> io::Result<()> {
        if replace { rename_over(from, to) } else { rename_new(from, to) }
    }

    /// Gives a file a second name, which nothing has.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::AlreadyExists`].
    fn link(&self, file: &Path, name: &Path) -> io::Result<()> {
        std::fs::hard_link(file, name)
    }

    /// Waits until a folder's names are on disk.
    ///
    /// # Errors
    /// The system's.
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)
    }

    /// Removes a file's name.
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    /// Locks a file unless another has it locked, until it is closed; says whether it did.
    ///
    /// # Errors
    /// The system's, [`io::ErrorKind::Unsupported`] where the file system has no locks.
    fn try_flock(&self, file: &File) -> io::Result<bool> {
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => {
                Err(io::Error::new(io::ErrorKind::Unsupported, error))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The disk that there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Disk for System {}

thread_local! {
    static CURRENT: RefCell<Option<Arc<dyn Disk>>> = const { RefCell::new(None) };
}

/// The disk that stands in for the system's on this thread, if one does: for writers with a faster way to the system's.
pub fn simulated_disk() -> Option<Arc<dyn Disk>> {
    CURRENT.with_borrow(Clone::clone)
}

/// The disk that writers which begin on this thread use. They keep it for all their threads.
pub fn current() -> Arc<dyn Disk> {
    simulated_disk().unwrap_or_else(|| Arc::new(System))
}

/// Runs `work` with another disk for every writer that begins on this thread.
pub fn simulate<T>(disk: Arc<dyn Disk>, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Arc<dyn Disk>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some(disk)));
    work()
}

/// Writes all of `bytes` at an offset.
///
/// # Errors
/// The disk's; [`io::ErrorKind::WriteZero`] for a disk that takes nothing.
pub fn write_all_at(disk: &dyn Disk, file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write_at(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether an error says that the file system has no locks of this kind.
fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    if let Some(code) = error.raw_os_error() {
        return [libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP, libc::ENOTSUP].contains(&code);
    }
    error.kind() == io::ErrorKind::Unsupported
}

#[cfg(windows)]
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

#[cfg(not(windows))]
fn rename_over(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Renames in place of what is there. A file that a process has open is replaced as elsewhere; one that a process has mapped
/// cannot be, but it can get another name: then nothing has the name for a moment, and the old file stays until the next
/// writer of this target clears what was left.
#[cfg(windows)]
fn rename_over(from: &Path, to: &Path) -> io::Result<()> {
    let refused = match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && to.is_file() => error,
        renamed => return renamed,
    };
    let aside = super::temporary::temporary_path(to);
    if std::fs::rename(to, &aside).is_err() {
        return Err(refused);
    }
    if let Err(error) = std::fs::rename(from, to) {
        // As it was.
        std::fs::rename(&aside, to)?;
        return Err(error);
    }
    let _ = std::fs::remove_file(&aside);
    Ok(())
}

/// Renames to a name that nothing has.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            // File systems and systems without it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // File systems without links have no way that is both.
        Err(_) if std::fs::symlink_metadata(to).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(from, to),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems keep names safe in other ways and say that there is nothing to sync.
        Err(error) if [Some(libc::EINVAL), Some(libc::EOPNOTSUPP)].contains(&error.raw_os_error()) => Ok(()),
        synced => synced,
    }
}

/// Folders cannot be opened as files here.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
