//! Peers that keep their data on disk, at the size of a real corpus: each is built by itself, opened in a new
//! process, asked the same questions as breachdex and deleted before the next one.
//!
//! `storage` maps files, `cold` empties the page cache of a file and counts what is read from disk, `asking`
//! measures any structure, `figures` is what was measured and its tables. `index` is breachdex, `records` a sorted
//! file, `fuse` binary fuse filters, `program` another program; `sqlite`, `lmdb` and `bloom` need the feature `peers`.

// `forbid` in every file below but `storage.rs`.
#![deny(unsafe_code)]

pub mod asking;
#[cfg(feature = "peers")]
mod bloom;
pub mod cold;
pub mod figures;
mod fuse;
mod index;
#[cfg(feature = "peers")]
mod lmdb;
pub mod program;
mod records;
#[cfg(feature = "peers")]
mod sqlite;
mod storage;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use crate::corpus::{Corpus, Row};

/// The result of anything that a structure does.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a structure can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knows {
    /// How often an entry was seen.
    pub counts: bool,
    /// Which entries begin with given digits.
    pub ranges: bool,
    /// The whole digest, so that there are no false positives.
    pub exact: bool,
}

/// A structure on disk.
pub trait Structure {
    /// How it is picked on the command line and called in JSON.
    fn name(&self) -> &'static str;

    /// How it is called in tables.
    fn title(&self) -> &'static str;

    /// The settings it is built and opened with, as a sentence without its full stop.
    fn settings(&self) -> String;

    /// What it can tell. Every claim is tested before a time is reported.
    fn knows(&self) -> Knows;

    /// Bytes of anonymous memory that building takes, where that grows with the entries.
    fn memory_to_build(&self, _entries: u64) -> u64 {
        0
    }

    /// Builds it in an empty folder and returns when it is on disk.
    fn build(&self, corpus: &Corpus, folder: &Path) -> Outcome<()>;

    /// Opens what `build` left.
    fn open(&self, folder: &Path) -> Outcome<Box<dyn Ask>>;

    /// Opens it as suits a file that is not in the page cache.
    fn open_cold(&self, folder: &Path) -> Outcome<Box<dyn Ask>> {
        self.open(folder)
    }
}

/// An open structure. Dropping it closes and unmaps all of its files.
pub trait Ask {
    /// The count of an entry, 1 where no counts are kept, 0 where it is absent.
    fn ask(&self, question: &Row) -> Outcome<u64>;

    /// How many entries begin with a 20-bit prefix, found without reading all others; `None` where the structure
    /// cannot say.
    fn entries_under(&self, _prefix: u32) -> Option<Outcome<u64>> {
        None
    }
}

/// Every structure, breachdex first.
pub fn structures() -> Vec<Box<dyn Structure>> {
    let mut all: Vec<Box<dyn Structure>> = Vec::new();
    all.extend(index::all());
    all.extend(records::all());
    #[cfg(feature = "peers")]
    {
        all.push(Box::new(sqlite::Sqlite));
        all.push(Box::new(lmdb::Lmdb));
        all.extend(bloom::all());
    }
    all.extend(fuse::all());
    all
}

/// The structures that this program was compiled without.
pub fn left_out() -> &'static [&'static str] {
    if cfg!(feature = "peers") { &[] } else { &["sqlite", "lmdb", "bloom-16", "bloom-20"] }
}

/// Hands every entry over, in ascending order.
pub(crate) fn each_row<E>(corpus: &Corpus, mut take: impl FnMut(&Row) -> Result<(), E>) -> Result<(), E> {
    let mut reader = corpus.reader();
    corpus.prefixes().try_for_each(|prefix| reader.read(prefix).iter().try_for_each(&mut take))
}

/// The first and the last digest of a 20-bit prefix.
pub(crate) fn bounds(prefix: u32) -> ([u8; 20], [u8; 20]) {
    let (mut first, mut last) = ([0; 20], [0xff; 20]);
    first[..4].copy_from_slice(&(prefix << 12).to_be_bytes());
    last[..4].copy_from_slice(&(prefix << 12 | 0xfff).to_be_bytes());
    (first, last)
}

/// The files of a folder.
///
/// # Errors
/// Those of the file system.
pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
