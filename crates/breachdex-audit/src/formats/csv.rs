//! Any CSV with a header row, whose columns the user names.

#![forbid(unsafe_code)]

use super::Spec;

pub(super) static FORMAT: Spec = Spec {
    name: "csv",
    help: "any CSV with a header: --column, --user-column, --delimiter",
    describe: |words| words.format_csv().to_owned(),
    recognises: |_, start| start.has_column,
    takes_column: true,
    takes_delimiter: true,
    ..Spec::CSV_EXPORT
};
