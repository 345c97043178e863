//! What the validators ask: is a password exposed in any of its forms?

#![forbid(unsafe_code)]

use breachdex::{LiveSet, Origin};
use breachdex_policy::FormSet;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::OrRaise as _;
use crate::index::Index;
use crate::index_set::IndexSet;
use crate::password::{text_of, with_bytes};
use crate::questions::{report_refusals, threshold};

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
            let found = breachdex_policy::examine(set, bytes, stored, FormSet::default(), min_count);
            report_refusals(py, set);
            found.or_raise(py)
        })
    };
    let found = match stored {
        None => look(None)?,
        Some(stored) => look(Some(text_of(stored)?))?,
    };
    Ok(found.map(|exposure| Exposure {
        count: exposure.count,
        form: exposure.form.name(),
        source: match exposure.origin {
            Origin::Base => "base",
            Origin::Overlay => "overlay",
        },
    }))
}
