//! All rows as CSV (RFC 4180, UTF-8).
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or CR for a formula, and a user may have chosen
//! such a name: an apostrophe goes before it.

#![forbid(unsafe_code)]

use std::io::Write;

use csv::{ErrorKind, Writer};

use super::super::rows::{Row, Rows};
use super::other_form;
use crate::error::{AuditError, Result};
use crate::tally::Band;

const HEADER: [&str; 12] = [
    "number",
    "account",
    "standing",
    "exposed",
    "count",
    "band",
    "source",
    "shared_by",
    "disabled",
    "lm_hash",
    "form",
    "partial",
];

/// Writes all rows with a header. Cells that are not known are empty.
///
/// # Errors
/// [`AuditError::System`] when `output` takes no more or the rows cannot be read back.
pub fn write_csv(rows: &Rows, output: impl Write) -> Result<()> {
    let mut writer = Writer::from_writer(output);
    writer.write_record(HEADER).map_err(failed)?;
    rows.for_each(|row| writer.write_record(cells(&row)).map_err(failed))?;
    writer.flush().map_err(|source| AuditError::System { action: "write the CSV file", source })
}

fn cells(row: &Row<'_>) -> [String; 12] {
    let yes_no = |yes: bool| String::from(if yes { "true" } else { "false" });
    let is_exposed = row.exposed == Some(true);
    [
        row.number.to_string(),
        without_formula(row.account),
        row.standing.name().to_owned(),
        row.exposed.map(yes_no).unwrap_or_default(),
        row.exposed.and(row.count).map(|count| count.to_string()).unwrap_or_default(),
        if is_exposed { Band::of(row.count).name() } else { String::new() },
        source(row).unwrap_or_default().to_owned(),
        row.shared_by.to_string(),
        yes_no(row.is_disabled),
        yes_no(row.has_lm),
        other_form(row.form, is_exposed).unwrap_or_default().to_owned(),
        yes_no(row.is_partial),
    ]
}

/// Who knows an exposed password.
pub(super) fn source(row: &Row<'_>) -> Option<&'static str> {
    (row.exposed == Some(true)).then_some(if row.in_overlay { "overlay" } else { "base" })
}

fn without_formula(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

fn failed(error: csv::Error) -> AuditError {
    let source = match error.into_kind() {
        ErrorKind::Io(source) => source,
        _ => std::io::Error::other("a record could not be written"),
    };
    AuditError::System { action: "write the CSV file", source }
}
