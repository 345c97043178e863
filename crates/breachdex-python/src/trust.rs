//! `trusted_keys`, `max_age` and `allow_rollback`: whose indexes are opened, how old these may be, and whether one may
//! replace a newer one.

#![forbid(unsafe_code)]

use std::env;
use std::path::{Path, PathBuf};

use breachdex::trust::{KeyError, PublicKey, Trust};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString, PyTuple};

/// Keys that are trusted where none are named.
const VARIABLE: &str = "BREACHDEX_TRUSTED_KEYS";

/// What the arguments of an opener ask for. `False` as the keys asks for no signature, whatever the variable says.
pub(crate) fn trust_of(
    keys: Option<&Bound<'_, PyAny>>,
    max_age: Option<&Bound<'_, PyAny>>,
    allow_rollback: bool,
) -> PyResult<Trust> {
    let trust = match keys {
        None => match from_environment()? {
            Some(keys) => trust(keys)?,
            None => Trust::default(),
        },
        Some(keys) if keys.cast::<PyBool>().is_ok_and(|keys| !keys.is_true()) => Trust::default(),
        Some(keys) => trust(keys_in(keys)?)?,
    };
    Ok(trust.with_max_age(max_age.map(days).transpose()?).with_rollback(allow_rollback))
}

/// The keys of a trust, as an opener takes them.
pub(crate) fn texts(trust: &Trust) -> Option<Vec<String>> {
    trust.needs_signature().then(|| trust.trusted_keys().iter().map(PublicKey::to_base64).collect())
}

/// `public_keys(given: TrustedKeys) -> tuple[str, ...]`
///
/// The texts of public keys that are given as text or as the paths of files.
#[pyfunction]
pub(crate) fn public_keys<'py>(given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let trust = trust(keys_in(given)?)?;
    PyTuple::new(given.py(), texts(&trust).unwrap_or_default())
}

fn trust(keys: Vec<PublicKey>) -> PyResult<Trust> {
    Trust::keys(keys).map_err(invalid)
}

/// A key, the path of one, or several; a string has commas between them. Errors never repeat what was given, which may be a
/// secret key, unless it can only be a path.
fn keys_in(given: &Bound<'_, PyAny>) -> PyResult<Vec<PublicKey>> {
    if let Ok(text) = given.cast::<PyString>() {
        return listed(&text.to_string_lossy());
    }
    if let Ok(path) = given.extract::<PathBuf>() {
        return Ok(vec![key_at(&path)?]);
    }
    let unfit = || {
        let found = given.get_type().name().map_or_else(|_| String::from("that"), |name| name.to_string());
        PyTypeError::new_err(format!(
            "trusted_keys is a public key, the path of one, or a list of these, not {found}"
        ))
    };
    let mut keys = Vec::new();
    for item in given.try_iter().map_err(|_| unfit())? {
        let path: PathBuf = item?.extract().map_err(|_| unfit())?;
        keys.push(key_at(&path)?);
    }
    Ok(keys)
}

/// Keys with commas between them.
fn listed(text: &str) -> PyResult<Vec<PublicKey>> {
    text.split(',').map(str::trim).filter(|key| !key.is_empty()).map(|key| key_at(Path::new(key))).collect()
}

fn key_at(path: &Path) -> PyResult<PublicKey> {
    PublicKey::from_text_or_file(path).map_err(invalid)
}

/// A variable that is set and holds no key is a mistake, and must not mean that every index is accepted.
fn from_environment() -> PyResult<Option<Vec<PublicKey>>> {
    let Some(value) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return Ok(None) };
    let of_variable = |said: &str| PyValueError::new_err(format!("{VARIABLE} in the environment: {said}"));
    let Some(value) = value.to_str() else { return Err(of_variable("it is not UTF-8")) };
    let keys = Python::attach(|py| listed(value).map_err(|error| of_variable(&error.value(py).to_string())))?;
    if keys.is_empty() { Err(of_variable("it holds no key")) } else { Ok(Some(keys)) }
}

/// A number of days from Python.
fn days(given: &Bound<'_, PyAny>) -> PyResult<u32> {
    let is_number = given.is_instance_of::<PyInt>() && !given.is_instance_of::<PyBool>();
    let days = is_number.then(|| given.extract::<u32>().ok()).flatten().filter(|days| *days > 0);
    days.ok_or_else(|| {
        let found = given.repr().map_or_else(|_| String::from("that"), |found| found.to_string());
        PyValueError::new_err(format!("max_age must be a whole number of days from 1 on, not {found}"))
    })
}

fn invalid(error: KeyError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
