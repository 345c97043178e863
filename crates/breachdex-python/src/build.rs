//! `breachdex.build`: a whole build from Python, which hears of its progress and may stop it.

#![forbid(unsafe_code)]

use std::ffi::CString;
use std::path::{Path, PathBuf};

use breachdex::{
    BuildOptions, CoverageRule, Error, Format, Index, Input, Kind, MergeRule, OpenOptions, Source, StepBack,
    text,
};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::errors::{find, from_io, in_full, raise};
use crate::password::kind_of;
use crate::signals::{Listener, Work};
use crate::trust::trust_of;

/// What a build wrote.
#[pyclass(module = "breachdex", frozen, eq, get_all)]
#[derive(PartialEq)]
pub(crate) struct BuildReport {
    /// `entries: int`
    ///
    /// Number of entries.
    entries: u64,
    /// `file_size: int`
    ///
    /// Bytes of the file.
    file_size: u64,
    /// `bits: int`
    ///
    /// Leading bits kept of every digest.
    bits: u32,
    /// `floor: int`
    ///
    /// What was seen less often than this may be missing.
    floor: u64,
    /// `collisions: int`
    ///
    /// Different digests that fell on the kept bits of another; 0 for an exact index.
    collisions: u64,
    /// `left_out: int`
    ///
    /// Rows and range files outside the prefixes asked for. What `min_count` or `top` leaves out is not counted.
    left_out: u64,
    /// `false_positive_rate: float`
    ///
    /// The probability that a password that never leaked is reported; 0 for an exact index.
    false_positive_rate: f64,
    /// `content_id: str`
    ///
    /// Names the content: equal ids mean equal entries and facts.
    content_id: String,
    /// `went_unsorted: str | None`
    ///
    /// Where the input was first out of order, so that it was sorted on disk; `None` where it was sorted.
    went_unsorted: Option<String>,
    /// `groups: int`
    ///
    /// Number of groups, the units in which the file is encoded.
    groups: u64,
    /// `groups_copied: int`
    ///
    /// Groups that were copied from segments without decoding them.
    groups_copied: u64,
    /// `bytes_copied: int`
    ///
    /// Bytes of these groups.
    bytes_copied: u64,
    /// `passwords_like_digests: tuple[tuple[str, Kind], ...]`
    ///
    /// Inputs that were read as passwords, and whose first lines look like digests, with the kind of these.
    passwords_like_digests: Listed<(String, String)>,
    /// `passwords_in_notation: tuple[str, ...]`
    ///
    /// Inputs with passwords that are written as hashcat does, `$HEX[...]`, and that were hashed as they stand.
    passwords_in_notation: Listed<String>,
    /// `passwords_with_users: tuple[str, ...]`
    ///
    /// Inputs that were read as passwords, and whose first lines all are an e-mail address, a colon and a password.
    passwords_with_users: Listed<String>,
    /// `passwords_not_utf8: tuple[str, ...]`
    ///
    /// Inputs with passwords that are not UTF-8, and whose bytes were hashed.
    passwords_not_utf8: Listed<String>,
    /// `empty_span: tuple[str, str] | None`
    ///
    /// The first and the last prefix of a span without any entry, in an index of all prefixes with so many entries that this
    /// is no chance: its input was cut off, or is a part.
    empty_span: Option<(String, String)>,
    /// `passed_over: tuple[str, ...]`
    ///
    /// Names in folders of range files that cannot be range files.
    passed_over: Listed<String>,
}

/// What a report is made of, as a pickle keeps it.
type Facts = (u64, u64, u32, u64, u64, u64, f64, String, Option<String>, u64, u64, u64);

/// The rest, which reports of earlier versions do not have.
type Notes =
    (Vec<(String, String)>, Vec<String>, Vec<String>, Vec<String>, Option<(String, String)>, Vec<String>);

/// A tuple in Python, so that a report is frozen.
#[derive(Clone, PartialEq)]
pub(crate) struct Listed<T>(Vec<T>);

impl<'py, T: Clone + IntoPyObject<'py>> IntoPyObject<'py> for &Listed<T> {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        PyTuple::new(py, self.0.iter().cloned())
    }
}

