//! `breachdex.Pairs`: a list of exposed pairs of user names and passwords, with its key.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use breachdex::{FormSet, PairFinding, PairList, PairMatch, PairQuestion};
use breachdex_pairs::{PairKey, PairRules, Pairs as List, PairsError, PairsFile, PairsOptions};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::errors::{from_index, in_full, raise};
use crate::password::{erasing_stack, text_of, unicode, unicode_of_field, with_bytes};
use crate::signals::{Listener, Work};

/// Exposed pairs of user names and passwords in a file, with the key that it was made with.
#[pyclass(module = "breachdex", frozen, weakref)]
pub(crate) struct Pairs {
    list: Arc<List>,
    path: PathBuf,
    keys: Vec<PathBuf>,
    reload_every: Option<f64>,
}

/// What Python hears of pairs that cannot be opened or changed.
fn from_pairs(py: Python<'_>, error: PairsError) -> PyErr {
    match error {
        PairsError::Index(error) => in_full(py, &error),
        error @ (PairsError::UnknownLabel { .. } | PairsError::OtherRules { .. }) => {
            raise(py, "IndexKindError", error.to_string())
        }
        error => raise(py, "PairKeyError", error.to_string()),
    }
}

/// One path, or several.
fn paths(given: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    if let Ok(path) = given.extract::<PathBuf>() {
        return Ok(vec![path]);
    }
    given.extract().map_err(|_| PyTypeError::new_err("a key is the path of a file, or a list of paths"))
}

