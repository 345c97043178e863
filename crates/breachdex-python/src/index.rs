//! `breachdex.Index`.

#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use breachdex::trust::Trust;
use breachdex::{Corpus, LiveIndex, OpenOptions, Residency};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple, PyType};

use crate::bulk::{self, What};
use crate::errors::{OrRaise as _, errors_module, from_index};
use crate::exposure::Exposure;
use crate::metadata::Metadata;
use crate::questions;
use crate::trust::{texts, trust_of};

/// Names the index to open when no path is given.
const VARIABLE: &str = "BREACHDEX_INDEX";

/// An open index of breached password digests. Made by `Index.open`.
#[pyclass(module = "breachdex", frozen, weakref)]
pub(crate) struct Index {
    live: LiveIndex,
    /// The index alone.
    corpus: Corpus,
    origin: Origin,
}

/// How to have the same index in another process.
enum Origin {
    Path(PathBuf, Trust),
    Starter,
    Bytes,
}

impl Index {
    fn new(live: LiveIndex, origin: Origin) -> Self {
        Self { corpus: Corpus::from(live.clone()), live, origin }
    }

    /// The index as a corpus of its own.
    pub(crate) fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    pub(crate) fn live(&self) -> &LiveIndex {
        &self.live
    }

    fn at(
        py: Python<'_>,
        path: &Path,
        every: Option<Duration>,
        residency: Residency,
        trust: Trust,
    ) -> PyResult<Self> {
        // The folder that the process is in may change before the file is looked at again.
        let path = std::path::absolute(path).map_err(|source| {
            from_index(py, &breachdex::Error::Io { action: "open", path: path.to_owned(), source })
        })?;
        let options = OpenOptions::new().mapped().residency(residency).trust(trust.clone());
        let live = py.detach(|| LiveIndex::open(&path, options, every)).or_raise(py)?;
        Ok(Self::new(live, Origin::Path(path, trust)))
    }

    fn embedded(py: Python<'_>) -> PyResult<Self> {
        let index = breachdex::Index::starter().or_raise(py)?;
        let message = format!(
            "the starter index of {} common passwords answers; a password that it does not hold may well be \
             exposed: name a full index, or set {VARIABLE}",
            index.len()
        );
        errors_module(py)?.call_method1("warn_of_starter", (message,))?;
        Ok(Self::new(LiveIndex::new(index), Origin::Starter))
    }
}

