//! What stands for Parquet reports in a build without the feature `parquet`.

#![forbid(unsafe_code)]

use std::io::Write;

use crate::error::{AuditError, Result};
use crate::formats::Format;
use crate::rows::Rows;

/// Refuses: this build has no Parquet.
///
/// # Errors
/// [`AuditError::NotBuiltIn`], always. With the feature `parquet`, this writes all rows.
pub fn write_parquet(_: &Rows, _: impl Write + Send) -> Result<()> {
    Err(AuditError::NotBuiltIn { format: Format::Parquet })
}
