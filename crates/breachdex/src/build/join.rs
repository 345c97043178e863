//! Segments, which are indexes that cover different prefixes, become one index: their groups are copied as they are
//! encoded.
//!
//! `agreement` says whether segments fit together, `segment` is what is kept of one, `copy` is the stage that copies their
//! groups.

#![forbid(unsafe_code)]

mod agreement;
mod copy;
mod segment;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use self::copy::copy_all;
use self::segment::{Files, Segment};
use super::control::Control;
use super::job::{Job, Pass};
use super::memory::Memory;
use super::merge::merge_all;
use super::options::{BeforePublish, BuildOptions};
use super::plan::{Decision, check_options};
use super::publish::Publication;
use super::report::{BuildReport, Stopwatches};
use super::{refuse_overwriting, threads};
use crate::coverage::Coverage;
use crate::error::{Error, Result};
use crate::format::Layout;
use crate::index::{Index, OpenOptions, VerifyOptions};
use crate::input::stream::{Contents, Opened};
use crate::input::{Format, Input, Source};
use crate::monitor::Monitor;

/// How to join segments into one index.
#[derive(Clone, Debug)]
pub struct JoinOptions {
    /// Whether the segments must cover everything together.
    pub complete: bool,
    /// Where the entries come from, in your words; `None` takes what all segments say.
    pub source: Option<String>,
    /// The corpus date, `YYYY-MM-DD` or empty; `None` takes what all segments say.
    pub date: Option<String>,
    /// Makes a segment of a larger index again: as [`BuildOptions::directory_bits`].
    pub directory_bits: Option<u32>,
    /// Bytes of memory that may be used, 16 MiB at least.
    pub memory: u64,
    /// Threads that work; 0 is one for each processor.
    pub threads: usize,
    /// Replace the target if it exists.
    pub replace: bool,
    /// How segments are opened: with trusted keys, each must be signed by one of them, and all of it is held against the
    /// signed content id.
    pub open: OpenOptions,
    /// What is done with a finished index before it gets its name.
    pub before_publish: Option<BeforePublish>,
}

impl Default for JoinOptions {
    fn default() -> Self {
        let build = BuildOptions::default();
        Self {
            complete: true,
            source: None,
            date: None,
            directory_bits: None,
            memory: build.memory,
            threads: build.threads,
            replace: false,
            open: OpenOptions::new(),
            before_publish: None,
        }
    }
}

/// Joins segments, in any order, into one index at `target`: byte for byte what [`build`](super::build) makes of the same
/// entries with the same options, whatever notes the segments have.
///
/// A segment is an index that [`BuildOptions::coverage`] limits to some prefixes, with the directory bits of the whole. Its
/// groups are copied without decoding them: all checksums and hashes of each segment are checked on the way, and its
/// header says what its counts add up to. A group whose prefixes several segments cover is encoded once more; all of them
/// are where segments have other directory bits than the whole, as for one of 4,194,304 entries or fewer. Segments may be more
/// than the files that a process may have open, and memory stays within `options.memory` but for the hashes of the segments,
/// a thousandth of their bytes. Segments whose directory bits differ, or are fewer than those of the whole, are all open at once
/// instead, half a megabyte each. Until the target is complete and on disk it does not exist, or is what it was.
///
/// # Errors
/// [`Error::UnfitSegment`] for the first segment that overlaps with another one or differs from the first one;
/// [`Error::MissingPrefix`]; [`Error::Damaged`] where a segment is, nothing of which is published;
/// [`Error::HoldsPairs`]; otherwise as [`build`](super::build).
pub fn join(
    segments: &[PathBuf],
    target: &Path,
    options: &JoinOptions,
    monitor: &dyn Monitor,
) -> Result<BuildReport> {
    check_options(&BuildOptions {
        memory: options.memory,
        date: options.date.clone().unwrap_or_default(),
        directory_bits: options.directory_bits,
        ..BuildOptions::default()
    })?;
    if segments.is_empty() {
        return Err(Error::Unbuildable("name at least one segment".into()));
    }
    let input = |path: &PathBuf| Input { source: Source::Path(path.clone()), format: Some(Format::Index) };
    let named: Vec<Input> = segments.iter().map(input).collect();
    refuse_overwriting(&named, target)?;
    let mut publication =
        Publication::claim(target, options.replace)?.before(options.before_publish.as_ref());
    let look_at = |path: &PathBuf| segment::look_at(path, &options.open).map(|index| Segment::of(&index));
    let all: Vec<Segment> = segments.iter().map(look_at).collect::<Result<_>>()?;
    let decision = agreement::decide(&all, options)?;
    publication.restrict_mode(decision.layout)?;
    let control = Control::new(threads(options.threads, options.memory), monitor)?;
    let first = &all[0].metadata;
    let job = Job {
        control: &control,
        inputs: &[],
        decision: &decision,
        memory: Memory::new(options.memory, control.threads()),
        temp_dir: None,
        source: options.source.clone().unwrap_or_else(|| first.source.clone()),
        date: options.date.clone().unwrap_or_else(|| first.corpus_date.clone()),
        watches: Stopwatches::default(),
    };
    let files = Files::new(segments, &options.open);
    let pass = match copied(&job, &all, &files, &publication)? {
        Some(pass) => pass,
        None => encoded(&job, segments, &options.open, &publication)?,
    };
    job.conclude(publication, pass)
}

