//! `breachdex.build_segment` and `breachdex.join`: parts of an index that are built apart, on any machines, and become one.

#![forbid(unsafe_code)]

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use breachdex::trust::SignatureFiles;
use breachdex::{
    BuildOptions, CoverageRule, Entry, EntryBatches, Error, JoinOptions, Kind, ListNotes, OpenOptions, Result,
};
use breachdex_cli::Signer;
use pyo3::exceptions::{PyKeyboardInterrupt, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::build::{
    BuildReport, Progress, cut_off, merge_rule, notes, number, prefix_span, refusal, refused, warn,
};
use crate::bulk::What;
use crate::errors::{in_full, raise};
use crate::password::kind_of;
use crate::rows::{Next, RowReader};
use crate::signals::{Listener, Work};
use crate::trust::trust_of;

/// Batches of entries that wait for the builder.
const WAITING: usize = 4;

/// How often a builder that works on its own is looked at for signals.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Batches from the thread that reads the rows, which says when it has read all; otherwise it gave up.
struct Received(Receiver<Option<Vec<Entry>>>);

impl Iterator for Received {
    type Item = Result<Vec<Entry>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.recv() {
            Ok(batch) => batch.map(Ok),
            Err(_) => Some(Err(Error::Cancelled)),
        }
    }
}

