//! CSV (RFC 4180): cells in quotes may hold line ends, quotes in them are doubled, or escaped in KeePass 1's dialect.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use breachdex::Kind;
use csv::{ByteRecord, Reader, ReaderBuilder};

use super::ReadOptions;
use super::digest;
use super::header::Header;
use super::input::Opened;
use super::text::Text;
use crate::account::{Record, Secret, Sink};
use crate::error::{AuditError, LineFault, Result};
use crate::formats::{Format, Request};

/// How much of the beginning is looked at to know the dialect.
const PEEK: u64 = 4096;
/// No record of an export is as long; a quote that is not closed makes one of the rest of the file.
const LONGEST_RECORD: usize = 1 << 26;

pub(crate) fn read(input: Opened, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let Request { format, options, kind } = *request;
    let name = input.name;
    let failed = Opened::failed(&name);
    let mut text = Text::new(input.reader, options.encoding).map_err(&failed)?;
    let fault = text.fault();
    let mut start = Vec::new();
    text.by_ref().take(PEEK).read_to_end(&mut start).map_err(&failed)?;
    let expected = expected(&start, format.spec().headers);
    let has_backslashes = expected.is_some_and(|header| header.has_backslashes);
    let quotes = Rc::new(Cell::new(Quotes::default()));
    let source = Watched {
        reader: Cursor::new(start).chain(text),
        quotes: Rc::clone(&quotes),
        has_backslashes,
        has_return: false,
        length: 0,
        last: b'\n',
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(options.delimiter.unwrap_or(b','))
        .double_quote(!has_backslashes)
        .escape(has_backslashes.then_some(b'\\'))
        .from_reader(BufReader::new(source));
    let mut header = ByteRecord::new();
    if !next(&mut reader, &mut header, &failed)? {
        return Err(AuditError::Empty { name });
    }
    let columns = Columns::find(&name, format, expected, options, &header)?;
    let mut record = ByteRecord::new();
    let mut following = ByteRecord::new();
    let mut is_there = next(&mut reader, &mut record, &failed)?;
    let mut line = first_line(&reader, &record);
    while is_there {
        is_there = next(&mut reader, &mut following, &failed)?;
        // A quote that is not closed takes in all that follows, so that only the last record can have one.
        let is_open = !is_there && quotes.get().is_odd;
        // The line end that the file's last line was given is in that cell too.
        line += u64::from(is_open);
        match columns.check(&record, is_open, fault) {
            Ok(()) => columns.tell(&record, line, options.digests.then_some(kind), sink)?,
            Err(fault) => sink.malformed(line, fault)?,
        }
        line = first_line(&reader, &following);
        std::mem::swap(&mut record, &mut following);
    }
    Ok(())
}

/// The next record; `false` at the end.
fn next<R: Read>(
    reader: &mut Reader<R>,
    record: &mut ByteRecord,
    failed: impl Fn(io::Error) -> AuditError,
) -> Result<bool> {
    reader.read_byte_record(record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => failed(error),
        // Nothing else can happen to records of bytes of any length.
        _ => failed(io::Error::from(io::ErrorKind::InvalidData)),
    })
}

