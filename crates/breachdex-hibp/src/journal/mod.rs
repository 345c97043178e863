//! What a run has fetched, kept beside the target until the index is published, so that whatever ends a run,
//! the next one goes on from there.
//!
//! Of an update it holds the ranges that changed; of a download it says which groups are in the unfinished index
//! (`group`), and the ranges themselves are there or in the spool (`assembly`).
//!
//! A journal is a file of records (`record`), appended in the order in which ranges arrive, each with a CRC-32C. The
//! first one holds the settings of the run. A record that was not written whole ends the journal: what
//! lies behind it is cut off and fetched again. It is locked while a run uses it.

#![forbid(unsafe_code)]

mod group;
pub(crate) mod record;
mod rows;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use breachdex::{Coverage, Entry, Kind, Monitor, PREFIX_COUNT, Phase, Progress};
use serde::{Deserialize, Serialize};

pub(crate) use self::group::{GroupState, RangeState};
use self::record::{FIXED, Frame, Tag};
pub(crate) use self::record::{Record, RecordKind};
pub(crate) use self::rows::RowShape;
use crate::error::{Error, Result, io_error};

/// The first bytes of a journal.
const MAGIC: &[u8; 8] = b"BDXJRNL2";
/// Those of journals that hold every range of a download.
const EARLIER_MAGIC: &[u8; 8] = b"BDXJRNL1";
/// How often the system is asked to put what was written on the disk.
const SYNC_EVERY: Duration = Duration::from_secs(20);

/// A journal that is not longer than this holds no range.
const MOST_UNFINISHED: u64 = 1 << 16;

/// What a run was asked to do; another run goes on from its journal only if it was asked the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// `download` or `update`.
    pub(crate) job: String,
    /// Names this journal; the index that is made of it has it in its notes.
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) bits: u32,
    pub(crate) counts: bool,
    pub(crate) min_count: u64,
    pub(crate) prefixes: Vec<(u32, u32)>,
    /// The folder for range files.
    pub(crate) text: Option<PathBuf>,
    /// The content id of the index that is updated.
    pub(crate) base: Option<String>,
}

impl Settings {
    /// Whether a run with these goes on from one with the others.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.difference(other).is_none()
    }

    /// The first setting that differs, as a user would say it; the ids of journals always do.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        let differences = [
            (self.job != other.job, "another command"),
            (self.base != other.base, "another state of the index"),
            (self.kind != other.kind, "another --kind"),
            (self.bits != other.bits, "other --bits"),
            (self.counts != other.counts, "with or without --no-counts"),
            (self.min_count != other.min_count, "another --min-count"),
            (self.prefixes != other.prefixes, "other --prefixes"),
            (self.text != other.text, "another --also-text"),
        ];
        differences.into_iter().find_map(|(differs, what)| differs.then_some(what))
    }
}

/// Where a range's record is, and its entity tag.
#[derive(Clone, Copy)]
struct Place {
    offset: u64,
    kind: RecordKind,
    modified: u64,
    tag: Tag,
}

/// An open, locked journal.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    pub(crate) settings: Settings,
    pub(crate) shape: RowShape,
    places: Vec<Option<Place>>,
    /// The entity tags, one after another.
    tags: Vec<u8>,
    /// Where the tags of the present server begin; those before are another's.
    tags_valid_from: usize,
    ranges: u32,
    begun: u64,
    synced: Instant,
    pending: Vec<u8>,
}

/// The journal's path for a target.
pub(crate) fn path(target: &Path, job: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".breachdex-{job}"));
    target.with_file_name(name)
}

/// What to do with a journal of other settings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfOther {
    Refuse,
    StartOver,
}

/// Takes over a group that a record vouches for. `None` ends the journal: the record and what lies behind it is cut off.
pub(crate) type TakeOver<'a> = &'a mut dyn FnMut(&Record) -> Result<Option<GroupState>>;

