//! RoboForm's CSV. A row has as many more cells as the item has fields.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

const ROBOFORM: Header =
    Header { user: "login", password: "pwd", is_ragged: true, has_apostrophes: true, ..Header::PLAIN };

pub(super) static FORMAT: Spec = Spec {
    name: "roboform-csv",
    describe: |words| words.format_export("RoboForm", "CSV"),
    headers: &[
        Header { signature: &["name", "url", "matchurl", "login", "pwd", "note", "folder"], ..ROBOFORM },
        // Before it had a column for the address that is matched.
        Header {
            signature: &["name", "url", "login", "pwd", "note", "folder"],
            only_with: Some(&["rf_fields", "rffieldsv2"]),
            ..ROBOFORM
        },
    ],
    ..Spec::CSV_EXPORT
};
