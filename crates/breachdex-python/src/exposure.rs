//! What the validators ask: is a password exposed in any of its forms?

#![forbid(unsafe_code)]

use breachdex::{Decision, FormSet, LiveSet, OnError, Question};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::{OrRaise as _, from_source};
use crate::index::Index;
use crate::index_set::IndexSet;
use crate::password::{text_of, with_bytes};
use crate::questions::{corpus_of, report_refusals, threshold};

/// How a password is exposed. Holds neither the password nor its digest.
#[pyclass(module = "breachdex", frozen, eq, hash, get_all)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Exposure {
    count: Option<u64>,
    form: &'static str,
    source: &'static str,
}

#[pymethods]
impl Exposure {
    fn __repr__(&self) -> String {
        let count = self.count.map_or_else(|| String::from("None"), |count| count.to_string());
        format!("Exposure(count={count}, form='{}', source='{}')", self.form, self.source)
    }
}

/// How a password is exposed in any of its forms; None where it is not.
#[pyfunction]
#[pyo3(
    signature = (index, password, min_count = None, *, stored = None),
    text_signature = "(index, password, min_count=1, *, stored=None)"
)]
pub(crate) fn examine(
    index: &Bound<'_, PyAny>,
    password: &Bound<'_, PyAny>,
    min_count: Option<&Bound<'_, PyAny>>,
    stored: Option<&Bound<'_, PyString>>,
) -> PyResult<Option<Exposure>> {
    let ask = |set: &LiveSet| ask(set, password, min_count, stored);
    if let Ok(index) = index.cast::<Index>() {
        ask(index.get().set())
    } else if let Ok(set) = index.cast::<IndexSet>() {
        ask(set.get().set())
    } else {
        let found = index.get_type().name()?;
        Err(PyTypeError::new_err(format!("an Index or an IndexSet is asked, not {found}")))
    }
}

fn ask(
    set: &LiveSet,
    password: &Bound<'_, PyAny>,
    min_count: Option<&Bound<'_, PyAny>>,
    stored: Option<&Bound<'_, PyString>>,
) -> PyResult<Option<Exposure>> {
    let py = password.py();
    let min_count = threshold(min_count)?;
    let look = |stored: Option<&str>| {
        with_bytes(password, |bytes| {
            let corpus = corpus_of(set).or_raise(py)?;
            let question =
                Question::password(corpus.kind(), bytes, stored, FormSet::default()).or_raise(py)?;
            let decision = corpus.decide(&question, min_count, OnError::Raise);
            report_refusals(py, set);
            match decision.map_err(|fault| from_source(py, *fault))? {
                Decision::Exposed(exposure) => Ok(Some(exposure)),
                Decision::NotExposed { .. } | Decision::Accepted(_) | Decision::Refused(_) => Ok(None),
            }
        })
    };
    let found = match stored {
        None => look(None)?,
        Some(stored) => look(Some(text_of(stored)?))?,
    };
    Ok(found.map(|exposure| Exposure {
        count: exposure.count,
        form: exposure.form.name(),
        source: exposure.origin.name(),
    }))
}
