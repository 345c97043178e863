//! Arrow arrays and streams in, counts as Arrow out: the same rows in the same chunks, a null for a null.

#![forbid(unsafe_code)]

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, FieldRef};
use arrow_select::take::take;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use pyo3_arrow::error::PyArrowError;
use pyo3_arrow::ffi::{ArrayIterator, to_array_pycapsules, to_schema_pycapsule, to_stream_pycapsule};
use pyo3_arrow::{PyArray, PyArrayReader};

use crate::bulk::{Asker, Reading, RowFault, What};

/// Rows between two looks at whether somebody pressed Ctrl-C.
const BLOCK: usize = 1 << 20;

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

    /// The counts as Python's numbers, None for a null.
    fn to_pylist(&self) -> Vec<Option<u32>> {
        numbers(&self.array).collect()
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

    /// The counts as Python's numbers, None for a null.
    fn to_pylist(&self) -> Vec<Option<u32>> {
        self.chunks.iter().flat_map(numbers).collect()
    }

    fn __repr__(&self) -> String {
        format!("<breachdex.ChunkedCounts of {} rows in {} chunks>", self.__len__(), self.chunks.len())
    }
}

fn numbers(array: &ArrayRef) -> impl Iterator<Item = Option<u32>> + '_ {
    array.as_primitive::<arrow_array::types::UInt32Type>().iter()
}

pub(crate) fn of_array(asker: &Asker, values: &Bound<'_, PyAny>, what: What) -> PyResult<Counts> {
    let (array, field) = values.extract::<PyArray>()?.into_inner();
    let reading = reading_of(field.data_type(), what)?;
    Ok(Counts { array: count(values.py(), asker, &array, reading, 0)? })
}

pub(crate) fn of_stream(asker: &Asker, values: &Bound<'_, PyAny>, what: What) -> PyResult<ChunkedCounts> {
    let py = values.py();
    let reader = values.extract::<PyArrayReader>()?.into_reader()?;
    let reading = reading_of(reader.field().data_type(), what)?;
    let (mut chunks, mut rows) = (Vec::new(), 0);
    for chunk in reader {
        let chunk = chunk.map_err(PyArrowError::from)?;
        chunks.push(count(py, asker, &chunk, reading, rows)?);
        rows += chunk.len();
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
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(match what {
            What::Passwords => Reading::Password,
            What::Digests => Reading::HexDigest,
        }),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Null => Ok(match what {
            What::Passwords => Reading::Password,
            What::Digests => Reading::RawDigest,
        }),
        other => {
            Err(PyTypeError::new_err(format!("an Arrow column of text or binary is taken, not {other}")))
        }
    }
}

/// The counts of one chunk, which `before` rows go ahead of.
fn count(
    py: Python<'_>,
    asker: &Asker,
    array: &ArrayRef,
    reading: Reading,
    before: usize,
) -> PyResult<ArrayRef> {
    let (leaf, nulls) = flatten(array, None)?;
    let mut counts = vec![0; leaf.len()];
    for (i, block) in counts.chunks_mut(BLOCK).enumerate() {
        let first = i * BLOCK;
        let part = leaf.slice(first, block.len());
        let valid = nulls.as_ref().map(|nulls| nulls.slice(first, block.len()));
        let done: Result<(), RowFault> =
            py.detach(|| count_leaf(asker, &part, valid.as_ref(), reading, block))?;
        done.map_err(|fault| fault.into_error(py, before + first))?;
        py.check_signals()?;
    }
    Ok(Arc::new(UInt32Array::new(counts.into(), nulls)))
}

/// The text or binary behind structs of one field and dictionaries, and where any of them is null.
fn flatten(array: &ArrayRef, outer: Option<&NullBuffer>) -> PyResult<(ArrayRef, Option<NullBuffer>)> {
    match array.data_type() {
        DataType::Struct(_) => {
            let nulls = NullBuffer::union(outer, array.nulls());
            flatten(array.as_struct().column(0), nulls.as_ref())
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let plain = take(dictionary.values(), dictionary.keys(), None).map_err(PyArrowError::from)?;
            flatten(&plain, outer)
        }
        _ => Ok((Arc::clone(array), NullBuffer::union(outer, array.logical_nulls().as_ref()))),
    }
}

fn count_leaf(
    asker: &Asker,
    leaf: &ArrayRef,
    valid: Option<&NullBuffer>,
    reading: Reading,
    counts: &mut [u32],
) -> PyResult<Result<(), RowFault>> {
    /// The value of a row, unless it is null.
    macro_rules! rows {
        ($array:expr, $bytes:expr) => {{
            let array = $array;
            let row = |row: usize| {
                let is_valid = valid.is_none_or(|valid| valid.is_valid(row));
                is_valid.then(|| $bytes(array.value(row)))
            };
            asker.count_rows(row, reading, counts)
        }};
    }
    match leaf.data_type() {
        DataType::Utf8 => rows!(leaf.as_string::<i32>(), str::as_bytes),
        DataType::LargeUtf8 => rows!(leaf.as_string::<i64>(), str::as_bytes),
        DataType::Utf8View => rows!(leaf.as_string_view(), str::as_bytes),
        DataType::Binary => rows!(leaf.as_binary::<i32>(), std::convert::identity),
        DataType::LargeBinary => rows!(leaf.as_binary::<i64>(), std::convert::identity),
        DataType::BinaryView => rows!(leaf.as_binary_view(), std::convert::identity),
        DataType::FixedSizeBinary(_) => rows!(leaf.as_fixed_size_binary(), std::convert::identity),
        // Of the type that holds nothing but nulls; others were refused before.
        _ => asker.count_rows(|_| None, reading, counts),
    }
}
