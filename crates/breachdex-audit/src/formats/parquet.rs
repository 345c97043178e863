//! A column of a Parquet file.

#![forbid(unsafe_code)]

use super::Spec;
#[cfg(feature = "parquet")]
use crate::read::columns;

pub(super) static FORMAT: Spec = Spec {
    name: "parquet",
    describe: |words| words.format_parquet().to_owned(),
    extensions: &["parquet"],
    #[cfg(feature = "parquet")]
    read: columns::read_parquet,
    #[cfg(not(feature = "parquet"))]
    read: |_, _, _| super::Format::Parquet.require(),
    ..Spec::COLUMNS
};