#[pymethods]
impl BuildReport {
    #[staticmethod]
    #[pyo3(signature = (facts, notes = None))]
    fn _restore(facts: Facts, notes: Option<Notes>) -> Self {
        let (like_digests, in_notation, with_users, not_utf8, empty_span, passed_over) =
            notes.unwrap_or_default();
        let (
            entries,
            file_size,
            bits,
            floor,
            collisions,
            left_out,
            false_positive_rate,
            content_id,
            went_unsorted,
            groups,
            groups_copied,
            bytes_copied,
        ) = facts;
        Self {
            entries,
            file_size,
            bits,
            floor,
            collisions,
            left_out,
            false_positive_rate,
            content_id,
            went_unsorted,
            groups,
            groups_copied,
            bytes_copied,
            passwords_like_digests: Listed(like_digests),
            passwords_in_notation: Listed(in_notation),
            passwords_with_users: Listed(with_users),
            passwords_not_utf8: Listed(not_utf8),
            empty_span,
            passed_over: Listed(passed_over),
        }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let facts = (
            self.entries,
            self.file_size,
            self.bits,
            self.floor,
            self.collisions,
            self.left_out,
            self.false_positive_rate,
            &self.content_id,
            &self.went_unsorted,
            self.groups,
            self.groups_copied,
            self.bytes_copied,
        );
        let notes = (
            &self.passwords_like_digests,
            &self.passwords_in_notation,
            &self.passwords_with_users,
            &self.passwords_not_utf8,
            &self.empty_span,
            &self.passed_over,
        );
        Ok((py.get_type::<Self>().getattr("_restore")?, (facts, notes).into_pyobject(py)?))
    }

    fn __repr__(&self) -> String {
        let Self { entries, file_size, bits, content_id, .. } = self;
        format!(
            "BuildReport(entries={entries}, file_size={file_size}, bits={bits}, content_id='{content_id}')"
        )
    }
}

/// How far a build has come: `done` of `total` bytes or entries in a phase.
#[pyclass(module = "breachdex", frozen, eq, hash, get_all)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    /// `phase: str`
    ///
    /// What is being done.
    phase: String,
    /// `done: int`
    ///
    /// How much of it.
    done: u64,
    /// `total: int | None`
    ///
    /// Of how much; `None` where that is not known.
    total: Option<u64>,
}

#[pymethods]
impl Progress {
    #[staticmethod]
    fn _restore(phase: String, done: u64, total: Option<u64>) -> Self {
        Self { phase, done, total }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let facts = (&self.phase, self.done, self.total).into_pyobject(py)?;
        Ok((py.get_type::<Self>().getattr("_restore")?, facts))
    }

    fn __repr__(&self) -> String {
        let total = self.total.map_or_else(|| String::from("None"), |total| total.to_string());
        format!("Progress(phase='{}', done={}, total={total})", self.phase, self.done)
    }
}

impl From<breachdex::Progress> for Progress {
    fn from(now: breachdex::Progress) -> Self {
        Self { phase: now.phase.name().to_owned(), done: now.done, total: now.total }
    }
}

/// `build(inputs: Path | Sequence[Path], output: Path, *, kind: Kind = 'sha1', format: Literal['hibp', 'ranges', 'passwords', 'index'] | None = None, bits: int | None = None, counts: bool = True, min_count: int = 1, top: int | None = None, merge: Literal['sum', 'max', 'error'] | None = None, partial: bool = False, prefixes: Sequence[str] | None = None, directory_bits: int | None = None, memory: int | None = None, threads: int | None = None, temp_dir: Path | None = None, source: str = '', corpus_date: date | str | None = None, replace: bool = False, trusted_keys: TrustedKeys | Literal[False] | None = None, progress: Callable[[Progress], object] | None = None) -> BuildReport`
///
/// Builds an index of files of hashes, range files, passwords or other indexes at `output`, which appears whole or
/// not at all. `progress` is called several times a second; an exception from it stops the build and comes out
/// again, as Ctrl-C does, and nothing is left behind.
#[pyfunction]
#[pyo3(signature = (
    inputs, output, *, kind = None, format = None, bits = None, counts = true, min_count = None, top = None,
    merge = None, partial = false, prefixes = None, directory_bits = None, memory = None, threads = None, temp_dir = None,
    source = "", corpus_date = None, replace = false, trusted_keys = None, progress = None
), text_signature = "(inputs, output, *, kind='sha1', format=None, bits=None, counts=True, min_count=1, top=None, \
merge=None, partial=False, prefixes=None, directory_bits=None, memory=None, threads=None, temp_dir=None, source='', corpus_date=None, \
replace=False, trusted_keys=None, progress=None)")]
#[allow(clippy::too_many_arguments, reason = "Python's keywords, one for each option")]
pub(crate) fn build(
    py: Python<'_>,
    inputs: &Bound<'_, PyAny>,
    output: PathBuf,
    kind: Option<&Bound<'_, PyString>>,
    format: Option<&str>,
    bits: Option<Bound<'_, PyAny>>,
    counts: bool,
    min_count: Option<Bound<'_, PyAny>>,
    top: Option<Bound<'_, PyAny>>,
    merge: Option<&str>,
    partial: bool,
    prefixes: Option<Vec<String>>,
    directory_bits: Option<Bound<'_, PyAny>>,
    memory: Option<Bound<'_, PyAny>>,
    threads: Option<Bound<'_, PyAny>>,
    temp_dir: Option<PathBuf>,
    source: &str,
    corpus_date: Option<&Bound<'_, PyAny>>,
    replace: bool,
    trusted_keys: Option<&Bound<'_, PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<BuildReport> {
    let defaults = BuildOptions::default();
    let options = BuildOptions {
        kind: kind.map_or(Ok(Kind::Sha1), |kind| kind_of(kind).map_err(|error| refused(py, &error)))?,
        bits: number("bits", bits.as_ref())?,
        force_bits: false,
        counts,
        min_count: number("min_count", min_count.as_ref())?.unwrap_or(1),
        top: number("top", top.as_ref())?,
        merge: merge.map(|name| merge_rule(py, name)).transpose()?,
        coverage: coverage(py, partial, prefixes)?,
        complete: false,
        directory_bits: number("directory_bits", directory_bits.as_ref())?,
        memory: number("memory", memory.as_ref())?.unwrap_or(defaults.memory),
        threads: number("threads", threads.as_ref())?.unwrap_or(defaults.threads),
        temp_dir,
        source: source.to_owned(),
        date: corpus_date
            .map_or_else(|| Ok(String::new()), |date| date.str().map(|text| text.to_string()))?,
        replace,
        open: OpenOptions::new().trust(trust_of(trusted_keys, None, false)?),
        before_publish: None,
    };
    let inputs = self::inputs(inputs, format.map(|name| input_format(py, name)).transpose()?)?;
    let listener = Listener::new(|py, now: breachdex::Progress| {
        let Some(callback) = &progress else { return Ok(()) };
        callback.call1(py, (Progress::from(now),)).map(drop)
    });
    let _work = Work::begin(py)?;
    let previous = if replace { corpus_date_at(&output) } else { String::new() };
    let built = py.detach(|| breachdex::build(&inputs, &output, &options, &listener));
    match (listener.into_error(), built) {
        (Some(error), _) => Err(error),
        (None, Ok(report)) => {
            let mut notes = notes(&report, options.kind);
            notes.extend(stepped_back(&output, &previous));
            warn(py, &notes)?;
            Ok(report.into())
        }
        (None, Err(error)) => Err(refusal(py, &error)),
    }
}

