//! Rows of Arrow data as entries of an index: a column of digests or passwords, and one of counts where there is one.

#![forbid(unsafe_code)]

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::DataType;
use breachdex::{DigestList, Entry, Kind, ListNotes, memory};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};
use pyo3_arrow::{PyArray, PyArrayReader};

use crate::arrow::{unharmed, unreadable, with_bytes};
use crate::bulk::{Reading, What};
use crate::errors::{from_index, raise};

/// Rows that become entries at a time.
const BLOCK: usize = 1 << 15;

/// Stack that making the digests of a block uses at most.
const ERASED: usize = 1 << 13;

/// Bits of a digest that coverage tells apart.
const RANGE_DIGITS: usize = 5;

/// What is read of every row.
pub(crate) struct RowReader {
    what: What,
    /// The prefixes that rows must be under.
    span: (u32, u32),
    /// Whether rows under other prefixes are left out.
    skip_outside: bool,
    /// Rows so far.
    rows: usize,
    digests: DigestList,
    notes: ListNotes,
}

/// Whether there is any use in more rows.
pub(crate) enum Next {
    More,
    Stop,
}

/// What takes the entries of a block of rows; called while Python is let go.
pub(crate) trait Taker: Fn(Vec<Entry>) -> Next + Sync {}
impl<F: Fn(Vec<Entry>) -> Next + Sync> Taker for F {}

/// The columns of a chunk.
struct Columns {
    digests: ArrayRef,
    counts: Option<ArrayRef>,
    /// Of the rows themselves.
    nulls: Option<NullBuffer>,
}

/// A row that cannot be an entry.
enum BadRow {
    Digest(usize, breachdex::Error),
    Other(usize, &'static str),
    Outside(usize, u32),
}

impl RowReader {
    pub(crate) fn new(kind: Kind, what: What, span: (u32, u32), skip_outside: bool) -> Self {
        Self {
            what,
            span,
            skip_outside,
            rows: 0,
            digests: DigestList::new(kind),
            notes: ListNotes::default(),
        }
    }

    /// What is to be said of the passwords so far.
    pub(crate) fn notes(&self) -> ListNotes {
        self.notes
    }

