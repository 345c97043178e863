//! The rules of a policy for Python; `judge` asks an index with them.

#![forbid(unsafe_code)]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;

use breachdex_policy::{Code, Event, Node, Profile, Rules, Settings, Value};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyMapping, PyString, PyTuple};

use crate::errors::raise;
use crate::grace::Grace;

/// The rules of a policy, without an index.
#[pyclass(module = "breachdex._breachdex", frozen)]
pub(crate) struct PolicyRules {
    rules: Rules,
    profile: Profile,
    index: Option<PathBuf>,
    overlays: Vec<PathBuf>,
    pairs: Vec<PathBuf>,
    pair_keys: Vec<PathBuf>,
}

#[pymethods]
impl PolicyRules {
    /// `from_settings(settings: Mapping[str, Any]) -> PolicyRules`
    ///
    /// Of what a file would say, as a mapping.
    #[staticmethod]
    fn from_settings(settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::of(settings.py(), Settings::from_node(&node_of(settings, 0)?))
    }

    /// `from_toml(path: Path) -> PolicyRules`
    ///
    /// Of a file.
    #[staticmethod]
    fn from_toml(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Self::of(py, Settings::open(&path))
    }

    /// `changed(settings: Mapping[str, Any]) -> PolicyRules`
    ///
    /// The same with what a mapping says changed; `on_error`, `rules` and `actions` cell by cell.
    fn changed(&self, settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let rules = self.rules.changed(&node_of(settings, 0)?);
        let rules = rules.map_err(|error| raise(settings.py(), "PolicyError", error.to_string()))?;
        Ok(Self {
            rules,
            profile: self.profile,
            index: self.index.clone(),
            overlays: self.overlays.clone(),
            pairs: self.pairs.clone(),
            pair_keys: self.pair_keys.clone(),
        })
    }

    /// `profile: Profile`
    ///
    /// The profile that the rules began as.
    #[getter]
    fn profile(&self) -> &'static str {
        self.profile.name()
    }

    /// `index: str | None`
    ///
    /// The index that the file names, if any.
    #[getter]
    fn index(&self) -> Option<String> {
        self.index.as_ref().map(|path| path.to_string_lossy().into_owned())
    }

    /// `overlays: list[str]`
    ///
    /// The overlays that the file names.
    #[getter]
    fn overlays(&self) -> Vec<String> {
        self.overlays.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// `pairs: list[str]`
    ///
    /// The lists of exposed pairs that the file names.
    #[getter]
    fn pairs(&self) -> Vec<String> {
        self.pairs.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// `pair_key: list[str]`
    ///
    /// The key files of these.
    #[getter]
    fn pair_key(&self) -> Vec<String> {
        self.pair_keys.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// `min_count: int`
    ///
    /// From how many sightings on a password is exposed.
    #[getter]
    fn min_count(&self) -> u64 {
        self.rules.min_count
    }

    /// `min_length: int`
    ///
    /// Fewest code points.
    #[getter]
    fn min_length(&self) -> usize {
        self.rules.min_length
    }

    /// `max_length: int`
    ///
    /// Most code points.
    #[getter]
    fn max_length(&self) -> usize {
        self.rules.max_length
    }

    /// `needs_counts: bool`
    ///
    /// Whether the index must know how often a password was seen.
    #[getter]
    fn needs_counts(&self) -> bool {
        self.rules.needs_counts()
    }

    /// `test_password: bool`
    ///
    /// Whether the test password is exposed.
    #[getter]
    fn test_password(&self) -> bool {
        self.rules.test_password
    }

    /// `grace: Grace | None`
    ///
    /// How long a log-in that would be refused is let pass.
    #[getter]
    fn grace(&self) -> Option<Grace> {
        self.rules.grace.map(Grace::from)
    }

    /// `action(event: Event, code: Code) -> Action`
    ///
    /// What is done about a reason at an event; `accept` for a rule that is off.
    fn action(&self, py: Python<'_>, event: &str, code: &str) -> PyResult<&'static str> {
        let event = one_of(py, "event", event, &Event::ALL, Event::name)?;
        let code = one_of(py, "code", code, &Code::ALL, Code::name)?;
        Ok(self.rules.action(event, code).name())
    }

    /// `on_error(event: Event) -> Literal['accept', 'reject', 'raise']`
    ///
    /// What a fault means at an event.
    fn on_error(&self, py: Python<'_>, event: &str) -> PyResult<&'static str> {
        Ok(self.rules.on_error(one_of(py, "event", event, &Event::ALL, Event::name)?).name())
    }

    /// `to_toml() -> str`
    ///
    /// A file that says the same, with everything spelled out.
    fn to_toml(&self) -> String {
        self.rules.to_toml()
    }

    #[staticmethod]
    fn _restore(
        py: Python<'_>,
        text: &str,
        index: Option<PathBuf>,
        overlays: Vec<PathBuf>,
        profile: &str,
        pairs: Vec<PathBuf>,
        pair_keys: Vec<PathBuf>,
    ) -> PyResult<Self> {
        let restored = Self::of(py, Settings::parse(text, "a pickled policy"))?;
        let profile = one_of(py, "profile", profile, &Profile::ALL, Profile::name)?;
        Ok(Self { index, overlays, profile, pairs, pair_keys, ..restored })
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let profile = self.profile.name();
        let facts = (self.to_toml(), &self.index, &self.overlays, profile, &self.pairs, &self.pair_keys)
            .into_pyobject(py)?;
        Ok((py.get_type::<Self>().getattr("_restore")?, facts))
    }

    fn __eq__(&self, other: &Self) -> bool {
        let files = |rules: &Self| [rules.overlays.clone(), rules.pairs.clone(), rules.pair_keys.clone()];
        self.to_toml() == other.to_toml() && self.index == other.index && files(self) == files(other)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.to_toml(), &self.index, &self.overlays).hash(&mut hasher);
        hasher.finish()
    }
}

impl PolicyRules {
    fn of(py: Python<'_>, settings: Result<Settings, breachdex_policy::PolicyError>) -> PyResult<Self> {
        let Settings { rules, profile, index, overlays, pairs, pair_keys } =
            settings.map_err(|error| raise(py, "PolicyError", error.to_string()))?;
        Ok(Self { rules, profile, index, overlays, pairs, pair_keys })
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            rules: self.rules.clone(),
            profile: self.profile,
            index: self.index.clone(),
            overlays: self.overlays.clone(),
            pairs: self.pairs.clone(),
            pair_keys: self.pair_keys.clone(),
        }
    }
}

/// The value of that name.
pub(crate) fn one_of<T: Copy>(
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
