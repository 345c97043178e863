//! What some mirrors send and the service does not: named where it is not to be accepted, and put right where it is.
//!
//! Only what is whole by the protocol gets here, so a line end at the end or an empty body is no sign of a cut.

#![forbid(unsafe_code)]

use breachdex::{BodyFault, Kind};
use breachdex_protocol::PREFIX_DIGITS;
use breachdex_protocol::padding::append_empty_range;

use crate::error::{FetchFault, Quirk};

/// The quirk of a body that can be told before its rows are read.
pub(super) fn find(text: &[u8]) -> Option<Quirk> {
    match text.last() {
        None => Some(Quirk::Empty),
        Some(b'\n') => Some(Quirk::FinalLineEnd),
        Some(_) => None,
    }
}

/// What a body that is not the range is: one with padding, or a damaged one.
pub(super) fn fault(text: &[u8], fault: BodyFault, kind: Kind) -> FetchFault {
    let line = fault.line.and_then(|line| usize::try_from(line).ok()).filter(|line| *line > 0);
    let at_fault =
        line.and_then(|line| text.split(|byte| *byte == b'\n').nth(line - 1).map(|row| (line, row)));
    match at_fault {
        Some((line, row)) if is_padding(row, kind) => FetchFault::Quirk(Quirk::Padding { line }),
        // Padding is not in order; the first row of it may fail for that.
        _ => fault.into(),
    }
}

/// A body as the service would send it: without padding and without a line end at its end, one row of zeros where there
/// is nothing else.
pub(super) fn put_right(text: &[u8], kind: Kind) -> Vec<u8> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let mut right = Vec::with_capacity(text.len() + 1);
    for row in text.split(|byte| *byte == b'\n') {
        if is_padding(row, kind) || (row.is_empty() && text.is_empty()) {
            continue;
        }
        if !right.is_empty() {
            right.extend_from_slice(b"\r\n");
        }
        right.extend_from_slice(row.strip_suffix(b"\r").unwrap_or(row));
    }
    if right.is_empty() {
        append_empty_range(kind, &mut right);
    }
    right
}

/// Whether a line is a row of the kind with the count 0.
fn is_padding(row: &[u8], kind: Kind) -> bool {
    let row = row.strip_suffix(b"\r").unwrap_or(row);
    let digits = row.strip_suffix(b":0").filter(|digits| digits.len() == kind.hex_digits() - PREFIX_DIGITS);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(digit: char, count: u32) -> String {
        format!("{}:{count}", digit.to_string().repeat(35))
    }

    #[test]
    fn quirks_are_put_right_and_nothing_else() {
        let (one, other, padding) = (row('1', 5), row('2', 1), row('0', 0));
        for (text, expected) in [
            (String::new(), padding.clone()),
            ("\r\n".into(), padding.clone()),
            (padding.clone(), padding.clone()),
            (format!("{one}\r\n{other}"), format!("{one}\r\n{other}")),
            (format!("{one}\n{other}\n"), format!("{one}\r\n{other}")),
            (
                format!("{one}\r\n{}\r\n{other}\r\n{}\r\n", row('9', 0), row('3', 0)),
                format!("{one}\r\n{other}"),
            ),
            (row('A', 0), padding.clone()),
            // Other empty lines stay, and are refused later.
            (format!("{one}\n\n{other}\n\n"), format!("{one}\r\n\r\n{other}\r\n")),
            ("<html>".into(), "<html>".into()),
        ] {
            let right = String::from_utf8(put_right(text.as_bytes(), Kind::Sha1)).expect("text");
            assert_eq!(right, expected, "{text:?}");
        }
    }
}
