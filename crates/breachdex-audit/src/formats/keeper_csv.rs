//! Keeper's CSV, which has no header: folder, title, login, password, address, notes, shared folder, custom fields.

#![forbid(unsafe_code)]

use super::Spec;
use crate::read::header::Header;

pub(super) static FORMAT: Spec = Spec {
    name: "keeper-csv",
    help: "Keeper's CSV, which has no header: never auto-detected",
    describe: |words| words.format_export("Keeper", "CSV"),
    // Nothing in such a file says what it is.
    recognises: |_, _| false,
    headers: &[Header { fixed: Some((2, 3, 6)), is_ragged: true, ..Header::PLAIN }],
    ..Spec::CSV_EXPORT
};
