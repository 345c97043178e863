//! Ranges as files, with the bodies that the server sends: for web servers, object stores and CDNs that serve files.
//!
//! A folder of ranges has a file for each prefix (`00000` to `FFFFF`), beside it the same compressed (`.gz`, `.br`), and a `manifest`
//! that names every body. `folder` writes files, `manifest` reads and writes manifests. A file is replaced by rename, and only
//! where its rows changed; what an interrupted run wrote is not written again.

#![forbid(unsafe_code)]

mod folder;
mod manifest;

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use breachdex::{Corpus, Error, Index, Monitor, Phase, Progress, RangeScratch, ReadMode};
use breachdex_protocol::padding;

use self::folder::{Change, Folder};
use self::manifest::{Head, Manifest, Record};
use crate::body;
use crate::http::negotiation::Encoding;

/// Ranges between two notes of what is on disk: an interrupted run repeats as many at most.
const BLOCK: usize = 1 << 14;

/// How ranges are written.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StaticOptions {
    /// Whether to write each range compressed with gzip too.
    pub gzip: bool,
    /// Whether to write each range compressed with brotli too.
    pub brotli: bool,
    /// Whether to link every file under its prefix in lower case too, which some clients ask for.
    pub lower_case: bool,
    /// Whether to write an index that covers some prefixes only.
    pub allow_partial: bool,
    /// Threads; 0 means one per processor.
    pub threads: usize,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaticReport {
    /// Ranges that the index covers.
    pub ranges: u64,
    /// Ranges that were written: new ones, and those whose rows changed.
    pub written: u64,
    /// Bytes of the files that were written.
    pub bytes: u64,
}

/// Why ranges could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StaticError {
    /// The index cannot be read.
    #[error(transparent)]
    Index(#[from] Error),
    /// The index holds digests from an overlay.
    #[error(
        "{} holds digests from an overlay, and everybody who can read the folder could list them; export the index that it was merged \
         into",
        path.display()
    )]
    HoldsOverlay {
        /// The index.
        path: PathBuf,
    },
    /// The index has no counts, or keeps a part of each digest.
    #[error("{} {reason}, which ranges need", path.display())]
    Unsuitable {
        /// The index.
        path: PathBuf,
        /// What it lacks.
        reason: &'static str,
    },
    /// The index covers some prefixes only.
    #[error("{} covers {prefixes} of {} prefixes; clients take a missing file for \"not exposed\"", path.display(), breachdex::PREFIX_COUNT)]
    Partial {
        /// The index.
        path: PathBuf,
        /// How many it covers.
        prefixes: u32,
    },
    /// The folder holds something else.
    #[error("{} holds files and no manifest of ranges; name an empty folder or a new one", path.display())]
    OtherFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds the ranges of the other kind.
    #[error("{} holds {found} ranges, and {} has {expected} digests; give each kind a folder of its own", path.display(), index.display())]
    OtherKind {
        /// The folder.
        path: PathBuf,
        /// The index.
        index: PathBuf,
        /// Of the folder.
        found: String,
        /// Of the index.
        expected: String,
    },
    /// A manifest is not one.
    #[error("{}, line {line}: {reason}; if the folder is to be written anew, remove it", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another process writes to the folder.
    #[error("{} is being written by another process", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl StaticError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// Writes the ranges of an index into a folder, which is made if it is not there. What a manifest in it names and has the same
/// rows now is left alone.
///
/// Rendering takes some 20 µs a range, compressing 70 µs more (gzip) and a millisecond (brotli); the file system mostly takes
/// longer.
///
/// # Errors
/// A [`StaticError`] that says what to do. The folder then holds complete ranges, of the index or of an earlier one.
pub fn write_ranges(
    index: &Index,
    folder: &Path,
    options: &StaticOptions,
    monitor: &dyn Monitor,
) -> Result<StaticReport, StaticError> {
    require_suitable(index, options)?;
    let head = Head::of(index, options);
    let prefixes: Vec<u32> =
        (0..breachdex::PREFIX_COUNT).filter(|prefix| index.metadata().coverage.contains(*prefix)).collect();
    let folder = Folder::open(folder, head, index)?;
    let mut run = Run {
        corpus: Corpus::from(index.clone()),
        index,
        options,
        monitor,
        done: AtomicUsize::new(folder.resumed(&prefixes)),
        folder,
        report: StaticReport { ranges: prefixes.len() as u64, ..StaticReport::default() },
        total: prefixes.len(),
    };
    body::prepare();
    let begin = *run.done.get_mut();
    for block in prefixes[begin..].chunks(BLOCK) {
        run.write_block(block)?;
    }
    run.folder.publish(&prefixes)?;
    Ok(run.report)
}