/// Which of a format's headers the file has; `None` where the user names the columns. A file with none of them is told
/// so when its columns are looked for.
fn expected(start: &[u8], headers: &'static [Header]) -> Option<&'static Header> {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let found = headers.iter().find(|header| header.is_of(&line));
    found.or_else(|| headers.iter().find(|header| !header.has_backslashes))
}

/// Where in a record the things are.
struct Columns {
    width: usize,
    secret: usize,
    user: Option<usize>,
    item: Option<(usize, &'static str)>,
}

impl Columns {
    fn find(
        name: &str,
        format: Format,
        expected: Option<&'static Header>,
        options: &ReadOptions,
        header: &ByteRecord,
    ) -> Result<Self> {
        let width = header.len();
        if let Some(expected) = expected {
            let place = |column: &str| {
                header.iter().position(|cell| cell.trim_ascii().eq_ignore_ascii_case(column.as_bytes()))
            };
            let required = |column: &'static str| {
                place(column).ok_or_else(|| AuditError::NotTheFormat {
                    name: name.to_owned(),
                    format,
                    reason: format!("its first line names no column {column}"),
                })
            };
            let item =
                expected.item.map(|(column, value)| required(column).map(|at| (at, value))).transpose()?;
            let user = Some(required(expected.user)?);
            return Ok(Self { width, secret: required(expected.password)?, user, item });
        }
        let place = |column: &str| {
            let mut places = header.iter().enumerate().filter(|(_, cell)| *cell == column.as_bytes());
            match (places.next(), places.next()) {
                (Some((at, _)), None) => Ok(at),
                (None, _) => Err(AuditError::NoSuchColumn {
                    name: name.to_owned(),
                    column: column.to_owned(),
                    found: width,
                }),
                _ => Err(AuditError::ColumnTwice { name: name.to_owned(), column: column.to_owned() }),
            }
        };
        let user = options.user_column.as_deref().map(place).transpose()?;
        Ok(Self { width, secret: place(options.column.as_deref().unwrap_or_default())?, user, item: None })
    }

    fn check(&self, record: &ByteRecord, is_open: bool, undecodable: LineFault) -> Result<(), LineFault> {
        if is_open {
            return Err(LineFault::OpenQuote);
        }
        if record.len() != self.width {
            let (expected, found) = (self.width as u64, record.len() as u64);
            return Err(LineFault::Cells { expected, found });
        }
        if record.iter().all(|cell| std::str::from_utf8(cell).is_ok()) { Ok(()) } else { Err(undecodable) }
    }

    fn tell(&self, record: &ByteRecord, line: u64, digests: Option<Kind>, sink: &mut dyn Sink) -> Result<()> {
        let cell = |at: usize| record.get(at).unwrap_or_default();
        if self.item.is_some_and(|(at, login)| cell(at) != login.as_bytes()) {
            sink.other_item();
            return Ok(());
        }
        let user = self.user.and_then(|at| std::str::from_utf8(cell(at)).ok()).unwrap_or_default();
        let secret = cell(self.secret);
        let Some(kind) = digests else {
            return sink.record(Record::with_password(line, user, secret));
        };
        match secret.trim_ascii() {
            b"" => sink.record(Record::new(line, user, Secret::Absent)),
            digits => match digest(kind, digits) {
                Ok(digest) => sink.record(Record::new(line, user, Secret::Digest(digest))),
                Err(fault) => sink.malformed(line, fault),
            },
        }
    }
}

/// Whether the quotes so far are odd in number, which at the end of a file means that one was not closed.
#[derive(Clone, Copy, Default)]
struct Quotes {
    is_odd: bool,
    /// The last byte was a backslash that escapes the next.
    is_escaped: bool,
}

impl Quotes {
    fn pass(&mut self, byte: u8, has_backslashes: bool) {
        match (self.is_escaped, byte) {
            (true, _) => self.is_escaped = false,
            (false, b'\\') => self.is_escaped = has_backslashes,
            (false, b'"') => self.is_odd ^= true,
            _ => {}
        }
    }
}

/// Watches the quotes that pass, and has every record end at LF, so that lines can be counted: the CR before it is
/// dropped outside of quotes, and the last line gets one.
struct Watched<R> {
    reader: R,
    quotes: Rc<Cell<Quotes>>,
    has_backslashes: bool,
    /// A CR outside of quotes of which it is not known what follows.
    has_return: bool,
    /// Bytes of the record so far.
    length: usize,
    /// The last byte that was handed on; LF at first, for nothing needs no line end.
    last: u8,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 {
            // There is room for a CR that was held back.
            let read = self.reader.read(&mut buffer[1..])?;
            if read == 0 {
                let end = if std::mem::take(&mut self.has_return) { b'\r' } else { b'\n' };
                let is_wanted = end == b'\r' || self.last != b'\n';
                self.last = end;
                buffer[0] = end;
                return Ok(usize::from(is_wanted));
            }
            let mut quotes = self.quotes.get();
            for at in 1..=read {
                let byte = buffer[at];
                if std::mem::take(&mut self.has_return) && byte != b'\n' {
                    buffer[written] = b'\r';
                    written += 1;
                }
                if byte == b'\r' && !quotes.is_odd {
                    self.has_return = true;
                    continue;
                }
                quotes.pass(byte, self.has_backslashes);
                self.length = if byte == b'\n' && !quotes.is_odd { 0 } else { self.length + 1 };
                buffer[written] = byte;
                written += 1;
            }
            self.quotes.set(quotes);
            if self.length > LONGEST_RECORD {
                let reason = "a record of more than 64 MiB; it seems that a quote is not closed";
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
        }
        self.last = buffer[written - 1];
        Ok(written)
    }
}

/// The line on which a record begins, which was just read; lines without a cell are counted and are no records.
fn first_line<R: Read>(reader: &Reader<R>, record: &ByteRecord) -> u64 {
    let within = memchr::memchr_iter(b'\n', record.as_slice()).count() as u64;
    reader.position().line().saturating_sub(within + 1)
}
