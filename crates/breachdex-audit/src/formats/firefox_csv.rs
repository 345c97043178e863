//! Firefox's CSV.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "firefox-csv",
    describe: |words| words.format_export("Firefox", "CSV"),
    headers: &[Header {
        signature: &["url", "username", "password", "httprealm", "formactionorigin", "guid"],
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
