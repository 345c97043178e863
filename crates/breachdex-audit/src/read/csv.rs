//! CSV with a header, or of a product that writes none: which columns matter, and what each record says.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::io;

use breachdex::Kind;

use super::ReadOptions;
use super::assumption::Assumption;
use super::digest;
use super::header::{DELIMITERS, Header};
use super::input::Opened;
use super::records::{Cells, Dialect, Records, split_line};
use super::text::{Text, readable_in};
use crate::account::{Record, Secret, Sink};
use crate::error::{AuditError, LineFault, Result};
use crate::formats::{Format, Request};

pub(crate) fn read(input: Opened<'_>, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let Request { format, options, kind } = *request;
    let name = input.name;
    let failed = Opened::failed(&name);
    let text = Text::new(input.reader, options.encoding).map_err(&failed)?;
    if let Some(assumed) = text.assumed() {
        sink.assume(assumed);
    }
    let mut records = Records::new(text);
    let separator = separator_line(&mut records).map_err(&failed)?;
    if let Some(delimiter) = separator {
        sink.assume(Assumption::SeparatorLine(delimiter));
    }
    let first = records.peek_line().map_err(&failed)?;
    if first.is_empty() && records.next(PLAIN).map_err(&failed)?.is_none() {
        return Err(AuditError::Empty { name });
    }
    let given = options.delimiter.or(separator);
    let place = Place { name: &name, format, options };
    let line = records.peek_line().map_err(&failed)?;
    let columns = match format.spec().headers {
        [Header { fixed: Some(_), .. }, ..] => Columns::fixed(&format.spec().headers[0], given),
        [header, ..] if header.has_pairs => Columns::of_pairs(header, line, given),
        [] => Columns::named(&place, line, given)?,
        headers => Columns::of_product(&place, line, given, headers)?,
    };
    if let Some(delimiter) = columns.assumed {
        sink.assume(Assumption::Delimiter(delimiter));
    }
    let undecodable = records.undecodable();
    if columns.has_header {
        records.next(columns.dialect).map_err(&failed)?;
    }
    let mut widths = Widths::default();
    while let Some((line, content)) = records.next(columns.dialect).map_err(&failed)? {
        match content.and_then(|()| columns.check(records.cells(), undecodable)) {
            Ok(()) => columns.tell(records.cells(), line, options.digests.then_some(kind), sink)?,
            Err(fault) => {
                widths.count(fault);
                records.rewind();
                sink.malformed(line, fault)?;
            }
        }
    }
    if let Some(assumed) = widths.explained(&columns) {
        sink.assume(assumed);
    }
    Ok(())
}

const PLAIN: Dialect = Dialect { delimiter: b',', has_backslashes: false };

/// The delimiter of a first line `sep=;`, which spreadsheets write and read. It is passed over.
fn separator_line(records: &mut Records<'_>) -> io::Result<Option<u8>> {
    let line = records.peek_line()?;
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (Some(start), [_, _, _, _, delimiter]) = (line.get(..4), line) else { return Ok(None) };
    if !start.eq_ignore_ascii_case(b"sep=") {
        return Ok(None);
    }
    let delimiter = *delimiter;
    records.skip_line()?;
    Ok(Some(delimiter))
}

/// What is read, for messages, and how.
struct Place<'a> {
    name: &'a str,
    format: Format,
    options: &'a ReadOptions,
}

/// Where in a record the things are.
struct Columns {
    dialect: Dialect,
    has_header: bool,
    width: usize,
    /// Rows may have more cells.
    is_ragged: bool,
    secret: usize,
    /// The first that is not empty names the account.
    users: Vec<usize>,
    /// Where the things are differs from row to row: each has the names of its fields before their values.
    pairs: Option<&'static Header>,
    item: Option<(usize, &'static str)>,
    /// A delimiter that nobody named.
    assumed: Option<u8>,
    has_apostrophes: bool,
    /// An empty cell is an entry without a password, as password managers have many, and not the empty password.
    empty_is_absent: bool,
}

impl Columns {
    /// The columns of a product that writes no header.
    fn fixed(header: &Header, given: Option<u8>) -> Self {
        let (user, secret, width) = header.fixed.unwrap_or_default();
        Self {
            dialect: Dialect { delimiter: given.unwrap_or(b','), has_backslashes: header.has_backslashes },
            has_header: false,
            width,
            is_ragged: header.is_ragged,
            secret,
            users: vec![user],
            pairs: None,
            item: None,
            assumed: None,
            has_apostrophes: header.has_apostrophes,
            empty_is_absent: true,
        }
    }

    /// The rows of a product that names each field in front of its value. The title has no name, nor has the note.
    fn of_pairs(header: &'static Header, line: &[u8], given: Option<u8>) -> Self {
        let candidates = candidates(&given);
        let has_header = |delimiter: &&u8| {
            split_line(line, Dialect { delimiter: **delimiter, ..PLAIN })
                .is_some_and(|cells| header.fits(&names_of(&cells)))
        };
        let delimiter = candidates.iter().find(has_header);
        Self {
            dialect: Dialect { delimiter: *delimiter.unwrap_or(&candidates[0]), ..PLAIN },
            has_header: delimiter.is_some(),
            width: 1,
            is_ragged: header.is_ragged,
            secret: 0,
            users: Vec::new(),
            pairs: Some(header),
            item: None,
            assumed: delimiter.copied().filter(|delimiter| given.is_none() && *delimiter != b','),
            has_apostrophes: header.has_apostrophes,
            empty_is_absent: true,
        }
    }

