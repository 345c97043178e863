//! A column of an Arrow IPC file or stream.

#![forbid(unsafe_code)]

use super::Spec;
#[cfg(feature = "parquet")]
use crate::read::columns;

pub(super) static FORMAT: Spec = Spec {
    name: "arrow",
    describe: |words| words.format_arrow().to_owned(),
    extensions: &["arrow", "arrows", "feather", "ipc"],
    #[cfg(feature = "parquet")]
    read: columns::read_arrow,
    #[cfg(not(feature = "parquet"))]
    read: |_, _, _| super::Format::Arrow.require(),
    ..Spec::COLUMNS
};
