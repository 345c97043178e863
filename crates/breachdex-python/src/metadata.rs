//! `breachdex.Metadata`.

#![forbid(unsafe_code)]

use breachdex::{Kind, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

/// What an index says about itself.
#[pyclass(module = "breachdex", frozen, eq, hash)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Metadata {
    /// `kind: Kind`
    ///
    /// Which digest it holds.
    #[pyo3(get)]
    kind: &'static str,
    /// `bits: int`
    ///
    /// Leading bits kept of every digest.
    #[pyo3(get)]
    bits: u32,
    /// `entries: int`
    ///
    /// Number of entries.
    #[pyo3(get)]
    entries: u64,
    /// `has_counts: bool`
    ///
    /// Whether it knows how often.
    #[pyo3(get)]
    has_counts: bool,
    /// `exact: bool`
    ///
    /// Whether whole digests are kept, so that a hit is never by chance.
    #[pyo3(get)]
    exact: bool,
    /// Bits of a number that is never NaN.
    false_positive_rate: u64,
    /// `floor: int`
    ///
    /// What was seen less often than this may be missing.
    #[pyo3(get)]
    floor: u64,
    /// `covers_all: bool`
    ///
    /// Whether it knows about every prefix.
    #[pyo3(get)]
    covers_all: bool,
    /// `source: str`
    ///
    /// Where the entries come from, in the builder's words; may be empty.
    #[pyo3(get)]
    source: String,
    corpus_date: String,
    /// `tool_version: str | None`
    ///
    /// The breachdex that wrote the file.
    #[pyo3(get)]
    tool_version: Option<String>,
    /// `content_id: str`
    ///
    /// Names the content: equal ids mean equal entries and facts.
    #[pyo3(get)]
    content_id: String,
    /// `file_size: int`
    ///
    /// Bytes of the whole file.
    #[pyo3(get)]
    file_size: u64,
    /// `is_starter: bool`
    ///
    /// Whether this is the small index that comes with breachdex.
    #[pyo3(get)]
    is_starter: bool,
    /// `holds_overlay: bool`
    ///
    /// Whether it is an overlay, or one was merged into it: its digests are to be kept secret.
    #[pyo3(get)]
    holds_overlay: bool,
}

/// What metadata is made of, as a pickle keeps it; a tuple holds no more.
type Facts = (
    (String, u32, u64, bool, bool, u64, u64, bool),
    (String, String, Option<String>, String, u64, bool, bool),
);

impl Metadata {
    pub(crate) fn of(index: &breachdex::Index) -> Result<Self> {
        let facts = index.metadata();
        let tool = index.notes()?.into_iter().find(|(name, _)| name == "tool");
        Ok(Self {
            kind: facts.kind.name(),
            bits: facts.bits,
            entries: facts.entries,
            has_counts: facts.has_counts,
            exact: facts.is_exact(),
            false_positive_rate: facts.false_positive_rate().to_bits(),
            floor: facts.floor,
            covers_all: facts.coverage.is_whole(),
            source: facts.source.clone(),
            corpus_date: facts.corpus_date.clone(),
            tool_version: tool.map(|(_, value)| String::from_utf8_lossy(&value).into_owned()),
            content_id: index.content_id().to_string(),
            file_size: facts.file_length,
            is_starter: index.is_starter(),
            holds_overlay: facts.holds_overlay,
        })
    }
}

#[pymethods]
impl Metadata {
    /// `false_positive_rate: float`
    #[getter]
    fn false_positive_rate(&self) -> f64 {
        f64::from_bits(self.false_positive_rate)
    }

    /// `corpus_date: date | None`
    #[getter]
    fn corpus_date<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.corpus_date.is_empty() {
            return Ok(None);
        }
        let date = py.import("datetime")?.getattr("date")?;
        date.call_method1("fromisoformat", (&self.corpus_date,)).map(Some)
    }

    #[staticmethod]
    fn _restore(facts: Facts) -> PyResult<Self> {
        let (
            (kind, bits, entries, has_counts, exact, false_positive_rate, floor, covers_all),
            (source, corpus_date, tool_version, content_id, file_size, is_starter, holds_overlay),
        ) = facts;
        let kind = [Kind::Sha1, Kind::Ntlm].into_iter().map(Kind::name).find(|known| *known == kind);
        let kind =
            kind.ok_or_else(|| PyValueError::new_err("not what a breachdex.Metadata was pickled as"))?;
        Ok(Self {
            kind,
            bits,
            entries,
            has_counts,
            exact,
            false_positive_rate,
            floor,
            covers_all,
            source,
            corpus_date,
            tool_version,
            content_id,
            file_size,
            is_starter,
            holds_overlay,
        })
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let Self { kind, bits, entries, has_counts, exact, false_positive_rate, floor, covers_all, .. } =
            self;
        let Self {
            source, corpus_date, tool_version, content_id, file_size, is_starter, holds_overlay, ..
        } = self;
        let first = (kind, bits, entries, has_counts, exact, false_positive_rate, floor, covers_all);
        let second = (source, corpus_date, tool_version, content_id, file_size, is_starter, holds_overlay);
        Ok((py.get_type::<Self>().getattr("_restore")?, ((first, second),).into_pyobject(py)?))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let Self { kind, bits, entries, has_counts, exact, is_starter, .. } = self;
        let python = |yes: &bool| if *yes { "True" } else { "False" };
        let source = PyString::new(py, &self.source).repr()?;
        let corpus_date = match self.corpus_date(py)? {
            Some(date) => date.repr()?.to_string(),
            None => String::from("None"),
        };
        Ok(format!(
            "Metadata(kind='{kind}', bits={bits}, entries={entries}, has_counts={}, exact={}, source={source}, \
             corpus_date={corpus_date}, is_starter={})",
            python(has_counts),
            python(exact),
            python(is_starter)
        ))
    }
}