/// The corpus date of the index at a path; empty where there is none.
fn corpus_date_at(path: &Path) -> String {
    let index = Index::open_with(path, OpenOptions::new().any_content());
    index.map(|index| index.metadata().corpus_date.clone()).unwrap_or_default()
}

/// What there is to say of an index that is older than the one that it replaced.
fn stepped_back(path: &Path, previous: &str) -> Option<String> {
    let step_back = StepBack::of_dates(previous, &corpus_date_at(path))?;
    Some(format!("{} was replaced by an older corpus: {step_back}", path.display()))
}

/// Warns whoever called of what is in an index and was probably not meant.
pub(crate) fn warn(py: Python<'_>, notes: &[String]) -> PyResult<()> {
    let category = find(py, "BuildWarning")?;
    notes.iter().try_for_each(|note| {
        // No name of a file holds a NUL.
        let note = CString::new(note.as_bytes()).unwrap_or_default();
        PyErr::warn(py, &category, &note, 1)
    })
}

/// What a report says of an index that lacks the hashes behind some of the first digits.
pub(crate) fn cut_off(report: &breachdex::BuildReport) -> Option<String> {
    let (first, last) = report.empty_span?;
    Some(format!(
        "no digest begins with {first:05X} to {last:05X}, which is no chance among so many: the input was cut off, or is \
         a part of a list; get it again, or pass prefixes, so that what is missing is unknown instead of not found"
    ))
}

/// What a report says of the inputs, in sentences.
pub(crate) fn notes(report: &breachdex::BuildReport, kind: Kind) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    notes.extend(report.passwords_like_digests.iter().map(|(name, found)| like_digests(name, *found, kind)));
    notes.extend(report.passwords_in_notation.iter().map(|name| in_notation(name)));
    notes.extend(report.passwords_with_users.iter().map(|name| with_users(name)));
    notes.extend(report.passwords_not_utf8.iter().map(|name| not_utf8(name)));
    notes.extend(cut_off(report));
    notes
}

fn like_digests(name: &str, found: Kind, kind: Kind) -> String {
    let of_kind = if found == kind { String::new() } else { format!("kind='{}', ", found.name()) };
    format!(
        "{name} was read as passwords, but its lines look like {found} digests; pass {of_kind}format='hibp' if they are"
    )
}

fn in_notation(name: &str) -> String {
    format!("{name}: {}", text::hex_notation(None))
}

fn with_users(name: &str) -> String {
    format!("{name} {}", text::USER_PASSWORDS)
}