    /// The columns of a product, by its header.
    fn of_product(
        place: &Place<'_>,
        line: &[u8],
        given: Option<u8>,
        headers: &'static [Header],
    ) -> Result<Self> {
        let candidates = candidates(&given);
        let found = candidates.iter().find_map(|delimiter| {
            let header = headers.iter().find(|header| {
                let dialect = Dialect { delimiter: *delimiter, has_backslashes: header.has_backslashes };
                split_line(line, dialect).is_some_and(|cells| header.fits(&names_of(&cells)))
            })?;
            Some((*delimiter, header))
        });
        // A file with none of the headers is told which column is missing.
        let plain = headers.iter().find(|header| !header.has_backslashes).unwrap_or(&headers[0]);
        let (delimiter, header) = found.unwrap_or((candidates[0], plain));
        let dialect = Dialect { delimiter, has_backslashes: header.has_backslashes };
        let cells = split_line(line, dialect).unwrap_or_default();
        let names = names_of(&cells);
        let at = |column: &str| names.iter().position(|name| name == column);
        let required = |column: &'static str| {
            at(column).ok_or_else(|| AuditError::NotTheFormat {
                name: place.name.to_owned(),
                format: place.format,
                reason: format!("its first line names no column {column}{}", hint(line, column, delimiter)),
            })
        };
        let users = std::iter::once(required(header.user))
            .chain(header.other_users.iter().filter_map(|column| at(column)).map(Ok))
            .collect::<Result<_>>()?;
        let item = header.item.map(|(column, value)| required(column).map(|at| (at, value))).transpose()?;
        Ok(Self {
            dialect,
            has_header: true,
            width: cells.len(),
            is_ragged: header.is_ragged,
            secret: required(header.password)?,
            users,
            pairs: None,
            item,
            assumed: (given.is_none() && delimiter != b',').then_some(delimiter),
            has_apostrophes: header.has_apostrophes,
            empty_is_absent: true,
        })
    }

    /// The columns that the user names.
    fn named(place: &Place<'_>, line: &[u8], given: Option<u8>) -> Result<Self> {
        let ReadOptions { column, user_column, .. } = place.options;
        let secret = column.as_deref().unwrap_or_default();
        let candidates = candidates(&given);
        let split = |delimiter: u8| split_line(line, Dialect { delimiter, ..PLAIN }).unwrap_or_default();
        let has = |delimiter: &u8| split(*delimiter).iter().any(|cell| cell == secret.as_bytes());
        let delimiter = candidates.iter().copied().find(has).unwrap_or(candidates[0]);
        let cells = split(delimiter);
        let place_of = |column: &str| {
            let mut places = cells.iter().enumerate().filter(|(_, cell)| *cell == column.as_bytes());
            match (places.next(), places.next()) {
                (Some((at, _)), None) => Ok(at),
                (None, _) => Err(AuditError::NoSuchColumn {
                    name: place.name.to_owned(),
                    column: column.to_owned(),
                    found: cells.len(),
                    hint: hint(line, column, delimiter),
                }),
                _ => Err(AuditError::ColumnTwice { name: place.name.to_owned(), column: column.to_owned() }),
            }
        };
        let users = user_column.iter().map(|column| place_of(column)).collect::<Result<_>>()?;
        Ok(Self {
            dialect: Dialect { delimiter, ..PLAIN },
            has_header: true,
            width: cells.len(),
            is_ragged: false,
            secret: place_of(secret)?,
            users,
            pairs: None,
            item: None,
            assumed: (given.is_none() && delimiter != b',').then_some(delimiter),
            has_apostrophes: false,
            empty_is_absent: false,
        })
    }

    fn check(&self, cells: &Cells, undecodable: LineFault) -> Result<(), LineFault> {
        let fits = if self.is_ragged { cells.len() >= self.width } else { cells.len() == self.width };
        if !fits {
            let (expected, found) = (self.width as u64, cells.len() as u64);
            return Err(LineFault::Cells { expected, found });
        }
        let encloses_rows = |at: usize| self.encloses_rows(cells.get(at));
        let is_open = match self.pairs {
            Some(header) => self.pair(cells, header.password).is_some_and(encloses_rows),
            None => std::iter::once(&self.secret).chain(&self.users).any(|at| encloses_rows(*at)),
        };
        if is_open {
            return Err(LineFault::OpenQuote);
        }
        if cells.iter().all(|cell| std::str::from_utf8(cell).is_ok()) { Ok(()) } else { Err(undecodable) }
    }

