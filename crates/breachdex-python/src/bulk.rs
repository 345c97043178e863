//! Many questions at once: what may hold them, and the rows of a batch.

#![forbid(unsafe_code)]

use std::sync::{Arc, OnceLock};

use arrow_schema::DataType;
use breachdex::{Corpus, DigestList, Error, Kind, SourceError, memory};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList, PyMemoryView, PyString, PyTuple};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::{find, from_fault, from_index};
use crate::per_process::{Owned, PerProcess};
use crate::questions::{has_server, report_reloads};
use crate::{arrow, lists};

/// The most rows that are hashed, then looked up together: so many are put in order, and find the same pages of the index.
const BATCH: usize = 1 << 16;

/// The fewest rows that a thread takes at once.
const LEAST: usize = 1 << 12;

/// Stack that making the digests of a batch uses at most.
const ERASED: usize = 1 << 13;

/// From how many rows on several threads pay.
const WORTH_THREADS: usize = 1 << 16;

/// What the rows hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Passwords,
    Digests,
}

impl What {
    /// The method that takes one.
    fn scalar_method(self) -> &'static str {
        match self {
            Self::Passwords => "count",
            Self::Digests => "count_hash",
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::Passwords => "counts",
            Self::Digests => "counts_hash",
        }
    }
}

/// How a row's bytes become a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Password,
    RawDigest,
    HexDigest,
}

impl Reading {
    /// How values of a plain type of Arrow become digests; `None` for a type that is neither text nor binary.
    pub(crate) fn of_plain(data_type: &DataType, what: What) -> Option<Self> {
        let is_text = match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => false,
            _ => return None,
        };
        Some(match (what, is_text) {
            (What::Passwords, _) => Self::Password,
            (What::Digests, true) => Self::HexDigest,
            (What::Digests, false) => Self::RawDigest,
        })
    }

    /// Adds the digest of a row.
    pub(crate) fn add(self, bytes: &[u8], digests: &mut DigestList) -> Result<(), Error> {
        match self {
            Self::Password => digests.add_password(bytes),
            Self::RawDigest => digests.add_bytes(bytes),
            Self::HexDigest => digests.add_hex(bytes),
        }
    }
}

/// A row that cannot be asked, or an index that cannot answer.
pub(crate) struct RowFault {
    row: usize,
    error: SourceError,
}

impl RowFault {
    /// What Python hears; `row_of` says which row of the whole column it is.
    pub(crate) fn into_error(self, py: Python<'_>, row_of: impl Fn(usize) -> usize) -> PyErr {
        let SourceError::Index(fault) = &self.error else { return from_fault(py, &self.error) };
        let error = from_index(py, fault);
        let is_of_row =
            matches!(fault, Error::InvalidDigest { .. } | Error::InvalidHex | Error::PasswordNotUtf8);
        if !is_of_row {
            return error;
        }
        let message = format!("row {}: {fault}", row_of(self.row));
        PyErr::from_type(error.get_type(py), (message,))
    }
}

/// Asks the indexes as they are at one moment.
pub(crate) struct Asker {
    corpus: Corpus,
    threads: Threads,
}

enum Threads {
    Callers,
    /// So many, started when there is work enough for them.
    Own(usize, OnceLock<ThreadPool>),
    /// Shared by all calls of the process that have work enough.
    Shared,
}

pub(crate) fn counts<'py>(
    corpus: &Corpus,
    values: &Bound<'py, PyAny>,
    what: What,
    threads: Option<i64>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = values.py();
    refuse_one(values, what)?;
    if has_server(corpus) {
        return Err(PyTypeError::new_err(format!(
            "{}() asks no range server: build or download an index, and ask that",
            what.method()
        )));
    }
    let fixed = corpus.fixed();
    report_reloads(py, corpus);
    let asker = Asker { corpus: fixed, threads: Threads::of(threads)? };
    if values.is_instance_of::<PyList>() || values.is_instance_of::<PyTuple>() {
        return Ok(lists::counts(&asker, values, what)?.into_any());
    }
    if values.hasattr(pyo3::intern!(py, "__arrow_c_array__"))? {
        return Ok(Bound::new(py, arrow::of_array(&asker, values, what)?)?.into_any());
    }
    if values.hasattr(pyo3::intern!(py, "__arrow_c_stream__"))? {
        return Ok(Bound::new(py, arrow::of_stream(&asker, values, what)?)?.into_any());
    }
    Err(refusal(values, what)?)
}

/// One password is a sequence too, and would be taken apart.
fn refuse_one(values: &Bound<'_, PyAny>, what: What) -> PyResult<()> {
    let is_one = values.is_instance_of::<PyString>()
        || values.is_instance_of::<PyBytes>()
        || values.is_instance_of::<PyByteArray>()
        || values.is_instance_of::<PyMemoryView>();
    if !is_one {
        return Ok(());
    }
    let (method, scalar, found) = (what.method(), what.scalar_method(), values.get_type().name()?);
    Err(PyTypeError::new_err(format!(
        "{method}() takes many values, not one {found}; use {scalar}() for one"
    )))
}

