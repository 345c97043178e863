//! What a run has fetched, kept beside the target until the index is published, so that whatever ends a run,
//! the next one goes on from there.
//!
//! A journal says which groups are in the unfinished index (`group`) and, in an update, which ranges are as the index
//! that is updated has them. The rows of the others are in groups or in the spool (`assembly`).
//!
//! A journal is a file of records (`record`), appended in the order in which ranges arrive, each with a CRC-32C. The
//! first one holds the settings of the run. A record that was not written whole ends the journal: what
//! lies behind it is cut off and fetched again. It is locked while a run uses it.

#![forbid(unsafe_code)]

mod file;
mod group;
pub(crate) mod record;
mod rows;
mod settings;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use breachdex::files::{self, Disk, Lock};
use breachdex::{Monitor, PREFIX_COUNT, Phase, Progress};
use tokio::time::Instant;

use self::file::{Found, MAGIC, read_found};
pub(crate) use self::file::{abandoned, lock, path};
pub(crate) use self::group::{GroupState, RangeState};
use self::record::{Frame, Tag};
pub(crate) use self::record::{Record, RecordKind};
pub(crate) use self::rows::RowShape;
pub(crate) use self::settings::Settings;
use crate::error::{Error, Result, io_error};

/// How often the system is asked to put what was written on the disk.
const SYNC_EVERY: Duration = Duration::from_secs(20);

/// What is known of a range, beside its rows.
#[derive(Clone, Copy)]
struct Known {
    kind: RecordKind,
    modified: u64,
    tag: Tag,
}

/// What is known of every prefix's range, in pages that are there when something of them is known.
#[derive(Default)]
struct KnownRanges {
    pages: Vec<Vec<Option<Known>>>,
}

impl KnownRanges {
    const PAGE: u32 = 1 << 12;

    /// Notes a range; whether nothing was known of it.
    fn insert(&mut self, prefix: u32, known: Known) -> bool {
        if prefix >= PREFIX_COUNT {
            return false;
        }
        let page = (prefix / Self::PAGE) as usize;
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, Vec::new);
        }
        let page = &mut self.pages[page];
        page.resize(Self::PAGE as usize, None);
        page[(prefix % Self::PAGE) as usize].replace(known).is_none()
    }

    fn get(&self, prefix: u32) -> Option<Known> {
        *self.pages.get((prefix / Self::PAGE) as usize)?.get((prefix % Self::PAGE) as usize)?
    }

    fn iter(&self) -> impl Iterator<Item = &Known> {
        self.pages.iter().flatten().flatten()
    }
}

/// An open, locked journal.
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: File,
    /// Held until the journal is dropped.
    _lock: Lock,
    length: u64,
    pub(crate) settings: Settings,
    pub(crate) shape: RowShape,
    /// Whether what an earlier version of breachdex had begun was discarded.
    pub(crate) discarded_earlier: bool,
    known: KnownRanges,
    /// The entity tags, one after another.
    tags: Vec<u8>,
    /// Where the tags of the present server begin; those before are another's.
    tags_valid_from: usize,
    ranges: u32,
    begun: u64,
    synced: Instant,
    pending: Vec<u8>,
}

