//! How the code above gets at bytes: borrowed from memory, or read into a buffer.
//!
//! Lookups in memory are compiled for [`InMemory`] alone, so that nothing in them asks where the bytes are. Everything
//! else goes by [`Reading`], which asks once for each group or bucket.

#![forbid(unsafe_code)]

use super::positioned::{self, ReadMode, Unread};
use super::{ReadFile, Storage};

/// Bytes behind what was read. Decoding near the end is cheaper where something lies behind it.
const SLACK: usize = 32;
/// Bytes by which a buffer grows at a time, so that a length that the file does not have takes no memory.
const STEP: usize = 1 << 20;
/// What a buffer may keep between two answers.
const MOST_KEPT: usize = 1 << 20;

/// Gives bytes of the file.
pub(crate) trait Access<'s>: Copy {
    /// What bytes are read into, if they are read.
    type Buffer: Default;

    /// Whether bytes may have to be loaded before they are there.
    const READS: bool;

    /// Makes sure that `length` bytes from an offset in the file can be had from the buffer, and reads up to `ahead` more
    /// with them. Does nothing where they are there already.
    fn load(self, at: u64, length: usize, ahead: usize, buffer: &mut Self::Buffer) -> Result<(), Unread>;

    /// The bytes from an offset on that were loaded, and whatever lies behind them; none where they were not.
    fn loaded<'b>(self, at: u64, buffer: &'b Self::Buffer) -> &'b [u8]
    where
        's: 'b;

    /// Bytes of [`Access::loaded`] that are not the file's.
    const BEHIND: usize;
}

/// The whole file in memory.
#[derive(Clone, Copy)]
pub(crate) struct InMemory<'s>(pub(crate) &'s [u8]);

impl<'s> Access<'s> for InMemory<'s> {
    type Buffer = ();

    const READS: bool = false;
    const BEHIND: usize = 0;

    #[inline(always)]
    fn load(self, _: u64, _: usize, _: usize, (): &mut ()) -> Result<(), Unread> {
        Ok(())
    }

    #[inline(always)]
    fn loaded<'b>(self, at: u64, (): &'b ()) -> &'b [u8]
    where
        's: 'b,
    {
        self.0.get(at as usize..).unwrap_or_default()
    }
}

/// Any storage, and whether reads may wait.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'s> {
    storage: &'s Storage,
    mode: ReadMode,
}

impl Storage {
    pub(crate) fn reading(&self, mode: ReadMode) -> Reading<'_> {
        Reading { storage: self, mode }
    }
}

impl<'s> Access<'s> for Reading<'s> {
    type Buffer = Buffer;

    const READS: bool = true;
    const BEHIND: usize = SLACK;

    fn load(self, at: u64, length: usize, ahead: usize, buffer: &mut Buffer) -> Result<(), Unread> {
        match self.storage {
            Storage::File(file) if length > 0 && !buffer.holds(at, length) => {
                buffer.fill(file, at, length, ahead, self.mode)
            }
            _ => Ok(()),
        }
    }

    fn loaded<'b>(self, at: u64, buffer: &'b Buffer) -> &'b [u8]
    where
        's: 'b,
    {
        match self.storage.bytes() {
            Some(bytes) => usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default(),
            None => buffer.from(at),
        }
    }
}

/// Bytes that were read, and where in the file they are.
#[derive(Default)]
pub(crate) struct Buffer {
    at: u64,
    /// With [`SLACK`] bytes behind them.
    bytes: Vec<u8>,
    /// How many were read.
    filled: usize,
}

impl Buffer {
    /// Forgets what was read, so that it is read anew; and where it was much, its memory.
    pub(crate) fn forget(&mut self) {
        self.filled = 0;
        if self.bytes.capacity() > MOST_KEPT {
            self.bytes = Vec::new();
        }
    }

    /// The first `length` bytes that were read.
    pub(crate) fn into_bytes(mut self, length: usize) -> Vec<u8> {
        self.bytes.truncate(length.min(self.filled));
        self.bytes
    }

