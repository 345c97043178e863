//! What the validators of frameworks hear: how a password is exposed, and what to say then.

#![forbid(unsafe_code)]

use breachdex::{Form, Origin};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

/// How a password is exposed. Holds neither the password nor its digest.
#[pyclass(module = "breachdex", frozen, eq, hash, get_all)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Exposure {
    /// `count: int | None`
    ///
    /// How often it was seen; `None` where that is not known.
    count: Option<u64>,
    /// `form: Literal['raw', 'nfc', 'nfkc', 'trimmed', 'visible', 'casefold', 'stored']`
    ///
    /// The form of it that is exposed.
    form: &'static str,
    /// `source: Literal['base', 'overlay']`
    ///
    /// Which index knows it.
    source: &'static str,
    /// `partial: bool`
    ///
    /// Whether another source could not answer, so that `count` is a lower bound.
    partial: bool,
}

impl From<breachdex::Exposure> for Exposure {
    fn from(exposure: breachdex::Exposure) -> Self {
        Self {
            count: exposure.count,
            form: exposure.form.name(),
            source: exposure.origin.name(),
            partial: exposure.is_partial,
        }
    }
}

/// What an exposure is made of, as a pickle keeps it.
pub(crate) type Facts = (Option<u64>, String, String, bool);

/// The exposure that was pickled.
pub(crate) fn exposure_of((count, form, source, is_partial): Facts) -> PyResult<breachdex::Exposure> {
    let wrong = || PyValueError::new_err("not what a breachdex.Exposure was pickled as");
    let form = Form::ALL.into_iter().find(|known| known.name() == form).ok_or_else(wrong)?;
    let origins = [Origin::Base, Origin::Overlay];
    let origin = origins.into_iter().find(|known| known.name() == source).ok_or_else(wrong)?;
    Ok(breachdex::Exposure { count, origin, form, is_partial })
}

#[pymethods]
impl Exposure {
    #[staticmethod]
    fn _restore(facts: Facts) -> PyResult<Self> {
        exposure_of(facts).map(Self::from)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let facts = (self.count, self.form, self.source, self.partial);
        Ok((py.get_type::<Self>().getattr("_restore")?, (facts,).into_pyobject(py)?))
    }

    fn __repr__(&self) -> String {
        let count = self.count.map_or_else(|| String::from("None"), |count| count.to_string());
        let partial = if self.partial { ", partial=True" } else { "" };
        format!("Exposure(count={count}, form='{}', source='{}'{partial})", self.form, self.source)
    }
}

/// The password could not be checked, and `on_error` says to refuse it.
#[pyclass(module = "breachdex._breachdex", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Unavailable;

#[pymethods]
impl Unavailable {
    #[new]
    fn new() -> Self {
        Self
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, Bound<'py, PyTuple>) {
        (py.get_type::<Self>(), PyTuple::empty(py))
    }

    fn __repr__(&self) -> &'static str {
        "Unavailable()"
    }
}
