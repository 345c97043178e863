//! A pull on disk: the unfinished copy, in which every unit has its place, and the journal of the units that arrived.
//!
//! The journal begins with the header of the published index, so what was fetched of another one is not gone on with. Its
//! records only say where to look: every unit is held against its hash again before it is taken over. It is locked while a
//! run uses it.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use breachdex::files::{self, Disk, Lock};
use breachdex::replica::PublishedHead;
use tokio::time::Instant;

use crate::error::{Error, Result, io_error};
use crate::journal;

/// What the journal is called.
const JOB: &str = "pull";
/// Follows the journal's name in that of the unfinished copy.
const COPY_SUFFIX: &str = "-index";
/// The first bytes of a journal.
const MAGIC: &[u8; 8] = b"BDXPULL1";
/// Bytes of what a journal begins with: magic, header, CRC.
const START: usize = 8 + 256 + 4;
/// Bytes of a record: a unit, and all of its bits the other way round, so that a torn one is told.
const RECORD: usize = 8;
/// What stands for the tail in a record.
const TAIL: u32 = u32::MAX;
/// How often the system is asked to put what was written on the disk.
const SYNC_EVERY: Duration = Duration::from_secs(20);

/// What was fetched, and is being fetched.
pub(super) struct Store {
    disk: Arc<dyn Disk>,
    paths: Paths,
    journal: File,
    copy: File,
    /// Bytes of the journal.
    length: u64,
    /// The units that the journal names, in the order in which they arrived.
    recorded: Vec<u32>,
    has_tail: bool,
    synced: Instant,
    _lock: Lock,
}

struct Paths {
    journal: PathBuf,
    copy: PathBuf,
}

impl Paths {
    fn of(target: &Path) -> Self {
        let journal = journal::path(target, JOB);
        let mut copy = journal.clone().into_os_string();
        copy.push(COPY_SUFFIX);
        Self { journal, copy: copy.into() }
    }