/// The lists of exposed pairs that Python names.
pub(crate) fn lists_in(given: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Arc<dyn PairList>>> {
    let Some(given) = given else { return Ok(Vec::new()) };
    let lists = given.try_iter()?.map(|pairs| {
        let pairs = pairs?;
        match pairs.cast::<Pairs>() {
            Ok(pairs) => Ok(Arc::clone(&pairs.get().list) as Arc<dyn PairList>),
            Err(_) => {
                let found = pairs.get_type().name()?;
                Err(PyTypeError::new_err(format!("pairs is a list of breachdex.Pairs, not of {found}")))
            }
        }
    });
    lists.collect()
}

/// What lists say about an account that goes by these names, and a password.
pub(crate) fn ask(
    corpus: &breachdex::Corpus,
    users: &[String],
    password: &Bound<'_, PyAny>,
    stored: Option<&Bound<'_, PyString>>,
) -> PyResult<PairFinding> {
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let stored = stored.map(text_of).transpose()?;
    with_bytes(password, |password| {
        let question = PairQuestion { users: &users, password, stored, forms: FormSet::default() };
        Ok(erasing_stack(|| corpus.find_pair(&question)))
    })
}

#[pymethods]
impl Pairs {
    /// `open(path: Path, key: Path | Sequence[Path], *, reload_every: float | None = None) -> Self`
    ///
    /// Opens a file of exposed pairs with its key file, or with the one of several that it was made with.
    #[classmethod]
    #[pyo3(
        signature = (path, key, *, reload_every = None),
        text_signature = "($cls, path, key, *, reload_every=None)"
    )]
    fn open(
        cls: &Bound<'_, PyType>,
        path: PathBuf,
        key: &Bound<'_, PyAny>,
        reload_every: Option<f64>,
    ) -> PyResult<Self> {
        let py = cls.py();
        let every = reload_every
            .map(Duration::try_from_secs_f64)
            .transpose()
            .map_err(|_| PyValueError::new_err("reload_every must be a number of seconds, 0 or more"))?;
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let (path, keys) = (absolute(path), paths(key)?.into_iter().map(absolute).collect::<Vec<_>>());
        let opened = py.detach(|| {
            let keys = keys.iter().map(PairKey::open).collect::<Result<Vec<_>, _>>()?;
            List::open_with(&path, &keys, PairsOptions { mapped: true, reload_every: every })
        });
        let list = Arc::new(opened.map_err(|error| from_pairs(py, error))?);
        Ok(Self { list, path, keys, reload_every })
    }

    /// `add(path: Path, key: Path, pairs: Iterable[tuple[str, Password]], *, mail_rules: bool = True, local_names: bool = True) -> int`
    ///
    /// Adds pairs to a file, which is made where there is none; how many were not there. The key file is made where neither
    /// is there. Pairs without a user name or a password are a ValueError, and nothing is written.
    #[staticmethod]
    #[pyo3(
        signature = (path, key, pairs, *, mail_rules = true, local_names = true),
        text_signature = "(path, key, pairs, *, mail_rules=True, local_names=True)"
    )]
    fn add(
        py: Python<'_>,
        path: PathBuf,
        key: PathBuf,
        pairs: &Bound<'_, PyAny>,
        mail_rules: bool,
        local_names: bool,
    ) -> PyResult<u64> {
        let failed = |error| from_pairs(py, error);
        let is_new = !key.exists() && !path.exists();
        let opened = if is_new { PairKey::generate() } else { PairKey::open(&key) };
        let opened = opened.map_err(failed)?;
        let file = PairsFile::at(&path, &opened, PairRules { mail_rules, local_names });
        let mut changes = file.changes();
        for (number, pair) in pairs.try_iter()?.enumerate() {
            let (user, password): (Bound<'_, PyString>, Bound<'_, PyAny>) = pair?.extract()?;
            let user = unicode(&user, "the user name")?;
            let pushed = with_bytes(&password, |bytes| Ok(changes.push(user, bytes)))?;
            pushed.map_err(|fault| {
                PyValueError::new_err(format!("pair {number}: {fault}; nothing was written"))
            })?;
        }
        if is_new {
            opened.save(&key).map_err(failed)?;
        }
        let (listener, _work) = (Listener::of_signals(), Work::begin(py)?);
        let done = py.detach(|| changes.add_all(&listener));
        match (listener.into_error(), done) {
            (Some(error), _) => Err(error),
            (None, done) => Ok(done.map_err(failed)?.changed),
        }
    }

    /// `find(user: str, password: Password) -> Literal['pair', 'similar_pair', 'user_name'] | None`
    ///
    /// What is known about a user name and a password; None where neither the pair nor the user name is in the list.
    fn find(
        &self,
        user: &Bound<'_, PyString>,
        password: &Bound<'_, PyAny>,
    ) -> PyResult<Option<&'static str>> {
        let py = user.py();
        let user = unicode_of_field(user, "user_name", "the user name")?;
        let found = with_bytes(password, |password| Ok(erasing_stack(|| self.list.find(user, password))))?;
        match found {
            Ok(found) => Ok(found.map(PairMatch::name)),
            Err(PairsError::Index(error)) => Err(from_index(py, &error)),
            Err(error) => Err(from_pairs(py, error)),
        }
    }

    /// `verify() -> None`
    ///
    /// Reads and checks the whole file.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        let (listener, _work) = (Listener::of_signals(), Work::begin(py)?);
        let verified = py.detach(|| self.list.live().snapshot()?.verify(&listener));
        crate::questions::settle(py, listener.into_error(), verified)
    }

    /// `reload_if_changed() -> bool`
    ///
    /// Takes over a file that replaced this one, if it is sound and was made with the same key.
    fn reload_if_changed(&self, py: Python<'_>) -> PyResult<bool> {
        let (listener, _work) = (Listener::of_signals(), Work::begin(py)?);
        let reloaded = py.detach(|| self.list.live().reload_if_changed(&listener));
        crate::questions::settle(py, listener.into_error(), reloaded)
    }

    /// `close() -> None`
    ///
    /// Closes the file.
    fn close(&self) {
        self.list.live().close();
    }

    /// `closed: bool`
    ///
    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.list.live().is_closed()
    }

    /// `reload_error: Exception | None`
    ///
    /// Why the file that is under the path now was not taken over; None when all is well.
    #[getter]
    fn reload_error(&self, py: Python<'_>) -> Option<PyErr> {
        self.list.live().reload_error().map(|error| in_full(py, &error))
    }

    /// `path: str`
    ///
    /// The absolute path of the file.
    #[getter]
    fn path(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// `key_id: str`
    ///
    /// The id of the key that it was made with.
    #[getter]
    fn key_id(&self) -> String {
        self.list.key_id().to_string()
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let pairs = self.list.len().map_err(|error| from_pairs(py, error))?;
        Ok(usize::try_from(pairs)?)
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let facts = (&self.path, &self.keys, self.reload_every).into_pyobject(py)?;
        Ok((py.get_type::<Self>().getattr("_restore")?, facts))
    }

    /// Opens it again, in another process.
    #[classmethod]
    fn _restore(
        cls: &Bound<'_, PyType>,
        path: PathBuf,
        keys: &Bound<'_, PyAny>,
        reload_every: Option<f64>,
    ) -> PyResult<Self> {
        Self::open(cls, path, keys, reload_every)
    }

    fn __repr__(&self) -> String {
        format!("<breachdex.Pairs {}>", self.path.display())
    }
}

/// A password is exposed together with the account's name. Holds neither.
#[pyclass(module = "breachdex._breachdex", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct ExposedPair(PairMatch);

impl ExposedPair {
    /// The pair that a finding tells of; `None` for a user name alone.
    pub(crate) fn of(finding: &PairFinding) -> Option<Self> {
        finding.found.filter(|found| *found != PairMatch::UserName).map(Self)
    }
}

#[pymethods]
impl ExposedPair {
    #[new]
    fn new(name: &str) -> PyResult<Self> {
        let found = [PairMatch::SimilarPair, PairMatch::Pair].into_iter().find(|found| found.name() == name);
        found.map(Self).ok_or_else(|| PyValueError::new_err("match must be pair or similar_pair"))
    }

    /// `match: Literal['pair', 'similar_pair']`
    ///
    /// Whether the pair itself is exposed, or a similar one.
    #[getter]
    fn r#match(&self) -> &'static str {
        self.0.name()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        Ok((py.get_type::<Self>(), (self.0.name(),).into_pyobject(py)?))
    }

    fn __repr__(&self) -> String {
        format!("ExposedPair('{}')", self.0.name())
    }
}
