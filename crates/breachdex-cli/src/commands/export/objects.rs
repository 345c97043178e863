//! `export --ranges s3://…`: every range as an object.

#![forbid(unsafe_code)]

use std::path::Path;
use std::time::Duration;

use breachdex::Index;
use breachdex_objects::{ObjectAddress, ObjectError, ObjectRanges, Store, StoreOptions};
use breachdex_server::{StaticError, StaticOptions, StaticReport, write_ranges_to};
use clap::Args;

use crate::failure::Failure;
use crate::flags::ProgressName;
use crate::flags::values::{parse_seconds, refuse_object_store};
use crate::progress::Reporter;

/// How objects are written.
#[derive(Args)]
pub(super) struct ObjectFlags {
    /// With --ranges s3://: requests at a time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    concurrency: u32,
    /// With --ranges s3://: timeout of each piece of an answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    timeout: Duration,
    /// With --ranges s3://: timeout of an object, with all retries
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = parse_seconds)]
    deadline: Duration,
    /// With --ranges s3://: look at unchanged objects, too
    ///
    /// A request for each; what is missing or has another length is written again.
    #[arg(long, requires = "ranges")]
    recheck: bool,
    /// With --ranges s3://: take over from a run that was killed
    ///
    /// Never while it still runs: both would write.
    #[arg(long, requires = "ranges")]
    take_over: bool,
}

/// Writes them, where the target is an object store.
///
/// # Errors
/// [`Failure::Usage`] for an address that is none; the store's.
pub(super) fn write(
    index: &Index,
    target: &Path,
    options: &StaticOptions,
    flags: &ObjectFlags,
    progress: ProgressName,
) -> Result<Option<StaticReport>, Failure> {
    let Some(text) = target.to_str().filter(|text| text.contains("://")) else { return Ok(None) };
    refuse_object_store(text).map_err(Failure::Usage)?;
    let address: ObjectAddress =
        text.parse().map_err(|error: ObjectError| Failure::Usage(error.to_string()))?;
    let mut store = StoreOptions::default();
    store.concurrency = flags.concurrency as usize;
    store.timeout = flags.timeout;
    store.deadline = flags.deadline;
    let reached = Store::open(&address, &store).map_err(|error| StaticError::Target(error.into()))?;
    let mut ranges = ObjectRanges::new(reached, index.name(), flags.take_over, flags.recheck);
    let reporter = Reporter::start(progress)?;
    let report = write_ranges_to(index, &mut ranges, options, &reporter)?;
    drop(reporter);
    super::ranges::tell_step_back(target, ranges.previous_date(), index);
    Ok(Some(report))
}