/// `build_segment(rows: ArrowArray | ArrowStream | Iterable[ArrowArray | ArrowStream], output: Path, *, first: str = '00000', last: str = 'FFFFF', kind: Kind = 'sha1', format: Literal['digests', 'passwords'] = 'digests', bits: int | None = None, counts: bool = True, min_count: int = 1, merge: Literal['sum', 'max', 'error'] | None = None, directory_bits: int = 16, is_sorted: bool = False, skip_outside: bool = False, memory: int | None = None, threads: int | None = None, temp_dir: Path | None = None, source: str = '', corpus_date: date | str | None = None, replace: bool = False, progress: Callable[[Progress], object] | None = None) -> BuildReport`
///
/// Builds a segment, the part of an index under some prefixes, of Arrow data. Rows are read on the calling thread.
#[pyfunction]
#[pyo3(signature = (
    rows, output, *, first = "00000", last = "FFFFF", kind = None, format = "digests", bits = None, counts = true,
    min_count = None, merge = None, directory_bits = None, is_sorted = false, skip_outside = false, memory = None,
    threads = None, temp_dir = None, source = "", corpus_date = None, replace = false, progress = None
), text_signature = "(rows, output, *, first='00000', last='FFFFF', kind='sha1', format='digests', bits=None, \
counts=True, min_count=1, merge=None, directory_bits=16, is_sorted=False, skip_outside=False, memory=None, \
threads=None, temp_dir=None, source='', corpus_date=None, replace=False, progress=None)")]
#[allow(clippy::too_many_arguments, reason = "Python's keywords, one for each option")]
pub(crate) fn build_segment(
    py: Python<'_>,
    rows: &Bound<'_, PyAny>,
    output: PathBuf,
    first: &str,
    last: &str,
    kind: Option<&Bound<'_, PyString>>,
    format: &str,
    bits: Option<Bound<'_, PyAny>>,
    counts: bool,
    min_count: Option<Bound<'_, PyAny>>,
    merge: Option<&str>,
    directory_bits: Option<Bound<'_, PyAny>>,
    is_sorted: bool,
    skip_outside: bool,
    memory: Option<Bound<'_, PyAny>>,
    threads: Option<Bound<'_, PyAny>>,
    temp_dir: Option<PathBuf>,
    source: &str,
    corpus_date: Option<&Bound<'_, PyAny>>,
    replace: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<BuildReport> {
    let what = match format {
        "digests" => What::Digests,
        "passwords" => What::Passwords,
        _ => {
            let said = format!("format must be 'digests' or 'passwords', not {format:?}");
            return Err(raise(py, "BuildError", said));
        }
    };
    let span = span_of(py, first, last)?;
    let kind = kind.map_or(Ok(Kind::Sha1), |kind| kind_of(kind).map_err(|error| refused(py, &error)))?;
    let default_rule = if what == What::Passwords { "sum" } else { "error" };
    let defaults = BuildOptions::default();
    let options = BuildOptions {
        kind,
        bits: number("bits", bits.as_ref())?,
        counts,
        min_count: number("min_count", min_count.as_ref())?.unwrap_or(1),
        merge: Some(merge_rule(py, merge.unwrap_or(default_rule))?),
        coverage: CoverageRule::Prefixes(vec![span]),
        directory_bits: Some(number("directory_bits", directory_bits.as_ref())?.unwrap_or(16)),
        memory: number("memory", memory.as_ref())?.unwrap_or(defaults.memory),
        threads: number("threads", threads.as_ref())?.unwrap_or(defaults.threads),
        temp_dir,
        source: source.to_owned(),
        date: date_of(corpus_date)?.unwrap_or_default(),
        replace,
        ..defaults
    };
    let mut reader = RowReader::new(kind, what, span, skip_outside);
    let read = |take: Take<'_>| Ok((reader.read(rows, &take)?, reader.notes()));
    build_rows(py, read, is_sorted, &output, &options, progress.as_ref())
}

/// Takes batches of entries for a builder; called while Python is let go.
pub(crate) type Take<'a> = &'a (dyn Fn(Vec<Entry>) -> Next + Sync);

/// Builds an index of rows, which are read on the calling thread by `read`, by another one.
pub(crate) fn build_rows(
    py: Python<'_>,
    read: impl FnOnce(Take<'_>) -> PyResult<(Next, ListNotes)>,
    is_sorted: bool,
    output: &Path,
    options: &BuildOptions,
    progress: Option<&Py<PyAny>>,
) -> PyResult<BuildReport> {
    let (sender, receiver) = sync_channel(WAITING);
    let batches = EntryBatches::new("the rows", Received(receiver));
    let batches = if is_sorted { batches.sorted() } else { batches };
    let stopped = AtomicBool::new(false);
    let listener = Listener::new(|py, now: breachdex::Progress| {
        if stopped.load(Ordering::Acquire) {
            return Err(PyKeyboardInterrupt::new_err(()));
        }
        report(py, progress, now)
    });
    let _work = Work::begin(py)?;
    let (done, is_done) = channel();
    let is_done = Mutex::new(is_done);
    let (read, built) = thread::scope(|scope| {
        let builder = scope.spawn(|| {
            let _done = done;
            breachdex::build_entries(batches, output, options, &listener)
        });
        // A panic must not leave this thread with Python held while it waits for the other one.
        let read = panic::catch_unwind(AssertUnwindSafe(|| {
            let take = |batch: Vec<Entry>| {
                if sender.send(Some(batch)).is_ok() { Next::More } else { Next::Stop }
            };
            let (next, found) = read(&take)?;
            if let Next::More = next {
                py.detach(|| sender.send(None)).unwrap_or_default();
            }
            Ok(found)
        }));
        drop(sender);
        let read = read.and_then(|read| {
            panic::catch_unwind(AssertUnwindSafe(|| {
                let read: PyResult<ListNotes> =
                    read.and_then(|found| await_builder(py, &is_done).map(|()| found));
                stopped.store(read.is_err(), Ordering::Release);
                read
            }))
        });
        stopped.fetch_or(read.is_err(), Ordering::AcqRel);
        (read, py.detach(|| builder.join()))
    });
    let read = read.unwrap_or_else(|panic| panic::resume_unwind(panic));
    let built = built.unwrap_or_else(|panic| panic::resume_unwind(panic));
    let found = read?;
    match (listener.into_error(), built) {
        (Some(error), _) => Err(error),
        (None, Ok(mut report)) => {
            let named = |is_so: bool| is_so.then(|| String::from("the rows")).into_iter();
            report.passwords_in_notation.extend(named(found.in_notation));
            report.passwords_not_utf8.extend(named(found.not_utf8));
            warn(py, &notes(&report, options.kind))?;
            Ok(report.into())
        }
        (None, Err(error)) => Err(refusal(py, &error)),
    }
}

/// The prefixes of a segment.
pub(crate) fn span_of(py: Python<'_>, first: &str, last: &str) -> PyResult<(u32, u32)> {
    prefix_span(&format!("{first}-{last}")).ok_or_else(|| {
        let said = "first and last are five hexadecimal digits each, the first not after the last";
        raise(py, "BuildError", said)
    })
}

/// Waits until the builder has ended, and hears signals meanwhile.
fn await_builder(py: Python<'_>, is_done: &Mutex<Receiver<()>>) -> PyResult<()> {
    let wait = || is_done.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(POLL_INTERVAL);
    while let Err(RecvTimeoutError::Timeout) = py.detach(wait) {
        py.check_signals()?;
    }
    Ok(())
}

/// Tells a callback how far the work has come.
fn report(py: Python<'_>, callback: Option<&Py<PyAny>>, now: breachdex::Progress) -> PyResult<()> {
    let Some(callback) = callback else { return Ok(()) };
    callback.call1(py, (Progress::from(now),)).map(drop)
}

/// `join(segments: Sequence[Path], output: Path, *, complete: bool = True, source: str | None = None, corpus_date: date | str | None = None, directory_bits: int | None = None, memory: int | None = None, threads: int | None = None, replace: bool = False, sign_key: Path | None = None, trusted_keys: TrustedKeys | Literal[False] | None = None, progress: Callable[[Progress], object] | None = None) -> BuildReport`
///
/// Joins segments into one index at `output`, byte for byte the one that is built of all their rows at once.
#[pyfunction]
#[pyo3(signature = (
    segments, output, *, complete = true, source = None, corpus_date = None, directory_bits = None, memory = None,
    threads = None, replace = false, sign_key = None, trusted_keys = None, progress = None
))]
#[allow(clippy::too_many_arguments, reason = "Python's keywords, one for each option")]
pub(crate) fn join(
    py: Python<'_>,
    segments: &Bound<'_, PyAny>,
    output: PathBuf,
    complete: bool,
    source: Option<String>,
    corpus_date: Option<&Bound<'_, PyAny>>,
    directory_bits: Option<Bound<'_, PyAny>>,
    memory: Option<Bound<'_, PyAny>>,
    threads: Option<Bound<'_, PyAny>>,
    replace: bool,
    sign_key: Option<PathBuf>,
    trusted_keys: Option<&Bound<'_, PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<BuildReport> {
    let signer = sign_key.map(|path| Signer::load(&path).map_err(|said| raise(py, "BuildError", said)));
    let signer = signer.transpose()?;
    let segments: Vec<PathBuf> = match segments.is_instance_of::<PyString>() {
        true => None,
        false => segments.extract().ok(),
    }
    .ok_or_else(|| PyTypeError::new_err("segments must be a list of paths"))?;
    let defaults = JoinOptions::default();
    let options = JoinOptions {
        complete,
        source,
        date: date_of(corpus_date)?,
        directory_bits: number("directory_bits", directory_bits.as_ref())?,
        memory: number("memory", memory.as_ref())?.unwrap_or(defaults.memory),
        threads: number("threads", threads.as_ref())?.unwrap_or(defaults.threads),
        replace,
        open: OpenOptions::new().trust(trust_of(trusted_keys, None, false)?),
        before_publish: signer.as_ref().map(|signer| signer.before_publish(&output)),
    };
    let listener = Listener::new(|py, now| report(py, progress.as_ref(), now));
    let _work = Work::begin(py)?;
    let joined = py.detach(|| {
        let report = breachdex::join(&segments, &output, &options, &listener)?;
        if signer.is_some() {
            SignatureFiles::settle(&output)?;
        }
        Ok(report)
    });
    match (listener.into_error(), joined) {
        (Some(error), _) => Err(error),
        (None, Ok(report)) => {
            warn(py, cut_off(&report).as_slice())?;
            Ok(report.into())
        }
        (None, Err(error @ Error::Io { .. })) => Err(in_full(py, &error)),
        (None, Err(error)) => Err(refusal(py, &error)),
    }
}

/// A day, as text.
pub(crate) fn date_of(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
    given.map(|date| Ok(date.str()?.to_string())).transpose()
}
