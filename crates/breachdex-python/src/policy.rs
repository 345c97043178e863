//! The rules of a policy for Python. Which index is asked, and who hears of a fault, is `breachdex._policy`'s.

#![forbid(unsafe_code)]

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use breachdex::{Answer, Corpus, Digest, Entry, Kind, RangeServer, RemoteError, SourceError};
use breachdex_policy::{Candidate, Code, Event, Node, Rules, Settings, Value};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyMapping, PyString, PyTuple};

use crate::errors::{OrRaise as _, find, from_index, from_source, raise};
use crate::index::Index;
use crate::index_set::IndexSet;
use crate::password::{text_of, unicode, with_bytes};
use crate::questions::{corpus_of, report_refusals};
use crate::range_client::BlockingRangeClient;
use crate::verdict::Verdict;

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
        let (corpus, set) = if let Ok(index) = index.cast::<Index>() {
            let set = index.get().set();
            (corpus_of(set).or_raise(py)?, Some(set))
        } else if let Ok(set) = index.cast::<IndexSet>() {
            let set = set.get().set();
            (corpus_of(set).or_raise(py)?, Some(set))
        } else if let Ok(client) = index.cast::<BlockingRangeClient>() {
            let server = Remote { kind: client.get().digest_kind(), client: client.clone().unbind() };
            (Corpus::builder().server(Arc::new(server)).build().or_raise(py)?, None)
        } else {
            let found = index.get_type().name()?;
            return Err(PyTypeError::new_err(format!("an Index or an IndexSet is asked, not {found}")));
        };
        let mut told = Ok(());
        let verdict = self.rules.check(&corpus, candidate, |error| {
            told = report.call1((of_fault(py, error).value(py),)).map(drop);
        });
        if let Some(set) = set {
            report_refusals(py, set);
        }
        told?;
        let verdict = verdict.map_err(|error| from_source(py, error))?;
        Ok(Verdict::new(verdict, self.rules.language))
    }
}

/// What Python hears of a fault that the policy passes over.
fn of_fault(py: Python<'_>, error: &SourceError) -> PyErr {
    match error {
        SourceError::Index(error) => from_index(py, error),
        SourceError::Remote(remote) => match remote.get_ref().downcast_ref::<PyErr>() {
            Some(error) => error.clone_ref(py),
            None => raise(py, "RemoteError", remote.to_string()),
        },
        error => raise(py, "BreachdexError", error.to_string()),
    }
}

/// A range server, asked in the way that Ctrl-C can interrupt.
struct Remote {
    kind: Kind,
    client: Py<BlockingRangeClient>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Remote").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl RangeServer for Remote {
    fn name(&self) -> String {
        self.client.get().base_url()
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn lookup_many(&self, digests: &[&Digest]) -> Vec<Result<Answer, RemoteError>> {
        Python::attach(|py| {
            let ask = |digest: &&Digest| {
                let count = self.client.get().count_of(py, (*digest).clone());
                count.map_err(|error| remote_error(py, error)).map(|count| match count {
                    0 => Answer::Absent,
                    count => Answer::Present { count: Some(count) },
                })
            };
            digests.iter().map(ask).collect()
        })
    }

    fn range(&self, _: u32) -> Result<Vec<Entry>, RemoteError> {
        Err(RemoteError::new("a policy asks for no range", false))
    }
}

/// Whether it is a fault of the moment, too: an interruption is none.
fn remote_error(py: Python<'_>, error: PyErr) -> RemoteError {
    let is_transient = find(py, "RemoteError").is_ok_and(|class| error.is_instance(py, class.as_any()));
    RemoteError::new(error, is_transient)
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
