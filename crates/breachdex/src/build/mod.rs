//! Making an index: from inputs in any order to one file that appears whole or not at all, in bounded memory.
//!
//! `options` and `report` are what goes in and comes out, `plan` decides what will be done, `job` does it.
//! `pipeline` runs a stage on all threads in order; the stages are `sorted` (pieces of input to groups, one
//! pass), `unsorted` (through `spill`, parts on disk), `transform` (groups once more, after `select` chose the
//! commonest entries). `intake` turns pieces into entries, `span` entries into groups, `groups` keeps them,
//! `finish` writes what makes them an index, `read_back` asks it for what was written, and `publish` gives it its name
//! (`flusher` has most of it on disk by then). `merge` merges indexes, `join` copies the groups of those that cover different
//! prefixes, `splice` puts ranges in place of an index's own,
//! `entries` writes those that are in memory already.

#![forbid(unsafe_code)]

mod control;
mod entries;
mod finish;
mod flusher;
mod groups;
mod intake;
mod job;
mod join;
mod memory;
mod merge;
mod options;
mod options_fault;
mod pipeline;
mod plan;
pub(crate) mod positioned;
mod publish;
mod read_back;
mod report;
mod select;
mod sorted;
mod span;
mod spill;
mod splice;
mod spread;
mod transform;
mod unsorted;

use std::path::Path;

pub(crate) use entries::write_entries;
pub use join::{JoinOptions, join};
pub use merge::merge;
pub use options::{BeforePublish, BuildOptions, CoverageRule, MergeOptions, MergeRule};
pub use options_fault::OptionsFault;
pub use report::BuildReport;
pub use splice::{
    AssembledGroup, Assembler, ChangedRange, GroupChanges, SpliceOptions, SpliceReport, UnfinishedIndex,
    collisions_by_range, splice,
};

use self::control::Control;
use self::job::Job;
use self::memory::Memory;
use self::plan::{Decision, check_options};
#[cfg(feature = "signatures")]
pub(crate) use self::publish::refusal;
pub(crate) use self::publish::{Publication, Readers};
pub(crate) use self::read_back::ReadBack;
use crate::error::{Error, Result};
use crate::files;
use crate::input::stream::Opened;
use crate::input::{EntryBatches, Input, Source};
use crate::monitor::Monitor;

/// Builds an index of `inputs` at `target`.
///
/// One pass when the inputs are sorted; otherwise they are sorted on disk, which the report says. Memory
/// stays within `options.memory` whatever the inputs' size. The same entries and options give the same bytes,
/// whatever their order, the threads and the memory. Until the target is complete and on disk it does not
/// exist, or is what it was; a build that fails leaves nothing behind.
///
/// ```no_run
/// use breachdex::{BuildOptions, Input, build};
/// let inputs = [Input::path("pwned-passwords-sha1-ordered-by-hash.txt")];
/// let report = build(&inputs, "pwned.bdx".as_ref(), &BuildOptions::default(), &())?;
/// println!("{} entries", report.entries);
/// # Ok::<(), breachdex::Error>(())
/// ```
///
/// # Errors
/// [`Error::TargetExists`] and [`Error::TargetBusy`] before input is read; [`Error::Input`] with the file and
/// line of the first fault; [`Error::Unbuildable`] for options that contradict one another, the inputs or the
/// memory; [`Error::Io`]; [`Error::Cancelled`] when the monitor says so; of index inputs, what reading them
/// gives.
pub fn build(
    inputs: &[Input],
    target: &Path,
    options: &BuildOptions,
    monitor: &dyn Monitor,
) -> Result<BuildReport> {
    check_options(options)?;
    job::refuse_no_inputs(inputs.len())?;
    refuse_overwriting(inputs, target)?;
    let publication = Publication::claim(target, options.replace)?;
    let opened: Vec<Opened> =
        inputs.iter().map(|input| Opened::new(input, &options.open)).collect::<Result<_>>()?;
    run(&opened, publication, options, monitor)
}

/// Builds an index at `target` of entries that are handed over in batches: as [`build`] of a file with the same rows.
/// The result may have no entries where it is a segment, [`BuildOptions::directory_bits`].
///
/// # Errors
/// As [`build`], and what the batches give.
pub fn build_entries(
    batches: EntryBatches,
    target: &Path,
    options: &BuildOptions,
    monitor: &dyn Monitor,
) -> Result<BuildReport> {
    check_options(options)?;
    let publication = Publication::claim(target, options.replace)?;
    run(&[Opened::entries(batches)], publication, options, monitor)
}

/// Builds an index of inputs that were looked at.
fn run(
    opened: &[Opened],
    publication: Publication,
    options: &BuildOptions,
    monitor: &dyn Monitor,
) -> Result<BuildReport> {
    let mut publication = publication.before(options.before_publish.as_ref());
    let decision = Decision::new(options, opened)?;
    publication.restrict_mode(decision.layout)?;
    let control = Control::new(threads(options.threads, options.memory), monitor)?;
    let job = Job {
        control: &control,
        inputs: opened,
        decision: &decision,
        memory: Memory::new(options.memory, control.threads()),
        temp_dir: options.temp_dir.clone(),
        source: options.source.clone(),
        date: options.date.clone(),
        watches: report::Stopwatches::default(),
    };
    job.run(publication)
}

/// So many threads, or one for each processor, but no more than the memory feeds.
fn threads(wanted: usize, memory: u64) -> usize {
    let available = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = if wanted == 0 { available() } else { wanted };
    wanted.min(Memory::most_threads(memory))
}

/// Refuses a target that is an input, or that lies in one.
fn refuse_overwriting(inputs: &[Input], target: &Path) -> Result<()> {
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for input in inputs {
        let same = match &input.source {
            Source::Path(path) if path.is_dir() => {
                if same_file::is_same_file(path, folder).unwrap_or(false) {
                    return Err(Error::Unbuildable(format!(
                        "{} would lie in the folder that is read; choose another place",
                        target.display()
                    )));
                }
                false
            }
            Source::Path(path) => files::is_same_file(path, target),
            Source::Stdin if target.is_file() => {
                match (same_file::Handle::stdin(), same_file::Handle::from_path(target)) {
                    (Ok(stdin), Ok(target)) => stdin == target,
                    _ => false,
                }
            }
            Source::Stdin => false,
        };
        if same {
            return Err(Error::Unbuildable(format!(
                "{} is an input; choose another target",
                target.display()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
