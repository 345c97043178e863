//! CSV records with strict quotes (RFC 4180), and how reading resumes behind a broken one.
//!
//! A cell that does not begin with a quote keeps the quotes in it. Text behind a closing quote and a quote that stays open
//! break a record; [`Records::rewind`] then goes back to the line behind the broken record's first one, so that a stray
//! quote costs one line and never the lines that it seems to enclose.

#![forbid(unsafe_code)]

use std::io::{self, Read as _};

use zeroize::Zeroizing;

use super::text::Text;
use crate::error::LineFault;

/// Text is read in pieces of this size.
const PIECE: usize = 1 << 18;
/// A longer record is broken.
const LONGEST_RECORD: usize = 1 << 20;
/// A cell in quotes with more lines is one whose quote was not closed. Notes of password managers have hundreds.
pub(crate) const MOST_LINES: usize = 1000;

/// How cells are separated and escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    /// A backslash escapes a quote and a backslash, instead of a doubled quote.
    pub(crate) has_backslashes: bool,
}

/// The cells of one record, unescaped.
#[derive(Default)]
pub(crate) struct Cells {
    bytes: Zeroizing<Vec<u8>>,
    ends: Vec<usize>,
}

impl Cells {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell; empty beyond the last.
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let Some(end) = self.ends.get(at) else { return b"" };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..*end]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|at| self.get(at))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds to the cell. What grows leaves no copy behind.
    fn add(&mut self, text: &[u8]) {
        let length = self.bytes.len() + text.len();
        if length > self.bytes.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(text);
    }

    fn close(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// The cells of a line that is at hand as a whole, such as a header; `None` where its quotes are broken.
pub(crate) fn split_line(line: &[u8], dialect: Dialect) -> Option<Cells> {
    let mut cells = Cells::default();
    matches!(parse(line, true, dialect, &mut cells), Parsed::Record(_)).then_some(cells)
}

enum Parsed {
    /// The record does not end in what was read so far.
    More,
    /// A record of so many bytes with its line end.
    Record(usize),
    Broken(LineFault),
}

/// The records of a text.
pub(crate) struct Records<'m> {
    text: Text<'m>,
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
    ended: bool,
    /// The line on which the next record begins, from 1.
    line: u64,
    cells: Cells,
    /// Where the lines behind the last record's first one begin, and how many lines the record took.
    second: usize,
    took: u64,
}

impl<'m> Records<'m> {
    pub(crate) fn new(text: Text<'m>) -> Self {
        Self {
            text,
            buffer: Zeroizing::new(vec![0; PIECE]),
            start: 0,
            end: 0,
            ended: false,
            line: 1,
            cells: Cells::default(),
            second: 0,
            took: 0,
        }
    }

    /// What a cell that is not text is told.
    pub(crate) fn undecodable(&self) -> LineFault {
        self.text.fault()
    }

    /// The first line that is not read yet, without its end; empty at the end of the text.
    pub(crate) fn peek_line(&mut self) -> io::Result<&[u8]> {
        loop {
            if let Some((content, _)) = line_end(self.unread(), self.ended) {
                return Ok(&self.buffer[self.start..self.start + content]);
            }
            if self.ended || self.end - self.start > LONGEST_RECORD {
                return Ok(self.unread());
            }
            self.fill()?;
        }
    }

    /// Passes over the line that [`Self::peek_line`] shows.
    pub(crate) fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some((_, length)) = line_end(self.unread(), self.ended) {
                self.start += length;
                break;
            }
            if self.ended {
                self.start = self.end;
                break;
            }
            // What is passed over need not be kept.
            self.start = self.end;
            self.fill()?;
        }
        self.line += 1;
        Ok(())
    }

    /// The next record's first line and whether it could be read; its cells are in [`Self::cells`]. `None` at the end.
    /// Lines with nothing on them are counted and are no records.
    pub(crate) fn next(&mut self, dialect: Dialect) -> io::Result<Option<(u64, Result<(), LineFault>)>> {
        loop {
            if self.start == self.end && !self.ended {
                self.fill()?;
            }
            if self.start == self.end && self.ended {
                return Ok(None);
            }
            self.cells.clear();
            let unread = &self.buffer[self.start..self.end];
            match parse(unread, self.ended, dialect, &mut self.cells) {
                Parsed::Record(length) => {
                    let line = self.line;
                    let is_blank = self.cells.len() == 1 && matches!(unread[0], b'\n' | b'\r');
                    self.second = self.start + line_end(unread, true).map_or(length, |(_, length)| length);
                    self.took = lines_in(&unread[..length]).max(1);
                    self.start += length;
                    self.line += self.took;
                    if !is_blank {
                        return Ok(Some((line, Ok(()))));
                    }
                }
                Parsed::More if unread.len() <= LONGEST_RECORD => self.fill()?,
                Parsed::More => {
                    let line = self.line;
                    self.skip_line()?;
                    self.forget();
                    return Ok(Some((line, Err(LineFault::TooLong(LONGEST_RECORD)))));
                }
                Parsed::Broken(fault) => {
                    let line = self.line;
                    self.skip_line()?;
                    self.forget();
                    return Ok(Some((line, Err(fault))));
                }
            }
        }
    }

    /// The cells of the last record.
    pub(crate) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Goes back to the line behind the last record's first one: what the record seemed to enclose is read for itself.
    pub(crate) fn rewind(&mut self) {
        if self.took > 1 {
            self.start = self.second;
            self.line -= self.took - 1;
        }
        self.forget();
    }

    /// A record whose first line alone was taken cannot be gone back to.
    fn forget(&mut self) {
        self.took = 1;
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Moves what is left to the front and reads behind it.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            let mut larger = Zeroizing::new(vec![0; self.buffer.len() * 2]);
            larger[..self.end].copy_from_slice(&self.buffer);
            self.buffer = larger;
        }
        let read = self.text.read(&mut self.buffer[self.end..])?;
        self.end += read;
        self.ended = read == 0;
        Ok(())
    }
}

