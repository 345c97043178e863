//! Rows of the range protocol and of text corpora: `SUFFIX:COUNT`, upper-case.

#![forbid(unsafe_code)]

use crate::digest::Kind;
use crate::entry::Entry;
use crate::hex;

/// Appends `SUFFIX:COUNT` without a line end: the digest's digits after the first `skip_digits`, and the
/// count unless `with_count` is false.
#[inline]
pub fn write_row(out: &mut Vec<u8>, entry: &Entry, kind: Kind, skip_digits: usize, with_count: bool) {
    // 48 digits, then a colon and at most 20 more.
    let mut row = [0; 72];
    let digits = kind.hex_digits().saturating_sub(skip_digits);
    let mut rest = entry.key;
    for _ in 0..skip_digits.min(48) / 15 {
        rest = rest.skip(60);
    }
    hex::encode_key(&rest.skip(skip_digits as u32 % 15 * 4), &mut row);
    let mut end = digits;
    if with_count {
        row[end] = b':';
        end = put_decimal(&mut row, end + 1, entry.count);
    }
    // Copying all of a fixed length and forgetting the rest costs less than copying the right length.
    let length = out.len() + end;
    out.extend_from_slice(&row);
    out.truncate(length);
}

/// Writes a number in decimal at `at` and gives the place behind it.
#[inline(always)]
pub(crate) fn put_decimal(row: &mut [u8; 72], at: usize, number: u64) -> usize {
    if number < 10 {
        row[at] = b'0' + number as u8;
        return at + 1;
    }
    let length = number.ilog10() as usize + 1;
    let mut rest = number;
    for digit in row[at..at + length].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    at + length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn rows_are_upper_case_suffix_colon_count() {
        for count in [1, 9, 10, 99, 100, 52_256_179, u64::MAX] {
            let mut out = Vec::new();
            write_row(&mut out, &Entry::new(&Digest::sha1(b"password"), count), Kind::Sha1, 5, true);
            let expected = format!("1E4C9B93F3F0682250B6CF8331B7EE68FD8:{count}");
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
        let mut out = Vec::new();
        write_row(&mut out, &Entry::new(&Digest::ntlm("password"), 3), Kind::Ntlm, 0, false);
        assert_eq!(out, b"8846F7EAEE8FB117AD06BDD830B7586C");
    }
}
