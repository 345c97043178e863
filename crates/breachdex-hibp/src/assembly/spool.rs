//! Ranges that arrived before their group was complete, in segments: files of records, each removed when all of its
//! ranges are in the unfinished index. So what is kept twice stays small, and nothing is ever written again. Where a range
//! does not come, all behind it waits here, so there may be thousands of segments: few of them are open at a time.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use breachdex::files::{self, Disk, Readers};

use super::beside;
use crate::error::{Error, Result, io_error};
use crate::journal::record::Frame;
use crate::journal::{Record, RecordKind};

/// Follows the journal's name and is followed by the segment's number.
const SUFFIX: &str = "-early-";

/// The most segments that are open for reading at a time.
const MOST_OPEN: usize = 8;

/// Where a record is in the spool.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpoolPlace {
    segment: u64,
    offset: u64,
}

/// One file.
struct Segment {
    number: u64,
    path: PathBuf,
    length: u64,
    ranges: u32,
    /// The highest prefix in it.
    highest: u32,
    /// Whether the system was asked to put it on disk, so that it may go only when the groups are there too.
    synced: bool,
    /// Whether something was written since.
    is_dirty: bool,
    /// Whether nothing is added any more.
    closed: bool,
}

/// All segments of a journal.
pub(super) struct Spool {
    disk: Arc<dyn Disk>,
    journal: PathBuf,
    /// Ranges in a segment.
    capacity: u32,
    /// What a segment begins with: whose it is and which server its ranges come from.
    head: Vec<u8>,
    segments: VecDeque<Segment>,
    /// The last segment, while something may be added to it.
    written: Option<File>,
    /// Segments that are read, by their numbers; the latest one last.
    read: RefCell<VecDeque<(u64, File)>>,
    next: u64,
    pending: Vec<u8>,
}

impl Spool {
    /// Opens what an earlier run left. `found` is told of each record and where it is, without the entity tags of other
    /// servers, and says whether it is of use.
    pub(super) fn open(
        journal: &Path,
        id: &str,
        base_url: &str,
        capacity: u32,
        found: &mut dyn FnMut(&Record, SpoolPlace) -> bool,
    ) -> Result<Self> {
        let mut head = Vec::new();
        Frame::write(&Record { tag: id.into(), ..Record::origin(base_url) }, &mut head);
        let disk = files::current();
        let mut spool = Self {
            disk: Arc::clone(&disk),
            journal: journal.to_owned(),
            capacity,
            head,
            segments: VecDeque::new(),
            written: None,
            read: RefCell::default(),
            next: 0,
            pending: Vec::new(),
        };
        for (number, path) in segments(journal)? {
            spool.next = number.saturating_add(1);
            match read(&*disk, number, &path, id, base_url, found)? {
                Some(segment) => spool.segments.push_back(segment),
                None => remove_file(&*disk, &path)?,
            }
        }
        Ok(spool)
    }

    /// Adds a range; [`Spool::flush`] writes it.
    pub(super) fn append(&mut self, record: &Record) -> Result<SpoolPlace> {
        if self.segments.back().is_none_or(|segment| segment.closed) {
            self.begin()?;
        }
        let capacity = self.capacity;
        let Some(segment) = self.segments.back_mut() else {
            return Err(Error::Options("a spool without a segment".into()));
        };
        let place =
            SpoolPlace { segment: segment.number, offset: segment.length + self.pending.len() as u64 };
        Frame::write(record, &mut self.pending);
        segment.ranges += 1;
        segment.highest = segment.highest.max(record.prefix);
        if segment.ranges >= capacity {
            self.flush()?;
            if let Some(segment) = self.segments.back_mut() {
                segment.closed = true;
            }
            self.written = None;
        }
        Ok(place)
    }

