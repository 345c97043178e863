//! Verdicts and reasons for Python.

#![forbid(unsafe_code)]

use breachdex_policy::{Action, Code, Event, Finding, Language, WordSource};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::errors::raise;
use crate::exposure::{self, exposure_of};
use crate::policy::one_of;

/// What becomes of a password, and why.
#[pyclass(module = "breachdex", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Verdict {
    verdict: breachdex_policy::Verdict,
    language: Language,
    /// Whether messages may say how often a password was seen; see [`crate::questions::tells_counts`].
    tells_counts: bool,
}

impl Verdict {
    /// A verdict whose messages are in a language if nothing else is asked for.
    pub(crate) fn new(verdict: breachdex_policy::Verdict, language: Language, tells_counts: bool) -> Self {
        Self { verdict, language, tells_counts }
    }
}

#[pymethods]
impl Verdict {
    /// `event: Event`
    ///
    /// When it was judged.
    #[getter]
    fn event(&self) -> &'static str {
        self.verdict.event().name()
    }

    /// `language: str`
    ///
    /// The policy's language, which messages are in if nothing else is asked for.
    #[getter]
    fn language(&self) -> &'static str {
        self.language.code()
    }

    /// `action: Action`
    ///
    /// The severest of the reasons' actions; `accept` without any.
    #[getter]
    fn action(&self) -> &'static str {
        self.verdict.action().name()
    }

    /// `accepted: bool`
    ///
    /// Whether it may be used: the action is `accept`, `warn` or `notify`.
    #[getter]
    fn accepted(&self) -> bool {
        self.verdict.accepted()
    }

    /// `reasons: tuple[Reason, ...]`
    ///
    /// The severest first, then by code.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.verdict.reasons().iter().map(|reason| Reason { reason: *reason }))
    }

    /// `messages(lang: str | None = None, *, show_count: bool | None = None) -> list[str]`
    ///
    /// What a person is told, one text for each reason.
    #[pyo3(signature = (lang = None, *, show_count = None))]
    fn messages(
        &self,
        py: Python<'_>,
        lang: Option<&str>,
        show_count: Option<bool>,
    ) -> PyResult<Vec<String>> {
        let language = match lang {
            None => language_of_request(py)?.unwrap_or(self.language),
            Some(name) => name.parse().map_err(|_| {
                let known: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
                raise(py, "PolicyError", format!("lang must be one of {}", known.join(", ")))
            })?,
        };
        if self.tells_counts && show_count.map_or_else(|| shows_counts(py), Ok)? {
            Ok(self.verdict.messages_with_counts(language))
        } else {
            Ok(self.verdict.messages(language))
        }
    }

    /// `to_dict() -> dict[str, Any]`
    ///
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

    #[staticmethod]
    fn _restore(
        py: Python<'_>,
        event: &str,
        reasons: Vec<Facts>,
        language: &str,
        tells_counts: bool,
    ) -> PyResult<Self> {
        let event = one_of(py, "event", event, &Event::ALL, Event::name)?;
        let reasons = reasons.into_iter().map(|facts| reason_of(py, facts)).collect::<PyResult<_>>()?;
        let language =
            language.parse().map_err(|_| raise(py, "PolicyError", "a pickled language is not known"))?;
        Ok(Self { verdict: breachdex_policy::Verdict::new(event, reasons), language, tells_counts })
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let reasons: Vec<Facts> = self.verdict.reasons().iter().map(facts_of).collect();
        let facts = (self.event(), reasons, self.language.code(), self.tells_counts).into_pyobject(py)?;
        Ok((py.get_type::<Self>().getattr("_restore")?, facts))
    }

    fn __repr__(&self) -> String {
        let codes: Vec<&str> = self.verdict.reasons().iter().map(|reason| reason.code().name()).collect();
        format!("<breachdex.Verdict {} at {}: [{}]>", self.action(), self.event(), codes.join(", "))
    }
}

/// The language of the request that is being answered, if there is one.
fn language_of_request(py: Python<'_>) -> PyResult<Option<Language>> {
    let code = py.import("breachdex._language")?.call_method0("of_request")?;
    Ok(code.extract::<Option<String>>()?.and_then(|code| code.parse().ok()))
}

/// Whether the configuration wants messages to say how often.
fn shows_counts(py: Python<'_>) -> PyResult<bool> {
    py.import("breachdex._configuration")?.call_method0("shows_counts")?.extract()
}

/// Why a verdict is not a plain yes.
#[pyclass(module = "breachdex", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Reason {
    reason: breachdex_policy::Reason,
}

