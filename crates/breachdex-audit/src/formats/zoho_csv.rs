//! Zoho Vault's CSV. Names and passwords are lines `User Name:` and `Password:` of one cell, whatever the type of a secret; in
//! its shorter CSV they are cells that the header does not name.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

const LINES: Header = Header {
    user: "user name",
    other_users: &["username", "login", "email"],
    lines_in: Some("secretdata"),
    // Rows with a chamber do.
    ends_with_delimiter: true,
    ..Header::PLAIN
};

pub(super) static FORMAT: Spec = Spec {
    name: "zoho-csv",
    describe: |words| words.format_export("Zoho Vault", "CSV"),
    headers: &[
        Header { signature: &["password name", "password url", "secretdata"], ..LINES },
        // In old versions.
        Header { signature: &["secret name", "secret url", "secretdata"], ..LINES },
        Header {
            signature: &["secret name", "secret url", "notes"],
            only_with: Some(&[]),
            unnamed: &["login", "password"],
            user: "login",
            ..Header::PLAIN
        },
    ],
    ..Spec::CSV_EXPORT
};