fn refusal(values: &Bound<'_, PyAny>, what: What) -> PyResult<PyErr> {
    let (method, found) = (what.method(), values.get_type().name()?.to_string());
    let remedy = match found.as_str() {
        "ndarray" => "pass pyarrow.array(values) or values.tolist()",
        _ => "pass list(values), or anything with __arrow_c_array__ or __arrow_c_stream__",
    };
    Ok(PyTypeError::new_err(format!("{method}() takes a list, a tuple or Arrow data, not {found}; {remedy}")))
}

impl Threads {
    fn of(wanted: Option<i64>) -> PyResult<Self> {
        let most = 4 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        match wanted {
            None => Ok(Self::Shared),
            Some(..1) => Err(PyValueError::new_err("threads must be 1 or more")),
            Some(1) => Ok(Self::Callers),
            // More than that only costs.
            Some(several) => {
                Ok(Self::Own(usize::try_from(several).unwrap_or(most).min(most), OnceLock::new()))
            }
        }
    }
}

fn pool(threads: usize) -> PyResult<ThreadPool> {
    let name = |i| format!("breachdex-{i}");
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build();
    pool.map_err(|error| PyValueError::new_err(format!("cannot start {threads} threads: {error}")))
}

/// The process's own threads, one for each processor.
fn shared_pool() -> PyResult<Arc<Owned<ThreadPool>>> {
    static POOL: PerProcess<ThreadPool> = PerProcess::new();
    POOL.get_or_try_init(|| pool(0))
}

impl Asker {
    /// The counts of rows that are looked up on any number of threads; `rows` gives the bytes of one, `None` for
    /// a null, whose count is 0. Not for whoever holds Python.
    pub(crate) fn count_rows<'a>(
        &self,
        rows: impl Fn(usize) -> Option<&'a [u8]> + Sync,
        reading: Reading,
        counts: &mut [u32],
    ) -> PyResult<Result<(), RowFault>> {
        let each = |batch: &mut Batch, first: usize, counts: &mut [u32]| -> Result<(), RowFault> {
            batch.digests.clear();
            batch.rows.clear();
            memory::erasing_stack::<ERASED, _>(|| {
                for (i, row) in (first..first + counts.len()).enumerate() {
                    let Some(bytes) = rows(row) else { continue };
                    reading
                        .add(bytes, &mut batch.digests)
                        .map_err(|error| RowFault { row, error: error.into() })?;
                    batch.rows.push(i as u32);
                }
                batch.digests.finish();
                Ok(())
            })?;
            batch.look_up(&self.corpus).map_err(|error| RowFault { row: first, error })?;
            for (i, count) in batch.rows.iter().zip(&batch.counts) {
                counts[*i as usize] = u32::try_from(*count).unwrap_or(u32::MAX);
            }
            Ok(())
        };
        let in_turn = |counts: &mut [u32]| {
            let mut batch = Batch::new(self.kind());
            counts.chunks_mut(BATCH).enumerate().try_for_each(|(i, part)| each(&mut batch, i * BATCH, part))
        };
        let spread = |pool: &ThreadPool, counts: &mut [u32]| {
            let size = (counts.len() / (4 * pool.current_num_threads().max(1))).clamp(LEAST, BATCH);
            pool.install(|| {
                let parts = counts.par_chunks_mut(size).enumerate();
                // The first fault in the order of rows, whichever thread meets one first.
                parts
                    .map_init(
                        || Batch::new(self.kind()),
                        |batch, (i, part)| each(batch, i * size, part).err(),
                    )
                    .find_map_first(|fault| fault)
                    .map_or(Ok(()), Err)
            })
        };
        Ok(match &self.threads {
            Threads::Own(threads, started) if counts.len() > LEAST => {
                if started.get().is_none() {
                    let _ = started.set(pool(*threads)?);
                }
                match started.get() {
                    Some(pool) => spread(pool, counts),
                    None => in_turn(counts),
                }
            }
            Threads::Shared if counts.len() >= WORTH_THREADS => spread(&shared_pool()?.value, counts),
            _ => in_turn(counts),
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.corpus.kind()
    }

    pub(crate) fn corpus(&self) -> &Corpus {
        &self.corpus
    }
}

/// Buffers of one thread.
pub(crate) struct Batch {
    pub(crate) digests: DigestList,
    /// Which row of the batch each digest is of.
    pub(crate) rows: Vec<u32>,
    pub(crate) counts: Vec<u64>,
}

impl Batch {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { digests: DigestList::new(kind), rows: Vec::new(), counts: Vec::new() }
    }

    /// Fills `counts` for the digests.
    pub(crate) fn look_up(&mut self, corpus: &Corpus) -> Result<(), SourceError> {
        self.counts.clear();
        self.counts.resize(self.digests.len(), 0);
        corpus.count_many(self.digests.finish(), &mut self.counts)
    }
}

/// `InvalidPasswordError` and its like carry their place; a class that is not found is an error of its own.
pub(crate) fn at_row(py: Python<'_>, row: usize, error: PyErr) -> PyErr {
    let is_ours = |class: &str| find(py, class).is_ok_and(|class| error.is_instance(py, &class));
    if is_ours("InvalidPasswordError")
        || is_ours("InvalidDigestError")
        || error.is_instance_of::<PyTypeError>(py)
    {
        return PyErr::from_type(error.get_type(py), (format!("row {row}: {}", error.value(py)),));
    }
    error
}