fn require_suitable(index: &Index, options: &StaticOptions) -> Result<(), StaticError> {
    let metadata = index.metadata();
    let path = || PathBuf::from(index.name());
    if metadata.holds_overlay {
        return Err(StaticError::HoldsOverlay { path: path() });
    }
    if !metadata.is_exact() {
        return Err(StaticError::Unsuitable { path: path(), reason: "keeps a part of each digest only" });
    }
    if !metadata.has_counts {
        return Err(StaticError::Unsuitable { path: path(), reason: "has no counts" });
    }
    if !metadata.coverage.is_whole() && !options.allow_partial {
        return Err(StaticError::Partial { path: path(), prefixes: metadata.coverage.prefixes() });
    }
    Ok(())
}

/// A run that writes.
struct Run<'a> {
    corpus: Corpus,
    index: &'a Index,
    options: &'a StaticOptions,
    monitor: &'a dyn Monitor,
    folder: Folder,
    report: StaticReport,
    done: AtomicUsize,
    total: usize,
}

/// What one thread has done of a block.
#[derive(Default)]
struct Part {
    records: Vec<(usize, Record)>,
    written: u64,
    bytes: u64,
}

impl Run<'_> {
    /// Writes a block on all threads, has it on disk, and notes that.
    fn write_block(&mut self, block: &[u32]) -> Result<(), StaticError> {
        let threads = match self.options.threads {
            0 => thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let (next, stopped, outcome) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for _ in 0..threads.min(block.len()) {
                scope.spawn(|| {
                    let part = self.write_some(block, &next, &stopped);
                    stopped.fetch_or(part.is_err(), Ordering::Relaxed);
                    outcome.lock().unwrap_or_else(PoisonError::into_inner).push(part);
                });
            }
        });
        let mut records = vec![Record::default(); block.len()];
        for part in outcome.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let part = part?;
            self.report.written += part.written;
            self.report.bytes += part.bytes;
            part.records.into_iter().for_each(|(at, record)| records[at] = record);
        }
        if part_is_missing(&records) {
            return Err(Error::Cancelled.into());
        }
        self.folder.note(block, records)
    }

    fn write_some(
        &self,
        block: &[u32],
        next: &AtomicUsize,
        stopped: &AtomicBool,
    ) -> Result<Part, StaticError> {
        let mut part = Part::default();
        let (mut scratch, mut rows, mut packed) = (RangeScratch::default(), Vec::new(), Vec::new());
        while !stopped.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(&prefix) = block.get(at) else { break };
            rows.clear();
            if self.corpus.write_range(prefix, ReadMode::Blocking, &mut scratch, &mut rows)? == 0 {
                padding::append_empty_range(self.index.kind(), &mut rows);
            }
            let record = Record::of(&rows);
            if let Change::Write = self.folder.change(prefix, &record) {
                part.written += 1;
                part.bytes += self.write_one(prefix, &rows, &mut packed)?;
            }
            part.records.push((at, record));
            let done = self.done.fetch_add(1, Ordering::Relaxed) as u64;
            let progress = Progress { phase: Phase::WritingRanges, done, total: Some(self.total as u64) };
            if done.is_multiple_of(64) && self.monitor.progress(progress) == ControlFlow::Break(()) {
                return Err(Error::Cancelled.into());
            }
        }
        Ok(part)
    }

    /// The files of one range, the compressed ones first: a server that prefers them never has older ones than the plain one.
    fn write_one(&self, prefix: u32, rows: &[u8], packed: &mut Vec<u8>) -> Result<u64, StaticError> {
        let mut bytes = 0;
        let wanted =
            [(self.options.gzip, Encoding::Gzip, ".gz"), (self.options.brotli, Encoding::Brotli, ".br")];
        for (is_wanted, encoding, ending) in wanted {
            if is_wanted {
                packed.clear();
                body::encode(encoding, rows, packed);
                bytes += self.folder.write(prefix, ending, packed, self.options.lower_case)?;
            }
        }
        Ok(bytes + self.folder.write(prefix, "", rows, self.options.lower_case)?)
    }
}

/// Whether a thread stopped before all were written.
fn part_is_missing(records: &[Record]) -> bool {
    records.iter().any(|record| *record == Record::default())
}

/// What the manifest of a folder says of each range: for programs that copy what changed to another place.
///
/// # Errors
/// [`StaticError::Manifest`], [`StaticError::Io`].
pub fn read_manifest(path: &Path) -> Result<impl Iterator<Item = (u32, RangeFacts)>, StaticError> {
    let manifest = Manifest::read(path)?;
    Ok(manifest.records.into_iter().map(|(prefix, record)| {
        (prefix, RangeFacts { length: record.length, hash: record.hash, tag: record.tag })
    }))
}

/// What a manifest says of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RangeFacts {
    /// Bytes of the plain body.
    pub length: u64,
    /// Its BLAKE3 hash.
    pub hash: [u8; 32],
    /// The entity tag that the server sends with it, as a number: 32 hexadecimal digits.
    pub tag: u128,
}
