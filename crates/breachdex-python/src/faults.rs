//! What becomes of a fault that is not raised: one line a minute in Python's log.

#![forbid(unsafe_code)]

use std::time::Duration;

use breachdex::{LogThrottle, OnError, SourceError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::from_fault;

/// Between two lines that say that passwords cannot be checked.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// The throttle of one policy, gate or range client.
pub(crate) fn throttle() -> LogThrottle {
    LogThrottle::new(LOG_EVERY)
}

/// What becomes of passwords that cannot be checked.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Accepted,
    Refused,
}

/// Says once a minute that passwords cannot be checked, and what becomes of them.
pub(crate) fn log(py: Python<'_>, throttle: &LogThrottle, outcome: Outcome, fault: &SourceError) {
    let Some(suppressed) = throttle.allow() else { return };
    let outcome = match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Refused => "refused",
    };
    let error = from_fault(py, fault);
    let more =
        if suppressed > 0 { format!(" ({suppressed} more since the last such line)") } else { String::new() };
    let said = py.import("logging").and_then(|logging| {
        let logger = logging.call_method1("getLogger", ("breachdex",))?;
        logger.call_method1(
            "error",
            ("passwords cannot be checked and are %s: %s%s", outcome, error.value(py).str()?, more),
        )
    });
    if let Err(error) = said {
        error.write_unraisable(py, None);
    }
}

/// `accept`, `reject` or `raise`.
pub(crate) fn on_error_named(name: &Bound<'_, PyAny>) -> PyResult<OnError> {
    let given: Option<String> = name.extract().ok();
    let found = OnError::ALL.into_iter().find(|choice| Some(choice.name()) == given.as_deref());
    found.map_or_else(
        || {
            let found = name.repr()?;
            let message = format!("on_error must be one of 'accept', 'reject' and 'raise', not {found}");
            Err(PyValueError::new_err(message))
        },
        Ok,
    )
}
