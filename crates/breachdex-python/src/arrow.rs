//! Arrow arrays and streams in, counts as Arrow out: the same rows in the same chunks, a null for a null.

#![forbid(unsafe_code)]

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, UInt32Array, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, FieldRef};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use pyo3_arrow::ffi::{ArrayIterator, to_array_pycapsules, to_schema_pycapsule, to_stream_pycapsule};
use pyo3_arrow::{PyArray, PyArrayReader};

use crate::bulk::{Asker, Reading, RowFault, What};
use crate::errors::raise;

/// Rows between two looks at whether somebody pressed Ctrl-C.
const BLOCK: usize = 1 << 20;

/// Runs a block with a function that gives the bytes of each row of text or binary; other types must have been refused before.
macro_rules! with_bytes {
    ($array:expr, |$bytes:ident| $block:expr) => {{
        let array = $array;
        macro_rules! run {
            ($typed:expr, $as_bytes:expr) => {{
                let typed = $typed;
                let $bytes = |row: usize| $as_bytes(typed.value(row));
                $block
            }};
        }
        match array.data_type() {
            DataType::Utf8 => run!(array.as_string::<i32>(), str::as_bytes),
            DataType::LargeUtf8 => run!(array.as_string::<i64>(), str::as_bytes),
            DataType::Utf8View => run!(array.as_string_view(), str::as_bytes),
            DataType::Binary => run!(array.as_binary::<i32>(), std::convert::identity),
            DataType::LargeBinary => run!(array.as_binary::<i64>(), std::convert::identity),
            DataType::BinaryView => run!(array.as_binary_view(), std::convert::identity),
            _ => run!(array.as_fixed_size_binary(), std::convert::identity),
        }
    }};
}
pub(crate) use with_bytes;

/// Counts of an array.
#[pyclass(module = "breachdex", frozen)]
pub(crate) struct Counts {
    array: ArrayRef,
}

/// Counts of a stream, in the same chunks.
#[pyclass(module = "breachdex", frozen)]
pub(crate) struct ChunkedCounts {
    chunks: Vec<ArrayRef>,
}

fn field() -> FieldRef {
    Arc::new(Field::new("count", DataType::UInt32, true))
}

#[pymethods]
impl Counts {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        Ok(to_array_pycapsules(py, field(), &self.array, requested_schema)?)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, field().as_ref())?)
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }

    /// `to_pylist() -> list[int | None]`
    ///
    /// The counts as Python's numbers, None for a null.
    fn to_pylist(&self) -> Vec<Option<u32>> {
        numbers(&self.array).collect()
    }

    #[staticmethod]
    fn _restore(counts: Vec<Option<u32>>) -> Self {
        Self { array: array_of(counts) }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        Ok((py.get_type::<Self>().getattr("_restore")?, (self.to_pylist(),).into_pyobject(py)?))
    }

    fn __repr__(&self) -> String {
        format!("<breachdex.Counts of {} rows>", self.array.len())
    }
}

#[pymethods]
impl ChunkedCounts {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let chunks = self.chunks.clone().into_iter().map(Ok);
        let reader = Box::new(ArrayIterator::new(chunks, field()));
        Ok(to_stream_pycapsule(py, reader, requested_schema)?)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, field().as_ref())?)
    }

    fn __len__(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// `to_pylist() -> list[int | None]`
    ///
    /// The counts as Python's numbers, None for a null.
    fn to_pylist(&self) -> Vec<Option<u32>> {
        self.chunks.iter().flat_map(numbers).collect()
    }

    #[staticmethod]
    fn _restore(chunks: Vec<Vec<Option<u32>>>) -> Self {
        Self { chunks: chunks.into_iter().map(array_of).collect() }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let chunks: Vec<Vec<Option<u32>>> =
            self.chunks.iter().map(|chunk| numbers(chunk).collect()).collect();
        Ok((py.get_type::<Self>().getattr("_restore")?, (chunks,).into_pyobject(py)?))
    }

    fn __repr__(&self) -> String {
        format!("<breachdex.ChunkedCounts of {} rows in {} chunks>", self.__len__(), self.chunks.len())
    }
}

/// The array of some counts.
fn array_of(counts: Vec<Option<u32>>) -> ArrayRef {
    Arc::new(UInt32Array::from(counts))
}

