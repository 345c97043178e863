//! The words of `breachdex-messages` for Python.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict as _, PyDict, PyString};

/// `messages(language: str) -> dict[str, str]`
///
/// Every message of a language for people who choose a password, by its code; English for a language that is not known.
#[pyfunction]
pub(crate) fn messages<'py>(language: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyDict>> {
    language_of(language).passwords().texts().into_py_dict(language.py())
}

/// `languages() -> list[str]`
///
/// The codes of the languages that breachdex speaks.
#[pyfunction]
pub(crate) fn languages() -> Vec<&'static str> {
    Language::ALL.iter().map(|language| language.code()).collect()
}

/// `language_code(language: str) -> str`
///
/// The code of a language; `en` for one that is not known.
#[pyfunction]
pub(crate) fn language_code(language: &Bound<'_, PyString>) -> &'static str {
    language_of(language).code()
}

/// `negotiate(accept_language: str) -> str | None`
///
/// The language of an `Accept-Language` header that its sender likes best, of those that breachdex speaks; None where there
/// is none.
#[pyfunction]
pub(crate) fn negotiate(accept_language: &Bound<'_, PyString>) -> Option<&'static str> {
    Language::negotiate(&accept_language.to_string_lossy()).map(Language::code)
}

/// `spoken_language(language: str) -> str | None`
///
/// The code of a language that breachdex speaks; None for any other.
#[pyfunction]
pub(crate) fn spoken_language(language: &Bound<'_, PyString>) -> Option<&'static str> {
    language.to_string_lossy().parse().ok().map(Language::code)
}

/// `exposed_count(count: int, language: str) -> str`
///
/// How often an exposed password was seen, as a sentence.
#[pyfunction]
pub(crate) fn exposed_count(count: u64, language: &Bound<'_, PyString>) -> String {
    language_of(language).passwords().exposed_count(count)
}

/// `grouped_number(number: int, language: str) -> str`
///
/// A number with its digits in groups of three, as a language separates them.
#[pyfunction]
pub(crate) fn grouped_number(number: u64, language: &Bound<'_, PyString>) -> String {
    language_of(language).grouped(number)
}

/// `sentence_separator(language: str) -> str`
///
/// What stands between two sentences of a language.
#[pyfunction]
pub(crate) fn sentence_separator(language: &Bound<'_, PyString>) -> &'static str {
    language_of(language).sentence_separator()
}

/// English where the language is not known.
fn language_of(name: &Bound<'_, PyString>) -> Language {
    name.to_string_lossy().parse().unwrap_or_default()
}
