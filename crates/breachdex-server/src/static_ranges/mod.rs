//! Ranges as files, with the bodies that the server sends: for web servers, object stores and CDNs that serve files.
//!
//! A folder of ranges has a file for each prefix (`00000` to `FFFFF`), beside it the same compressed (`.gz`, `.br`), and a `manifest`
//! that names every body. `run` renders ranges in blocks, `target` is where they go, `folder` is the one that is a folder, `begun` what
//! was begun in it, `handle` its system calls, `notes` the files of what a run has done, `manifest` reads and writes manifests, and `error` says what failed. Only what changed is written, and what an
//! interrupted run wrote is not written again.

#![forbid(unsafe_code)]

mod begun;
mod error;
mod folder;
#[cfg(test)]
mod folder_tests;
mod handle;
mod manifest;
mod notes;
mod run;
mod span;
mod target;

use std::path::{Path, PathBuf};

use breachdex::{Index, Monitor};

pub use self::error::StaticError;
use self::folder::Folder;
pub use self::manifest::{RangeFacts, RangesHead, RangesManifest};
use self::run::Run;
pub use self::span::{PrefixSpan, read_span, span_text};
pub use self::target::{RangeEncoding, RangeTarget};

/// How ranges are written.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StaticOptions {
    /// Whether to write each range compressed with gzip too.
    pub gzip: bool,
    /// Whether to write each range compressed with brotli too.
    pub brotli: bool,
    /// Whether every file has its prefix in lower case as a second name, which some clients ask for.
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

/// Writes the ranges of an index into a folder. What a manifest in it names and has the same rows now is left alone. A folder that is
/// not there appears when it is complete.
///
/// Rendering takes some 10 µs a range, hashing 15 µs, compressing 15 µs more (gzip) and a millisecond (brotli); the file system mostly
/// takes longer.
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
    write_ranges_to(index, &mut Folder::open(folder, index)?, options, monitor)
}

/// [`write_ranges`] in blocks of so many prefixes, for simulations.
///
/// # Errors
/// As there.
#[cfg(feature = "simulation")]
pub fn write_ranges_in_blocks(
    index: &Index,
    folder: &Path,
    options: &StaticOptions,
    block: usize,
    monitor: &dyn Monitor,
) -> Result<StaticReport, StaticError> {
    require_suitable(index, options)?;
    let mut folder = Folder::open(folder, index)?;
    folder.block = block;
    write_ranges_to(index, &mut folder, options, monitor)
}

/// Writes the ranges of an index to a target, as [`write_ranges`] does to a folder.
///
/// # Errors
/// A [`StaticError`]: of the index, or what the target returns.
pub fn write_ranges_to(
    index: &Index,
    target: &mut dyn RangeTarget,
    options: &StaticOptions,
    monitor: &dyn Monitor,
) -> Result<StaticReport, StaticError> {
    require_suitable(index, options)?;
    index.hold_to_hashes()?;
    let covered = index.metadata().coverage.ranges().iter();
    let prefixes: Vec<u32> = covered.flat_map(|(first, last)| *first..=*last).collect();
    let done = target.begin(&RangesHead::of(index, options), &prefixes)?;
    let written = Run::new(index, options, monitor, target, (done, prefixes.len())).write(&prefixes[done..]);
    let finished = written.and_then(|report| target.publish(&prefixes).map(|()| report));
    if finished.is_err() {
        target.abandon();
    }
    finished
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

/// Reads what the manifest of a folder says of each range: for programs that copy what changed to another place.
///
/// # Errors
/// [`StaticError::Manifest`], [`StaticError::Io`].
pub fn read_manifest(path: &Path) -> Result<impl Iterator<Item = (u32, RangeFacts)>, StaticError> {
    Ok(RangesManifest::read(path)?.records.into_iter())
}
