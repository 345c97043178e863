//! Memory for passwords and digests: locked, left out of core dumps, overwritten when it is given up.
//!
//! [`LockedBuffer`] is for text that is read; [`push`] and [`extend`] let a list of digests grow without leaving a copy behind;
//! [`standard_input`] reads without the buffer of the standard library, which is never overwritten. What hashing and
//! lookups spill to the stack is overwritten by `zeroize_stack` of the crate `zeroize`.

#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;
use zeroize::{Zeroize as _, Zeroizing, optimization_barrier, zeroize_stack};

/// Bytes of stack that one hash or one lookup by reads uses at most in an optimised build.
pub(crate) const OF_ONE: usize = 1 << 11;

/// Bytes of stack that one lookup in memory uses at most in an optimised build: three frames of some 400.
pub(crate) const OF_A_LOOKUP: usize = 3 << 9;

/// Bytes of stack that a batch of lookups uses at most in an optimised build.
pub(crate) const OF_A_BATCH: usize = 1 << 15;

/// Runs `work` and overwrites `BYTES` of the stack below the caller, where `work` had its variables. Costs some 10 ns for
/// each KiB. The caller's own variables stay: have digests in no variable there.
///
/// Hashing and lookups of this crate do so themselves, for what they use.
///
/// ```
/// use breachdex::{Corpus, Index, Question, memory};
/// let corpus = Corpus::from(Index::starter()?);
/// let finding = memory::erasing_stack::<4096, _>(|| {
///     let question = Question::exact(corpus.kind(), b"password")?;
///     corpus.ask(&question, 1)
/// })?;
/// assert!(finding.exposure().is_some());
/// # Ok::<(), breachdex::Error>(())
/// ```
#[inline(always)]
pub fn erasing_stack<const BYTES: usize, T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let result = apart(work);
    zeroize_stack::<BYTES>();
    result
}

/// Bytes in pages of their own: locked in memory where the system permits it, so that they are not swapped out; left out
/// of core dumps on Linux; overwritten on drop. `Debug` shows the length only.
///
/// ```
/// use breachdex::memory::LockedBuffer;
/// let mut buffer = LockedBuffer::new(4096);
/// buffer[..8].copy_from_slice(b"password");
/// buffer.erase(8);
/// assert_eq!(buffer[..8], [0; 8]);
/// ```
pub struct LockedBuffer {
    pages: Pages,
    is_locked: bool,
}

enum Pages {
    Own(MmapMut),
    /// Where the system maps no memory.
    Heap(Zeroizing<Vec<u8>>),
}

impl LockedBuffer {
    /// A buffer of zeros. Costs three system calls.
    pub fn new(length: usize) -> Self {
        let Ok(pages) = MmapMut::map_anon(length) else {
            return Self { pages: Pages::Heap(Zeroizing::new(vec![0; length])), is_locked: false };
        };
        // Both are best effort: limits on locked memory are often low, and an older kernel may not know the advice.
        #[cfg(unix)]
        let is_locked = pages.lock().is_ok();
        #[cfg(not(unix))]
        let is_locked = false;
        #[cfg(target_os = "linux")]
        let _ = pages.advise(memmap2::Advice::DontDump);
        Self { pages: Pages::Own(pages), is_locked }
    }

    /// Whether the pages are locked in memory.
    pub fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// Overwrites the first `length` bytes with zeros.
    ///
    /// # Panics
    /// When the buffer is shorter.
    pub fn erase(&mut self, length: usize) {
        let used = &mut self[..length];
        used.fill(0);
        optimization_barrier(used);
    }
}

impl Deref for LockedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.pages {
            Pages::Own(pages) => pages,
            Pages::Heap(bytes) => bytes,
        }
    }
}

impl DerefMut for LockedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.pages {
            Pages::Own(pages) => pages,
            Pages::Heap(bytes) => bytes,
        }
    }
}

impl Drop for LockedBuffer {
    fn drop(&mut self) {
        let length = self.len();
        self.erase(length);
    }
}

impl zeroize::ZeroizeOnDrop for LockedBuffer {}

impl fmt::Debug for LockedBuffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LockedBuffer({} bytes)", self.len())
    }
}

/// Appends an item. Where the list has to move, the place that it leaves is overwritten, which `Vec::push` does not do.
pub fn push<T>(list: &mut Vec<T>, item: T) {
    make_room(list, 1);
    list.push(item);
}

/// Appends items, as [`push`] does one.
pub fn extend<T: Copy>(list: &mut Vec<T>, items: &[T]) {
    make_room(list, items.len());
    list.extend_from_slice(items);
}

fn make_room<T>(list: &mut Vec<T>, items: usize) {
    let needed = list.len() + items;
    if needed > list.capacity() {
        let mut moved = Vec::with_capacity(needed.max(list.len() * 2).max(4));
        moved.append(list);
        list.spare_capacity_mut().zeroize();
        *list = moved;
    }
}

/// Standard input without a buffer of the standard library's, in which what was read would stay.
///
/// # Errors
/// What the system says where standard input cannot be duplicated.
pub fn standard_input() -> io::Result<File> {
    #[cfg(unix)]
    let owned = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let owned = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(File::from(owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_written_erased_and_silent() {
        for length in [0, 1, 4096, 100_000] {
            let mut buffer = LockedBuffer::new(length);
            assert_eq!(buffer.len(), length);
            buffer.fill(7);
            buffer.erase(length / 2);
            assert!(buffer[..length / 2].iter().all(|byte| *byte == 0));
            assert!(buffer[length / 2..].iter().all(|byte| *byte == 7));
            assert_eq!(format!("{buffer:?}"), format!("LockedBuffer({length} bytes)"));
        }
    }

    #[test]
    fn a_list_grows_like_any_other() {
        let (mut list, mut plain) = (Vec::new(), Vec::new());
        for number in 0..1000 {
            push(&mut list, number);
            plain.push(number);
            extend(&mut list, &[number; 20][..number % 20]);
            plain.extend_from_slice(&[number; 20][..number % 20]);
        }
        assert_eq!(list, plain);
    }
}
