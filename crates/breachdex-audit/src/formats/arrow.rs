//! A column of an Arrow IPC file or stream.

#![forbid(unsafe_code)]

use super::{Spec, Unit};
#[cfg(feature = "parquet")]
use crate::read::columns;

pub(super) static FORMAT: Spec = Spec {
    name: "arrow",
    help: "--column, --user-column",
    describe: |words| words.format_arrow().to_owned(),
    unit: Unit::Row,
    extensions: &["arrow", "arrows", "feather", "ipc"],
    recognises: |_, _| true,
    headers: &[],
    has_encoding: false,
    takes_column: true,
    takes_delimiter: false,
    holds_digests: false,
    #[cfg(feature = "parquet")]
    read: columns::read_arrow,
    #[cfg(not(feature = "parquet"))]
    read: |_, _, _| super::Format::Arrow.require(),
};
