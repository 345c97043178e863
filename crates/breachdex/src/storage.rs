//! Where an index's bytes live: a file that is read or mapped, a copy in anonymous memory, a buffer, or the program
//! itself; and what the system is told of how they will be read. `access` gives them to the code above.

#![allow(unsafe_code)]

pub(crate) mod access;
pub(crate) mod positioned;
pub(crate) mod residency;
pub(crate) mod window;

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::AtomicU64;

#[cfg(unix)]
use memmap2::Advice;
use memmap2::Mmap;

pub(crate) use self::access::{Access, Buffer, InMemory, Reading};
pub(crate) use self::positioned::{ReadMode, Unread};
pub(crate) use self::window::{Follower, Source, WINDOW, Window, Windows};

use crate::error::{Result, io_error};
use crate::mappable;

/// The bytes of a whole index file.
pub(crate) enum Storage {
    /// A file that is read.
    File(ReadFile),
    /// A mapping, and its file for advice on what to cache of it.
    Mapped(Mmap, File),
    /// Anonymous memory that holds a copy of a file, which nobody else can change.
    Copied(Mmap),
    Memory(Cow<'static, [u8]>),
}

/// A file that is read by positioned reads.
pub(crate) struct ReadFile {
    file: File,
    /// A mapping that keeps the file's pages locked in the page cache and is never read.
    _locked: Option<Mmap>,
}

impl ReadFile {
    pub(crate) fn new(file: File) -> Self {
        Self { file, _locked: None }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl Storage {
    /// Maps a file for those who asked for a mapping by name. Files that replace it later are other files: the mapping
    /// keeps this one.
    ///
    /// # Errors
    /// [`Error::NotMappable`](crate::Error::NotMappable) where the process has too little address space;
    /// [`Error::Io`](crate::Error::Io).
    pub(crate) fn map(file: File, path: &Path) -> Result<Self> {
        let map = map(&file, path)?;
        // A digest's place is random: what the system would read ahead of it is never asked for, and pushes out of the
        // page cache what is. Advice that is not taken costs time and nothing else.
        #[cfg(unix)]
        let _ = map.advise(Advice::Random);
        Ok(Self::Mapped(map, file))
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

    /// All bytes, where they can be had without reading them.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Mapped(map, _) | Self::Copied(map) => Some(map),
            Self::Memory(bytes) => Some(bytes),
            Self::File(_) => None,
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

/// Maps a whole file, shared.
fn map(file: &File, path: &Path) -> Result<Mmap> {
    let length = file.metadata().map_err(io_error("read", path))?.len();
    mappable::check_width(length, mappable::WIDEST, path)?;
    // SAFETY: not all of it can be promised here, and that is why only callers who ask for a mapping by name get one
    // (`Index::map`, `OpenOptions::mapped`), whose documentation hands them the rest. The mapping is only read, within
    // its length, and no offset or length found in it is used unchecked. What nobody can check is that the file stays as
    // it is: bytes that another process changes in place under a `&[u8]` are undefined behaviour for the compiler,
    // and a page that was cut off is a signal. Every writer of this project replaces files by rename.
    unsafe { Mmap::map(file) }.map_err(mappable::map_failed(length, path))
}

/// So many zeros, in pages that the system zeroes when they are touched: a large index opens as fast as a small one.
/// `None` where there is no memory for them.
pub(crate) fn zeroed_words(words: usize) -> Option<Box<[AtomicU64]>> {
    if words == 0 {
        return Some(Box::default());
    }
    let layout = std::alloc::Layout::array::<AtomicU64>(words).ok()?;
    // SAFETY: the layout is not of size zero, for there is a word and a word has eight bytes.
    let start = unsafe { std::alloc::alloc_zeroed(layout) }.cast::<AtomicU64>();
    if start.is_null() {
        return None;
    }
    // SAFETY: the global allocator, from which a `Box` is, gave memory for so many words just now and nobody else has it;
    // and zero bytes are the number 0 of an `AtomicU64`, which has the representation of a `u64`.
    Some(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(start, words)) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn zeroed_words_are_zeros_that_can_be_set() {
        let words = zeroed_words(1 << 16).unwrap();
        assert!(words.len() == 1 << 16 && words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
        words[65_535].fetch_or(5, Ordering::Relaxed);
        assert_eq!(words[65_535].load(Ordering::Relaxed), 5);
        assert!(zeroed_words(0).unwrap().is_empty());
        for words in [usize::MAX, usize::MAX / 8, usize::MAX / 16] {
            // An allocation that nobody looks at may be taken out of the program.
            assert!(std::hint::black_box(zeroed_words(words)).is_none());
        }
    }

    #[test]
    fn released_pages_are_read_back() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        file.write_all(&bytes).unwrap();
        let storage = Storage::map(file.reopen().unwrap(), file.path()).unwrap();
        for _ in 0..3 {
            assert!(storage.bytes().unwrap() == bytes);
            storage.release();
        }
        let memory = Storage::Memory(Cow::Borrowed(b"here"));
        memory.release();
        assert_eq!(memory.bytes(), Some(&b"here"[..]));
    }
}
