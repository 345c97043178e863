//! Buttercup's CSV. Groups are rows without a password, and items have columns for their own fields.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "buttercup-csv",
    describe: |words| words.format_export("Buttercup", "CSV"),
    headers: &[Header {
        signature: &["!group_id", "!group_name", "title", "username", "password"],
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