#[pymethods]
impl Index {
    /// `open(path: Path | None = None, reload_every: float | None = None, *, residency: Literal['on-demand', 'populate', 'locked', 'huge-pages'] = 'on-demand', trusted_keys: TrustedKeys | Literal[False] | None = None, max_age: int | None = None, allow_rollback: bool = False) -> Self`
    ///
    /// Opens an index file. `path` None is the one that $BREACHDEX_INDEX names, else the small starter index that
    /// comes with breachdex, with a StarterIndexWarning. With `reload_every` (seconds), a file that replaced this
    /// one is verified and taken over while questions are answered. `residency` is how much of it is in memory before
    /// the first question: "on-demand", "populate", "locked" or "huge-pages". `trusted_keys` are those of which one must
    /// have signed it, and `max_age` how many days old its corpus may be. With trusted keys a file with an earlier corpus
    /// date is taken over only if `allow_rollback` says so.
    #[classmethod]
    #[pyo3(
        signature = (
            path = None, reload_every = None, *, residency = None, trusted_keys = None, max_age = None, allow_rollback = false
        ),
        text_signature = "($cls, path=None, reload_every=None, *, residency='on-demand', trusted_keys=None, max_age=None, \
allow_rollback=False)"
    )]
    fn open(
        cls: &Bound<'_, PyType>,
        path: Option<PathBuf>,
        reload_every: Option<f64>,
        residency: Option<&str>,
        trusted_keys: Option<&Bound<'_, PyAny>>,
        max_age: Option<&Bound<'_, PyAny>>,
        allow_rollback: bool,
    ) -> PyResult<Self> {
        let py = cls.py();
        let residency = residency.map(residency_named).transpose()?.unwrap_or_default();
        let every = reload_every.map(seconds).transpose()?;
        let trust = trust_of(trusted_keys, max_age, allow_rollback)?;
        let named = || env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        match path.or_else(named) {
            Some(path) => Self::at(py, &path, every, residency, trust),
            None => Self::embedded(py),
        }
    }

    /// `starter() -> Self`
    ///
    /// The small starter index that comes with breachdex, with a StarterIndexWarning.
    #[classmethod]
    fn starter(cls: &Bound<'_, PyType>) -> PyResult<Self> {
        Self::embedded(cls.py())
    }

    /// `from_bytes(data: bytes) -> Self`
    ///
    /// Opens an index that is in memory; the bytes are copied.
    #[classmethod]
    fn from_bytes(cls: &Bound<'_, PyType>, data: &Bound<'_, PyBytes>) -> PyResult<Self> {
        let bytes = data.as_bytes().to_vec();
        let index = breachdex::Index::from_bytes(bytes, "the index in memory").or_raise(cls.py())?;
        Ok(Self::new(LiveIndex::new(index), Origin::Bytes))
    }

    /// `count(password: Password) -> int`
    ///
    /// How often a password was seen; 0 when it was not.
    fn count(&self, password: &Bound<'_, PyAny>) -> PyResult<u64> {
        questions::count(&self.corpus, password)
    }

    /// `contains(password: Password, min_count: int = 1) -> bool`
    ///
    /// Whether a password was seen at least `min_count` times (inclusive).
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
    /// The rows `SUFFIX:COUNT` under a prefix of five hexadecimal digits, CRLF between them.
    fn range(&self, prefix: &Bound<'_, PyString>) -> PyResult<String> {
        questions::range(&self.corpus, prefix)
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
    /// Reads and checks everything; a second or two a gigabyte.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        questions::verify(py, &self.corpus)
    }

    /// `reload_if_changed() -> bool`
    ///
    /// Looks whether the file was replaced, and takes a sound replacement over; whether one was.
    fn reload_if_changed(&self, py: Python<'_>) -> PyResult<bool> {
        questions::reload_if_changed(py, &self.corpus)
    }

    /// `close() -> None`
    ///
    /// Gives the file up; later questions are an IndexClosedError.
    fn close(&self) {
        self.live().close();
    }

    /// `metadata: Metadata`
    ///
    /// What the index says about itself.
    #[getter]
    fn metadata(&self, py: Python<'_>) -> PyResult<Metadata> {
        questions::metadata(py, self.live())
    }

    /// `path: str | None`
    ///
    /// The absolute path of the file; None for an index in memory.
    #[getter]
    fn path(&self) -> Option<&OsStr> {
        self.live().path().map(Path::as_os_str)
    }

    /// `signed_by: str | None`
    ///
    /// The id of the trusted key that signed the index; None where no signature was asked for.
    #[getter]
    fn signed_by(&self, py: Python<'_>) -> PyResult<Option<String>> {
        questions::signed_by(py, self.live())
    }

    /// `reload_error: Exception | None`
    ///
    /// Why the file that is under the path now was not taken over; None when all is well.
    #[getter]
    fn reload_error(&self, py: Python<'_>) -> Option<PyErr> {
        questions::reload_error(py, &self.corpus)
    }

    /// `closed: bool`
    ///
    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.live().is_closed()
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        questions::entries(py, &self.corpus)
    }

    // Without this an index without entries would be false.
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

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let pickling = py.import("breachdex._pickling")?;
        match &self.origin {
            Origin::Path(path, trust) => {
                let content = self.live().snapshot().or_raise(py)?.content_id().to_string();
                let every = self.live().reload_every().map(|every| every.as_secs_f64());
                let trust = (texts(trust), trust.max_age(), trust.allows_rollback());
                let arguments =
                    (path.as_os_str(), content, every, trust.0, trust.1, trust.2).into_pyobject(py)?;
                Ok((pickling.getattr("open_same")?, arguments))
            }
            Origin::Starter => Ok((pickling.getattr("open_starter")?, PyTuple::empty(py))),
            Origin::Bytes => Err(PyTypeError::new_err(
                "an index made by from_bytes cannot be pickled; write it to a file and open that",
            )),
        }
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, &describe(self.live()))
    }
}

/// An index in a few words, whatever state it is in.
pub(crate) fn describe(index: &LiveIndex) -> String {
    match index.snapshot() {
        Ok(open) => {
            let (name, kind, entries) = (open.name(), open.kind().name(), open.len());
            format!("<breachdex.Index {name} {kind} entries={entries}>")
        }
        Err(_) => {
            let name = index.path().map_or_else(|| "in memory".into(), |path| path.display().to_string());
            let state = if index.is_closed() { "closed" } else { "damaged" };
            format!("<breachdex.Index {name} {state}>")
        }
    }
}

/// A residency from Python.
fn residency_named(name: &str) -> PyResult<Residency> {
    name.parse().map_err(|_| {
        PyValueError::new_err("residency is one of 'on-demand', 'populate', 'locked' and 'huge-pages'")
    })
}

/// A time from Python.
fn seconds(seconds: f64) -> PyResult<Duration> {
    let duration = Duration::try_from_secs_f64(seconds);
    duration.map_err(|_| PyValueError::new_err("reload_every is a number of seconds from 0 on"))
}