    /// Bytes of memory that it keeps.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    fn holds(&self, at: u64, length: usize) -> bool {
        let before = at.checked_sub(self.at).and_then(|before| usize::try_from(before).ok());
        let end = before.and_then(|before| before.checked_add(length));
        end.is_some_and(|end| end <= self.filled)
    }

    fn from(&self, at: u64) -> &[u8] {
        let before = at.checked_sub(self.at).and_then(|before| usize::try_from(before).ok());
        let held = self.bytes.get(..self.filled + SLACK).unwrap_or_default();
        before
            .filter(|before| *before <= self.filled)
            .and_then(|before| held.get(before..))
            .unwrap_or_default()
    }

    fn fill(
        &mut self,
        file: &ReadFile,
        at: u64,
        length: usize,
        ahead: usize,
        mode: ReadMode,
    ) -> Result<(), Unread> {
        (self.at, self.filled) = (at, 0);
        // What may come with the rest is not worth a look at how long the file is.
        let whole = length.saturating_add(ahead);
        while self.filled < length {
            // Nothing is trusted to be there that was not read: memory at most doubles for it.
            let end = whole.min(self.filled + self.filled.max(STEP));
            self.grow(end.saturating_add(SLACK))?;
            let least = end.min(length) - self.filled;
            let rest = self.bytes.get_mut(self.filled..end).unwrap_or_default();
            self.filled +=
                positioned::read_at_least(file.file(), at + self.filled as u64, rest, least, mode)?;
        }
        Ok(())
    }

    fn grow(&mut self, length: usize) -> Result<(), Unread> {
        let more = length.saturating_sub(self.bytes.len());
        self.bytes.try_reserve(more).map_err(|_| Unread::Failed(std::io::ErrorKind::OutOfMemory.into()))?;
        if more > 0 {
            self.bytes.resize(length, 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;

    use super::*;

    fn storage(bytes: &[u8]) -> (tempfile::NamedTempFile, Storage) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let storage = Storage::File(ReadFile::new(file.reopen().unwrap()));
        (file, storage)
    }

    #[test]
    fn what_is_read_is_what_the_file_has_there() {
        let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let (_file, storage) = storage(&bytes);
        let (reading, mut buffer) = (storage.reading(ReadMode::Blocking), Buffer::default());
        for (at, length, ahead) in
            [(0, 9, 0), (5, 3, 0), (4096, 100, 5000), (9000, 96, 0), (3_999_999, 1, 99), (17, 3_900_000, 0)]
        {
            reading.load(at, length, ahead, &mut buffer).unwrap();
            let loaded = reading.loaded(at, &buffer);
            assert!(loaded.len() >= length + SLACK);
            assert!(loaded[..length] == bytes[at as usize..][..length], "{at} {length}");
        }
        assert!(reading.loaded(1 << 40, &buffer).is_empty());
        buffer.forget();
        assert_eq!(buffer.capacity(), 0);
    }

    #[test]
    fn a_length_that_the_file_does_not_have_takes_no_memory() {
        let (_file, storage) = storage(b"eight kB");
        let (reading, mut buffer) = (storage.reading(ReadMode::Blocking), Buffer::default());
        for length in [9, 1 << 30, usize::MAX / 2, usize::MAX] {
            assert!(matches!(reading.load(0, length, 0, &mut buffer), Err(Unread::Short)));
            assert!(buffer.capacity() < 3 * STEP);
            assert!(reading.loaded(0, &buffer).len() <= SLACK);
        }
        assert!(reading.load(u64::MAX, 1, usize::MAX, &mut buffer).is_err());
    }

    #[test]
    fn nothing_is_read_twice_until_it_is_forgotten() {
        let (file, storage) = storage(b"before");
        let (reading, mut buffer) = (storage.reading(ReadMode::Blocking), Buffer::default());
        reading.load(0, 6, 0, &mut buffer).unwrap();
        std::fs::write(file.path(), b"behind").unwrap();
        reading.load(2, 4, 0, &mut buffer).unwrap();
        assert_eq!(&reading.loaded(2, &buffer)[..4], b"fore");
        buffer.forget();
        reading.load(2, 4, 0, &mut buffer).unwrap();
        assert_eq!(&reading.loaded(2, &buffer)[..4], b"hind");
    }
}