/// What copying the groups of segments makes. `None` where their directory bits are not the same, or fewer than those of the
/// result; where they are more, [`Job::conclude`] regroups what was copied.
fn copied(
    job: &Job<'_>,
    segments: &[Segment],
    files: &Files<'_>,
    publication: &Publication,
) -> Result<Option<Pass>> {
    let entries = segments.iter().map(|segment| segment.metadata.entries).sum();
    let least = job.decision.directory_bits(entries)?;
    let bits = segments.first().map_or(least, |segment| segment.layout.directory_bits);
    if bits < least || segments.iter().any(|segment| segment.layout.directory_bits != bits) {
        return Ok(None);
    }
    copy_all(job, segments, files, publication, bits).map(Some)
}

/// Decodes and encodes the entries of all segments, once each was found to be sound. All of them are open.
fn encoded(
    job: &Job<'_>,
    segments: &[PathBuf],
    open: &OpenOptions,
    publication: &Publication,
) -> Result<Pass> {
    let opened: Vec<Index> =
        segments.iter().map(|path| segment::look_at(path, open)).collect::<Result<_>>()?;
    let indexes: Vec<&Index> = opened.iter().collect();
    for index in &opened {
        let threads = VerifyOptions { threads: job.control.threads() };
        job.control.run_one(|| index.verify_with(threads, &()))?;
    }
    merge_all(job, &indexes, publication)
}

/// What copying makes of the inputs of a build, where that is what building them would make: all are indexes of the
/// result's layout that cover different prefixes, and everything in them stays.
pub(super) fn copied_inputs(job: &Job<'_>, publication: &Publication) -> Result<Option<Pass>> {
    let (Decision { layout, min_count, top, wanted, .. }, inputs) = (job.decision, job.inputs);
    let index = |input| match input {
        &Opened { contents: Contents::Index(ref index), .. } => Some(index),
        _ => None,
    };
    let indexes: Vec<&Index> = inputs.iter().filter_map(index).collect();
    let keeps_all = *min_count == 1 && top.is_none() && *wanted == Coverage::whole();
    if indexes.len() < inputs.len() || indexes.len() < 2 || !keeps_all {
        return Ok(None);
    }
    let is_alike = |index: &&Index| {
        let directory_bits = layout.directory_bits;
        Layout { directory_bits, ..index.layout() } == *layout
    };
    let segments: Vec<Segment> = indexes.iter().map(|index| Segment::of(index)).collect();
    if !indexes.iter().all(is_alike) || agreement::overlap(&segments).is_some() {
        return Ok(None);
    }
    copied(job, &segments, &Files::Held(indexes), publication)
}
