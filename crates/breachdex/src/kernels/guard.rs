//! For tests: bytes behind which nothing can be read, so that a load beyond them ends the process.

#![allow(unsafe_code, clippy::unwrap_used)]

use std::io::Write as _;

/// Bytes that end where the readable memory does.
pub(crate) struct Guarded {
    map: memmap2::Mmap,
    start: usize,
    end: usize,
}

/// At least a page of any system's.
const PAGE: usize = 64 << 10;

impl Guarded {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let end = bytes.len().next_multiple_of(PAGE).max(PAGE);
        let start = end - bytes.len();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[vec![0x55; start].as_slice(), bytes].concat()).unwrap();
        // SAFETY: nobody else has the file. Whoever reads behind its end gets a signal, which is what is wanted.
        let map = unsafe { memmap2::MmapOptions::new().len(end + PAGE).map(&file) }.unwrap();
        Self { map, start, end }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map[self.start..self.end]
    }
}