impl Journal {
    /// Opens the journal of a target, or begins one. `base_url` is where ranges will come from: tags of
    /// another server are forgotten. `take_over` is asked about each group.
    ///
    /// # Errors
    /// [`Error::Busy`] while another run has it; [`Error::Journal`] when it is of other settings and that is
    /// to be refused, or no journal at all; [`Error::Io`]; [`Error::Stopped`].
    pub(crate) fn open(
        target: &Path,
        mut settings: Settings,
        base_url: &str,
        if_other: IfOther,
        take_over: TakeOver<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let path = path(target, &settings.job);
        let file = lock(&path, target)?;
        let found = match read_settings(&file, &path) {
            Err(Error::Journal { .. }) if if_other == IfOther::StartOver => None,
            found => found?,
        };
        let resumes = match &found {
            None => false,
            Some(found) => match found.difference(&settings) {
                None => true,
                Some(_) if if_other == IfOther::StartOver => false,
                Some(what) => {
                    return Err(Error::Journal {
                        path,
                        reason: format!(
                            "a run with other settings was begun and not finished ({what}); use the same ones, \
                             or --restart to throw away what it fetched"
                        ),
                    });
                }
            },
        };
        if let Some(found) = found.filter(|_| resumes) {
            settings.id = found.id;
        }
        let shape = RowShape::new(settings.bits, settings.counts);
        let mut journal = Self {
            path,
            file,
            length: 0,
            settings,
            shape,
            places: vec![None; PREFIX_COUNT as usize],
            tags: Vec::new(),
            tags_valid_from: 0,
            ranges: 0,
            begun: 0,
            synced: Instant::now(),
            pending: Vec::new(),
        };
        if resumes {
            journal.scan(base_url, take_over, monitor)?;
        } else {
            journal.begin()?;
        }
        journal.append(&Record::origin(base_url))?;
        journal.flush()?;
        Ok(journal)
    }

    fn begin(&mut self) -> Result<()> {
        self.file.set_len(0).map_err(io_error("write", &self.path))?;
        let settings = serde_json::to_vec(&self.settings).unwrap_or_default();
        self.pending.extend_from_slice(MAGIC);
        self.append(&Record::settings(settings))
    }

    /// Reads every record, and cuts off what was not written whole.
    fn scan(&mut self, base_url: &str, take_over: TakeOver<'_>, monitor: &dyn Monitor) -> Result<()> {
        let total = self.file.metadata().map_err(io_error("read", &self.path))?.len();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(io_error("read", &self.path))?;
        let mut reader =
            BufReader::with_capacity(1 << 20, file.try_clone().map_err(io_error("read", &self.path))?);
        let mut at = MAGIC.len() as u64;
        reader.seek(SeekFrom::Start(at)).map_err(io_error("read", &self.path))?;
        let mut same_origin = false;
        while let Some(record) =
            Record::read(&mut reader, total - at).map_err(io_error("read", &self.path))?
        {
            match record.kind {
                RecordKind::Settings => {}
                RecordKind::Origin => {
                    let is_same = record.payload == base_url.as_bytes();
                    if !is_same || !same_origin {
                        self.tags_valid_from = self.tags.len();
                    }
                    same_origin = is_same;
                }
                RecordKind::Begun => self.begun = record.modified,
                RecordKind::Group => match take_over(&record)? {
                    Some(state) => state.ranges.into_iter().for_each(|range| self.know_grouped(range)),
                    None => break,
                },
                _ => self.place(at, &record),
            }
            at += record.length();
            let progress = Progress { phase: Phase::Verifying, done: at, total: Some(total) };
            if monitor.progress(progress).is_break() {
                return Err(Error::Stopped);
            }
        }
        if !same_origin {
            self.tags_valid_from = self.tags.len();
        }
        self.length = at;
        self.file.set_len(at).map_err(io_error("write", &self.path))
    }