    /// Reads Arrow data, or anything that yields it, to its end.
    pub(crate) fn read(&mut self, data: &Bound<'_, PyAny>, take: &impl Taker) -> PyResult<Next> {
        let py = data.py();
        if data.hasattr(pyo3::intern!(py, "__arrow_c_stream__"))? {
            return self.read_stream(data, take);
        }
        if data.hasattr(pyo3::intern!(py, "__arrow_c_array__"))? {
            let (array, _) = unharmed(py, || Ok(data.extract::<PyArray>()?.into_inner()))?;
            return self.read_chunk(py, &array, take);
        }
        let is_one = data.is_instance_of::<PyString>()
            || data.is_instance_of::<PyBytes>()
            || data.is_instance_of::<PyByteArray>()
            || data.is_instance_of::<PyMemoryView>();
        let parts = if is_one { None } else { data.try_iter().ok() };
        let Some(parts) = parts else {
            let found = data.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "rows must be Arrow data, or an iterable of record batches, not {found}"
            )));
        };
        for part in parts {
            let part = part?;
            let is_arrow = part.hasattr(pyo3::intern!(py, "__arrow_c_array__"))?
                || part.hasattr(pyo3::intern!(py, "__arrow_c_stream__"))?;
            if !is_arrow {
                let found = part.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "rows must yield record batches or other Arrow data, not {found}"
                )));
            }
            if let Next::Stop = self.read(&part, take)? {
                return Ok(Next::Stop);
            }
            py.check_signals()?;
        }
        Ok(Next::More)
    }

    fn read_stream(&mut self, data: &Bound<'_, PyAny>, take: &impl Taker) -> PyResult<Next> {
        let py = data.py();
        let mut reader = unharmed(py, || data.extract::<PyArrayReader>()?.into_reader())?;
        // Not while Python is held: whoever makes the chunks may need it on a thread of its own.
        while let Some(chunk) = unharmed(py, || Ok(py.detach(|| reader.next())))? {
            let chunk = chunk.map_err(|error| unreadable(py, &error))?;
            if let Next::Stop = self.read_chunk(py, &chunk, take)? {
                return Ok(Next::Stop);
            }
            py.check_signals()?;
        }
        Ok(Next::More)
    }

    fn read_chunk(&mut self, py: Python<'_>, chunk: &ArrayRef, take: &impl Taker) -> PyResult<Next> {
        let columns = Columns::of(py, chunk)?;
        let reading = self.reading(columns.digests.data_type())?;
        for first in (0..chunk.len()).step_by(BLOCK) {
            let rows = BLOCK.min(chunk.len() - first);
            let block = columns.slice(first, rows);
            // The takers block where the builder is slower.
            let taken = py.detach(|| Ok(take(self.entries(&block, reading)?)));
            match taken {
                Ok(Next::More) => {}
                Ok(Next::Stop) => return Ok(Next::Stop),
                Err(bad) => return Err(self.refusal(py, bad)),
            }
            self.rows += rows;
        }
        Ok(Next::More)
    }

    /// How values of a type become digests.
    fn reading(&self, data_type: &DataType) -> PyResult<Reading> {
        Reading::of_plain(data_type, self.what).ok_or_else(|| {
            PyTypeError::new_err(format!("a column of text or binary is taken, not {data_type}"))
        })
    }

    /// The entries of a block.
    fn entries(&mut self, block: &Columns, reading: Reading) -> Result<Vec<Entry>, BadRow> {
        self.digests.clear();
        memory::erasing_stack::<ERASED, _>(|| self.add_digests(block, reading))?;
        let counts = block.counts()?;
        let (first, last) = self.span;
        let is_whole = self.span == (0, breachdex::PREFIX_COUNT - 1);
        let mut entries = Vec::with_capacity(block.digests.len());
        for (row, digest) in self.digests.finish().iter().enumerate() {
            let entry = Entry::new(digest, counts.as_ref().map_or(1, |counts| counts[row]));
            if !is_whole && !(first..=last).contains(&entry.prefix()) {
                if self.skip_outside {
                    continue;
                }
                return Err(BadRow::Outside(row, entry.prefix()));
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    fn add_digests(&mut self, block: &Columns, reading: Reading) -> Result<(), BadRow> {
        let (digests, notes) = (&mut self.digests, &mut self.notes);
        let nulls = NullBuffer::union(block.nulls.as_ref(), block.digests.logical_nulls().as_ref());
        if let Some(row) = nulls.and_then(|nulls| (0..nulls.len()).find(|row| nulls.is_null(*row))) {
            return Err(BadRow::Other(row, "it is null; leave such rows out"));
        }
        let rows = block.digests.len();
        with_bytes!(&block.digests, |bytes| {
            (0..rows).try_for_each(|row| {
                if reading == Reading::Password {
                    notes.see(bytes(row));
                }
                reading.add(bytes(row), digests).map_err(|error| BadRow::Digest(row, error))
            })
        })
    }

    /// What Python hears of a row.
    fn refusal(&self, py: Python<'_>, bad: BadRow) -> PyErr {
        match bad {
            BadRow::Digest(row, error) => {
                let row = self.rows + row;
                PyErr::from_type(from_index(py, &error).get_type(py), (format!("row {row}: {error}"),))
            }
            BadRow::Other(row, reason) => {
                raise(py, "BuildError", format!("row {}: {reason}", self.rows + row))
            }
            BadRow::Outside(row, prefix) => {
                let (first, last) = self.span;
                let row = self.rows + row;
                let width = RANGE_DIGITS;
                let said = format!(
                    "row {row}: its digest is under prefix {prefix:0width$X}, the segment covers {first:0width$X} to \
                     {last:0width$X}; partition the rows by prefix, or pass skip_outside=True"
                );
                raise(py, "BuildError", said)
            }
        }
    }
}

impl Columns {
    /// The column of digests or passwords, the only one that holds no whole numbers, and that of counts.
    fn of(py: Python<'_>, chunk: &ArrayRef) -> PyResult<Self> {
        let DataType::Struct(fields) = chunk.data_type() else {
            let digests = plain(py, chunk)?;
            return Ok(Self { digests, counts: None, nulls: None });
        };
        let chunk = chunk.as_struct();
        let (counts, digests): (Vec<usize>, Vec<usize>) =
            (0..fields.len()).partition(|at| fields[*at].data_type().is_integer());
        let (1, 0 | 1) = (digests.len(), counts.len()) else {
            let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(PyTypeError::new_err(format!(
                "one column of digests or passwords and at most one of whole numbers, the counts, are taken; the columns are: \
                 {names}"
            )));
        };
        let counts = counts.first().map(|at| {
            let column = chunk.column(*at);
            let to = if *column.data_type() == DataType::UInt64 { DataType::UInt64 } else { DataType::Int64 };
            cast(column, &to).map_err(|error| unreadable(py, &error))
        });
        Ok(Self {
            digests: plain(py, chunk.column(digests[0]))?,
            counts: counts.transpose()?,
            nulls: chunk.nulls().cloned(),
        })
    }

    fn slice(&self, first: usize, rows: usize) -> Self {
        Self {
            digests: self.digests.slice(first, rows),
            counts: self.counts.as_ref().map(|counts| counts.slice(first, rows)),
            nulls: self.nulls.as_ref().map(|nulls| nulls.slice(first, rows)),
        }
    }

    fn counts(&self) -> Result<Option<Vec<u64>>, BadRow> {
        let Some(counts) = &self.counts else { return Ok(None) };
        if let Some(row) = (0..counts.len()).find(|row| counts.is_null(*row)) {
            return Err(BadRow::Other(row, "its count is null"));
        }
        let numbers: Vec<u64> = match counts.data_type() {
            DataType::UInt64 => counts.as_primitive::<UInt64Type>().values().to_vec(),
            // A negative count is none, as 0 is.
            _ => {
                let counts = counts.as_primitive::<Int64Type>().values();
                counts.iter().map(|count| u64::try_from(*count).unwrap_or(0)).collect()
            }
        };
        match numbers.iter().position(|count| *count == 0) {
            Some(row) => Err(BadRow::Other(row, "its count is not 1 or more")),
            None => Ok(Some(numbers)),
        }
    }
}

/// A column whose values are there themselves, and not by their number in a dictionary.
fn plain(py: Python<'_>, column: &ArrayRef) -> PyResult<ArrayRef> {
    match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values).map_err(|error| unreadable(py, &error)),
        _ => Ok(ArrayRef::clone(column)),
    }
}
