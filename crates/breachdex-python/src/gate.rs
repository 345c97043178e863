//! `breachdex._gate.Gate`: one corpus, one threshold and one `on_error` for one surface of a framework.

#![forbid(unsafe_code)]

use breachdex::{Corpus, Decision, Finding, LogThrottle, OnError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString};

use crate::errors::{OrRaise as _, from_source};
use crate::exposure::{Exposure, Unavailable};
use crate::faults::{self, Outcome, on_error_named};
use crate::index_set::corpus_in;
use crate::pairs::{self, ExposedPair, lists_in};
use crate::questions::{self, Lack, question_of, report_reloads, tells_counts, threshold, without_counts};

/// Asks one index for one surface of a framework.
#[pyclass(module = "breachdex._breachdex", frozen)]
pub(crate) struct Gate {
    index: Py<PyAny>,
    corpus: Corpus,
    min_count: u64,
    on_error: OnError,
    throttle: LogThrottle,
}

#[pymethods]
impl Gate {
    #[new]
    #[pyo3(
        signature = (index, *, min_count = None, on_error = None, test_password = false, pairs = None),
        text_signature = "(index, *, min_count=1, on_error='raise', test_password=False, pairs=())"
    )]
    fn new(
        index: &Bound<'_, PyAny>,
        min_count: Option<&Bound<'_, PyAny>>,
        on_error: Option<&Bound<'_, PyAny>>,
        test_password: bool,
        pairs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = index.py();
        let on_error = on_error.map_or(Ok(OnError::Raise), on_error_named)?;
        let min_count = whole_number(min_count)?;
        let corpus = corpus_in(index)?.with_pairs(lists_in(pairs)?);
        if min_count > 1 && matches!(without_counts(&corpus, 1).or_raise(py)?, Some(Lack::Counts)) {
            let message = "min_count needs an index with counts; this one was built without";
            return Err(PyValueError::new_err(message));
        }
        let corpus = if test_password { corpus.with_test_password() } else { corpus };
        Ok(Self { index: index.clone().unbind(), corpus, min_count, on_error, throttle: faults::throttle() })
    }

    /// `examine(password: str | bytes, *, stored: str | None = None, users: Sequence[str | None] = ()) -> Exposure | ExposedPair | Unavailable | None`
    ///
    /// How the password is exposed in any of its forms, `stored` among them, alone or together with what the account is known
    /// by; None where it is not, and Unavailable where that is not known and `on_error` refuses it.
    #[pyo3(
        signature = (password, *, stored = None, users = Vec::new()),
        text_signature = "($self, password, *, stored=None, users=())"
    )]
    fn examine<'py>(
        &self,
        password: &Bound<'py, PyAny>,
        stored: Option<&Bound<'py, PyString>>,
        users: Vec<Option<String>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = password.py();
        let users: Vec<String> = users.into_iter().flatten().collect();
        let pair = pairs::ask(&self.corpus, &users, password, stored)?;
        if let Some(pair) = ExposedPair::of(&pair) {
            report_reloads(py, &self.corpus);
            return Ok(Some(Bound::new(py, pair)?.into_any()));
        }
        let question = question_of(&self.corpus, password, stored)?;
        let finding = self.corpus.ask(&question, self.min_count).or_raise(py)?;
        let finding = match pair.fault {
            Some(fault) => finding.or(Finding::Unknown(fault)),
            None => finding,
        };
        let decision = self.on_error.decide(finding);
        report_reloads(py, &self.corpus);
        match decision.map_err(|fault| from_source(py, *fault))? {
            Decision::Exposed(exposure) => Ok(Some(Bound::new(py, Exposure::from(exposure))?.into_any())),
            Decision::NotExposed { .. } => Ok(None),
            Decision::Accepted(fault) => {
                faults::log(py, &self.throttle, Outcome::Accepted, &fault);
                Ok(None)
            }
            Decision::Refused(fault) => {
                faults::log(py, &self.throttle, Outcome::Refused, &fault);
                Ok(Some(Bound::new(py, Unavailable)?.into_any()))
            }
        }
    }

    /// `index: Index | IndexSet | RangeClient`
    ///
    /// What is asked.
    #[getter]
    fn index(&self, py: Python<'_>) -> Py<PyAny> {
        self.index.clone_ref(py)
    }

    /// `tells_counts: bool`
    ///
    /// Whether people may be told how often a password was seen.
    #[getter]
    fn tells_counts(&self) -> bool {
        tells_counts(&self.corpus)
    }

    /// `min_count: int`
    ///
    /// From how many sightings on (inclusive) a password is exposed.
    #[getter]
    fn min_count(&self) -> u64 {
        self.min_count
    }

    /// `on_error: OnError`
    ///
    /// What a fault at run time means.
    #[getter]
    fn on_error(&self) -> &'static str {
        self.on_error.name()
    }
}

/// `examine(index: Index | IndexSet | RangeClient, password: Password, min_count: int = 1, *, stored: str | None = None, test_password: bool = False) -> Exposure | None`
///
/// How a password is exposed in any of its forms; None where it is not. Raises any fault.
#[pyfunction]
#[pyo3(
    signature = (index, password, min_count = None, *, stored = None, test_password = false),
    text_signature = "(index, password, min_count=1, *, stored=None, test_password=False)"
)]
pub(crate) fn examine(
    index: &Bound<'_, PyAny>,
    password: &Bound<'_, PyAny>,
    min_count: Option<&Bound<'_, PyAny>>,
    stored: Option<&Bound<'_, PyString>>,
    test_password: bool,
) -> PyResult<Option<Exposure>> {
    let corpus = corpus_in(index)?;
    let corpus = if test_password { corpus.with_test_password() } else { corpus };
    questions::examine(&corpus, password, min_count, stored)
}

/// A threshold of a setting, where `True` is a slip.
fn whole_number(min_count: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    let Some(given) = min_count else { return Ok(1) };
    if !given.is_instance_of::<PyBool>()
        && given.is_instance_of::<PyInt>()
        && let Ok(count) = threshold(min_count)
    {
        return Ok(count);
    }
    let found = given.repr()?;
    Err(PyValueError::new_err(format!("min_count must be a whole number from 1 on, not {found}")))
}
