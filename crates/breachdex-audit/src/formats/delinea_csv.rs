//! The CSV of Delinea Secret Server, once Thycotic.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "delinea-csv",
    describe: |words| words.format_export("Delinea Secret Server", "CSV"),
    headers: &[Header {
        signature: &["secret name", "username", "url", "password", "totp key"],
        ..Header::PLAIN
    }],
    ..Spec::CSV_EXPORT
};