    /// Where the value of a field is, by its name. Of several, the first that is not empty; a star marks what is hidden.
    fn pair(&self, cells: &Cells, name: &str) -> Option<usize> {
        let is_named = |at: &usize| {
            let label = cells.get(*at).trim_ascii();
            label.strip_prefix(b"*").unwrap_or(label).eq_ignore_ascii_case(name.as_bytes())
        };
        let mut values = (1..cells.len().saturating_sub(1)).step_by(2).filter(is_named).map(|at| at + 1);
        let first = values.clone().next();
        values.find(|at| !cells.get(*at).is_empty()).or(first)
    }

    /// Whether a line within a password or a name would be a row by itself: then a quote was not closed before it.
    fn encloses_rows(&self, cell: &[u8]) -> bool {
        let mut lines = cell.split(|byte| matches!(byte, b'\n' | b'\r')).skip(1);
        lines.any(|line| {
            let delimiters = memchr::memchr_iter(self.dialect.delimiter, line).count();
            // A title, a name, its value and a note.
            let width = if self.pairs.is_some() { 4 } else { self.width };
            !line.is_empty() && delimiters + 1 >= width
        })
    }

    fn tell(&self, cells: &Cells, line: u64, digests: Option<Kind>, sink: &mut dyn Sink) -> Result<()> {
        if self.item.is_some_and(|(at, login)| cells.get(at) != login.as_bytes()) {
            sink.other_item();
            return Ok(());
        }
        let Some((users, secret)) = self.places(cells) else {
            sink.other_item();
            return Ok(());
        };
        let named = users.iter().map(|at| self.value(cells.get(*at))).find(|name| !name.is_empty());
        let user = named.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        let secret = self.value(cells.get(secret));
        let Some(kind) = digests else {
            return sink.record(match secret {
                b"" if self.empty_is_absent => Record::new(line, user, Secret::Absent),
                secret => Record::with_password(line, user, secret),
            });
        };
        match secret.trim_ascii() {
            b"" => sink.record(Record::new(line, user, Secret::Absent)),
            digits => match digest(kind, digits) {
                Ok(digest) => sink.record(Record::new(line, user, Secret::of_digest(digest))),
                Err(fault) => sink.malformed(line, fault),
            },
        }
    }

    /// Where the names of the account and the password are in a row; `None` for an item that has none.
    fn places(&self, cells: &Cells) -> Option<(Cow<'_, [usize]>, usize)> {
        let Some(header) = self.pairs else { return Some((Cow::Borrowed(&self.users), self.secret)) };
        let secret = self.pair(cells, header.password)?;
        let names = std::iter::once(&header.user).chain(header.other_users);
        Some((names.filter_map(|name| self.pair(cells, name)).collect::<Vec<_>>().into(), secret))
    }

    /// A cell without the apostrophe that a product puts before what a spreadsheet would take for a formula.
    fn value<'a>(&self, cell: &'a [u8]) -> &'a [u8] {
        match cell {
            [b'\'', b'=' | b'+' | b'-' | b'@' | b'\'', ..] if self.has_apostrophes => &cell[1..],
            cell => cell,
        }
    }
}

fn candidates(given: &Option<u8>) -> &[u8] {
    given.as_ref().map_or(&DELIMITERS, std::slice::from_ref)
}

/// A header's names as they are compared.
fn names_of(cells: &Cells) -> Vec<String> {
    cells.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_lowercase()).collect()
}

/// Why a column may be missing that is there: the header is in another encoding, or has another delimiter.
fn hint(line: &[u8], column: &str, delimiter: u8) -> String {
    let has = |line: &[u8], delimiter| {
        split_line(line, Dialect { delimiter, ..PLAIN }).is_some_and(|cells| {
            cells.iter().any(|cell| cell.trim_ascii().eq_ignore_ascii_case(column.as_bytes()))
        })
    };
    if let Some(other) = DELIMITERS.iter().find(|other| **other != delimiter && has(line, **other)) {
        return format!("; it has one if the delimiter is {}", super::assumption::delimiter_name(*other));
    }
    let found = readable_in(line)
        .into_iter()
        .find(|(_, text)| DELIMITERS.iter().any(|delimiter| has(text.as_bytes(), *delimiter)));
    match found {
        Some((encoding, _)) => format!("; it has one if the encoding is {encoding}"),
        None if std::str::from_utf8(line).is_err() => {
            String::from("; its first line is not text in the encoding that was assumed")
        }
        None => String::new(),
    }
}

/// How many cells the records have that do not fit the header.
#[derive(Default)]
struct Widths {
    /// The number of cells of the first such record, and whether all have as many.
    first: Option<u64>,
    differ: bool,
    records: u64,
}

impl Widths {
    fn count(&mut self, fault: LineFault) {
        if let LineFault::Cells { found, .. } = fault {
            self.differ |= self.first.is_some_and(|first| first != found);
            self.first.get_or_insert(found);
            self.records += 1;
        }
    }

    /// What several records of one other width have in common.
    fn explained(&self, columns: &Columns) -> Option<Assumption> {
        let found = self.first.filter(|_| self.records > 1 && !self.differ)?;
        Some(Assumption::Width { expected: columns.width as u64, found, records: self.records })
    }
}
