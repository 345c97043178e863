//! Proton Pass's CSV.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "proton-csv",
    describe: |words| words.format_export("Proton Pass", "CSV"),
    headers: &[Header {
        signature: &["type", "name", "url", "username", "password", "note", "totp"],
        only_with: Some(&["email", "createtime", "modifytime", "vault"]),
        other_users: &["email"],
        item: Some(("type", "login")),
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
