//! Looking one digest up in a range's body, tolerantly: what real servers and mirrors send is understood,
//! what is no row is an error and never "not found".

#![forbid(unsafe_code)]

use breachdex::{Digest, Entry, Kind};

use crate::PREFIX_DIGITS;

/// What is wrong with a body. It never repeats the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// No row at all: servers answer at least one, of zeros where there is nothing.
    #[error("the answer is empty")]
    Empty,
    /// The line, from 1, that is no row of the kind.
    #[error("line {line} of the answer is not a row of {} hex digits, a colon and a count", kind.hex_digits() - PREFIX_DIGITS)]
    NotARow {
        /// From 1.
        line: usize,
        /// The kind that was asked for.
        kind: Kind,
    },
}

/// How often a body says that a digest was seen; 0 when it does not hold it.
///
/// Rows may be in any order and case, end at CRLF or LF, the last one with or without, and counts may have commas
/// between their digits. Rows of count 0 are padding and never a match. Every row is looked at, also behind a
/// match. Linear in the body's length, allocates nothing.
///
/// # Errors
/// [`Malformed`] when any line is not a row.
///
/// ```
/// use breachdex::Digest;
/// use breachdex_protocol::body::count;
/// let body = b"1e4c9b93f3f0682250b6cf8331b7ee68fd8:52,256,179\n00000000000000000000000000000000001:0";
/// assert_eq!(count(body, &Digest::sha1(b"password"))?, 52_256_179);
/// # Ok::<(), breachdex_protocol::body::Malformed>(())
/// ```
pub fn count(body: &[u8], digest: &Digest) -> Result<u64, Malformed> {
    let wanted = SuffixDigits::new(digest);
    let mut found = 0;
    each_row(body, digest.kind(), |suffix, count| {
        if wanted.is(suffix) {
            found = found.max(count);
        }
    })?;
    Ok(found)
}

/// A body without its padding, as the service itself words one: upper-case rows in order, CRLF between them.
///
/// # Errors
/// [`Malformed`] when any line is not a row.
pub fn without_padding(body: &[u8], kind: Kind) -> Result<String, Malformed> {
    let mut rows = Vec::new();
    each_row(body, kind, |suffix, count| {
        if count > 0 {
            rows.push((String::from_utf8_lossy(suffix).to_ascii_uppercase(), count));
        }
    })?;
    rows.sort_unstable();
    let rows: Vec<String> = rows.into_iter().map(|(suffix, count)| format!("{suffix}:{count}")).collect();
    Ok(rows.join("\r\n"))
}

/// The entries of a body without its padding, in order; rows of one suffix count once, with the largest count.
///
/// # Errors
/// [`Malformed`] when any line is not a row.
///
/// ```
/// use breachdex::Kind;
/// use breachdex_protocol::body::entries;
/// let body = b"1e4c9b93f3f0682250b6cf8331b7ee68fd8:7\n00000000000000000000000000000000001:0";
/// let entries = entries(body, 0x5BAA6, Kind::Sha1)?;
/// assert_eq!((entries.len(), entries[0].count()), (1, 7));
/// # Ok::<(), breachdex_protocol::body::Malformed>(())
/// ```
pub fn entries(body: &[u8], prefix: u32, kind: Kind) -> Result<Vec<Entry>, Malformed> {
    let mut all = Vec::new();
    each_row(body, kind, |suffix, count| {
        if count > 0 {
            let digits = format!("{prefix:05X}{}", String::from_utf8_lossy(suffix));
            all.extend(Digest::from_hex(kind, digits.as_bytes()).map(|digest| Entry::new(&digest, count)));
        }
    })?;
    all.sort_unstable_by_key(|entry| (entry.key_bytes(), std::cmp::Reverse(entry.count())));
    all.dedup_by_key(|entry| entry.key_bytes());
    Ok(all)
}

/// Hands every row to `see`.
fn each_row(body: &[u8], kind: Kind, mut see: impl FnMut(&[u8], u64)) -> Result<(), Malformed> {
    let text = body.strip_suffix(b"\n").unwrap_or(body);
    if text.is_empty() || text == b"\r" {
        return Err(Malformed::Empty);
    }
    for (i, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (suffix, count) = row(line, kind).ok_or(Malformed::NotARow { line: i + 1, kind })?;
        see(suffix, count);
    }
    Ok(())
}

