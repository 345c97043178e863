//! Example Vault's CSV.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "example-vault-csv",
    describe: |words| words.format_export("Example Vault", "CSV"),
    headers: &[Header {
        signature: &["vault", "login", "secret"],
        user: "login",
        password: "secret",
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