    fn place(&mut self, offset: u64, record: &Record) {
        let tag = Tag { at: self.tags.len(), length: record.tag.len() as u8 };
        self.tags.extend_from_slice(record.tag.as_bytes());
        let Some(place) = self.places.get_mut(record.prefix as usize) else { return };
        self.ranges += u32::from(place.is_none());
        *place = Some(Place { offset, kind: record.kind, modified: record.modified, tag });
    }

    /// Notes what is known of a range whose rows are elsewhere.
    pub(crate) fn know(&mut self, record: &Record) {
        self.place(0, record);
    }

    fn know_grouped(&mut self, RangeState { prefix, modified, tag }: RangeState) {
        self.know(&Record { modified, tag, ..Record::of(RecordKind::Range, prefix) });
    }

    /// Adds a record; [`Journal::flush`] writes it.
    ///
    /// # Errors
    /// [`Error::Journal`] for one that is longer than a record can say.
    pub(crate) fn append(&mut self, record: &Record) -> Result<()> {
        if u32::try_from(record.payload.len()).is_err() {
            return Err(Error::Journal {
                path: self.path.clone(),
                reason: format!("range {:05X} is too large for it", record.prefix),
            });
        }
        let offset = self.length + self.pending.len() as u64;
        if record.kind.is_range() {
            self.place(offset, record);
        }
        Frame::write(record, &mut self.pending);
        Ok(())
    }

    /// Hands everything that was appended to the system, which keeps it whatever becomes of the process, and has it on
    /// disk now and then.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.write()?;
        if self.is_sync_due() { self.sync() } else { Ok(()) }
    }

    /// Hands everything that was appended to the system.
    pub(crate) fn write(&mut self) -> Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.length))
            .and_then(|_| file.write_all(&self.pending))
            .map_err(io_error("write", &self.path))?;
        self.length += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Whether what was written should be on disk by now.
    pub(crate) fn is_sync_due(&self) -> bool {
        self.synced.elapsed() >= SYNC_EVERY
    }

    /// Waits until everything written is on disk.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(io_error("write", &self.path))?;
        self.synced = Instant::now();
        Ok(())
    }

    /// Remembers when the run began, by the server's clock; the first time counts.
    pub(crate) fn note_begun(&mut self, seconds: u64) -> Result<()> {
        if self.begun != 0 || seconds == 0 {
            return Ok(());
        }
        self.begun = seconds;
        self.append(&Record::begun(seconds))
    }

    /// Ranges that are in the journal.
    pub(crate) fn ranges(&self) -> u32 {
        self.ranges
    }

    /// What the journal knows of a prefix's range.
    pub(crate) fn kind_of(&self, prefix: u32) -> Option<RecordKind> {
        self.places.get(prefix as usize).copied().flatten().map(|place| place.kind)
    }

    /// The entity tag that came with a range from the present server; empty without one.
    pub(crate) fn tag(&self, prefix: u32) -> &[u8] {
        let place = self.places.get(prefix as usize).copied().flatten();
        place
            .filter(|place| place.tag.at >= self.tags_valid_from)
            .map_or(&[], |place| &self.tags[place.tag.at..place.tag.at + usize::from(place.tag.length)])
    }

    /// The latest time at which a fetched range was changed, in seconds since 1970; 0 when servers did not say.
    pub(crate) fn latest_change(&self) -> u64 {
        let fetched = self.places.iter().flatten().filter(|place| place.kind != RecordKind::Unchanged);
        fetched.map(|place| place.modified).max().unwrap_or(0)
    }

    /// Whether a range was changed after the run began, so that some ranges may be older than others.
    pub(crate) fn corpus_changed(&self) -> bool {
        self.begun != 0 && self.latest_change() > self.begun
    }

    /// How many ranges have a record of a kind.
    pub(crate) fn count(&self, kind: RecordKind) -> u64 {
        self.places.iter().flatten().filter(|place| place.kind == kind).count() as u64
    }

    /// The entries of a range's record, and how many digests were folded into others.
    pub(crate) fn read(&self, prefix: u32) -> Result<Option<(Vec<Entry>, u64)>> {
        let place = self.places.get(prefix as usize).copied().flatten();
        let Some(place) = place.filter(|place| place.kind == RecordKind::Range) else { return Ok(None) };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place.offset)).map_err(io_error("read", &self.path))?;
        let record = Record::read(&mut file, self.length - place.offset)
            .map_err(io_error("read", &self.path))?
            .filter(|record| record.prefix == prefix && record.kind == RecordKind::Range);
        let entries = record.and_then(|record| {
            Some((self.shape.decode(prefix, record.rows, &record.payload)?, record.folded))
        });
        match entries {
            Some((entries, folded)) => Ok(Some((entries, u64::from(folded)))),
            None => Err(self.damaged(prefix)),
        }
    }

    /// The error of a record that was sound before.
    pub(crate) fn damaged(&self, prefix: u32) -> Error {
        Error::Journal {
            path: self.path.clone(),
            reason: format!("the record of range {prefix:05X} is damaged; run the same command again"),
        }
    }

    /// Removes the journal: what it held is in the index now, or is not wanted.
    pub(crate) fn remove(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(io_error("remove", &self.path))
    }
}

