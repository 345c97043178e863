//! Bitwarden's CSV, of a person and of an organisation.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "bitwarden-csv",
    describe: |words| words.format_export("Bitwarden", "CSV"),
    headers: &[Header {
        signature: &["type", "name", "login_uri", "login_username", "login_password", "login_totp"],
        user: "login_username",
        password: "login_password",
        item: Some(("type", "login")),
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
