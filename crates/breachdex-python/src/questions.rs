//! What an index and a set of indexes are asked alike.

#![forbid(unsafe_code)]

use breachdex::{
    Corpus, CorpusSource as Source, Decision, Digest, Finding, FormSet, LiveIndex, OnError, Prefix, Question,
    Reload, rows,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

use crate::errors::{OrRaise as _, from_source, in_full, raise};
use crate::exposure::Exposure;
use crate::metadata::Metadata;
use crate::password::{digest_of, erasing_stack, given_digest, text_of, with_bytes};
use crate::signals::{Listener, Work};

/// Digits of a range's prefix.
const PREFIX_DIGITS: usize = 5;

pub(crate) fn count(corpus: &Corpus, password: &Bound<'_, PyAny>) -> PyResult<u64> {
    erasing_stack(|| count_of(password.py(), corpus, &digest_of(corpus.kind(), password)?))
}

pub(crate) fn count_hash(corpus: &Corpus, digest: &Bound<'_, PyAny>) -> PyResult<u64> {
    erasing_stack(|| count_of(digest.py(), corpus, &given_digest(corpus.kind(), digest)?))
}

fn count_of(py: Python<'_>, corpus: &Corpus, digest: &Digest) -> PyResult<u64> {
    let count = corpus.count(digest);
    report_reloads(py, corpus);
    count.map_err(|fault| from_source(py, fault))
}

pub(crate) fn contains(
    corpus: &Corpus,
    password: &Bound<'_, PyAny>,
    min_count: Option<&Bound<'_, PyAny>>,
) -> PyResult<bool> {
    let (py, min_count) = (password.py(), threshold(min_count)?);
    let found =
        erasing_stack(|| digest_of(corpus.kind(), password).map(|digest| corpus.find(&digest, min_count)))?;
    report_reloads(py, corpus);
    match found.or_raise(py)? {
        Finding::Exposed(_) => Ok(true),
        Finding::NotExposed { .. } => Ok(false),
        Finding::Unknown(fault) => Err(from_source(py, *fault)),
    }
}

/// A password in every form that is looked up, `stored` among them.
pub(crate) fn question_of(
    corpus: &Corpus,
    password: &Bound<'_, PyAny>,
    stored: Option<&Bound<'_, PyString>>,
) -> PyResult<Question> {
    let stored = stored.map(text_of).transpose()?;
    erasing_stack(|| {
        with_bytes(password, |bytes| {
            Question::password(corpus.kind(), bytes, stored, FormSet::default()).or_raise(password.py())
        })
    })
}

/// How a password is exposed in any of its forms; None where it is not. Raises any fault.
pub(crate) fn examine(
    corpus: &Corpus,
    password: &Bound<'_, PyAny>,
    min_count: Option<&Bound<'_, PyAny>>,
    stored: Option<&Bound<'_, PyString>>,
) -> PyResult<Option<Exposure>> {
    let (py, min_count) = (password.py(), threshold(min_count)?);
    let question = question_of(corpus, password, stored)?;
    let decision = corpus.decide(&question, min_count, OnError::Raise);
    report_reloads(py, corpus);
    match decision.map_err(|fault| from_source(py, *fault))? {
        Decision::Exposed(exposure) => Ok(Some(Exposure::from(exposure))),
        _ => Ok(None),
    }
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

pub(crate) fn range(corpus: &Corpus, digits: &Bound<'_, PyString>) -> PyResult<String> {
    let (py, prefix) = (digits.py(), Prefix::of_range(range_prefix(digits)?));
    let entries = py.detach(|| corpus.range(&prefix));
    report_reloads(py, corpus);
    let mut body = Vec::new();
    for entry in entries.map_err(|fault| from_source(py, fault))? {
        if !body.is_empty() {
            body.extend_from_slice(b"\r\n");
        }
        rows::write_row(&mut body, &entry, corpus.kind(), PREFIX_DIGITS, true);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Reads and checks every index; a range server has nothing to be checked.
pub(crate) fn verify(py: Python<'_>, corpus: &Corpus) -> PyResult<()> {
    let (listener, _work) = (Listener::of_signals(), Work::begin(py)?);
    let verified =
        py.detach(|| corpus.live_indexes().try_for_each(|index| index.snapshot()?.verify(&listener)));
    settle(py, listener.into_error(), verified)
}

pub(crate) fn reload_if_changed(py: Python<'_>, corpus: &Corpus) -> PyResult<bool> {
    let (listener, _work) = (Listener::of_signals(), Work::begin(py)?);
    let reloaded = py.detach(|| {
        // Every one is looked at, whatever the others say.
        let all: Vec<_> = corpus.live_indexes().map(|index| index.reload_if_changed(&listener)).collect();
        all.into_iter().try_fold(false, |any, one| Ok(any | one?))
    });
    report_reloads(py, corpus);
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

/// The id of the trusted key that signed the index; `None` where no signature was asked for.
pub(crate) fn signed_by(py: Python<'_>, index: &LiveIndex) -> PyResult<Option<String>> {
    let index = index.snapshot().or_raise(py)?;
    Ok(index.signed().map(|signed| signed.key.to_string()))
}

/// The number of entries, for `len()`.
pub(crate) fn entries(py: Python<'_>, corpus: &Corpus) -> PyResult<usize> {
    if has_server(corpus) {
        return Err(PyTypeError::new_err("the number of entries of a range server is not known"));
    }
    let all = corpus.live_indexes().map(|index| Ok(index.snapshot()?.len()));
    let entries: u64 = all.sum::<breachdex::Result<u64>>().or_raise(py)?;
    Ok(usize::try_from(entries)?)
}

/// Whether a question to the corpus goes over the network.
pub(crate) fn has_server(corpus: &Corpus) -> bool {
    corpus.sources().any(|source| matches!(source, Source::Remote(_)))
}

/// Whether people may be told how often a password was seen. The starter index has seen everything once; and beside overlays
/// it would tell a leak that is known to all from one of the site's own.
pub(crate) fn tells_counts(corpus: &Corpus) -> bool {
    let is_starter = |source: &Source| match source {
        // A damaged index says so when it is asked.
        Source::Index(live) => live.snapshot().is_ok_and(|index| index.is_starter()),
        _ => false,
    };
    corpus.overlays().is_empty() && !corpus.bases().iter().any(is_starter)
}

/// The first base that cannot say how often it has seen a password, if any: one without counts or, where `min_count` is
/// above 1, the starter index, which has seen everything once.
pub(crate) fn without_counts(corpus: &Corpus, min_count: u64) -> breachdex::Result<Option<Lack>> {
    for base in corpus.bases() {
        let Source::Index(live) = base else { continue };
        let index = live.snapshot()?;
        if !index.metadata().has_counts {
            return Ok(Some(Lack::Counts));
        }
        if min_count > 1 && index.is_starter() {
            return Ok(Some(Lack::Starter));
        }
    }
    Ok(None)
}

/// Why a base cannot say how often.
pub(crate) enum Lack {
    /// It was built without counts.
    Counts,
    /// It is the starter index.
    Starter,
}

/// Why a replaced file was not taken over: the first of the indexes' errors.
pub(crate) fn reload_error(py: Python<'_>, corpus: &Corpus) -> Option<PyErr> {
    corpus.live_indexes().find_map(LiveIndex::reload_error).map(|error| in_full(py, &error))
}

/// Says in Python's log what was refused, and what is older than the index before, each file once.
#[inline]
pub(crate) fn report_reloads(py: Python<'_>, corpus: &Corpus) {
    for index in corpus.followed() {
        if let Some(reload) = index.unreported() {
            log(py, &reload);
        }
    }
}

#[cold]
fn log(py: Python<'_>, reload: &Reload) {
    let (level, text, detail) = match reload {
        Reload::Older { name, step_back } => (
            "warning",
            "an index was replaced by an older one, which is in use: %s",
            format!("{name}: {step_back}"),
        ),
        Reload::Refused(error) => {
            ("error", "a replaced index was refused, still using the previous one: %s", error.to_string())
        }
        reload => ("error", "%s", reload.to_string()),
    };
    let said = py.import("logging").and_then(|logging| {
        let logger = logging.call_method1("getLogger", ("breachdex",))?;
        logger.call_method1(level, (text, detail))
    });
    if let Err(error) = said {
        error.write_unraisable(py, None);
    }
}
