//! Writers of an overlay take turns at a lock file beside it, `.NAME.breachdex-lock`, which stays.
//!
//! A lock on the overlay itself would lose changes: a change puts another file in its place, so the next writer would
//! hold a lock on a file that is not there any more, beside a third who locks the new one.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::owner;
use crate::build::Readers;
use crate::error::{Error, Result, io_error};
use crate::monitor::{Monitor, Phase, Progress};

/// How long to wait between two tries. Tried, not waited for, so that a monitor can end it.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A turn at changing an overlay, given back when it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for its turn.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Cancelled`].
    pub(super) fn take(overlay: &Path, monitor: &dyn Monitor) -> Result<Self> {
        let path = beside(overlay)?;
        let file = open(&path, overlay)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(io_error("lock", &path)(source)),
            }
            let waiting = Progress { phase: Phase::Reading, done: 0, total: None };
            if monitor.progress(waiting).is_break() {
                return Err(Error::Cancelled);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// The lock file of an overlay.
fn beside(overlay: &Path) -> Result<PathBuf> {
    let Some(name) = overlay.file_name() else {
        return Err(Error::Unbuildable(format!("{} is not a file name", overlay.display())));
    };
    let mut lock = OsString::from(".");
    lock.push(name);
    lock.push(".breachdex-lock");
    Ok(overlay.with_file_name(lock))
}

/// Opens the lock file, or makes it. Only one that was made here is given away: whoever may write into the folder could
/// have put a link there.
fn open(path: &Path, overlay: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    Readers::Owner.restrict(options.read(true).write(true));
    match options.clone().create_new(true).open(path) {
        Ok(file) => owner::keep(&file, overlay).map(|()| file),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            options.open(path).map_err(io_error("open", path))
        }
        Err(error) => Err(io_error("create", path)(error)),
    }
}
