//! Rows with count 0: the padding that hides how long a range is, and the row that stands for none.
//!
//! To every client a row with count 0 is no match, whatever its suffix.

#![forbid(unsafe_code)]

use std::ops::RangeInclusive;

use breachdex::Kind;
use rand::{CryptoRng, RngExt as _};

use crate::PREFIX_DIGITS;

/// The request header that asks for padding, in lower case.
pub const ADD_PADDING: &str = "add-padding";

/// How many rows of padding an answer may get, as the service does it.
pub const PADDING_ROWS: RangeInclusive<usize> = 10..=209;

/// Bytes of random digits that the widest suffix needs.
const RANDOM_BYTES: usize = 18;

/// Whether a value of [`ADD_PADDING`] asks for padding: `true` in any case.
pub fn is_requested(value: &[u8]) -> bool {
    value.trim_ascii().eq_ignore_ascii_case(b"true")
}

/// Appends a random number of rows with random suffixes and count 0, unsorted, each set off by CRLF.
///
/// The generator must be cryptographic: from guessable padding a listener could work out the true length.
pub fn append_padding(random: &mut impl CryptoRng, kind: Kind, rows: &mut Vec<u8>) {
    let digits = kind.hex_digits() - PREFIX_DIGITS;
    for _ in 0..random.random_range(PADDING_ROWS) {
        if !rows.is_empty() {
            rows.extend_from_slice(b"\r\n");
        }
        let mut bytes = [0; RANDOM_BYTES];
        random.fill_bytes(&mut bytes);
        let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        rows.extend(nibbles.take(digits).map(upper_case_digit));
        rows.extend_from_slice(b":0");
    }
}

/// Appends the one row that a covered prefix without entries is answered with: zeros, count 0. Clients crash
/// on an empty body and take a missing one for a failure.
pub fn append_empty_range(kind: Kind, rows: &mut Vec<u8>) {
    rows.resize(rows.len() + kind.hex_digits() - PREFIX_DIGITS, b'0');
    rows.extend_from_slice(b":0");
}

fn upper_case_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn padded(kind: Kind, before: &[u8]) -> String {
        let mut rows = before.to_vec();
        append_padding(&mut rand::rng(), kind, &mut rows);
        String::from_utf8(rows).expect("rows are ASCII")
    }

    #[test]
    fn padding_comes_after_the_rows_with_count_zero_and_full_width() {
        for (kind, digits) in [(Kind::Sha1, 35), (Kind::Ntlm, 27)] {
            let body = padded(kind, b"first");
            let rows: Vec<&str> = body.split("\r\n").collect();
            assert_eq!(rows[0], "first");
            assert!(PADDING_ROWS.contains(&(rows.len() - 1)), "{} rows", rows.len());
            for row in &rows[1..] {
                let (suffix, count) = row.split_once(':').expect("a colon");
                let is_upper_hex = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
                assert!(suffix.len() == digits && suffix.bytes().all(is_upper_hex), "{row}");
                assert_eq!(count, "0");
            }
        }
    }

    #[test]
    fn padding_differs_in_length_and_content_and_uses_every_digit() {
        let bodies: Vec<String> = (0..200).map(|_| padded(Kind::Sha1, b"")).collect();
        let lengths: BTreeSet<usize> = bodies.iter().map(String::len).collect();
        assert!(lengths.len() > 20, "200 draws of 200 lengths gave {}", lengths.len());
        let rows: BTreeSet<&str> = bodies.iter().flat_map(|body| body.split("\r\n")).collect();
        assert_eq!(rows.len(), bodies.iter().map(|body| body.split("\r\n").count()).sum::<usize>());
        let digits: BTreeSet<u8> = bodies.concat().bytes().collect();
        assert_eq!(digits, b"\r\n0123456789:ABCDEF".iter().copied().collect());
    }

    #[test]
    fn the_row_of_an_empty_range_is_zeros() {
        let mut rows = Vec::new();
        append_empty_range(Kind::Ntlm, &mut rows);
        assert_eq!(rows, b"000000000000000000000000000:0");
        rows.clear();
        append_empty_range(Kind::Sha1, &mut rows);
        assert_eq!(rows, b"00000000000000000000000000000000000:0");
    }

    #[test]
    fn padding_is_asked_for_in_any_case() {
        for yes in ["true", "True", "TRUE", " true "] {
            assert!(is_requested(yes.as_bytes()), "{yes:?}");
        }
        for no in ["", "false", "1", "yes", "truely", "tru"] {
            assert!(!is_requested(no.as_bytes()), "{no:?}");
        }
    }
}