    fn begin(&mut self) -> Result<()> {
        let number = self.next;
        self.next = number.saturating_add(1);
        let path = beside(&self.journal, &format!("{SUFFIX}{number}"));
        let file =
            files::replace_leftover(&*self.disk, &path, Readers::Owner).map_err(io_error("create", &path))?;
        self.pending.extend_from_slice(&self.head);
        self.written = Some(file);
        self.segments.push_back(Segment {
            number,
            path,
            length: 0,
            ranges: 0,
            highest: 0,
            synced: false,
            is_dirty: false,
            closed: false,
        });
        Ok(())
    }

    /// Hands everything that was added to the system.
    pub(super) fn flush(&mut self) -> Result<()> {
        let (Some(segment), Some(file)) = (self.segments.back_mut(), &self.written) else { return Ok(()) };
        files::write_all_at(&*self.disk, file, &self.pending, segment.length)
            .map_err(io_error("write", &segment.path))?;
        segment.length += self.pending.len() as u64;
        segment.is_dirty = true;
        self.pending.clear();
        Ok(())
    }

    /// The record at a place.
    pub(super) fn read(&self, place: SpoolPlace) -> Result<Option<Record>> {
        let segment = self.segments.iter().find(|segment| segment.number == place.segment);
        let Some(segment) = segment.filter(|segment| place.offset < segment.length) else { return Ok(None) };
        self.opened(segment)
            .and_then(|file| {
                let mut reader = files::ReadFrom::new(&file, place.offset);
                let record = Record::read(&mut reader, segment.length - place.offset)?;
                self.keep_open(segment.number, file);
                Ok(record)
            })
            .map_err(io_error("read", &segment.path))
    }

    /// A segment, for reading.
    fn opened(&self, segment: &Segment) -> io::Result<File> {
        let mut read = self.read.borrow_mut();
        let held = read.iter().position(|(number, _)| *number == segment.number);
        match held.and_then(|at| read.remove(at)) {
            Some((_, file)) => Ok(file),
            None => self.disk.open(&segment.path),
        }
    }

    fn keep_open(&self, number: u64, file: File) {
        let mut read = self.read.borrow_mut();
        read.push_back((number, file));
        if read.len() > MOST_OPEN {
            read.pop_front();
        }
    }

    /// Removes segments all of whose ranges lie below `front` and are in groups; those that were synced only when the
    /// groups have been, too.
    pub(super) fn shrink(&mut self, front: u32, groups_synced: bool) -> Result<()> {
        let is_done = |segment: &Segment| {
            segment.closed && segment.highest < front && (groups_synced || !segment.synced)
        };
        let mut removed = Ok(());
        self.segments.retain(|segment| {
            let done = removed.is_ok() && is_done(segment);
            if done {
                self.read.get_mut().retain(|(number, _)| *number != segment.number);
                removed = remove_file(&*self.disk, &segment.path);
            }
            !done
        });
        removed
    }

    /// Waits until all segments are on disk.
    pub(super) fn sync(&mut self) -> Result<()> {
        let last = self.segments.back().map(|segment| segment.number);
        for segment in self.segments.iter_mut().filter(|segment| segment.is_dirty) {
            let synced = match &self.written {
                Some(file) if Some(segment.number) == last => self.disk.sync(file),
                _ => self.disk.open(&segment.path).and_then(|file| self.disk.sync(&file)),
            };
            synced.map_err(io_error("write", &segment.path))?;
            (segment.synced, segment.is_dirty) = (true, false);
        }
        Ok(())
    }
}

/// Removes all segments of a journal.
pub(super) fn remove(journal: &Path) -> Result<()> {
    let disk = files::current();
    segments(journal)?.into_iter().try_for_each(|(_, path)| remove_file(&*disk, &path))
}

