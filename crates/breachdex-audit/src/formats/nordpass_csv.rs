//! NordPass's CSV, whose rows are cards, notes and persons too.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "nordpass-csv",
    describe: |words| words.format_export("NordPass", "CSV"),
    headers: &[
        Header {
            signature: &["name", "url", "username", "password", "note", "cardholdername", "folder", "type"],
            item: Some(("type", "password")),
            ..Header::PLAIN
        },
        // Before it had a column for the type.
        Header {
            signature: &["name", "url", "username", "password", "note", "cardholdername", "folder"],
            ..Header::PLAIN
        },
    ],
    ..Spec::CSV_EXPORT
};