/// Where the first line ends without and with its line end (LF, CR LF or CR); `None` where that is not known yet.
fn line_end(bytes: &[u8], ended: bool) -> Option<(usize, usize)> {
    let Some(at) = memchr::memchr2(b'\n', b'\r', bytes) else {
        return (ended && !bytes.is_empty()).then_some((bytes.len(), bytes.len()));
    };
    end_at(bytes, at, ended).map(|length| (at, length))
}

/// The bytes up to and with the line end that begins at `at`; `None` where a CR may be half of one.
fn end_at(bytes: &[u8], at: usize, ended: bool) -> Option<usize> {
    match (bytes[at], bytes.get(at + 1)) {
        (b'\n', _) => Some(at + 1),
        (_, Some(b'\n')) => Some(at + 2),
        (_, None) if !ended => None,
        _ => Some(at + 1),
    }
}

/// Line ends: each LF, and each CR that has none behind it.
fn lines_in(bytes: &[u8]) -> u64 {
    let lone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
    let feeds = memchr::memchr_iter(b'\n', bytes).count();
    (feeds + memchr::memchr_iter(b'\r', bytes).filter(lone).count()) as u64
}

fn parse(bytes: &[u8], ended: bool, dialect: Dialect, cells: &mut Cells) -> Parsed {
    let mut at = 0;
    loop {
        let next = match bytes.get(at) {
            Some(b'"') => match quoted(&bytes[at + 1..], ended, dialect, cells) {
                Ok(Some(length)) => at + 1 + length,
                Ok(None) => return Parsed::More,
                Err(fault) => return Parsed::Broken(fault),
            },
            _ => {
                let cell = &bytes[at..];
                let length = memchr::memchr3(dialect.delimiter, b'\n', b'\r', cell).unwrap_or(cell.len());
                cells.add(&cell[..length]);
                at + length
            }
        };
        match bytes.get(next) {
            Some(byte) if *byte == dialect.delimiter => {
                cells.close();
                at = next + 1;
            }
            Some(b'\n' | b'\r') => {
                cells.close();
                return end_at(bytes, next, ended).map_or(Parsed::More, Parsed::Record);
            }
            Some(_) => return Parsed::Broken(LineFault::TextAfterQuote),
            None if ended => {
                cells.close();
                return Parsed::Record(next);
            }
            None => return Parsed::More,
        }
    }
}

/// Unescapes the cell whose opening quote is just before; the bytes up to and with the closing one, or `None` where it is
/// not among them yet.
fn quoted(
    bytes: &[u8],
    ended: bool,
    dialect: Dialect,
    cells: &mut Cells,
) -> Result<Option<usize>, LineFault> {
    let mut at = 0;
    loop {
        let found = match dialect.has_backslashes {
            true => memchr::memchr2(b'"', b'\\', &bytes[at..]),
            false => memchr::memchr(b'"', &bytes[at..]),
        };
        let Some(length) = found else {
            let is_open = ended || bytes.len() > LONGEST_RECORD || lines_in(bytes) > MOST_LINES as u64;
            return if is_open { Err(LineFault::OpenQuote) } else { Ok(None) };
        };
        let found = at + length;
        cells.add(&bytes[at..found]);
        let escaped = match (bytes[found], bytes.get(found + 1)) {
            (b'\\', Some(escaped)) => *escaped,
            (b'"', Some(b'"')) if !dialect.has_backslashes => b'"',
            (_, None) if !ended => return Ok(None),
            (b'\\', None) => return Err(LineFault::OpenQuote),
            _ if lines_in(&bytes[..found]) > MOST_LINES as u64 => return Err(LineFault::OpenQuote),
            _ => return Ok(Some(found + 1)),
        };
        cells.add(&[escaped]);
        at = found + 2;
    }
}
