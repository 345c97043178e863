//! The journal's file: where it is, whose it is, and what it begins with.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use breachdex::files::{self, Disk, Lock};

use super::record::{FIXED, Record, RecordKind};
use super::settings::Settings;
use crate::error::{Error, Result, io_error};

/// The first bytes of a journal.
pub(super) const MAGIC: &[u8; 8] = b"BDXJRNL4";
/// Those of journals that hold every range of a download, of ones that hold every changed range of an update, and of ones
/// whose groups have no hash.
const EARLIER_MAGIC: [&[u8; 8]; 3] = [b"BDXJRNL1", b"BDXJRNL2", b"BDXJRNL3"];

/// A journal that is not longer than this holds no range.
const MOST_UNFINISHED: u64 = 1 << 16;

/// The journal's path for a target.
pub(crate) fn path(target: &Path, job: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".breachdex-{job}"));
    target.with_file_name(name)
}

/// The settings of a target's journal, if there is one that nobody uses.
pub(crate) fn abandoned(target: &Path, job: &str) -> Option<Settings> {
    let path = path(target, job);
    path.symlink_metadata().ok()?;
    let disk = files::current();
    let (file, _) = files::open_or_create(&*disk, &path).ok()?;
    let _lock = Lock::try_take(&disk, &file, &path).ok()??;
    match read_found(&file, &path).ok()? {
        Found::Journal(settings) => Some(settings),
        Found::Nothing | Found::Earlier => None,
    }
}

/// How often a lock that another has is tried, and how long after each time. A process that was just forked has the locks
/// of its parent for some milliseconds, until it becomes another program.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// Opens a journal's file and locks it. Another run may finish and remove the file meanwhile: then there is a new one.
pub(crate) fn lock(disk: &Arc<dyn Disk>, path: &Path, target: &Path) -> Result<(File, Lock)> {
    let mut tries = 0;
    loop {
        let (file, _) = files::open_or_create(&**disk, path).map_err(io_error("open", path))?;
        let lock = Lock::try_take(disk, &file, path).map_err(io_error("lock", path))?;
        let Some(lock) = lock else {
            tries += 1;
            if tries == TRIES {
                return Err(Error::Busy(target.to_owned()));
            }
            std::thread::sleep(PAUSE);
            continue;
        };
        // What took its place is not opened unless it is a file.
        let same = path.is_file()
            && same_file::Handle::from_path(path).ok().zip(file.try_clone().ok()).is_some_and(
                |(there, here)| same_file::Handle::from_file(here).is_ok_and(|here| here == there),
            );
        if same {
            return Ok((file, lock));
        }
    }
}

/// What a file at a journal's path is.
pub(super) enum Found {
    /// A journal that was never begun.
    Nothing,
    Journal(Settings),
    /// What an earlier version of breachdex left.
    Earlier,
}

/// Reads a journal's start.
///
/// # Errors
/// [`Error::Journal`] for what is no journal and for one whose settings are damaged; [`Error::Io`].
pub(super) fn read_found(file: &File, path: &Path) -> Result<Found> {
    let length = file.metadata().map_err(io_error("read", path))?.len();
    let least = (MAGIC.len() + FIXED) as u64;
    if length < least {
        return Ok(Found::Nothing);
    }
    let mut file = files::ReadFrom::new(file, 0);
    let mut magic = [0; 8];
    file.read_exact(&mut magic).map_err(io_error("read", path))?;
    if EARLIER_MAGIC.contains(&&magic) {
        return Ok(Found::Earlier);
    }
    // What a loss of power can leave of a file whose length was on disk before its bytes, or before some of them.
    let is_torn = magic.iter().zip(MAGIC).all(|(found, byte)| *found == 0 || found == byte);
    if magic == [0; 8] || (is_torn && magic != *MAGIC && length <= MOST_UNFINISHED) {
        return Ok(Found::Nothing);
    }
    if magic != *MAGIC {
        return Err(Error::Journal {
            path: path.to_owned(),
            reason: "this is not what a download or an update leaves; move it elsewhere".into(),
            can_be_discarded: false,
        });
    }
    let record = Record::read(&mut file, length - MAGIC.len() as u64).map_err(io_error("read", path))?;
    let settings = record
        .filter(|record| record.kind == RecordKind::Settings)
        .and_then(|record| serde_json::from_slice(&record.payload).ok());
    match settings {
        Some(settings) => Ok(Found::Journal(settings)),
        // A run that was killed as it began left a part of the first record and nothing else.
        None if length <= MOST_UNFINISHED => Ok(Found::Nothing),
        None => Err(Error::Journal {
            path: path.to_owned(),
            reason: "its first record is damaged; discard what it holds".into(),
            can_be_discarded: true,
        }),
    }
}
