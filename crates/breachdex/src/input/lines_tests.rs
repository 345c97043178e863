//! The fast parser against a slow one.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::digest::Kind;

const SHAPE: RowShape = RowShape { kind: Kind::Sha1, named_digits: 0, bare: false };
const DIGEST: &str = "0123456789abcdefABCDEF0123456789abcdef01";

fn only(text: &[u8], shape: RowShape) -> Result<Entry, LineFault> {
    let mut rows = Rows::new(text, shape, true);
    let row = rows.next().unwrap();
    assert_eq!(rows.lines(), 1);
    row
}

#[test]
fn counts_of_any_length_are_read_with_either_line_end() {
    let key = hex::decode_key(DIGEST.as_bytes()).unwrap();
    for digits in 1..=20 {
        for lead in [1_u64, 9] {
            let Ok(count) = format!("{lead}{}", "7".repeat(digits - 1)).parse::<u64>() else { continue };
            for zeros in ["", "0", "0000000000"] {
                for end in ["\n", "\r\n", ""] {
                    for behind in ["", "x", "more than a word behind the row"] {
                        if end.is_empty() && !behind.is_empty() {
                            continue;
                        }
                        let text = format!("{DIGEST}:{zeros}{count}{end}{behind}");
                        assert!(only(text.as_bytes(), SHAPE) == Ok(Entry { key, count }), "{text:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_wrong_byte_is_found_wherever_it_is() {
    let row = format!("{DIGEST}:12345\n{DIGEST}:1\n");
    for at in 0..47 {
        for byte in 0..=255_u8 {
            let mut text = row.clone().into_bytes();
            text[at] = byte;
            let line = text.split(|byte| *byte == b'\n').next().unwrap();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let expected = (|| {
                let (digest, count) = line.split_at_checked(40)?;
                let count = std::str::from_utf8(count.strip_prefix(b":")?).ok()?;
                let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
                let count = count.parse().ok().filter(|count| digits && *count > 0)?;
                Some(Entry { key: hex::decode_key(digest)?, count })
            })();
            assert!(only(&text, SHAPE).ok() == expected, "byte {byte} at {at}");
        }
    }
}

#[test]
fn a_suffix_is_a_digest_without_its_first_digits() {
    let shape = RowShape { named_digits: 5, ..SHAPE };
    let whole = hex::decode_key(format!("00000{}", &DIGEST[5..]).as_bytes()).unwrap();
    for behind in ["", "0123456789abcdef\n"] {
        let text = format!("{}:3\n{behind}", &DIGEST[5..]);
        assert!(only(text.as_bytes(), shape) == Ok(Entry { key: whole, count: 3 }));
    }
    assert!(only(format!("{}:3\n", &DIGEST[5..32]).as_bytes(), shape) == Err(LineFault::OtherKind));
}

#[test]
fn bare_digests_are_rows_only_where_that_was_said() {
    let text = format!("{DIGEST}\r\n");
    assert!(only(text.as_bytes(), SHAPE) == Err(LineFault::MissingCount));
    assert!(only(text.as_bytes(), RowShape { bare: true, ..SHAPE }).is_ok());
}

#[test]
fn blanks_behind_a_row_are_padding_in_lists_and_a_fault_in_bodies() {
    let key = hex::decode_key(DIGEST.as_bytes()).unwrap();
    for blanks in [" ", "\t", "                      ", " \t \t"] {
        for end in ["\n", "\r\n"] {
            let text = format!("{DIGEST}:37{blanks}{end}{DIGEST}:1{end}");
            let mut rows = Rows::new(text.as_bytes(), SHAPE, true).padded();
            assert!(rows.next() == Some(Ok(Entry { key, count: 37 })) && rows.next().unwrap().is_ok());
            assert_eq!(only(text.as_bytes(), SHAPE).err(), Some(LineFault::NotACount));
        }
    }
    // Blanks elsewhere stay faults.
    for line in
        [format!(" {DIGEST}:1"), format!("{DIGEST} :1"), format!("{DIGEST}: 1"), format!("{DIGEST}:1 2")]
    {
        let text = line + "\n";
        assert!(Rows::new(text.as_bytes(), SHAPE, true).padded().next().unwrap().is_err(), "{text}");
    }
    assert_eq!(Rows::new(b"  \n", SHAPE, true).padded().next(), Some(Err(LineFault::Empty)));
}