/// The settings of a target's journal, if there is one that nobody uses.
pub(crate) fn abandoned(target: &Path, job: &str) -> Option<Settings> {
    let path = path(target, job);
    let file = File::open(&path).ok()?;
    file.try_lock().ok()?;
    read_settings(&file, &path).ok()?
}

/// Opens a journal's file and locks it. Another run may finish and remove the file meanwhile: then there is a new one.
fn lock(path: &Path, target: &Path) -> Result<File> {
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io_error("create", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy(target.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", path)(source)),
        }
        let same = same_file::Handle::from_path(path)
            .ok()
            .zip(file.try_clone().ok())
            .is_some_and(|(there, here)| same_file::Handle::from_file(here).is_ok_and(|here| here == there));
        if same {
            return Ok(file);
        }
    }
}

/// The settings at a journal's start; `None` for one that was never begun.
fn read_settings(file: &File, path: &Path) -> Result<Option<Settings>> {
    let length = file.metadata().map_err(io_error("read", path))?.len();
    let least = (MAGIC.len() + FIXED) as u64;
    if length < least {
        return Ok(None);
    }
    let mut file = file;
    let mut magic = [0; 8];
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.read_exact(&mut magic))
        .map_err(io_error("read", path))?;
    let foreign = || Error::Journal {
        path: path.to_owned(),
        reason: "this is not what a download or an update leaves; move it elsewhere".into(),
    };
    if magic == *EARLIER_MAGIC {
        return Err(Error::Journal {
            path: path.to_owned(),
            reason: "an earlier version of breachdex began this and did not finish it; --restart discards what it \
                     fetched and starts over"
                .into(),
        });
    }
    if magic != *MAGIC {
        return Err(foreign());
    }
    let record = Record::read(&mut file, length - MAGIC.len() as u64).map_err(io_error("read", path))?;
    let settings = record
        .filter(|record| record.kind == RecordKind::Settings)
        .and_then(|record| serde_json::from_slice(&record.payload).ok());
    // A run that was killed as it began left a part of the first record and nothing else.
    if settings.is_none() && length > MOST_UNFINISHED {
        return Err(Error::Journal {
            path: path.to_owned(),
            reason: "its first record is damaged; --restart throws away what it holds".into(),
        });
    }
    Ok(settings)
}

impl Settings {
    /// New settings with an id of their own.
    pub(crate) fn new(job: &str, kind: Kind, coverage: &Coverage) -> Self {
        Self {
            job: job.into(),
            id: format!("{:032x}", rand::random::<u128>()),
            kind: kind.name().into(),
            bits: kind.bits(),
            counts: true,
            min_count: 1,
            prefixes: coverage.ranges().to_vec(),
            text: None,
            base: None,
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
