//! RoboForm's CSV. A row has as many more cells as the item has fields.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "roboform-csv",
    describe: |words| words.format_export("RoboForm", "CSV"),
    headers: &[Header {
        signature: &["name", "url", "matchurl", "login", "pwd", "note", "folder"],
        user: "login",
        password: "pwd",
        is_ragged: true,
        has_apostrophes: true,
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
