//! The CSV of Avira Password Manager.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "avira-csv",
    describe: |words| words.format_export("Avira", "CSV"),
    headers: &[Header {
        signature: &["name", "website", "username", "password", "secondary_username"],
        other_users: &["secondary_username"],
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
