//! Long work listens to Ctrl-C, to whoever wants to hear of its progress, and to the interpreter's end.
//!
//! An interpreter that ends while a daemon's thread is in a callback unwinds that thread through whatever called it,
//! which Rust answers by ending the process. So an interpreter that wants to end asks such work to stop, and waits.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use breachdex::{Monitor, Progress};
use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// How long an interpreter that wants to end sleeps between two looks at whether the work has stopped.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// So many looks it takes at most: work that hangs in a callback must not keep a process alive.
const LOOKS: u32 = 1000;

/// The interpreter wants to end.
static ENDING: AtomicBool = AtomicBool::new(false);

/// How much work is under way, in the lower half, of the process in the upper one: a forked child has none of its
/// parent's.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);

/// Work that the interpreter waits for before it ends; from before Python is let go until it is back.
pub(crate) struct Work(());

impl Work {
    pub(crate) fn begin(py: Python<'_>) -> PyResult<Self> {
        static REGISTERED: PyOnceLock<()> = PyOnceLock::new();
        REGISTERED.get_or_try_init(py, || {
            py.import("atexit")?.call_method1("register", (wrap_pyfunction!(await_work, py)?,)).map(drop)
        })?;
        change(|count| count + 1);
        Ok(Self(()))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        change(|count| count.saturating_sub(1));
    }
}

/// Changes how much is under way in this process.
fn change(to: impl Fn(u64) -> u64) {
    let changed = |word| Some(u64::from(process::id()) << 32 | to(count_in(word)));
    let _ = UNDER_WAY.fetch_update(Ordering::AcqRel, Ordering::Acquire, changed);
}

fn count_in(word: u64) -> u64 {
    if word >> 32 == u64::from(process::id()) { word & u64::from(u32::MAX) } else { 0 }
}

/// Called when the interpreter wants to end.
#[pyfunction]
fn await_work(py: Python<'_>) {
    ENDING.store(true, Ordering::Release);
    for _ in 0..LOOKS {
        if count_in(UNDER_WAY.load(Ordering::Acquire)) == 0 {
            return;
        }
        py.detach(|| thread::sleep(POLL_INTERVAL));
    }
}

/// A monitor that runs Python's signal handlers, and a callback.
pub(crate) struct Listener<F> {
    report: F,
    /// What stopped the work.
    error: Mutex<Option<PyErr>>,
}

impl Listener<fn(Python<'_>, Progress) -> PyResult<()>> {
    /// Hears signals only.
    pub(crate) fn of_signals() -> Self {
        Self::new(|_, _| Ok(()))
    }
}

impl<F: Fn(Python<'_>, Progress) -> PyResult<()> + Sync> Listener<F> {
    pub(crate) fn new(report: F) -> Self {
        Self { report, error: Mutex::new(None) }
    }

    /// What stopped the work, if it was not a fault of its own.
    pub(crate) fn into_error(self) -> Option<PyErr> {
        self.error.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Fn(Python<'_>, Progress) -> PyResult<()> + Sync> Monitor for Listener<F> {
    fn progress(&self, progress: Progress) -> ControlFlow<()> {
        if ENDING.load(Ordering::Acquire) {
            // Says nothing in a thread that ends with it.
            let mut error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
            error.get_or_insert_with(|| PySystemExit::new_err(()));
            return ControlFlow::Break(());
        }
        let heard = Python::try_attach(|py| {
            py.check_signals()?;
            (self.report)(py, progress)
        });
        match heard {
            Some(Ok(())) => ControlFlow::Continue(()),
            // The interpreter is on its way out.
            None => ControlFlow::Break(()),
            Some(Err(error)) => {
                self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                ControlFlow::Break(())
            }
        }
    }
}
