//! `breachdex._breachdex.Partitions`: rows of text and columns by the part of the digests that they fall into, for the tasks
//! of `breachdex.spark`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Decimal128Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::DataType;
use breachdex::files;
use breachdex::{DigestList, Entry, Kind, ListNotes, TextPlace, TextRows, memory};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use pyo3_arrow::PyArray;

use crate::arrow::with_bytes;
use crate::bulk::{Reading, What};
use crate::errors::{OrRaise as _, raise};
use crate::password::kind_of;

/// Rows that are hashed together.
const TOGETHER: usize = 1 << 12;

/// Stack that hashing a batch uses at most.
const ERASED: usize = 1 << 13;

/// Mode of files of rows, cut by the umask: segments have it, too.
const MODE: u32 = 0o666;

/// Rows in parts.
#[pyclass(module = "breachdex._breachdex")]
pub(crate) struct Partitions {
    rows: breachdex::Partitions,
}

#[pymethods]
impl Partitions {
    #[new]
    #[pyo3(
        signature = (borders, *, kind = None, piece = None),
        text_signature = "(borders, *, kind='sha1', piece=None)"
    )]
    fn new(
        py: Python<'_>,
        borders: Vec<u32>,
        kind: Option<&Bound<'_, PyString>>,
        piece: Option<usize>,
    ) -> PyResult<Self> {
        let kind = kind.map_or(Ok(Kind::Sha1), kind_of)?;
        let rows = breachdex::Partitions::new(kind, &borders).or_raise(py)?;
        let rows = match piece {
            Some(bytes) => rows.pieces_of(bytes),
            None => rows,
        };
        Ok(Self { rows })
    }

    /// `add_text(text: bytes, *, passwords: bool, bare: bool, name: str, first_line: int) -> int`
    ///
    /// Adds the rows of whole lines, and returns how many lines there were.
    #[pyo3(signature = (text, *, passwords, bare, name, first_line))]
    fn add_text(
        &mut self,
        py: Python<'_>,
        text: &Bound<'_, PyBytes>,
        passwords: bool,
        bare: bool,
        name: &str,
        first_line: u64,
    ) -> PyResult<u64> {
        let rows = if passwords { TextRows::Passwords } else { TextRows::Hashes { bare } };
        let (text, place) = (text.as_bytes(), TextPlace { name, first_line });
        py.detach(|| memory::erasing_stack::<ERASED, _>(|| self.rows.add_text(text, rows, place)))
            .or_raise(py)
    }

    /// `add_columns(values: ArrowArray, counts: ArrowArray | None, *, passwords: bool, skip_nulls: bool, name: str, first_row: int) -> int`
    ///
    /// Adds the rows of a column of digests or passwords, with a column of counts or one each, and returns how many were
    /// null and skipped.
    #[pyo3(signature = (values, counts, *, passwords, skip_nulls, name, first_row))]
    #[allow(clippy::too_many_arguments, reason = "Python's keywords, one for each option")]
    fn add_columns(
        &mut self,
        py: Python<'_>,
        values: PyArray,
        counts: Option<PyArray>,
        passwords: bool,
        skip_nulls: bool,
        name: &str,
        first_row: u64,
    ) -> PyResult<u64> {
        let values = values.into_inner().0;
        let counts = counts.map(|counts| read_counts(&counts.into_inner().0)).transpose()?;
        let columns = Columns { values: &values, counts: counts.as_ref(), skip_nulls };
        let what = if passwords { What::Passwords } else { What::Digests };
        let reading = Reading::of_plain(values.data_type(), what).ok_or_else(|| {
            let found = values.data_type();
            PyTypeError::new_err(format!("digests and passwords are text or binary columns, not {found}"))
        })?;
        let added =
            py.detach(|| memory::erasing_stack::<ERASED, _>(|| columns.add(&mut self.rows, reading, name)));
        added.map_err(|fault| {
            let row = first_row + fault.row as u64;
            raise(py, "BuildError", format!("{name}, row {row}: {}", fault.reason))
        })
    }

    /// `rows() -> int`
    ///
    /// Rows since the last `take`.
    fn rows(&self) -> u64 {
        self.rows.rows()
    }

    /// `notes() -> list[tuple[str, Kind | None, bool, bool, bool]]`
    ///
    /// What is to be said of each list of passwords so far: its name, the kind of digests that its lines look like, and whether
    /// they begin with users, hold passwords in hashcat's notation, and some that are not UTF-8.
    fn notes(&self) -> Vec<(String, Option<&'static str>, bool, bool, bool)> {
        let facts = self.rows.notes().map(|(name, notes)| {
            let digests = notes.like_digests.map(Kind::name);
            (name.to_owned(), digests, notes.with_users, notes.in_notation, notes.not_utf8)
        });
        facts.collect()
    }

    /// `sizes() -> list[int]`
    ///
    /// How many rows each part has.
    fn sizes(&self) -> Vec<u64> {
        self.rows.sizes()
    }

    /// `write(path: Path) -> None`
    ///
    /// Writes all rows into a new file: the pieces of each part, in the order of parts, then where each part ends.
    fn write(&mut self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let written = py.detach(|| {
            let mut file = files::current().create_new(&path, MODE)?;
            self.rows.write_to(&mut file)
        });
        let failed = |source| breachdex::Error::Io { action: "write", path, source };
        written.map_err(failed).or_raise(py)
    }

    /// `take() -> list[tuple[int, bytes]]`
    ///
    /// All rows, packed in pieces of one part each, with its number, in the order of parts.
    fn take<'py>(&mut self, py: Python<'py>) -> Vec<(usize, Bound<'py, PyBytes>)> {
        let pieces = py.detach(|| self.rows.take());
        pieces.into_iter().map(|(part, piece)| (part, PyBytes::new(py, piece.as_ref()))).collect()
    }
}

