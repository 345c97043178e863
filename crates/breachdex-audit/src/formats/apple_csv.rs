//! The CSV of Apple's Passwords app and of Safari.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "apple-csv",
    describe: |words| words.format_export("Apple Passwords", "CSV"),
    headers: &[
        Header {
            signature: &["title", "url", "username", "password", "notes", "otpauth"],
            only_with: Some(&[]),
            ..Header::PLAIN
        },
        Header {
            signature: &["title", "url", "username", "password", "otpauth"],
            only_with: Some(&[]),
            ..Header::PLAIN
        },
    ],
    ..Spec::CSV_EXPORT
};