fn not_utf8(name: &str) -> String {
    format!("{name}: {}", text::not_utf8(None))
}

/// `warn_of_list(name: str, kind: Kind, like_digests: Kind | None, with_users: bool, in_notation: bool, not_utf8: bool) -> None`
///
/// Warns of a list that the tasks of a cluster read, as `build` does of one.
#[pyfunction]
pub(crate) fn warn_of_list(
    py: Python<'_>,
    name: &str,
    kind: &Bound<'_, PyString>,
    like_digests: Option<&Bound<'_, PyString>>,
    with_users: bool,
    in_notation: bool,
    not_utf8: bool,
) -> PyResult<()> {
    let kind = kind_of(kind)?;
    let digests = like_digests.map(kind_of).transpose()?;
    let said = [
        digests.map(|found| self::like_digests(name, found, kind)),
        in_notation.then(|| self::in_notation(name)),
        with_users.then(|| self::with_users(name)),
        not_utf8.then(|| self::not_utf8(name)),
    ];
    warn(py, &said.into_iter().flatten().collect::<Vec<_>>())
}

/// An input that is not there is no index that is not there.
pub(crate) fn refusal(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Io { path, source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            from_io(py, "InputNotFoundError", &error.to_string(), path, source)
        }
        _ => in_full(py, error),
    }
}

/// The same refusal of an option, as an error of a build.
pub(crate) fn refused(py: Python<'_>, error: &PyErr) -> PyErr {
    raise(py, "BuildError", error.value(py).to_string())
}

/// A whole number of an option.
pub(crate) fn number<T: TryFrom<u64>>(name: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<T>> {
    let Some(given) = given else { return Ok(None) };
    let py = given.py();
    let number = match given.extract::<u64>() {
        Ok(number) => T::try_from(number).ok(),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => None,
        Err(_) => {
            let found = given.get_type().name()?;
            return Err(PyTypeError::new_err(format!("{name} must be an int, not {found}")));
        }
    };
    let out_of_range =
        || raise(py, "BuildError", format!("{name} is no number that a build can have: {given}"));
    number.map(Some).ok_or_else(out_of_range)
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
            groups: report.groups,
            groups_copied: report.groups_copied,
            bytes_copied: report.bytes_copied,
            passwords_like_digests: Listed(
                report
                    .passwords_like_digests
                    .into_iter()
                    .map(|(name, kind)| (name, kind.name().to_owned()))
                    .collect(),
            ),
            passwords_in_notation: Listed(report.passwords_in_notation),
            passwords_with_users: Listed(report.passwords_with_users),
            passwords_not_utf8: Listed(report.passwords_not_utf8),
            empty_span: report
                .empty_span
                .map(|(first, last)| (format!("{first:05X}"), format!("{last:05X}"))),
            passed_over: Listed(report.passed_over),
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

fn input_format(py: Python<'_>, name: &str) -> PyResult<Format> {
    match name {
        "hibp" => Ok(Format::Hibp),
        "ranges" => Ok(Format::Ranges),
        "passwords" => Ok(Format::Passwords),
        "index" => Ok(Format::Index),
        _ => {
            let message = format!("format must be 'hibp', 'ranges', 'passwords' or 'index', not {name:?}");
            Err(raise(py, "BuildError", message))
        }
    }
}

pub(crate) fn merge_rule(py: Python<'_>, name: &str) -> PyResult<MergeRule> {
    match name {
        "sum" => Ok(MergeRule::Sum),
        "max" => Ok(MergeRule::Max),
        "error" => Ok(MergeRule::Error),
        _ => Err(raise(py, "BuildError", format!("merge must be 'sum', 'max' or 'error', not {name:?}"))),
    }
}

fn coverage(py: Python<'_>, partial: bool, prefixes: Option<Vec<String>>) -> PyResult<CoverageRule> {
    match (partial, prefixes) {
        (true, Some(_)) => Err(raise(py, "BuildError", "give partial or prefixes, not both")),
        (true, None) => Ok(CoverageRule::Present),
        (false, None) => Ok(CoverageRule::Whole),
        (false, Some(spans)) => spans
            .iter()
            .map(|span| prefix_span(span))
            .collect::<Option<_>>()
            .map(CoverageRule::Prefixes)
            .ok_or_else(|| {
                raise(py, "BuildError", "prefixes are five hexadecimal digits, or two of them as A-B")
            }),
    }
}

/// `00000` or `00000-0FFFF`.
pub(crate) fn prefix_span(text: &str) -> Option<(u32, u32)> {
    let one = |digits: &str| {
        let is_prefix = digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_prefix.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    match text.split_once('-') {
        Some((first, last)) => Some((one(first)?, one(last)?)).filter(|(first, last)| first <= last),
        None => one(text).map(|prefix| (prefix, prefix)),
    }
}
