//! The CSV of KeePassXC, and of KeePass 1 and 2, which write the same "KeePass CSV (1.x)".

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "keepass-csv",
    describe: |words| words.format_export("KeePass", "CSV"),
    headers: &[
        Header {
            signature: &["account", "login name", "password", "web site", "comments"],
            only_with: Some(&[]),
            user: "login name",
            has_backslashes: true,
            ..Header::PLAIN
        },
        Header { signature: &["group", "title", "username", "password", "url", "notes"], ..Header::PLAIN },
    ],
    ..Spec::CSV_EXPORT
};
