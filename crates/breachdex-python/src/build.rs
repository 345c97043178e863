//! `breachdex.build`: a whole build from Python, which hears of its progress and may stop it.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::{BuildOptions, CoverageRule, Error, Format, Input, Kind, MergeRule, Source};
use pyo3::exceptions::{PyFileNotFoundError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::in_full;
use crate::password::kind_of;
use crate::signals::{Listener, Work};

/// What a build wrote.
#[pyclass(module = "breachdex", frozen, get_all)]
pub(crate) struct BuildReport {
    entries: u64,
    file_size: u64,
    bits: u32,
    floor: u64,
    collisions: u64,
    left_out: u64,
    false_positive_rate: f64,
    content_id: String,
    went_unsorted: Option<String>,
}

#[pymethods]
impl BuildReport {
    fn __repr__(&self) -> String {
        let Self { entries, file_size, bits, content_id, .. } = self;
        format!(
            "BuildReport(entries={entries}, file_size={file_size}, bits={bits}, content_id='{content_id}')"
        )
    }
}

/// How far a build has come: `done` of `total` bytes or entries in a phase.
#[pyclass(module = "breachdex", frozen, get_all)]
pub(crate) struct Progress {
    phase: &'static str,
    done: u64,
    total: Option<u64>,
}

#[pymethods]
impl Progress {
    fn __repr__(&self) -> String {
        let total = self.total.map_or_else(|| String::from("None"), |total| total.to_string());
        format!("Progress(phase='{}', done={}, total={total})", self.phase, self.done)
    }
}

/// Builds an index of files of hashes, range files, passwords or other indexes at `output`, which appears whole or
/// not at all. `progress` is called several times a second; an exception from it stops the build and comes out
/// again, as Ctrl-C does, and nothing is left behind.
#[pyfunction]
#[pyo3(signature = (
    inputs, output, *, kind = None, format = None, bits = None, counts = true, min_count = 1, top = None,
    merge = None, partial = false, prefixes = None, memory = None, threads = None, temp_dir = None,
    source = "", corpus_date = None, replace = false, progress = None
), text_signature = "(inputs, output, *, kind='sha1', format=None, bits=None, counts=True, min_count=1, top=None, \
merge=None, partial=False, prefixes=None, memory=None, threads=None, temp_dir=None, source='', corpus_date=None, \
replace=False, progress=None)")]
#[allow(clippy::too_many_arguments, reason = "Python's keywords, one for each option")]
pub(crate) fn build(
    py: Python<'_>,
    inputs: &Bound<'_, PyAny>,
    output: PathBuf,
    kind: Option<&Bound<'_, PyString>>,
    format: Option<&str>,
    bits: Option<u32>,
    counts: bool,
    min_count: u64,
    top: Option<u64>,
    merge: Option<&str>,
    partial: bool,
    prefixes: Option<Vec<String>>,
    memory: Option<u64>,
    threads: Option<usize>,
    temp_dir: Option<PathBuf>,
    source: &str,
    corpus_date: Option<&Bound<'_, PyAny>>,
    replace: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<BuildReport> {
    let defaults = BuildOptions::default();
    let options = BuildOptions {
        kind: kind.map_or(Ok(Kind::Sha1), kind_of)?,
        bits,
        force_bits: false,
        counts,
        min_count,
        top,
        merge: merge.map(merge_rule).transpose()?,
        coverage: coverage(partial, prefixes)?,
        memory: memory.unwrap_or(defaults.memory),
        threads: threads.unwrap_or(defaults.threads),
        temp_dir,
        source: source.to_owned(),
        date: corpus_date
            .map_or_else(|| Ok(String::new()), |date| date.str().map(|text| text.to_string()))?,
        replace,
    };
    let inputs = self::inputs(inputs, format.map(input_format).transpose()?)?;
    let listener = Listener::new(|py, now: breachdex::Progress| {
        let Some(callback) = &progress else { return Ok(()) };
        let told = Progress { phase: now.phase.name(), done: now.done, total: now.total };
        callback.call1(py, (told,)).map(drop)
    });
    let _work = Work::begin(py)?;
    let built = py.detach(|| breachdex::build(&inputs, &output, &options, &listener));
    match (listener.into_error(), built) {
        (Some(error), _) => Err(error),
        (None, Ok(report)) => Ok(report.into()),
        (None, Err(error)) => Err(refusal(py, &error)),
    }
}

/// An input that is not there is no index that is not there.
fn refusal(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            PyFileNotFoundError::new_err(error.to_string())
        }
        _ => in_full(py, error),
    }
}

impl From<breachdex::BuildReport> for BuildReport {
    fn from(report: breachdex::BuildReport) -> Self {
        Self {
            entries: report.entries,
            file_size: report.bytes,
            bits: report.bits,
            floor: report.floor,
            collisions: report.collisions,
            left_out: report.left_out,
            false_positive_rate: report.false_positive_rate,
            content_id: report.content_id.to_string(),
            went_unsorted: report.went_unsorted,
        }
    }
}

fn inputs(given: &Bound<'_, PyAny>, format: Option<Format>) -> PyResult<Vec<Input>> {
    let paths = match given.extract::<PathBuf>() {
        Ok(one) => vec![one],
        Err(_) => given
            .extract::<Vec<PathBuf>>()
            .map_err(|_| PyTypeError::new_err("inputs must be a path or a list of paths"))?,
    };
    Ok(paths.into_iter().map(|path| Input { source: Source::Path(path), format }).collect())
}

fn input_format(name: &str) -> PyResult<Format> {
    match name {
        "hibp" => Ok(Format::Hibp),
        "ranges" => Ok(Format::Ranges),
        "passwords" => Ok(Format::Passwords),
        "index" => Ok(Format::Index),
        _ => Err(PyValueError::new_err(format!(
            "format must be 'hibp', 'ranges', 'passwords' or 'index', not {name:?}"
        ))),
    }
}

fn merge_rule(name: &str) -> PyResult<MergeRule> {
    match name {
        "sum" => Ok(MergeRule::Sum),
        "max" => Ok(MergeRule::Max),
        "error" => Ok(MergeRule::Error),
        _ => Err(PyValueError::new_err(format!("merge must be 'sum', 'max' or 'error', not {name:?}"))),
    }
}

fn coverage(partial: bool, prefixes: Option<Vec<String>>) -> PyResult<CoverageRule> {
    match (partial, prefixes) {
        (true, Some(_)) => Err(PyValueError::new_err("give partial or prefixes, not both")),
        (true, None) => Ok(CoverageRule::Present),
        (false, None) => Ok(CoverageRule::Whole),
        (false, Some(spans)) => spans
            .iter()
            .map(|span| prefix_span(span))
            .collect::<Option<_>>()
            .map(CoverageRule::Prefixes)
            .ok_or_else(|| {
                PyValueError::new_err("prefixes are five hexadecimal digits, or two of them as A-B")
            }),
    }
}

/// `00000` or `00000-0FFFF`.
fn prefix_span(text: &str) -> Option<(u32, u32)> {
    let one = |digits: &str| {
        let is_prefix = digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_prefix.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    match text.split_once('-') {
        Some((first, last)) => Some((one(first)?, one(last)?)).filter(|(first, last)| first <= last),
        None => one(text).map(|prefix| (prefix, prefix)),
    }
}
