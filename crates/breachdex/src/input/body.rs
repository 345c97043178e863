//! One body of the range protocol, read strictly: what a corpus is made of.

#![forbid(unsafe_code)]

use super::faults::{LineFault, RowShape};
use super::lines::Rows;
use crate::coverage::PREFIX_COUNT;
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::kernels::{ActiveKernel, BitOperations, Kernel, Task};

/// Hex digits of a range's prefix, which its rows leave out.
pub(crate) const PREFIX_DIGITS: usize = 5;

/// What is wrong with a range's body. It never repeats the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct BodyFault {
    /// The line, from 1, where the fault has one.
    pub line: Option<u64>,
    /// What is wrong.
    pub reason: String,
}

/// Appends the entries of a range's body to `entries`: `SUFFIX:COUNT` rows of the kind's width under a 20-bit
/// prefix, ascending, each digest once, every count 1 or more, lines that end at CRLF or LF. One row of
/// zeros with the count 0 says that the range is empty. A line end is added to `body` where the last row has none.
///
/// Some 30 ns a row; allocates only what `entries` needs.
///
/// ```
/// use breachdex::{Kind, read_range_body};
/// let mut body = b"1E4C9B93F3F0682250B6CF8331B7EE68FD8:52256179".to_vec();
/// let mut entries = Vec::new();
/// read_range_body(Kind::Sha1, 0x5BAA6, &mut body, &mut entries)?;
/// assert_eq!(entries[0].count(), 52_256_179);
/// # Ok::<(), breachdex::BodyFault>(())
/// ```
///
/// # Errors
/// [`BodyFault`] for the first row that is not as it should be; `entries` then holds the rows before it.
pub fn read_range_body(
    kind: Kind,
    prefix: u32,
    body: &mut Vec<u8>,
    entries: &mut Vec<Entry>,
) -> Result<(), BodyFault> {
    if body.is_empty() {
        return Err(BodyFault { line: None, reason: "it is empty".into() });
    }
    let shape = RowShape { kind, named_digits: PREFIX_DIGITS, bare: false };
    if says_empty(body, shape) {
        return Ok(());
    }
    if body.last() != Some(&b'\n') {
        body.push(b'\n');
    }
    let mut top = Key::default();
    top.place(0, 20, u64::from(prefix % PREFIX_COUNT));
    let task = ReadBody { rows: Rows::new(body, shape, true), top, entries };
    ActiveKernel::choose(Kernel::Auto)
        .run(task)
        .map_err(|(line, fault)| BodyFault { line: Some(line), reason: fault.describe(shape) })
}

/// Whether the only row is the all-zero suffix with the count 0.
pub(crate) fn says_empty(text: &[u8], shape: RowShape) -> bool {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    text.len() == shape.digits() + 2
        && text.ends_with(b":0")
        && text[..shape.digits()].iter().all(|digit| *digit == b'0')
}

struct ReadBody<'a, 'b> {
    rows: Rows<'b>,
    top: Key,
    entries: &'a mut Vec<Entry>,
}

impl Task for ReadBody<'_, '_> {
    /// The line of the first fault.
    type Output = Result<(), (u64, LineFault)>;

    #[inline(always)]
    fn run<O: BitOperations>(mut self) -> Self::Output {
        let mut last: Option<Key> = None;
        while let Some(row) = self.rows.next_row::<O>() {
            let Entry { mut key, count } = row.map_err(|fault| (self.rows.lines(), fault))?;
            key.words[0] |= self.top.words[0];
            match last {
                Some(last) if last == key => return Err((self.rows.lines(), LineFault::Duplicate)),
                Some(last) if last > key => return Err((self.rows.lines(), LineFault::OutOfOrder)),
                _ => {}
            }
            last = Some(key);
            self.entries.push(Entry { key, count });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, text: &str) -> Result<usize, String> {
        let mut entries = Vec::new();
        read_range_body(kind, 0xabcde, &mut text.as_bytes().to_vec(), &mut entries)
            .map(|()| entries.len())
            .map_err(|fault| fault.to_string())
    }

    fn row(kind: Kind, suffix: u32, count: &str) -> String {
        format!("{suffix:0width$X}:{count}", width = kind.hex_digits() - PREFIX_DIGITS)
    }

    #[test]
    fn bodies_are_read_with_either_line_end() {
        for kind in [Kind::Sha1, Kind::Ntlm] {
            for end in ["\r\n", "\n"] {
                let body = [row(kind, 1, "3"), row(kind, 2, "99999999999")].join(end);
                assert_eq!(read(kind, &body), Ok(2));
                assert_eq!(read(kind, &(body + end)), Ok(2));
            }
            assert_eq!(read(kind, &row(kind, 0, "0")), Ok(0));
        }
        let mut entries = Vec::new();
        let mut body = row(Kind::Sha1, 0xff, "7").into_bytes();
        read_range_body(Kind::Sha1, 0xabcde, &mut body, &mut entries).expect("a row");
        assert_eq!(entries[0].count(), 7);
        let bytes = entries[0].digest(Kind::Sha1).to_bytes();
        assert_eq!((&bytes[..3], bytes[19]), (&[0xab, 0xcd, 0xe0][..], 0xff));
    }

    #[test]
    fn every_fault_is_said_with_its_line() {
        let kind = Kind::Sha1;
        let two = |second: &str| format!("{}\r\n{second}", row(kind, 5, "1"));
        for (body, said) in [
            (String::new(), "it is empty"),
            (
                two(&row(kind, 4, "1")),
                "line 2: the digest is smaller than the one before it; rows must ascend",
            ),
            (two(&row(kind, 5, "1")), "line 2: the digest occurs more than once"),
            (
                two(&row(kind, 6, "0")),
                "line 2: the count is 0, which marks padding; download the range without padding",
            ),
            (two(&row(kind, 6, "")), "line 2: the count is missing"),
            (two(&row(kind, 6, "x")), "line 2: the count is not a whole number"),
            (two(&row(Kind::Ntlm, 6, "1")), "line 2: expected 35 hex digits for SHA-1, found 27"),
            (two("00000:1"), "line 2: expected 35 hex digits for SHA-1, found 5"),
            (two("\r\n"), "line 2: the line is empty; expected 35 hex digits, a colon and a count"),
            ("<html>".into(), "line 1: this looks like a web page, not a list of digests; download it again"),
        ] {
            assert_eq!(read(kind, &body), Err(said.into()));
        }
    }
}
