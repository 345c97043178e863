//! `breachdex.IndexSet`.

#![forbid(unsafe_code)]

use std::sync::Arc;

use breachdex::{Corpus, LiveIndex};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::bulk::{self, What};
use crate::errors::OrRaise as _;
use crate::exposure::Exposure;
use crate::index::{Index, describe};
use crate::metadata::Metadata;
use crate::questions::{self, has_server};
use crate::range_client::BlockingRangeClient;

/// Bases and overlays asked as one. A hit in an overlay is exposed whatever `min_count` says.
#[pyclass(module = "breachdex", frozen, weakref)]
pub(crate) struct IndexSet {
    corpus: Corpus,
    /// Indexes, and at most one range client.
    bases: Vec<Py<PyAny>>,
    overlays: Vec<Py<Index>>,
}

impl IndexSet {
    pub(crate) fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// The first base that is an index.
    fn first<'a>(&'a self, py: Python<'a>) -> Option<&'a LiveIndex> {
        let first = self.bases.iter().find_map(|base| base.bind(py).cast::<Index>().ok());
        first.map(|index| index.get().live())
    }

    /// A coroutine that asks a method of this set, on a thread of its own where a range server is waited for.
    fn later<'py>(
        &self,
        this: &Bound<'py, Self>,
        method: &str,
        arguments: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        later(&this.getattr(method)?, arguments, has_server(&self.corpus))
    }
}

/// A coroutine that asks, whose frames do not show what is asked.
fn later<'py>(
    ask: &Bound<'py, PyAny>,
    arguments: Bound<'py, PyTuple>,
    waits: bool,
) -> PyResult<Bound<'py, PyAny>> {
    ask.py().import("breachdex._remote")?.call_method1("later", (ask, arguments, waits))
}

/// What is asked when Python names an index, a set of them, or a range client.
pub(crate) fn corpus_in(asked: &Bound<'_, PyAny>) -> PyResult<Corpus> {
    if let Ok(index) = asked.cast::<Index>() {
        Ok(index.get().corpus().clone())
    } else if let Ok(set) = asked.cast::<IndexSet>() {
        Ok(set.get().corpus().clone())
    } else if let Some(client) = client_in(asked) {
        let server = Arc::new(BlockingRangeClient::as_server(&client));
        Corpus::builder().server(server).build().or_raise(asked.py())
    } else {
        let found = asked.get_type().name()?;
        Err(PyTypeError::new_err(format!("an Index, an IndexSet or a RangeClient is asked, not {found}")))
    }
}

/// The compiled half of a `breachdex.RangeClient`.
fn client_in<'py>(base: &Bound<'py, PyAny>) -> Option<Bound<'py, BlockingRangeClient>> {
    if let Ok(client) = base.cast::<BlockingRangeClient>() {
        return Some(client.clone());
    }
    base.getattr(pyo3::intern!(base.py(), "_client")).ok()?.cast_into().ok()
}

/// The bases of a set: one, or several.
fn bases_in<'py>(given: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if given.is_instance_of::<Index>() || client_in(given).is_some() {
        return Ok(vec![given.clone()]);
    }
    let bases: Vec<_> = given.try_iter()?.collect::<PyResult<_>>()?;
    if bases.is_empty() {
        return Err(PyValueError::new_err("a set needs a base: an Index, a RangeClient, or a list of them"));
    }
    Ok(bases)
}

#[pymethods]
impl IndexSet {
    #[new]
    #[pyo3(signature = (base, overlays = None))]
    fn new(py: Python<'_>, base: &Bound<'_, PyAny>, overlays: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let bases = bases_in(base)?;
        let mut corpus = Corpus::builder();
        let mut servers = 0;
        for base in &bases {
            if let Some(client) = client_in(base) {
                client.get().demand_raise("a set", "what asks the set")?;
                servers += 1;
                corpus = corpus.server(Arc::new(BlockingRangeClient::as_server(&client)));
            } else {
                corpus = corpus.base(base.cast::<Index>()?.get().live().clone());
            }
        }
        if servers > 1 {
            return Err(PyValueError::new_err(
                "a set asks one RangeClient at most: its counts are of one corpus",
            ));
        }
        let overlays: Vec<Py<Index>> = match overlays {
            None => Vec::new(),
            Some(overlays) => overlays
                .try_iter()?
                .map(|overlay| Ok(overlay?.cast_into::<Index>()?.unbind()))
                .collect::<PyResult<_>>()?,
        };
        let live = overlays.iter().map(|overlay| overlay.get().live().clone());
        let corpus = corpus.overlays(live).build().or_raise(py)?;
        Ok(Self { corpus, bases: bases.into_iter().map(Bound::unbind).collect(), overlays })
    }