/// Whole numbers of any type as one that holds all of them.
fn read_counts(counts: &ArrayRef) -> PyResult<ArrayRef> {
    let wide = match counts.data_type() {
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => DataType::UInt64,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => DataType::Int64,
        // As Spark has what does not fit into 64 bits with a sign.
        DataType::Decimal128(_, 0) => return Ok(counts.clone()),
        other => return Err(PyTypeError::new_err(format!("counts are whole numbers, not {other}"))),
    };
    cast(counts, &wide).map_err(|error| PyTypeError::new_err(format!("the counts cannot be read: {error}")))
}

/// A row that is none.
struct RowFault {
    row: usize,
    reason: String,
}

struct Columns<'a> {
    values: &'a ArrayRef,
    counts: Option<&'a ArrayRef>,
    skip_nulls: bool,
}

impl Columns<'_> {
    /// Adds all rows, and returns how many were skipped.
    fn add(&self, to: &mut breachdex::Partitions, reading: Reading, name: &str) -> Result<u64, RowFault> {
        let mut notes = ListNotes::default();
        let added = with_bytes!(self.values, |bytes| self.add_rows(to, reading, &mut notes, bytes));
        to.note(name, notes);
        added
    }

    fn add_rows<'v>(
        &self,
        to: &mut breachdex::Partitions,
        reading: Reading,
        notes: &mut ListNotes,
        bytes: impl Fn(usize) -> &'v [u8],
    ) -> Result<u64, RowFault> {
        let (mut list, mut counts) = (DigestList::new(to.kind()), Vec::with_capacity(TOGETHER));
        let mut skipped = 0;
        for first in (0..self.values.len()).step_by(TOGETHER) {
            list.clear();
            counts.clear();
            for row in first..self.values.len().min(first + TOGETHER) {
                let Some(count) = self.count(row)? else {
                    skipped += 1;
                    continue;
                };
                if reading == Reading::Password {
                    notes.see(bytes(row));
                }
                reading
                    .add(bytes(row), &mut list)
                    .map_err(|error| RowFault { row, reason: error.to_string() })?;
                counts.push(count);
            }
            for (digest, count) in list.finish().iter().zip(&counts) {
                to.add(&Entry::new(digest, *count));
            }
        }
        list.clear();
        Ok(skipped)
    }

    /// The count of a row; `None` where it is null and skipped.
    fn count(&self, row: usize) -> Result<Option<u64>, RowFault> {
        let fault = |reason: &str| Err(RowFault { row, reason: reason.to_owned() });
        let null = |what: &str| {
            if self.skip_nulls {
                Ok(None)
            } else {
                fault(&format!("{what} is null; pass skip_nulls=True to leave such rows out"))
            }
        };
        if self.values.is_null(row) {
            return null("the value");
        }
        let Some(counts) = self.counts else { return Ok(Some(1)) };
        if counts.is_null(row) {
            return null("the count");
        }
        let count = match counts.data_type() {
            DataType::UInt64 => i128::from(counts.as_primitive::<UInt64Type>().value(row)),
            DataType::Int64 => i128::from(counts.as_primitive::<Int64Type>().value(row)),
            _ => counts.as_primitive::<Decimal128Type>().value(row),
        };
        match u64::try_from(count) {
            Ok(0) => fault("the count is 0; a digest that was never seen does not belong here"),
            Ok(count) => Ok(Some(count)),
            Err(_) if count < 0 => fault("the count is negative"),
            Err(_) => fault(&format!("the count is larger than {}", u64::MAX)),
        }
    }
}
