//! What stands for ranges as objects in a build without the feature `s3`.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::Index;
use breachdex_server::{StaticOptions, StaticReport};
use clap::Args;

use crate::failure::Failure;
use crate::flags::ProgressName;
use crate::flags::values::refuse_object_store;

/// Nothing can be said about how objects are written.
#[derive(Args)]
pub(super) struct ObjectFlags {}

/// Refuses a target in an object store; any other is not for this.
///
/// # Errors
/// [`Failure::Usage`], with the feature that is missing.
pub(super) fn write(
    _: &Index,
    target: &Path,
    _: &StaticOptions,
    _: &ObjectFlags,
    _: ProgressName,
) -> Result<Option<StaticReport>, Failure> {
    target.to_str().map_or(Ok(()), refuse_object_store).map_err(Failure::Usage)?;
    Ok(None)
}
