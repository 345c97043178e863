//! How the memory of a build is shared among its threads, and what fits into a share.

#![forbid(unsafe_code)]

use crate::input::stream::Sizes;

/// How memory is shared out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Bytes for each thread.
    share: usize,
}

impl Memory {
    /// Shares `bytes` among `threads`, a part kept for what they have in common.
    pub(crate) fn new(bytes: u64, threads: usize) -> Self {
        let share = bytes / 8 * 7 / threads as u64;
        Self { share: usize::try_from(share).unwrap_or(usize::MAX) }
    }

    /// The most threads for which a share is of any use.
    pub(crate) fn most_threads(bytes: u64) -> usize {
        usize::try_from(bytes >> 22).unwrap_or(usize::MAX).max(1)
    }

    pub(crate) fn sizes(self) -> Sizes {
        Sizes {
            block: (self.share / 16).clamp(64 << 10, 1 << 20),
            most: self.share / 4,
            run: self.share / 128,
        }
    }

    /// The most entries of a group: each takes 32 bytes twice and its encoded form twice.
    pub(crate) fn group(self) -> usize {
        self.share / 128
    }

    /// The most entries of a part to sort: each takes 32 bytes and its encoded form.
    pub(super) fn part(self) -> u64 {
        (self.share / 64) as u64
    }

    /// Bytes of each of a thread's 256 buffers.
    pub(super) fn buffer(self) -> usize {
        (self.share / 4 / 256).clamp(1 << 10, 64 << 10)
    }
}
