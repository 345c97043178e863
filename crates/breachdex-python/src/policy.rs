//! Rules, verdicts and reasons for Python. Which index is asked, and who hears of a fault, is `breachdex._policy`'s.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex_policy::{Candidate, Code, Event, Finding, Language, Node, Oracle, Rules, Settings, Value};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyList, PyMapping, PyString, PyTuple};

use crate::errors::{OrRaise as _, find, from_index, raise};
use crate::index::Index;
use crate::index_set::IndexSet;
use crate::password::{text_of, unicode, with_bytes};
use crate::questions::report_refusals;
use crate::range_client::BlockingRangeClient;

/// The rules of a policy, without an index.
#[pyclass(module = "breachdex._breachdex", frozen)]
pub(crate) struct PolicyRules {
    rules: Rules,
    index: Option<PathBuf>,
    overlays: Vec<PathBuf>,
}

#[pymethods]
impl PolicyRules {
    /// Of what a file would say, as a mapping.
    #[staticmethod]
    fn from_settings(settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::of(settings.py(), Settings::from_node(&node_of(settings, 0)?))
    }

    /// Of a file.
    #[staticmethod]
    fn from_toml(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Self::of(py, Settings::open(&path))
    }

    /// The index that the file names, if any.
    #[getter]
    fn index(&self) -> Option<String> {
        self.index.as_ref().map(|path| path.to_string_lossy().into_owned())
    }

