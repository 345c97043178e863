//! A column of a Parquet file.

#![forbid(unsafe_code)]

use super::{Spec, Unit};
#[cfg(feature = "parquet")]
use crate::read::columns;

pub(super) static FORMAT: Spec = Spec {
    name: "parquet",
    help: "--column, --user-column",
    describe: |words| words.format_parquet().to_owned(),
    unit: Unit::Row,
    extensions: &["parquet"],
    recognises: |_, _| true,
    headers: &[],
    has_encoding: false,
    takes_column: true,
    takes_delimiter: false,
    holds_digests: false,
    #[cfg(feature = "parquet")]
    read: columns::read_parquet,
    #[cfg(not(feature = "parquet"))]
    read: |_, _, _| super::Format::Parquet.require(),
};