fn numbers(array: &ArrayRef) -> impl Iterator<Item = Option<u32>> + '_ {
    array.as_primitive::<arrow_array::types::UInt32Type>().iter()
}

pub(crate) fn of_array(asker: &Asker, values: &Bound<'_, PyAny>, what: What) -> PyResult<Counts> {
    let py = values.py();
    let (array, field) = unharmed(py, || Ok(values.extract::<PyArray>()?.into_inner()))?;
    let reading = reading_of(field.data_type(), what)?;
    Ok(Counts { array: column(py, asker, &array, reading, 0)? })
}

pub(crate) fn of_stream(asker: &Asker, values: &Bound<'_, PyAny>, what: What) -> PyResult<ChunkedCounts> {
    let py = values.py();
    let mut reader = unharmed(py, || values.extract::<PyArrayReader>()?.into_reader())?;
    let field = reader.field();
    let reading = reading_of(field.data_type(), what)?;
    let (mut chunks, mut rows) = (Vec::new(), 0);
    // Not while Python is held: whoever makes the chunks may need it on a thread of its own.
    while let Some(chunk) = unharmed(py, || Ok(py.detach(|| reader.next())))? {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            // Some libraries hand a column of nothing but nulls over with a buffer that it may not have.
            Err(_) if chunks.is_empty() && is_of_nulls(field.data_type()) => {
                new_null_array(&DataType::Null, values.len()?)
            }
            Err(error) => return Err(unreadable(py, &error)),
        };
        chunks.push(column(py, asker, &chunk, reading, rows)?);
        rows += chunk.len();
        py.check_signals()?;
    }
    Ok(ChunkedCounts { chunks })
}

/// How rows of a type become digests.
fn reading_of(data_type: &DataType, what: What) -> PyResult<Reading> {
    match data_type {
        DataType::Struct(fields) => match fields.as_ref() {
            [field] => reading_of(field.data_type(), what),
            [] => Err(PyTypeError::new_err("a table without columns was given; pass one column")),
            _ => {
                let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                let (count, names) = (names.len(), names.join(", "));
                Err(PyTypeError::new_err(format!("a table of {count} columns was given ({names}); pass one")))
            }
        },
        DataType::Dictionary(_, values) => reading_of(values, what),
        // It holds no value, so nothing is read.
        DataType::Null => Ok(Reading::Password),
        other => Reading::of_plain(other, what).ok_or_else(|| {
            PyTypeError::new_err(format!("an Arrow column of text or binary is taken, not {other}"))
        }),
    }
}

/// What `read` makes of somebody's data. Data that contradicts itself makes the library that reads it panic.
pub(crate) fn unharmed<T>(py: Python<'_>, read: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    read.unwrap_or_else(|_| {
        let said = "the Arrow data cannot be read: its lengths or offsets contradict each other; pass a copy of its column";
        Err(raise(py, "InvalidArrowError", said))
    })
}

/// What the producer of a stream says.
pub(crate) fn unreadable(py: Python<'_>, error: &ArrowError) -> PyErr {
    raise(py, "InvalidArrowError", format!("the Arrow data cannot be read: {error}"))
}

/// Whether a column can hold nothing.
fn is_of_nulls(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.iter().all(|field| is_of_nulls(field.data_type())),
        other => *other == DataType::Null,
    }
}

/// The counts of one chunk, which `before` rows go ahead of.
fn column(
    py: Python<'_>,
    asker: &Asker,
    array: &ArrayRef,
    reading: Reading,
    before: usize,
) -> PyResult<ArrayRef> {
    let question = Question { py, asker, reading };
    let (counts, nulls) = question.count(array, None, &|row| before + row)?;
    Ok(Arc::new(UInt32Array::new(counts.into(), nulls)))
}

/// What is asked of every chunk of a column.
struct Question<'a, 'py> {
    py: Python<'py>,
    asker: &'a Asker,
    reading: Reading,
}

type Counted = (Vec<u32>, Option<NullBuffer>);

/// Which row of the column a value is told of by.
type RowOf<'a> = &'a dyn Fn(usize) -> usize;

