//! Where an index's bytes live: a mapped file, a copy in anonymous memory, a buffer, or the program itself; and what
//! the system is told of how they will be read.

#![allow(unsafe_code)]

pub(crate) mod window;

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

#[cfg(unix)]
use memmap2::Advice;
use memmap2::Mmap;

pub(crate) use self::window::{Follower, Source, WINDOW, Window, Windows};

use crate::error::{Result, io_error};
use crate::mappable;

pub(crate) mod residency;

/// The bytes of a whole index file.
pub(crate) enum Storage {
    /// A mapping, and its file for advice on what to cache of it.
    Mapped(Mmap, Option<File>),
    /// Anonymous memory that holds a copy of a file.
    Copied(Mmap),
    Memory(Cow<'static, [u8]>),
}

impl Storage {
    /// Maps a file. Files that replace it later are other files: the mapping keeps this one.
    ///
    /// # Errors
    /// [`Error::NotMappable`](crate::Error::NotMappable) where the process has too little address space;
    /// [`Error::Io`](crate::Error::Io).
    pub(crate) fn map(file: &File, path: &Path) -> Result<Self> {
        let length = file.metadata().map_err(io_error("read", path))?.len();
        mappable::check_width(length, mappable::WIDEST, path)?;
        // SAFETY: the mapping is only read, and every byte read is treated as untrusted: lengths and offsets
        // are checked and nothing is assumed to stay as it was beyond what a checksum was taken over. Cutting
        // or overwriting the file in place while it is mapped is outside what a process can defend against;
        // the documentation says so, and every writer of this project replaces files by rename.
        let map = unsafe { Mmap::map(file) }.map_err(mappable::map_failed(length, path))?;
        // A digest's place is random: what the system would read ahead of it is never asked for, and pushes out of the
        // page cache what is. Advice that is not taken costs time and nothing else.
        #[cfg(unix)]
        let _ = map.advise(Advice::Random);
        // Without another descriptor there is no advice, and nothing else is missing.
        Ok(Self::Mapped(map, file.try_clone().ok()))
    }

    /// Starts reading pages of a mapped file that are about to be touched, with one request for all of them: touched
    /// one after another they would be waited for one after another. About half a microsecond where all are cached.
    pub(crate) fn will_need(&self, range: Range<usize>) {
        #[cfg(unix)]
        if let Self::Mapped(map, _) = self
            && range.start < range.end
            && range.end <= map.len()
        {
            let _ = map.advise_range(Advice::WillNeed, range.start, range.len());
        }
        #[cfg(not(unix))]
        let _ = range;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map, _) | Self::Copied(map) => map,
            Self::Memory(bytes) => bytes,
        }
    }

    /// Takes a mapping's pages out of the process's resident memory; the system keeps them cached as it sees fit,
    /// and the next touch brings them back. Does nothing where that cannot be asked for.
    pub(crate) fn release(&self) {
        #[cfg(unix)]
        if let Self::Mapped(map, _) = self {
            // SAFETY: the mapping is shared, backed by a file and never written through, so a page that is dropped is
            // read from the same file again when it is touched next: no byte that a reader sees changes by this.
            let released = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
            // Advice that is not taken costs memory and nothing else.
            drop(released);
        }
    }
}

/// So many zeros, in pages that the system zeroes when they are touched: a large index opens as fast as a small one.
pub(crate) fn zeroed_words(words: usize) -> Box<[AtomicU64]> {
    let zeroed = Box::<[AtomicU64]>::new_zeroed_slice(words);
    // SAFETY: an `AtomicU64` has the representation of a `u64`, for which zero bytes are the number 0.
    unsafe { zeroed.assume_init() }
}

/// A part of the bytes that keeps the whole alive.
#[derive(Clone)]
pub(crate) struct SectionBytes {
    storage: Arc<Storage>,
    range: Range<usize>,
}

impl SectionBytes {
    /// `None` when the part is not inside the whole.
    pub(crate) fn new(storage: &Arc<Storage>, range: Range<usize>) -> Option<Self> {
        storage.bytes().get(range.clone())?;
        Some(Self { storage: Arc::clone(storage), range })
    }
}

impl AsRef<[u8]> for SectionBytes {
    fn as_ref(&self) -> &[u8] {
        &self.storage.bytes()[self.range.clone()]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn zeroed_words_are_zeros_that_can_be_set() {
        let words = zeroed_words(1 << 16);
        assert!(words.len() == 1 << 16 && words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
        words[65_535].fetch_or(5, Ordering::Relaxed);
        assert_eq!(words[65_535].load(Ordering::Relaxed), 5);
        assert!(zeroed_words(0).is_empty());
    }

    #[test]
    fn released_pages_are_read_back() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        file.write_all(&bytes).unwrap();
        let storage = Storage::map(file.as_file(), file.path()).unwrap();
        for _ in 0..3 {
            assert!(storage.bytes() == bytes);
            storage.release();
        }
        let memory = Storage::Memory(Cow::Borrowed(b"here"));
        memory.release();
        assert_eq!(memory.bytes(), b"here");
    }
}