    /// The overlays that the file names.
    #[getter]
    fn overlays(&self) -> Vec<String> {
        self.overlays.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// From how many sightings on a password is exposed.
    #[getter]
    fn min_count(&self) -> u64 {
        self.rules.min_count
    }

    /// Fewest code points.
    #[getter]
    fn min_length(&self) -> usize {
        self.rules.min_length
    }

    /// Most code points.
    #[getter]
    fn max_length(&self) -> usize {
        self.rules.max_length
    }

    /// Whether the index must know how often a password was seen.
    #[getter]
    fn needs_counts(&self) -> bool {
        self.rules.needs_counts()
    }

    /// What is done about a reason at an event; `accept` for a rule that is off.
    fn action(&self, py: Python<'_>, event: &str, code: &str) -> PyResult<&'static str> {
        let event = one_of(py, "event", event, &Event::ALL, Event::name)?;
        let code = one_of(py, "code", code, &Code::ALL, Code::name)?;
        Ok(self.rules.action(event, code).name())
    }

    /// What a fault means at an event.
    fn on_error(&self, py: Python<'_>, event: &str) -> PyResult<&'static str> {
        Ok(self.rules.on_error(one_of(py, "event", event, &Event::ALL, Event::name)?).name())
    }

    /// A file that says the same, with everything spelled out.
    fn to_toml(&self) -> String {
        self.rules.to_toml()
    }

    /// The verdict; `report` hears of a fault that was not raised.
    #[allow(clippy::too_many_arguments)]
    fn check(
        &self,
        py: Python<'_>,
        index: &Bound<'_, PyAny>,
        password: &Bound<'_, PyAny>,
        user_name: Option<&Bound<'_, PyString>>,
        email: Option<&Bound<'_, PyString>>,
        event: &str,
        stored: Option<&Bound<'_, PyString>>,
        report: &Bound<'_, PyAny>,
    ) -> PyResult<Verdict> {
        let event = one_of(py, "event", event, &Event::ALL, Event::name)?;
        let user_name = user_name.map(|name| unicode(name, "the user name")).transpose()?;
        let email = email.map(|address| unicode(address, "the e-mail address")).transpose()?;
        let stored = stored.map(text_of).transpose()?;
        with_bytes(password, |bytes| {
            let password = std::str::from_utf8(bytes).map_err(|_| {
                let message = "a policy judges text: the password's bytes are no UTF-8";
                raise(py, "InvalidPasswordError", message)
            })?;
            let candidate = Candidate { password, user_name, email, stored, event };
            self.ask(py, index, &candidate, report)
        })
    }
}

impl PolicyRules {
    fn of(py: Python<'_>, settings: Result<Settings, breachdex_policy::PolicyError>) -> PyResult<Self> {
        let Settings { rules, index, overlays } =
            settings.map_err(|error| raise(py, "PolicyError", error.to_string()))?;
        Ok(Self { rules, index, overlays })
    }

    fn ask(
        &self,
        py: Python<'_>,
        index: &Bound<'_, PyAny>,
        candidate: &Candidate<'_>,
        report: &Bound<'_, PyAny>,
    ) -> PyResult<Verdict> {
        let set = if let Ok(index) = index.cast::<Index>() {
            index.get().set()
        } else if let Ok(set) = index.cast::<IndexSet>() {
            set.get().set()
        } else if let Ok(client) = index.cast::<BlockingRangeClient>() {
            let client = client.get();
            return self.judge(&Remote { py, client }, candidate, |error| report.call1((error.0.value(py),)));
        } else {
            let found = index.get_type().name()?;
            return Err(PyTypeError::new_err(format!("an Index or an IndexSet is asked, not {found}")));
        };
        let mut told = Ok(());
        let verdict = self.rules.check(set, candidate, |error| {
            told = report.call1((from_index(py, error).value(py),)).map(drop);
        });
        report_refusals(py, set);
        told?;
        Ok(Verdict { verdict: verdict.or_raise(py)?, language: self.rules.language })
    }

    fn judge<'py>(
        &self,
        oracle: &Remote<'py, '_>,
        candidate: &Candidate<'_>,
        report: impl FnOnce(&Fault) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Verdict> {
        let mut told = Ok(());
        let verdict = self.rules.check(oracle, candidate, |error| told = report(error).map(drop));
        told?;
        Ok(Verdict { verdict: verdict.map_err(|fault| fault.0)?, language: self.rules.language })
    }
}

/// A range server, asked in the way that Ctrl-C can interrupt.
struct Remote<'py, 'a> {
    py: Python<'py>,
    client: &'a BlockingRangeClient,
}

/// What Python hears of a question that got no answer.
struct Fault(PyErr);

impl From<breachdex::Error> for Fault {
    fn from(error: breachdex::Error) -> Self {
        Self(Python::attach(|py| from_index(py, &error)))
    }
}

impl Oracle for Remote<'_, '_> {
    type Error = Fault;

    fn is_fault(error: &Fault) -> bool {
        Python::attach(|py| {
            find(py, "RemoteError").is_ok_and(|class| error.0.is_instance(py, class.as_any()))
        })
    }

    fn kind(&self) -> breachdex::Kind {
        self.client.digest_kind()
    }

    fn find(&self, digest: &breachdex::Digest, min_count: u64) -> Result<Option<breachdex::Sighting>, Fault> {
        let count = self.client.count_of(self.py, digest.clone()).map_err(Fault)?;
        let found =
            breachdex::Sighting { count: Some(count), origin: breachdex::Origin::Base, is_partial: false };
        Ok((count > 0 && count >= min_count).then_some(found))
    }
}

/// What becomes of a password, and why.
#[pyclass(module = "breachdex", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Verdict {
    verdict: breachdex_policy::Verdict,
    language: Language,
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
                let known = Language::ALL.map(Language::code).join(", ");
                raise(py, "PolicyError", format!("lang must be one of {known}"))
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

/// The value of that name.
fn one_of<T: Copy>(
    py: Python<'_>,
    what: &str,
    found: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> PyResult<T> {
    let known = all.iter().copied().find(|value| name(*value) == found);
    known.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
        // What was given is not repeated: it may be a password in the wrong place.
        raise(py, "PolicyError", format!("{what} must be one of {}", names.join(", ")))
    })
}

/// Deeper nesting means nothing in a policy, and may have no end.
const DEEPEST: usize = 8;

/// What was written in Python, as a policy's file would have it.
fn node_of(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Node> {
    if depth > DEEPEST {
        let message = format!("a policy is no more than {DEEPEST} tables deep");
        return Err(raise(value.py(), "PolicyError", message));
    }
    let value = if let Ok(flag) = value.cast::<PyBool>() {
        Value::Boolean(flag.is_true())
    } else if let Ok(number) = value.cast::<PyInt>() {
        number.extract().map_or(Value::Other("a number of that size"), Value::Integer)
    } else if let Ok(text) = value.cast::<PyString>() {
        let plain = text.to_str().map_err(|_| {
            let message = "a policy's texts hold whole characters: this one holds half of a surrogate pair";
            raise(text.py(), "PolicyError", message)
        })?;
        Value::Text(plain.to_owned())
    } else if let Ok(mapping) = value.cast::<PyMapping>() {
        let pairs = mapping.items()?;
        let pair = |pair: Bound<'_, PyAny>| -> PyResult<(String, Node)> {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            let key =
                key.cast::<PyString>().map_err(|_| PyTypeError::new_err("a policy's keys are strings"))?;
            Ok((key.to_string_lossy().into_owned(), node_of(&value, depth + 1)?))
        };
        Value::Table(pairs.iter().map(pair).collect::<PyResult<_>>()?)
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter()?.map(|item| node_of(&item?, depth + 1));
        Value::List(items.collect::<PyResult<_>>()?)
    } else if value.is_none() {
        Value::Other("None")
    } else {
        Value::Other("a value of another type")
    };
    Ok(value.into())
}
