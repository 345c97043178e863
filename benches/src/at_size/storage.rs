//! The mappings: a file whose pages are read one at a time, and the environment of LMDB. All unsafe code of the
//! benchmarks is here.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::{Advice, Mmap};

/// Maps a file for random reads: a fault reads the page it needs and none around it.
pub(crate) fn map_random(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: the file is in the benchmark's own folder, written before and changed by nobody while it is mapped.
    let mapping = unsafe { Mmap::map(&file)? };
    mapping.advise(Advice::Random)?;
    Ok(mapping)
}

/// Opens the LMDB environment of a folder with room for `map_size` bytes.
#[cfg(feature = "peers")]
pub(crate) fn open_lmdb(folder: &Path, map_size: usize, flags: heed::EnvFlags) -> heed::Result<heed::Env> {
    let mut options = heed::EnvOpenOptions::new();
    options.map_size(map_size);
    // SAFETY: the folder is the benchmark's own and one process at a time opens it, so that neither the missing
    // lock nor the missing sync can be noticed by another one; a crash ends the measurement anyway.
    unsafe { options.flags(flags).open(folder) }
}