pub(super) fn remove_file(disk: &dyn Disk, path: &Path) -> Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The segments of a journal that are there, in order.
fn segments(journal: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let folder = match journal.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut start = OsString::from(journal.file_name().unwrap_or_default());
    start.push(SUFFIX);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error("list", folder))? {
        let name = entry.map_err(io_error("list", folder))?.file_name();
        let number = name.as_encoded_bytes().strip_prefix(start.as_encoded_bytes());
        let number = number.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        found.extend(number.map(|number: u64| (number, journal.with_file_name(&name))));
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads a segment up to the first record that is not whole; `None` where nothing in it is of use.
fn read(
    disk: &dyn Disk,
    number: u64,
    path: &Path,
    id: &str,
    base_url: &str,
    found: &mut dyn FnMut(&Record, SpoolPlace) -> bool,
) -> Result<Option<Segment>> {
    let (file, _) = files::open_or_create(disk, path).map_err(io_error("open", path))?;
    // Only what is on disk counts, as of the other files of a run.
    disk.forget(&file).map_err(io_error("write", path))?;
    let total = file.metadata().map_err(io_error("read", path))?.len();
    let mut reader = BufReader::with_capacity(1 << 20, files::ReadFrom::new(&file, 0));
    let mut next = |at: u64| Record::read(&mut reader, total - at).map_err(io_error("read", path));
    let Some(head) = next(0)?.filter(|head| head.kind == RecordKind::Origin && head.tag == id) else {
        return Ok(None);
    };
    let same_origin = head.payload == base_url.as_bytes();
    let mut at = head.length();
    let (mut highest, mut ranges) = (0, 0);
    while let Some(mut record) = next(at)?.filter(|record| record.kind == RecordKind::Range) {
        let length = record.length();
        if !same_origin {
            record.tag.clear();
        }
        if found(&record, SpoolPlace { segment: number, offset: at }) {
            highest = highest.max(record.prefix);
            ranges += 1;
        }
        at += length;
    }
    let segment = Segment {
        number,
        path: path.to_owned(),
        length: at,
        ranges,
        highest,
        // An earlier run may have synced it.
        synced: true,
        is_dirty: false,
        closed: true,
    };
    Ok((ranges > 0).then_some(segment))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn range(prefix: u32) -> Record {
        Record { payload: prefix.to_le_bytes().into(), ..Record::of(RecordKind::Range, prefix) }
    }

    /// Files of this process in a folder.
    #[cfg(target_os = "linux")]
    fn open_files(folder: &Path) -> usize {
        let all = std::fs::read_dir("/proc/self/fd").unwrap();
        let leads_there = |path: PathBuf| std::fs::read_link(path).is_ok_and(|to| to.starts_with(folder));
        all.filter(|entry| leads_there(entry.as_ref().unwrap().path())).count()
    }

    #[test]
    fn thousands_of_segments_are_synced_and_read_with_few_open_files() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let nothing = &mut |_: &Record, _| panic!("nothing is there");
        let mut spool = Spool::open(&journal, "id", "https://a/", 2, nothing).unwrap();
        let places: Vec<_> = (0..2000).map(|prefix| spool.append(&range(prefix)).unwrap()).collect();
        spool.flush().unwrap();
        spool.sync().unwrap();
        assert_eq!(spool.segments.len(), 1000);
        assert!(spool.segments.iter().all(|segment| segment.synced && !segment.is_dirty));
        // From both ends, so that no two segments in a row are the same.
        for prefix in (0..1000).flat_map(|one| [one, 1999 - one]) {
            assert_eq!(spool.read(places[prefix as usize]).unwrap(), Some(range(prefix)));
        }
        #[cfg(target_os = "linux")]
        assert_eq!(open_files(folder.path()), MOST_OPEN);
        spool.shrink(1000, true).unwrap();
        assert_eq!((spool.segments.len(), spool.read(places[0]).unwrap()), (500, None));
        drop(spool);
        let mut found = Vec::new();
        let take = &mut |record: &Record, _| {
            found.push(record.prefix);
            true
        };
        let spool = Spool::open(&journal, "id", "https://a/", 2, take).unwrap();
        #[cfg(target_os = "linux")]
        assert_eq!(open_files(folder.path()), 0);
        drop(spool);
        assert_eq!(found, (1000..2000).collect::<Vec<_>>());
    }
}