/// The suffix and the count of a line.
fn row(line: &[u8], kind: Kind) -> Option<(&[u8], u64)> {
    let (suffix, count) = line.split_at_checked(kind.hex_digits() - PREFIX_DIGITS)?;
    let count = number(count.strip_prefix(b":")?)?;
    suffix.iter().all(u8::is_ascii_hexdigit).then_some((suffix, count))
}

/// A whole number; commas may stand between digits.
fn number(digits: &[u8]) -> Option<u64> {
    if !digits.first()?.is_ascii_digit() || !digits.last()?.is_ascii_digit() {
        return None;
    }
    digits.iter().filter(|byte| **byte != b',').try_fold(0_u64, |number, byte| {
        let value = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(value)
    })
}

/// The upper-case hex digits of a digest behind its prefix; overwritten when dropped.
struct SuffixDigits(zeroize::Zeroizing<Vec<u8>>);

impl SuffixDigits {
    fn new(digest: &Digest) -> Self {
        let bytes = digest.to_bytes();
        let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let mut digits = zeroize::Zeroizing::new(Vec::with_capacity(bytes.len() * 2));
        digits.extend(nibbles.skip(PREFIX_DIGITS).map(|nibble| b"0123456789ABCDEF"[usize::from(nibble)]));
        Self(digits)
    }

    fn is(&self, suffix: &[u8]) -> bool {
        self.0.eq_ignore_ascii_case(suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUFFIX: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    fn ask(body: &str) -> Result<u64, String> {
        count(body.as_bytes(), &Digest::sha1(b"password")).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_body_without_padding_is_in_order_and_upper_case() {
        let suffix = SUFFIX.to_lowercase();
        let other = "0018A45C4D1DEF81644B54AB7F969B88D65";
        let body = format!("{suffix}:1,000\n{other}:7\nF{}:0", &other[1..]);
        let rows = without_padding(body.as_bytes(), Kind::Sha1);
        assert_eq!(rows, Ok(format!("{other}:7\r\n{SUFFIX}:1000")));
        assert_eq!(without_padding(b"", Kind::Sha1), Err(Malformed::Empty));
        let fault = without_padding(format!("{other}:7\n{other}").as_bytes(), Kind::Sha1);
        assert_eq!(fault, Err(Malformed::NotARow { line: 2, kind: Kind::Sha1 }));
    }

    #[test]
    fn what_real_servers_send_is_understood() {
        let other = "0018A45C4D1DEF81644B54AB7F969B88D65:1";
        for end in ["\r\n", "\n"] {
            for last in ["", end] {
                for suffix in [SUFFIX.to_owned(), SUFFIX.to_lowercase()] {
                    assert_eq!(ask(&format!("{other}{end}{suffix}:52256179{last}")), Ok(52_256_179));
                    assert_eq!(ask(&format!("{suffix}:52,256,179{end}{other}{last}")), Ok(52_256_179));
                }
                assert_eq!(ask(&format!("{other}{last}")), Ok(0));
            }
        }
        let ntlm = Digest::ntlm("password");
        assert_eq!(count(b"AEE8FB117AD06BDD830B7586C00:9", &ntlm).ok(), Some(0));
        assert_eq!(count(b"7EAEE8FB117AD06BDD830B7586C:9", &ntlm).ok(), Some(9));
    }

    #[test]
    fn padding_is_never_a_match() {
        assert_eq!(ask(&format!("{SUFFIX}:0")), Ok(0));
        assert_eq!(ask(&format!("{SUFFIX}:3\r\n{SUFFIX}:0")), Ok(3));
    }

    #[test]
    fn what_is_no_row_is_an_error_wherever_it_is() {
        for empty in ["", "\n", "\r\n"] {
            assert_eq!(ask(empty), Err("the answer is empty".into()));
        }
        for bad in [
            "<html>",
            "\r",
            &SUFFIX[1..],
            SUFFIX,
            &format!("{SUFFIX}:"),
            &format!("{SUFFIX}:-1"),
            &format!("{SUFFIX}:1,"),
            &format!("{SUFFIX}:99999999999999999999999"),
            &format!("{SUFFIX};1"),
            &format!("G{}:1", &SUFFIX[1..]),
            "7EAEE8FB117AD06BDD830B7586C:9",
        ] {
            let said = "line 2 of the answer is not a row of 35 hex digits, a colon and a count";
            assert_eq!(ask(&format!("{SUFFIX}:5\r\n{bad}\r\n{SUFFIX}:5")), Err(said.into()), "{bad}");
        }
    }
}
