//! What an index and a set of indexes are asked alike.

#![forbid(unsafe_code)]

use breachdex::{Corpus, LiveIndex, LiveSet, Prefix, rows};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

use crate::errors::{OrRaise as _, in_full, raise};
use crate::metadata::Metadata;
use crate::password::{digest_of, given_digest};
use crate::signals::{Listener, Work};

/// Digits of a range's prefix.
const PREFIX_DIGITS: usize = 5;

/// The set as the library's corpus.
pub(crate) fn corpus_of(set: &LiveSet) -> breachdex::Result<Corpus> {
    Corpus::builder().base(set.base().clone()).overlays(set.overlays().iter().cloned()).build()
}

pub(crate) fn count(set: &LiveSet, password: &Bound<'_, PyAny>) -> PyResult<u64> {
    let count = set.count(&digest_of(set.kind(), password)?);
    report_refusals(password.py(), set);
    count.or_raise(password.py())
}

pub(crate) fn contains(
    set: &LiveSet,
    password: &Bound<'_, PyAny>,
    min_count: Option<&Bound<'_, PyAny>>,
) -> PyResult<bool> {
    let min_count = threshold(min_count)?;
    let found = set.find(&digest_of(set.kind(), password)?, min_count);
    report_refusals(password.py(), set);
    Ok(found.or_raise(password.py())?.is_some())
}

pub(crate) fn count_hash(set: &LiveSet, digest: &Bound<'_, PyAny>) -> PyResult<u64> {
    let count = set.count(&given_digest(set.kind(), digest)?);
    report_refusals(digest.py(), set);
    count.or_raise(digest.py())
}

/// A threshold from Python.
pub(crate) fn threshold(min_count: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    let Some(given) = min_count else { return Ok(1) };
    match given.extract::<u64>() {
        Ok(count) if count > 0 => Ok(count),
        Err(_) if !given.is_instance_of::<PyInt>() => {
            let found = given.get_type().name()?;
            Err(PyTypeError::new_err(format!("min_count must be an int, not {found}")))
        }
        // More than any count.
        Err(_) if given.gt(0)? => Ok(u64::MAX),
        _ => Err(PyValueError::new_err(format!("min_count must be 1 or more, not {given}"))),
    }
}

/// A prefix of a range from Python.
pub(crate) fn range_prefix(digits: &Bound<'_, PyString>) -> PyResult<u32> {
    let (py, digits) = (digits.py(), digits.to_string_lossy());
    let is_prefix = digits.len() == PREFIX_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let prefix = is_prefix.then(|| u32::from_str_radix(&digits, 16).ok()).flatten();
    prefix.ok_or_else(|| {
        raise(py, "InvalidPrefixError", format!("a prefix has {PREFIX_DIGITS} hexadecimal digits"))
    })
}

pub(crate) fn range(set: &LiveSet, digits: &Bound<'_, PyString>) -> PyResult<String> {
    let (py, prefix) = (digits.py(), Prefix::of_range(range_prefix(digits)?));
    let body: breachdex::Result<Vec<u8>> = py.detach(|| {
        let mut body = Vec::new();
        for entry in set.snapshot()?.range(&prefix)? {
            if !body.is_empty() {
                body.extend_from_slice(b"\r\n");
            }
            rows::write_row(&mut body, &entry, set.kind(), PREFIX_DIGITS, true);
        }
        Ok(body)
    });
    report_refusals(py, set);
    Ok(String::from_utf8_lossy(&body.or_raise(py)?).into_owned())
}

pub(crate) fn verify(py: Python<'_>, set: &LiveSet) -> PyResult<()> {
    let (listener, _work) = (Listener::of_signals(), Work::begin(py)?);
    let verified = py.detach(|| set.snapshot()?.members().try_for_each(|index| index.verify(&listener)));
    settle(py, listener.into_error(), verified)
}

pub(crate) fn reload_if_changed(py: Python<'_>, set: &LiveSet) -> PyResult<bool> {
    let (listener, _work) = (Listener::of_signals(), Work::begin(py)?);
    let reloaded = py.detach(|| {
        // Every one is looked at, whatever the others say.
        let all: Vec<_> = set.members().map(|index| index.reload_if_changed(&listener)).collect();
        all.into_iter().try_fold(false, |any, one| Ok(any | one?))
    });
    report_refusals(py, set);
    settle(py, listener.into_error(), reloaded)
}

/// What stopped the work goes before what the work says of that.
pub(crate) fn settle<T>(py: Python<'_>, stopped: Option<PyErr>, done: breachdex::Result<T>) -> PyResult<T> {
    match stopped {
        Some(error) => Err(error),
        None => done.map_err(|error| in_full(py, &error)),
    }
}

pub(crate) fn metadata(py: Python<'_>, index: &LiveIndex) -> PyResult<Metadata> {
    index.snapshot().and_then(|index| Metadata::of(&index)).or_raise(py)
}

/// The number of entries, for `len()`.
pub(crate) fn entries(py: Python<'_>, set: &LiveSet) -> PyResult<usize> {
    let snapshot = set.snapshot().or_raise(py)?;
    let entries: u64 = snapshot.members().map(breachdex::Index::len).sum();
    Ok(usize::try_from(entries)?)
}

/// Why a replaced file was not taken over: the first of the members' errors.
pub(crate) fn reload_error(py: Python<'_>, set: &LiveSet) -> Option<PyErr> {
    set.members().find_map(LiveIndex::reload_error).map(|error| in_full(py, &error))
}

/// Says in Python's log what was refused, each refused file once.
#[inline]
pub(crate) fn report_refusals(py: Python<'_>, set: &LiveSet) {
    for index in set.members() {
        if let Some(error) = index.unreported_error() {
            log(py, &error);
        }
    }
}

#[cold]
fn log(py: Python<'_>, error: &breachdex::Error) {
    let said = py.import("logging").and_then(|logging| {
        let logger = logging.call_method1("getLogger", ("breachdex",))?;
        logger.call_method1(
            "error",
            ("a replaced index is refused, the old one answers on: %s", error.to_string()),
        )
    });
    if let Err(error) = said {
        error.write_unraisable(py, None);
    }
}
