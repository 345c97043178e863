//! The CSV of 1Password 8 and 7.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "1password-csv",
    describe: |words| words.format_export("1Password", "CSV"),
    headers: &[
        Header {
            signature: &[
                "title", "url", "username", "password", "otpauth", "favorite", "archived", "tags", "notes",
            ],
            ..Header::PLAIN
        },
        Header { signature: &["title", "website", "username", "password"], ..Header::PLAIN },
    ],
    ..Spec::CSV_EXPORT
};
