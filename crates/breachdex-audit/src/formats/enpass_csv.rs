//! Enpass's CSV: a title, then the name and the value of each field, then the note. Fields have the names that the user gave
//! them; the first line names no more than the order, and older versions write none.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "enpass-csv",
    describe: |words| words.format_export("Enpass", "CSV"),
    headers: &[Header {
        signature: &["title", "field", "value"],
        other_users: &["e-mail", "email", "login", "user name"],
        is_ragged: true,
        has_pairs: true,
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