    fn remove(&self, disk: &dyn Disk) -> Result<()> {
        // The journal goes last: without it nobody would look for the copy.
        for path in [&self.copy, &self.journal] {
            match disk.remove(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(io_error("remove", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Store {
    /// Opens what an earlier run left of the same published index, or begins anew.
    ///
    /// # Errors
    /// [`Error::PullBusy`]; [`Error::Io`].
    pub(super) fn open(target: &Path, head: &PublishedHead, restart: bool) -> Result<Self> {
        let (disk, paths) = (files::current(), Paths::of(target));
        let (journal, lock) = lock(&disk, &paths, target)?;
        let (copy, _) = files::open_or_create(&*disk, &paths.copy).map_err(io_error("open", &paths.copy))?;
        let mut store = Self {
            disk,
            paths,
            journal,
            copy,
            length: 0,
            recorded: Vec::new(),
            has_tail: false,
            synced: Instant::now(),
            _lock: lock,
        };
        if restart || !store.resume(head)? {
            store.begin(head)?;
        }
        Ok(store)
    }

    /// Removes what a run left that was ended behind its last step.
    pub(super) fn remove_leftover(target: &Path) -> Result<()> {
        let (disk, paths) = (files::current(), Paths::of(target));
        if paths.journal.symlink_metadata().is_err() {
            return Ok(());
        }
        let _lock = lock(&disk, &paths, target)?;
        paths.remove(&*disk)
    }

    /// Whether the journal is one of this published index.
    fn resume(&mut self, head: &PublishedHead) -> Result<bool> {
        let read = |file: &File, path: &Path| file.metadata().map_err(io_error("read", path));
        if read(&self.copy, &self.paths.copy)?.len() != head.file_length() {
            return Ok(false);
        }
        let mut bytes = Vec::new();
        files::ReadFrom::new(&self.journal, 0)
            .read_to_end(&mut bytes)
            .map_err(io_error("read", &self.paths.journal))?;
        let Some((start, records)) = bytes.split_at_checked(START) else { return Ok(false) };
        if start != start_of(head) {
            return Ok(false);
        }
        self.length = START as u64;
        for record in records.chunks_exact(RECORD) {
            let word =
                |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
            if word(0) != !word(4) {
                break;
            }
            match word(0) {
                TAIL => self.has_tail = true,
                unit => self.recorded.push(unit),
            }
            self.length += RECORD as u64;
        }
        self.recorded.sort_unstable();
        self.recorded.dedup();
        // Read from the disk, not from what memory has of an earlier run.
        self.disk.forget(&self.copy).map_err(io_error("write", &self.paths.copy))?;
        Ok(true)
    }

    fn begin(&mut self, head: &PublishedHead) -> Result<()> {
        let (journal, copy) = (&self.paths.journal, &self.paths.copy);
        self.disk.set_len(&self.journal, 0).map_err(io_error("write", journal))?;
        self.disk.set_len(&self.copy, 0).map_err(io_error("write", copy))?;
        self.disk.set_len(&self.copy, head.file_length()).map_err(io_error("write", copy))?;
        (self.length, self.has_tail) = (0, false);
        self.recorded.clear();
        self.append(&start_of(head))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        files::write_all_at(&*self.disk, &self.journal, bytes, self.length)
            .map_err(io_error("write", &self.paths.journal))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn record(&mut self, unit: u32) -> Result<()> {
        let mut record = [0; RECORD];
        record[..4].copy_from_slice(&unit.to_le_bytes());
        record[4..].copy_from_slice(&(!unit).to_le_bytes());
        self.append(&record)
    }

    /// The units that an earlier run fetched or copied.
    pub(super) fn recorded(&self) -> &[u32] {
        &self.recorded
    }

    /// What an earlier run fetched of the tail.
    pub(super) fn tail(&self, place: Range<u64>) -> Option<Vec<u8>> {
        self.has_tail.then(|| self.read(place)).flatten()
    }

    /// Bytes of the unfinished copy.
    pub(super) fn read(&self, place: Range<u64>) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(place.end - place.start).ok()?];
        files::ReadFrom::new(&self.copy, place.start).read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Keeps the tail.
    pub(super) fn put_tail(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.write(offset, bytes)?;
        self.has_tail = true;
        self.record(TAIL)
    }

    /// Keeps a unit, which was found to have its hash.
    pub(super) fn put(&mut self, unit: u32, offset: u64, bytes: &[u8]) -> Result<()> {
        self.write(offset, bytes)?;
        self.record(unit)?;
        if self.synced.elapsed() >= SYNC_EVERY {
            self.disk.sync(&self.copy).map_err(io_error("write", &self.paths.copy))?;
            self.disk.sync(&self.journal).map_err(io_error("write", &self.paths.journal))?;
            self.synced = Instant::now();
        }
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        files::write_all_at(&*self.disk, &self.copy, bytes, offset)
            .map_err(io_error("write", &self.paths.copy))
    }

    /// A handle on the copy, and its path.
    pub(super) fn copy(&self) -> Result<(File, &Path)> {
        let file = self.copy.try_clone().map_err(io_error("open", &self.paths.copy))?;
        Ok((file, &self.paths.copy))
    }

    /// Removes what is left, with the lock held.
    pub(super) fn remove(self) -> Result<()> {
        self.paths.remove(&*self.disk)
    }
}

fn lock(disk: &Arc<dyn Disk>, paths: &Paths, target: &Path) -> Result<(File, Lock)> {
    journal::lock(disk, &paths.journal, target).map_err(|error| match error {
        Error::Busy(target) => Error::PullBusy(target),
        error => error,
    })
}

fn start_of(head: &PublishedHead) -> [u8; START] {
    let mut start = [0; START];
    start[..8].copy_from_slice(MAGIC);
    start[8..START - 4].copy_from_slice(head.bytes());
    let crc = crc32c::crc32c(&start[..START - 4]);
    start[START - 4..].copy_from_slice(&crc.to_le_bytes());
    start
}
