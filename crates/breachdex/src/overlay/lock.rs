//! Writers of an overlay take turns at a lock file beside it, `.NAME.breachdex-lock`, which stays.
//!
//! A lock on the overlay itself would lose changes: a change puts another file in its place, so the next writer would
//! hold a lock on a file that is not there any more, beside a third who locks the new one.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::owner;
use crate::error::{Error, Result, io_error};
use crate::files;
use crate::monitor::{Monitor, Phase, Progress};

/// How long to wait between two tries. Tried, not waited for, so that a monitor can end it.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A turn at changing an overlay, given back when it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _lock: files::Lock,
    _file: File,
}

impl Lock {
    /// Waits for its turn.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Cancelled`].
    pub(super) fn take(overlay: &Path, monitor: &dyn Monitor) -> Result<Self> {
        let path = beside(overlay)?;
        let disk = files::current();
        let (file, is_new) = files::open_or_create(&*disk, &path).map_err(io_error("open", &path))?;
        if is_new {
            owner::keep(&file, overlay)?;
        }
        loop {
            if let Some(lock) = files::Lock::try_take(&disk, &file, &path).map_err(io_error("lock", &path))? {
                return Ok(Self { _lock: lock, _file: file });
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
