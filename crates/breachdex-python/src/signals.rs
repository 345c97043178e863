//! Long work listens to Ctrl-C, and to whoever wants to hear of its progress.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use breachdex::{Monitor, Progress};
use pyo3::prelude::*;

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
