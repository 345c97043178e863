//! The advice as Linux takes it. What fails changes nothing but speed, so no failure is reported.

#![allow(unsafe_code)]

use std::fs::File;
use std::num::NonZeroU64;
use std::ops::Range;

use memmap2::{Mmap, MmapOptions, UncheckedAdvice};
use rustix::fs::{Advice, fadvise};

/// The system reads no more than so much for one piece of advice on some disks.
const PIECE: usize = 128 << 10;

pub(super) fn page_size() -> u64 {
    // SAFETY: the call has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096)
}

/// The runs of whole pages that are not in the system's cache. None where it does not tell.
pub(super) fn absent(file: &File, range: &Range<u64>) -> Vec<Range<u64>> {
    let length = (range.end - range.start) as usize;
    if length == 0 {
        return Vec::new();
    }
    // SAFETY: no byte of the mapping is read, so it does not matter what becomes of the file.
    let Ok(map) = (unsafe { MmapOptions::new().offset(range.start).len(length).map(file) }) else {
        return Vec::new();
    };
    let page = page_size();
    let mut cached = vec![0_u8; length.div_ceil(page as usize)];
    // SAFETY: the mapping is `length` bytes long and begins at a page, and `cached` has a byte for each of its pages.
    let told = unsafe { libc::mincore(map.as_ptr().cast_mut().cast(), length, cached.as_mut_ptr()) };
    if told != 0 {
        return Vec::new();
    }
    runs(&cached, range.start, page)
}

/// The runs of pages whose lowest bit is zero.
fn runs(cached: &[u8], start: u64, page: u64) -> Vec<Range<u64>> {
    let mut at = start;
    let mut runs = Vec::new();
    for run in cached.chunk_by(|one, next| one & 1 == next & 1) {
        let end = at + run.len() as u64 * page;
        if run[0] & 1 == 0 {
            runs.push(at..end);
        }
        at = end;
    }
    runs
}

/// Has the system begin to read.
pub(super) fn read_ahead(file: &File, range: &Range<u64>) {
    for start in range.clone().step_by(PIECE) {
        advise(file, &(start..range.end.min(start + PIECE as u64)), Advice::WillNeed);
    }
}

/// Has the system forget what is cached of whole pages, unless a process maps them.
pub(super) fn forget(file: &File, range: &Range<u64>) {
    advise(file, range, Advice::DontNeed);
}

fn advise(file: &File, range: &Range<u64>, advice: Advice) {
    if let Some(length) = NonZeroU64::new(range.end - range.start) {
        // Advice that is not taken costs time or memory and nothing else.
        let _ = fadvise(file, range.start, Some(length), advice);
    }
}

/// Takes pages out of this process's resident memory.
pub(super) fn release(map: &Mmap, range: &Range<u64>) {
    let (start, end) = (range.start as usize, (range.end as usize).min(map.len()));
    if start < end {
        // SAFETY: the mapping is shared, backed by a file and never written through, so a page that is dropped is
        // read from the same file again when it is touched next: no byte that a reader sees changes by this.
        let released = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, end - start) };
        // As above.
        drop(released);
    }
}