/// What to do with a journal that was begun before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfOther {
    /// Refuses one of other settings.
    Refuse,
    /// Discards one of other settings.
    StartOver,
    /// Discards any.
    Discard,
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
        let disk = files::current();
        let (file, lock) = lock(&disk, &path, target)?;
        // Only what is on disk counts: an earlier run may have ended because the disk failed.
        disk.forget(&file).map_err(io_error("write", &path))?;
        let (id, discarded) = resumable(read_found(&file, &path), &path, &settings, if_other)?;
        let resumes = id.is_some();
        if let Some(id) = id {
            settings.id = id;
        }
        let shape = RowShape::new(settings.bits, settings.counts);
        let mut journal = Self {
            disk,
            path,
            file,
            _lock: lock,
            length: 0,
            settings,
            shape,
            discarded_earlier: discarded,
            known: KnownRanges::default(),
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
        journal.write()?;
        Ok(journal)
    }

    fn begin(&mut self) -> Result<()> {
        self.disk.set_len(&self.file, 0).map_err(io_error("write", &self.path))?;
        let settings = serde_json::to_vec(&self.settings).unwrap_or_default();
        self.pending.extend_from_slice(MAGIC);
        self.append(&Record::settings(settings))
    }

    /// Reads every record, and cuts off what was not written whole.
    fn scan(&mut self, base_url: &str, take_over: TakeOver<'_>, monitor: &dyn Monitor) -> Result<()> {
        let total = self.file.metadata().map_err(io_error("read", &self.path))?.len();
        let file = self.file.try_clone().map_err(io_error("read", &self.path))?;
        let mut at = MAGIC.len() as u64;
        let mut reader = BufReader::with_capacity(1 << 20, files::ReadFrom::new(&file, at));
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
                RecordKind::Unchanged | RecordKind::Same => self.know(&record),
                // Rows are not kept here.
                RecordKind::Range => break,
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
        self.disk.set_len(&self.file, at).map_err(io_error("write", &self.path))
    }

    /// Notes what is known of a range.
    pub(crate) fn know(&mut self, record: &Record) {
        let tag = Tag { at: self.tags.len(), length: record.tag.len() as u8 };
        self.tags.extend_from_slice(record.tag.as_bytes());
        let known = Known { kind: record.kind, modified: record.modified, tag };
        self.ranges += u32::from(self.known.insert(record.prefix, known));
    }

    fn know_grouped(&mut self, RangeState { prefix, modified, tag }: RangeState) {
        self.know(&Record { modified, tag, ..Record::of(RecordKind::Range, prefix) });
    }

    /// Adds a record; [`Journal::write`] writes it.
    ///
    /// # Errors
    /// [`Error::Journal`] for one that is longer than a record can say.
    pub(crate) fn append(&mut self, record: &Record) -> Result<()> {
        if u32::try_from(record.payload.len()).is_err() {
            return Err(Error::Journal {
                path: self.path.clone(),
                reason: format!("range {:05X} is too large for it", record.prefix),
                can_be_discarded: false,
            });
        }
        Frame::write(record, &mut self.pending);
        Ok(())
    }

    /// Hands everything that was appended to the system, which keeps it whatever becomes of the process.
    pub(crate) fn write(&mut self) -> Result<()> {
        files::write_all_at(&*self.disk, &self.file, &self.pending, self.length)
            .map_err(io_error("write", &self.path))?;
        self.length += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Whether what was written should be on disk by now.
    pub(crate) fn is_sync_due(&self) -> bool {
        self.synced.elapsed() >= SYNC_EVERY
    }

    /// Waits until everything written is on disk, the names of all files beside the journal too.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.disk.sync(&self.file).map_err(io_error("write", &self.path))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // A name that is lost costs what was fetched, no more.
        let _ = self.disk.sync_folder(folder.unwrap_or(Path::new(".")));
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
        self.known.get(prefix).map(|known| known.kind)
    }

    /// The entity tag that came with a range from the present server; empty without one.
    pub(crate) fn tag(&self, prefix: u32) -> &[u8] {
        let tag = self.known.get(prefix).map(|known| known.tag).filter(|tag| tag.at >= self.tags_valid_from);
        tag.map_or(&[], |tag| &self.tags[tag.at..tag.at + usize::from(tag.length)])
    }

    /// The latest time at which a fetched range was changed, in seconds since 1970; 0 when servers did not say.
    pub(crate) fn latest_change(&self) -> u64 {
        let fetched = self.known.iter().filter(|known| known.kind != RecordKind::Unchanged);
        fetched.map(|known| known.modified).max().unwrap_or(0)
    }

    /// The same of the ranges alone whose rows are not those of the index.
    pub(crate) fn latest_new_change(&self) -> u64 {
        let new = self.known.iter().filter(|known| known.kind == RecordKind::Range);
        new.map(|known| known.modified).max().unwrap_or(0)
    }

    /// Whether a range was changed after the run began, so that some ranges may be older than others.
    pub(crate) fn corpus_changed(&self) -> bool {
        self.begun != 0 && self.latest_change() > self.begun
    }

    /// How many ranges are of a kind.
    pub(crate) fn count(&self, kind: RecordKind) -> u64 {
        self.known.iter().filter(|known| known.kind == kind).count() as u64
    }

    /// The error of a record that was sound before.
    pub(crate) fn damaged(&self, prefix: u32) -> Error {
        Error::Journal {
            path: self.path.clone(),
            reason: format!("the record of range {prefix:05X} is damaged; run the same command again"),
            can_be_discarded: false,
        }
    }
}

/// The id of the journal that is gone on with, if one is, and whether one of an earlier version is discarded.
fn resumable(
    found: Result<Found>,
    path: &Path,
    settings: &Settings,
    if_other: IfOther,
) -> Result<(Option<String>, bool)> {
    let is_discarded = if_other != IfOther::Refuse;
    let reason = match found {
        Ok(Found::Journal(_)) if if_other == IfOther::Discard => return Ok((None, false)),
        Ok(Found::Nothing) => return Ok((None, false)),
        Ok(Found::Journal(found)) => match found.difference(settings) {
            None => return Ok((Some(found.id), false)),
            Some(_) if is_discarded => return Ok((None, false)),
            Some(what) => format!(
                "a run with other settings was begun and not finished ({what}); use the same ones, or discard what it \
                 fetched"
            ),
        },
        Ok(Found::Earlier) if is_discarded => return Ok((None, true)),
        Ok(Found::Earlier) => {
            "an earlier version of breachdex began this and did not finish it; discard what it fetched".into()
        }
        Err(Error::Journal { .. }) if is_discarded => return Ok((None, false)),
        Err(error) => return Err(error),
    };
    Err(Error::Journal { path: path.to_owned(), reason, can_be_discarded: true })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
