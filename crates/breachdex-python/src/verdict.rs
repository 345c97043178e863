//! Verdicts and reasons for Python.

#![forbid(unsafe_code)]

use breachdex_policy::{Action, Code, Event, Fact, Finding, Language};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::errors::raise;
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

    /// `in_grace() -> Verdict`
    ///
    /// The same while grace lasts: what would be refused is a warning.
    fn in_grace(&self) -> Self {
        Self { verdict: self.verdict.in_grace(), language: self.language, tells_counts: self.tells_counts }
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
        self.reason.finding.fact("count").and_then(number)
    }

    /// `form: Literal['raw', 'nfc', 'nfkc', 'trimmed', 'visible', 'casefold', 'stored'] | None`
    ///
    /// Of `exposed`: which way of writing it is exposed.
    #[getter]
    fn form(&self) -> Option<&'static str> {
        self.reason.finding.fact("form").and_then(text)
    }

    /// `source: Literal['base', 'overlay', 'user_name', 'email', 'service_name', 'context'] | None`
    ///
    /// Of `exposed`: which index; of `context_word`: where the word comes from.
    #[getter]
    fn source(&self) -> Option<&'static str> {
        self.reason.finding.source()
    }

    /// `match: Literal['pair', 'similar_pair'] | None`
    ///
    /// Of `exposed_pair`: whether the pair itself is exposed, or a similar one.
    #[getter]
    fn r#match(&self) -> Option<&'static str> {
        self.reason.finding.fact("match").and_then(text)
    }

    /// `length: int | None`
    ///
    /// Of `too_short` and `too_long`: code points.
    #[getter]
    fn length(&self) -> Option<u64> {
        self.reason.finding.fact("length").and_then(number)
    }

    /// `min_length: int | None`
    ///
    /// Of `too_short`: how many there must be.
    #[getter]
    fn min_length(&self) -> Option<u64> {
        self.reason.finding.fact("min_length").and_then(number)
    }

    /// `max_length: int | None`
    ///
    /// Of `too_long`: how many there may be.
    #[getter]
    fn max_length(&self) -> Option<u64> {
        self.reason.finding.fact("max_length").and_then(number)
    }

    /// `to_dict() -> dict[str, Any]`
    ///
    /// `code`, `action` and what the rule says besides, for JSON.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("code", self.code())?;
        dict.set_item("action", self.action())?;
        for (name, fact) in self.reason.finding.facts() {
            match fact {
                Fact::Number(number) => dict.set_item(name, number)?,
                Fact::Text(text) => dict.set_item(name, text)?,
                // Not in this dictionary; a reason has no attribute for it either.
                Fact::Flag(_) if name == "partial" => {}
                Fact::Flag(flag) => dict.set_item(name, flag)?,
            }
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

/// A number that is known.
fn number(fact: Fact<'_>) -> Option<u64> {
    if let Fact::Number(number) = fact { number } else { None }
}

fn text(fact: Fact<'static>) -> Option<&'static str> {
    if let Fact::Text(text) = fact { Some(text) } else { None }
}

/// What a reason is made of, as a pickle keeps it: code, action, and facts with their names.
type Facts = (String, String, Vec<(String, Kept)>);

/// A fact as a pickle keeps it.
#[derive(FromPyObject, IntoPyObject)]
enum Kept {
    Flag(bool),
    Number(Option<u64>),
    Text(String),
}

impl Kept {
    fn fact(&self) -> Fact<'_> {
        match self {
            Self::Number(number) => Fact::Number(*number),
            Self::Text(text) => Fact::Text(text),
            Self::Flag(flag) => Fact::Flag(*flag),
        }
    }
}

fn facts_of(reason: &breachdex_policy::Reason) -> Facts {
    let kept = |fact| match fact {
        Fact::Number(number) => Kept::Number(number),
        Fact::Text(text) => Kept::Text(text.to_owned()),
        Fact::Flag(flag) => Kept::Flag(flag),
    };
    let facts = reason.finding.facts().into_iter().map(|(name, fact)| (name.to_owned(), kept(fact)));
    (reason.code().name().to_owned(), reason.action.name().to_owned(), facts.collect())
}

fn reason_of(py: Python<'_>, facts: Facts) -> PyResult<breachdex_policy::Reason> {
    let (code, action, kept) = facts;
    let action = one_of(py, "action", &action, &Action::ALL, Action::name)?;
    let code = one_of(py, "code", &code, &Code::ALL, Code::name)?;
    let mut given = Vec::with_capacity(kept.len());
    for (name, kept) in &kept {
        given.push((name.as_str(), kept.fact()));
    }
    let finding = Finding::from_facts(code, &given)
        .ok_or_else(|| raise(py, "PolicyError", "not what a breachdex.Reason was pickled as"))?;
    Ok(breachdex_policy::Reason { action, finding })
}
