//! LastPass's CSV, of today and from before it had one-time passwords.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "lastpass-csv",
    describe: |words| words.format_export("LastPass", "CSV"),
    headers: &[Header {
        signature: &["url", "username", "password", "extra", "name", "grouping", "fav"],
        ..Header::PLAIN
    }],
    // Its extension shows the export as a page.
    has_entities: true,
    ..Spec::CSV_EXPORT
};
