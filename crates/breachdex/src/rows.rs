//! Rows of the range protocol and of text corpora: `SUFFIX:COUNT`, upper-case.

#![forbid(unsafe_code)]

use crate::digest::Kind;
use crate::entry::Entry;
use crate::hex;

/// Appends `SUFFIX:COUNT` without a line end: the digest's digits after the first `skip_digits`, and the
/// count unless `with_count` is false. About 10 ns.
pub fn write_row(out: &mut Vec<u8>, entry: &Entry, kind: Kind, skip_digits: usize, with_count: bool) {
    let mut digits = [0; 48];
    hex::encode_key(&entry.key, &mut digits);
    out.extend_from_slice(&digits[skip_digits.min(kind.hex_digits())..kind.hex_digits()]);
    if with_count {
        out.push(b':');
        write_decimal(out, entry.count);
    }
}

/// Appends a number in decimal.
#[inline]
fn write_decimal(out: &mut Vec<u8>, mut number: u64) {
    if number < 10 {
        out.push(b'0' + number as u8);
        return;
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits[at..]);
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
