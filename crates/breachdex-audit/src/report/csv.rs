//! All rows as CSV (RFC 4180): accounts in use with the empty password first, then all others in the order of the input.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` or their full-width forms for a formula, and a user may
//! have chosen such a name: an apostrophe goes before it. Control characters, tabs and line ends in names become U+FFFD.

#![forbid(unsafe_code)]

use std::io::Write;

use csv::{ErrorKind, Writer};

use super::super::rows::{Row, Rows};
use super::numbers::harmless;
use super::other_form;
use crate::error::{AuditError, Result};
use crate::tally::Band;

const HEADER: [&str; 17] = [
    "number",
    "account",
    "account_kind",
    "exposed",
    "count",
    "band",
    "source",
    "shared_by",
    "disabled",
    "lm_hash",
    "form",
    "partial",
    "empty",
    "own_name",
    "group",
    "policy",
    "file",
];

/// How the text of a CSV file is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsvEncoding {
    /// UTF-8 without a byte order mark.
    #[default]
    Utf8,
    /// UTF-8 with a byte order mark, by which Excel knows it.
    Utf8Bom,
    /// Windows' Japanese code page 932. Characters that it does not have become `〓`.
    Cp932,
}

impl CsvEncoding {
    /// A cell's bytes. In CP932 no byte of a character is a comma, a quote or a line end.
    fn encode(self, cell: &str) -> Vec<u8> {
        if self != Self::Cp932 {
            return cell.as_bytes().to_vec();
        }
        let (bytes, _, has_unmappable) = encoding_rs::SHIFT_JIS.encode(cell);
        if !has_unmappable {
            return bytes.into_owned();
        }
        let mut bytes = Vec::with_capacity(cell.len());
        let mut buffer = [0; 4];
        for character in cell.chars() {
            let (encoded, _, is_unmappable) =
                encoding_rs::SHIFT_JIS.encode(character.encode_utf8(&mut buffer));
            bytes.extend_from_slice(if is_unmappable { b"\x81\xAC" } else { &encoded });
        }
        bytes
    }
}

/// Writes all rows with a header. Cells that are not known are empty.
///
/// # Errors
/// [`AuditError::System`] when `output` takes no more or the rows cannot be read back.
pub fn write_csv(rows: &Rows, mut output: impl Write, encoding: CsvEncoding) -> Result<()> {
    if encoding == CsvEncoding::Utf8Bom {
        output.write_all("\u{FEFF}".as_bytes()).map_err(unwritten)?;
    }
    let mut writer = Writer::from_writer(output);
    writer.write_record(HEADER).map_err(failed)?;
    let mut write =
        |row: &Row<'_>| writer.write_record(cells(row).map(|cell| encoding.encode(&cell))).map_err(failed);
    if rows.has_open() {
        rows.for_each(|row| if row.is_open() { write(&row) } else { Ok(()) })?;
    }
    rows.for_each(|row| if row.is_open() { Ok(()) } else { write(&row) })?;
    writer.flush().map_err(unwritten)
}

fn cells(row: &Row<'_>) -> [String; HEADER.len()] {
    let yes_no = |yes: bool| String::from(if yes { "true" } else { "false" });
    let is_exposed = row.exposed == Some(true);
    [
        row.number.to_string(),
        without_formula(row.account),
        row.account_kind.name().to_owned(),
        row.exposed.map(yes_no).unwrap_or_default(),
        row.exposed.and(row.count).map(|count| count.to_string()).unwrap_or_default(),
        if is_exposed { Band::of(row.count).name() } else { String::new() },
        source(row).unwrap_or_default().to_owned(),
        row.shared_by.to_string(),
        yes_no(row.is_disabled),
        yes_no(row.has_lm),
        other_form(row.form, is_exposed).unwrap_or_default().to_owned(),
        yes_no(row.is_partial),
        yes_no(row.is_empty),
        yes_no(row.is_own_name),
        row.group.map(|group| group.to_string()).unwrap_or_default(),
        row.violations.names(),
        without_formula(row.input),
    ]
}

/// Who knows an exposed password.
pub(super) fn source(row: &Row<'_>) -> Option<&'static str> {
    (row.exposed == Some(true)).then_some(if row.in_overlay { "overlay" } else { "base" })
}

fn without_formula(cell: &str) -> String {
    /// ASCII, full-width and small forms, and the minus sign.
    const STARTS: [char; 13] = [
        '=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}', '\u{FE66}', '\u{FE62}',
        '\u{FE63}', '\u{FE6B}', '\u{2212}',
    ];
    let cell = harmless(cell);
    // A spreadsheet may drop the spaces and what it cannot show before it looks.
    let shown =
        cell.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{FFFD}');
    if shown.starts_with(STARTS) { format!("'{cell}") } else { cell }
}

fn failed(error: csv::Error) -> AuditError {
    unwritten(match error.into_kind() {
        ErrorKind::Io(source) => source,
        _ => std::io::Error::other("a record could not be written"),
    })
}

fn unwritten(source: std::io::Error) -> AuditError {
    AuditError::System { action: "write the CSV file", source }
}
