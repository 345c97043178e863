//! Verdicts and reasons for Python.

#![forbid(unsafe_code)]

use breachdex_policy::{Finding, Language};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::errors::raise;

/// What becomes of a password, and why.
#[pyclass(module = "breachdex", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Verdict {
    verdict: breachdex_policy::Verdict,
    language: Language,
}

impl Verdict {
    /// A verdict whose messages are in a language if nothing else is asked for.
    pub(crate) fn new(verdict: breachdex_policy::Verdict, language: Language) -> Self {
        Self { verdict, language }
    }
}

#[pymethods]
impl Verdict {
    /// When it was judged.
    #[getter]
    fn event(&self) -> &'static str {
        self.verdict.event().name()
    }

    /// The severest of the reasons' actions; `accept` without any.
    #[getter]
    fn action(&self) -> &'static str {
        self.verdict.action().name()
    }

    /// Whether it may be used: the action is `accept`, `warn` or `notify`.
    #[getter]
    fn accepted(&self) -> bool {
        self.verdict.accepted()
    }

    /// The severest first, then by code.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.verdict.reasons().iter().map(|reason| Reason { reason: *reason }))
    }

    /// What a person is told, one text for each reason.
    #[pyo3(signature = (lang = None))]
    fn messages(&self, py: Python<'_>, lang: Option<&str>) -> PyResult<Vec<String>> {
        let language = match lang {
            None => self.language,
            Some(name) => name.parse().map_err(|_| {
                let known: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
                raise(py, "PolicyError", format!("lang must be one of {}", known.join(", ")))
            })?,
        };
        Ok(self.verdict.messages(language))
    }

    /// `event`, `action`, `accepted` and `reasons`, for JSON.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("event", self.event())?;
        dict.set_item("action", self.action())?;
        dict.set_item("accepted", self.accepted())?;
        let reasons = self.verdict.reasons().iter().map(|reason| Reason { reason: *reason }.to_dict(py));
        dict.set_item("reasons", reasons.collect::<PyResult<Vec<_>>>()?)?;
        Ok(dict)
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err("a verdict is neither true nor false: ask for its accepted or its action"))
    }

    fn __repr__(&self) -> String {
        let codes: Vec<&str> = self.verdict.reasons().iter().map(|reason| reason.code().name()).collect();
        format!("<breachdex.Verdict {} at {}: [{}]>", self.action(), self.event(), codes.join(", "))
    }
}

/// Why a verdict is not a plain yes.
#[pyclass(module = "breachdex", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Reason {
    reason: breachdex_policy::Reason,
}

#[pymethods]
impl Reason {
    /// Which rule.
    #[getter]
    fn code(&self) -> &'static str {
        self.reason.code().name()
    }

    /// What the policy does about it.
    #[getter]
    fn action(&self) -> &'static str {
        self.reason.action.name()
    }

    /// Of `exposed`: how often it was seen, where that is known.
    #[getter]
    fn count(&self) -> Option<u64> {
        match self.reason.finding {
            Finding::Exposed(exposure) => exposure.count,
            _ => None,
        }
    }

    /// Of `exposed`: which way of writing it is exposed.
    #[getter]
    fn form(&self) -> Option<&'static str> {
        match self.reason.finding {
            Finding::Exposed(exposure) => Some(exposure.form.name()),
            _ => None,
        }
    }

    /// Of `exposed`: which index; of `context_word`: where the word comes from.
    #[getter]
    fn source(&self) -> Option<&'static str> {
        self.reason.finding.source()
    }

    /// Of `too_short` and `too_long`: code points.
    #[getter]
    fn length(&self) -> Option<usize> {
        match self.reason.finding {
            Finding::TooShort { length, .. } | Finding::TooLong { length, .. } => Some(length),
            _ => None,
        }
    }

    /// Of `too_short`: how many there must be.
    #[getter]
    fn min_length(&self) -> Option<usize> {
        match self.reason.finding {
            Finding::TooShort { min_length, .. } => Some(min_length),
            _ => None,
        }
    }

    /// Of `too_long`: how many there may be.
    #[getter]
    fn max_length(&self) -> Option<usize> {
        match self.reason.finding {
            Finding::TooLong { max_length, .. } => Some(max_length),
            _ => None,
        }
    }

    /// `code`, `action` and what the rule says besides, for JSON.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("code", self.code())?;
        dict.set_item("action", self.action())?;
        match self.reason.finding {
            Finding::Exposed(_) => {
                dict.set_item("count", self.count())?;
                dict.set_item("form", self.form())?;
                dict.set_item("source", self.source())?;
            }
            Finding::ContextWord(_) => dict.set_item("source", self.source())?,
            Finding::TooShort { length, min_length } => {
                dict.set_item("length", length)?;
                dict.set_item("min_length", min_length)?;
            }
            Finding::TooLong { length, max_length } => {
                dict.set_item("length", length)?;
                dict.set_item("max_length", max_length)?;
            }
            Finding::IndexUnavailable | Finding::Repetitive | Finding::SimilarExposed => {}
        }
        Ok(dict)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let facts = self.to_dict(py)?;
        let parts = facts.iter().map(|(key, value)| Ok(format!("{key}={}", value.repr()?)));
        Ok(format!("Reason({})", parts.collect::<PyResult<Vec<_>>>()?.join(", ")))
    }
}