    /// `count(password: Password) -> int`
    ///
    /// How often a password was seen, in all indexes together.
    fn count(&self, password: &Bound<'_, PyAny>) -> PyResult<u64> {
        questions::count(&self.corpus, password)
    }

    /// `contains(password: Password, min_count: int = 1) -> bool`
    ///
    /// Whether an overlay holds a password, or the base has seen it at least `min_count` times (inclusive).
    #[pyo3(signature = (password, min_count = None), text_signature = "($self, password, min_count=1)")]
    fn contains(&self, password: &Bound<'_, PyAny>, min_count: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        questions::contains(&self.corpus, password, min_count)
    }

    /// `examine(password: Password, min_count: int = 1, *, stored: str | None = None) -> Exposure | None`
    ///
    /// How a password is exposed in any of the forms that are looked up; None where it is not.
    #[pyo3(
        signature = (password, min_count = None, *, stored = None),
        text_signature = "($self, password, min_count=1, *, stored=None)"
    )]
    fn examine(
        &self,
        password: &Bound<'_, PyAny>,
        min_count: Option<&Bound<'_, PyAny>>,
        stored: Option<&Bound<'_, PyString>>,
    ) -> PyResult<Option<Exposure>> {
        questions::examine(&self.corpus, password, min_count, stored)
    }

    /// `count_hash(digest: bytes | str) -> int`
    ///
    /// How often a digest was seen: `bytes` are the raw digest, `str` is hexadecimal.
    fn count_hash(&self, digest: &Bound<'_, PyAny>) -> PyResult<u64> {
        questions::count_hash(&self.corpus, digest)
    }

    /// `range(prefix: str) -> str`
    ///
    /// The rows `SUFFIX:COUNT` under a prefix of five hexadecimal digits, of all indexes, CRLF between them.
    fn range(&self, prefix: &Bound<'_, PyString>) -> PyResult<String> {
        questions::range(&self.corpus, prefix)
    }

    /// `acount(password: Password) -> Coroutine[Any, Any, int]`
    ///
    /// `count` without blocking the event loop.
    fn acount<'py>(this: &Bound<'py, Self>, password: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        this.get().later(this, "count", (password,).into_pyobject(this.py())?)
    }

    /// `acontains(password: Password, min_count: int = 1) -> Coroutine[Any, Any, bool]`
    ///
    /// `contains` without blocking the event loop.
    #[pyo3(signature = (password, min_count = None), text_signature = "($self, password, min_count=1)")]
    fn acontains<'py>(
        this: &Bound<'py, Self>,
        password: Bound<'py, PyAny>,
        min_count: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        this.get().later(this, "contains", (password, min_count).into_pyobject(this.py())?)
    }

    /// `acount_hash(digest: bytes | str) -> Coroutine[Any, Any, int]`
    ///
    /// `count_hash` without blocking the event loop.
    fn acount_hash<'py>(this: &Bound<'py, Self>, digest: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        this.get().later(this, "count_hash", (digest,).into_pyobject(this.py())?)
    }

    /// `arange(prefix: str) -> Coroutine[Any, Any, str]`
    ///
    /// `range` without blocking the event loop.
    fn arange<'py>(this: &Bound<'py, Self>, prefix: Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        this.get().later(this, "range", (prefix,).into_pyobject(this.py())?)
    }

    /// `aexamine(password: Password, min_count: int = 1, *, stored: str | None = None) -> Coroutine[Any, Any, Exposure | None]`
    ///
    /// `examine` without blocking the event loop.
    #[pyo3(
        signature = (password, min_count = None, *, stored = None),
        text_signature = "($self, password, min_count=1, *, stored=None)"
    )]
    fn aexamine<'py>(
        this: &Bound<'py, Self>,
        password: Bound<'py, PyAny>,
        min_count: Option<Bound<'py, PyAny>>,
        stored: Option<Bound<'py, PyString>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        let examine = this.getattr("examine")?;
        let keywords = PyDict::new(py);
        keywords.set_item("stored", stored)?;
        let partial = py.import("functools")?.getattr("partial")?.call((examine,), Some(&keywords))?;
        later(&partial, (password, min_count).into_pyobject(py)?, has_server(&this.get().corpus))
    }

    /// `counts(values: Values, *, threads: int | None = None) -> list[int | None]`
    ///
    /// `count` of many passwords: a list for a list, Arrow for Arrow; a null for a null.
    #[pyo3(signature = (values, *, threads = None))]
    fn counts<'py>(&self, values: &Bound<'py, PyAny>, threads: Option<i64>) -> PyResult<Bound<'py, PyAny>> {
        bulk::counts(&self.corpus, values, What::Passwords, threads)
    }

    /// `counts_hash(values: Values, *, threads: int | None = None) -> list[int | None]`
    ///
    /// `count_hash` of many digests: binary is raw, text is hexadecimal.
    #[pyo3(signature = (values, *, threads = None))]
    fn counts_hash<'py>(
        &self,
        values: &Bound<'py, PyAny>,
        threads: Option<i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        bulk::counts(&self.corpus, values, What::Digests, threads)
    }

    /// `verify() -> None`
    ///
    /// Reads and checks every index.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        questions::verify(py, &self.corpus)
    }

    /// `reload_if_changed() -> bool`
    ///
    /// `Index.reload_if_changed` of every index; whether any was taken over.
    fn reload_if_changed(&self, py: Python<'_>) -> PyResult<bool> {
        questions::reload_if_changed(py, &self.corpus)
    }

    /// `close() -> None`
    ///
    /// Closes every index.
    fn close(&self) {
        self.corpus.live_indexes().for_each(LiveIndex::close);
    }

    /// `base: Any`
    ///
    /// The first base.
    #[getter]
    fn base(&self, py: Python<'_>) -> Py<PyAny> {
        self.bases[0].clone_ref(py)
    }

    /// `bases: tuple[Index | RangeClient, ...]`
    ///
    /// The bases.
    #[getter]
    fn bases<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.bases)
    }

    /// `overlays: tuple[Index, ...]`
    ///
    /// The overlays.
    #[getter]
    fn overlays<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.overlays)
    }

    /// `metadata: Metadata | None`
    ///
    /// What the first index among the bases says about itself; None where a range client is the only base.
    #[getter]
    fn metadata(&self, py: Python<'_>) -> PyResult<Option<Metadata>> {
        self.first(py).map(|index| questions::metadata(py, index)).transpose()
    }

    /// `signed_by: str | None`
    ///
    /// The id of the trusted key that signed the first index among the bases; None where no signature was asked for, or a
    /// range client is the only base.
    #[getter]
    fn signed_by(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.first(py).map_or(Ok(None), |index| questions::signed_by(py, index))
    }

    /// `reload_error: Exception | None`
    ///
    /// Why a file that is under its path now was not taken over; None when all is well.
    #[getter]
    fn reload_error(&self, py: Python<'_>) -> Option<PyErr> {
        questions::reload_error(py, &self.corpus)
    }

    /// `closed: bool`
    ///
    /// Whether one of the indexes was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.corpus.live_indexes().any(LiveIndex::is_closed)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        questions::entries(py, &self.corpus)
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __exit__(&self, _kind: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>, _traceback: &Bound<'_, PyAny>) {
        self.close();
    }

    fn __copy__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __deepcopy__(this: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        this
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let bases: Vec<_> = self.bases.iter().map(|base| base.clone_ref(py)).collect();
        let overlays: Vec<_> = self.overlays.iter().map(|overlay| overlay.clone_ref(py)).collect();
        Ok((py.get_type::<Self>(), (bases, overlays).into_pyobject(py)?))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let bases: Vec<String> =
            self.bases.iter().map(|base| Ok(base.bind(py).repr()?.to_string())).collect::<PyResult<_>>()?;
        let overlays: Vec<String> =
            self.overlays.iter().map(|overlay| describe(overlay.get().live())).collect();
        Ok(format!("<breachdex.IndexSet {} overlays=[{}]>", bases.join(" "), overlays.join(", ")))
    }
}
