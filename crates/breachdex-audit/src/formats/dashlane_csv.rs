//! Dashlane's `credentials.csv`.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "dashlane-csv",
    describe: |words| words.format_export("Dashlane", "CSV"),
    headers: &[Header {
        signature: &["username", "username2", "username3", "title", "password", "note", "url", "category"],
        other_users: &["username2", "username3"],
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