#[pymethods]
impl Reason {
    /// `code: Code`
    ///
    /// Which rule.
    #[getter]
    fn code(&self) -> &'static str {
        self.reason.code().name()
    }

    /// `action: Action`
    ///
    /// What the policy does about it.
    #[getter]
    fn action(&self) -> &'static str {
        self.reason.action.name()
    }

    /// `count: int | None`
    ///
    /// Of `exposed`: how often it was seen, where that is known.
    #[getter]
    fn count(&self) -> Option<u64> {
        match self.reason.finding {
            Finding::Exposed(exposure) => exposure.count,
            _ => None,
        }
    }

    /// `form: Literal['raw', 'nfc', 'nfkc', 'trimmed', 'visible', 'casefold', 'stored'] | None`
    ///
    /// Of `exposed`: which way of writing it is exposed.
    #[getter]
    fn form(&self) -> Option<&'static str> {
        match self.reason.finding {
            Finding::Exposed(exposure) => Some(exposure.form.name()),
            _ => None,
        }
    }

    /// `source: Literal['base', 'overlay', 'user_name', 'email', 'service_name', 'context'] | None`
    ///
    /// Of `exposed`: which index; of `context_word`: where the word comes from.
    #[getter]
    fn source(&self) -> Option<&'static str> {
        self.reason.finding.source()
    }

    /// `length: int | None`
    ///
    /// Of `too_short` and `too_long`: code points.
    #[getter]
    fn length(&self) -> Option<usize> {
        match self.reason.finding {
            Finding::TooShort { length, .. } | Finding::TooLong { length, .. } => Some(length),
            _ => None,
        }
    }

    /// `min_length: int | None`
    ///
    /// Of `too_short`: how many there must be.
    #[getter]
    fn min_length(&self) -> Option<usize> {
        match self.reason.finding {
            Finding::TooShort { min_length, .. } => Some(min_length),
            _ => None,
        }
    }

    /// `max_length: int | None`
    ///
    /// Of `too_long`: how many there may be.
    #[getter]
    fn max_length(&self) -> Option<usize> {
        match self.reason.finding {
            Finding::TooLong { max_length, .. } => Some(max_length),
            _ => None,
        }
    }

    /// `to_dict() -> dict[str, Any]`
    ///
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
            Finding::ControlCharacter
            | Finding::IndexUnavailable
            | Finding::Repetitive
            | Finding::SimilarExposed => {}
        }
        Ok(dict)
    }

    #[staticmethod]
    fn _restore(py: Python<'_>, facts: Facts) -> PyResult<Self> {
        Ok(Self { reason: reason_of(py, facts)? })
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let facts = (facts_of(&self.reason),).into_pyobject(py)?;
        Ok((py.get_type::<Self>().getattr("_restore")?, facts))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let facts = self.to_dict(py)?;
        let parts = facts.iter().map(|(key, value)| Ok(format!("{key}={}", value.repr()?)));
        Ok(format!("Reason({})", parts.collect::<PyResult<Vec<_>>>()?.join(", ")))
    }
}

/// What a reason is made of, as a pickle keeps it: code, action, exposure, source of a word, length and limit.
type Facts = (String, String, Option<exposure::Facts>, Option<String>, Option<(usize, usize)>);

fn facts_of(reason: &breachdex_policy::Reason) -> Facts {
    let (mut exposure, mut source, mut lengths) = (None, None, None);
    match reason.finding {
        Finding::Exposed(found) => {
            let (form, origin) = (found.form.name().into(), found.origin.name().into());
            exposure = Some((found.count, form, origin, found.is_partial));
        }
        Finding::ContextWord(word) => source = Some(word.name().into()),
        Finding::TooShort { length, min_length } => lengths = Some((length, min_length)),
        Finding::TooLong { length, max_length } => lengths = Some((length, max_length)),
        Finding::ControlCharacter
        | Finding::IndexUnavailable
        | Finding::Repetitive
        | Finding::SimilarExposed => {}
    }
    (reason.code().name().into(), reason.action.name().into(), exposure, source, lengths)
}

fn reason_of(py: Python<'_>, facts: Facts) -> PyResult<breachdex_policy::Reason> {
    let (code, action, exposure, source, lengths) = facts;
    let action = one_of(py, "action", &action, &Action::ALL, Action::name)?;
    let finding = match (one_of(py, "code", &code, &Code::ALL, Code::name)?, exposure, source, lengths) {
        (Code::Exposed, Some(exposure), None, None) => Finding::Exposed(exposure_of(exposure)?),
        (Code::ContextWord, None, Some(source), None) => {
            Finding::ContextWord(one_of(py, "source", &source, &WordSource::ALL, WordSource::name)?)
        }
        (Code::TooShort, None, None, Some((length, min_length))) => Finding::TooShort { length, min_length },
        (Code::TooLong, None, None, Some((length, max_length))) => Finding::TooLong { length, max_length },
        (Code::ControlCharacter, None, None, None) => Finding::ControlCharacter,
        (Code::IndexUnavailable, None, None, None) => Finding::IndexUnavailable,
        (Code::Repetitive, None, None, None) => Finding::Repetitive,
        (Code::SimilarExposed, None, None, None) => Finding::SimilarExposed,
        _ => return Err(raise(py, "PolicyError", "not what a breachdex.Reason was pickled as")),
    };
    Ok(breachdex_policy::Reason { action, finding })
}
