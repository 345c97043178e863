//! `breachdex.IndexSet`.

#![forbid(unsafe_code)]

use breachdex::LiveSet;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::bulk::{self, What};
use crate::errors::OrRaise as _;
use crate::index::{Index, describe};
use crate::metadata::Metadata;
use crate::questions;

/// A base and overlays asked as one. A hit in an overlay is exposed whatever `min_count` says; counts are added.
#[pyclass(module = "breachdex", frozen, weakref)]
pub(crate) struct IndexSet {
    set: LiveSet,
    base: Py<Index>,
    overlays: Vec<Py<Index>>,
}

impl IndexSet {
    pub(crate) fn set(&self) -> &LiveSet {
        &self.set
    }
}

#[pymethods]
impl IndexSet {
    #[new]
    #[pyo3(signature = (base, overlays = None))]
    fn new(py: Python<'_>, base: Py<Index>, overlays: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let overlays: Vec<Py<Index>> = match overlays {
            None => Vec::new(),
            Some(overlays) => overlays
                .try_iter()?
                .map(|overlay| Ok(overlay?.cast_into::<Index>()?.unbind()))
                .collect::<PyResult<_>>()?,
        };
        let live = overlays.iter().map(|overlay| overlay.get().live().clone()).collect();
        let set = LiveSet::new(base.get().live().clone(), live).or_raise(py)?;
        Ok(Self { set, base, overlays })
    }

    /// How often a password was seen, in all indexes together.
    fn count(&self, password: &Bound<'_, PyAny>) -> PyResult<u64> {
        questions::count(&self.set, password)
    }

    /// Whether an overlay holds a password, or the base has seen it at least `min_count` times (inclusive).
    #[pyo3(signature = (password, min_count = None), text_signature = "($self, password, min_count=1)")]
    fn contains(&self, password: &Bound<'_, PyAny>, min_count: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        questions::contains(&self.set, password, min_count)
    }

    /// How often a digest was seen: `bytes` are the raw digest, `str` is hexadecimal.
    fn count_hash(&self, digest: &Bound<'_, PyAny>) -> PyResult<u64> {
        questions::count_hash(&self.set, digest)
    }

    /// The rows `SUFFIX:COUNT` under a prefix of five hexadecimal digits, of all indexes, CRLF between them.
    fn range(&self, prefix: &Bound<'_, PyString>) -> PyResult<String> {
        questions::range(&self.set, prefix)
    }

    /// `count` of many passwords: a list for a list, Arrow for Arrow; a null for a null.
    #[pyo3(signature = (values, *, threads = None))]
    fn counts<'py>(&self, values: &Bound<'py, PyAny>, threads: Option<i64>) -> PyResult<Bound<'py, PyAny>> {
        bulk::counts(&self.set, values, What::Passwords, threads)
    }

    /// `count_hash` of many digests: binary is raw, text is hexadecimal.
    #[pyo3(signature = (values, *, threads = None))]
    fn counts_hash<'py>(
        &self,
        values: &Bound<'py, PyAny>,
        threads: Option<i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        bulk::counts(&self.set, values, What::Digests, threads)
    }

    /// Reads and checks every index.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        questions::verify(py, &self.set)
    }

    /// `Index.reload_if_changed` of every index; whether any was taken over.
    fn reload_if_changed(&self, py: Python<'_>) -> PyResult<bool> {
        questions::reload_if_changed(py, &self.set)
    }

    /// Closes every index.
    fn close(&self) {
        self.set.members().for_each(breachdex::LiveIndex::close);
    }

    /// The base.
    #[getter]
    fn base(&self, py: Python<'_>) -> Py<Index> {
        self.base.clone_ref(py)
    }

    /// The overlays.
    #[getter]
    fn overlays<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.overlays)
    }

    /// What the base says about itself.
    #[getter]
    fn metadata(&self, py: Python<'_>) -> PyResult<Metadata> {
        questions::metadata(py, self.set.base())
    }

    /// Why a file that is under its path now was not taken over; None when all is well.
    #[getter]
    fn reload_error(&self, py: Python<'_>) -> Option<PyErr> {
        questions::reload_error(py, &self.set)
    }

    /// Whether one of the indexes was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.set.members().any(breachdex::LiveIndex::is_closed)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        questions::entries(py, &self.set)
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
        let overlays: Vec<_> = self.overlays.iter().map(|overlay| overlay.clone_ref(py)).collect();
        Ok((py.get_type::<Self>(), (self.base.clone_ref(py), overlays).into_pyobject(py)?))
    }

    fn __repr__(&self) -> String {
        let overlays: Vec<String> = self.set.overlays().iter().map(describe).collect();
        format!("<breachdex.IndexSet {} overlays=[{}]>", describe(self.set.base()), overlays.join(", "))
    }
}