impl Question<'_, '_> {
    /// The counts of the text or binary behind structs of one field and dictionaries, and where any of them is
    /// null.
    fn count(&self, array: &ArrayRef, outer: Option<&NullBuffer>, row_of: RowOf<'_>) -> PyResult<Counted> {
        match array.data_type() {
            DataType::Struct(_) => {
                let nulls = NullBuffer::union(outer, array.nulls());
                self.count(array.as_struct().column(0), nulls.as_ref(), row_of)
            }
            DataType::Dictionary(..) => self.count_dictionary(array, outer, row_of),
            _ => {
                let nulls = NullBuffer::union(outer, array.logical_nulls().as_ref());
                Ok((self.count_plain(array, nulls.as_ref(), row_of)?, nulls))
            }
        }
    }

    /// Counts every value that a row names once, however many rows do.
    fn count_dictionary(
        &self,
        array: &ArrayRef,
        outer: Option<&NullBuffer>,
        row_of: RowOf<'_>,
    ) -> PyResult<Counted> {
        let dictionary = array.as_any_dictionary();
        let values = dictionary.values();
        let nulls = NullBuffer::union(outer, dictionary.keys().nulls());
        let keys = self.keys(dictionary.keys(), nulls.as_ref(), values.len(), row_of)?;
        let mut first_rows = vec![None; values.len()];
        for (row, key) in keys.iter().enumerate() {
            if let Some(key) = key {
                first_rows[*key].get_or_insert(row);
            }
        }
        let used: NullBuffer = first_rows.iter().map(Option::is_some).collect::<Vec<bool>>().into();
        let first_row_of = |value: usize| row_of(first_rows.get(value).copied().flatten().unwrap_or(0));
        let (by_value, value_nulls) = self.count(values, Some(&used), &first_row_of)?;
        let is_known = |key: usize| value_nulls.as_ref().is_none_or(|nulls| nulls.is_valid(key));
        let counts: UInt32Array =
            keys.iter().map(|key| key.filter(|key| is_known(*key)).map(|key| by_value[key])).collect();
        let (_, counts, nulls) = counts.into_parts();
        Ok((counts.to_vec(), nulls))
    }

    /// The place of every row's value, `None` where the row is null.
    fn keys(
        &self,
        keys: &dyn Array,
        nulls: Option<&NullBuffer>,
        values: usize,
        row_of: RowOf<'_>,
    ) -> PyResult<Vec<Option<usize>>> {
        let keys = cast(keys, &DataType::Int64).map_err(|error| unreadable(self.py, &error))?;
        let keys = keys.as_primitive::<Int64Type>();
        let key = |row: usize| {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                return Ok(None);
            }
            let key = keys.is_valid(row).then(|| usize::try_from(keys.value(row)).ok()).flatten();
            key.filter(|key| *key < values).map(Some).ok_or_else(|| {
                let said = format!("row {}: the dictionary has no value of that number", row_of(row));
                raise(self.py, "InvalidArrowError", said)
            })
        };
        (0..keys.len()).map(key).collect()
    }

    /// The counts of text or binary, a block at a time.
    fn count_plain(
        &self,
        leaf: &ArrayRef,
        nulls: Option<&NullBuffer>,
        row_of: RowOf<'_>,
    ) -> PyResult<Vec<u32>> {
        let mut counts = vec![0; leaf.len()];
        for (i, block) in counts.chunks_mut(BLOCK).enumerate() {
            let first = i * BLOCK;
            let part = leaf.slice(first, block.len());
            let valid = nulls.map(|nulls| nulls.slice(first, block.len()));
            let (asker, reading) = (self.asker, self.reading);
            let done: Result<(), RowFault> =
                self.py.detach(|| count_leaf(asker, &part, valid.as_ref(), reading, block))?;
            done.map_err(|fault| fault.into_error(self.py, |row| row_of(first + row)))?;
            self.py.check_signals()?;
        }
        Ok(counts)
    }
}

fn count_leaf(
    asker: &Asker,
    leaf: &ArrayRef,
    valid: Option<&NullBuffer>,
    reading: Reading,
    counts: &mut [u32],
) -> PyResult<Result<(), RowFault>> {
    if *leaf.data_type() == DataType::Null {
        return asker.count_rows(|_| None, reading, counts);
    }
    with_bytes!(leaf, |bytes| {
        let row = |row: usize| valid.is_none_or(|valid| valid.is_valid(row)).then(|| bytes(row));
        asker.count_rows(row, reading, counts)
    })
}
