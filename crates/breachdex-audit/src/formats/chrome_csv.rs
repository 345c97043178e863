//! The CSV of Chrome, Edge and other Chromium browsers.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "chrome-csv",
    describe: |words| words.format_export("Chrome", "CSV"),
    headers: &[Header {
        signature: &["name", "url", "username", "password"],
        only_with: Some(&["note"]),
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
