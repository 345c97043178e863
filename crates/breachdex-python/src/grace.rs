//! Grace at log-in for Python: when it is over is the policy's business; see `breachdex_policy::Grace`.

#![forbid(unsafe_code)]

use breachdex_policy::Day;
use pyo3::prelude::*;

/// Python's number of 1970-01-01, as `date.toordinal()` has it.
const EPOCH: i32 = 719_163;

/// How long a log-in that would be refused is let pass with a warning.
#[pyclass(module = "breachdex._breachdex", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Grace {
    grace: breachdex_policy::Grace,
}

impl From<breachdex_policy::Grace> for Grace {
    fn from(grace: breachdex_policy::Grace) -> Self {
        Self { grace }
    }
}

#[pymethods]
impl Grace {
    /// `is_counted: bool`
    ///
    /// Whether the beginning of each account's grace has to be kept.
    #[getter]
    fn is_counted(&self) -> bool {
        self.grace.is_counted()
    }

    /// `left(since: int | None, log_ins: int, today: int) -> tuple[bool, int | None, int | None]`
    ///
    /// Whether it is over at a log-in, and how many days and further log-ins are left; days as `date.toordinal()` counts.
    fn left(&self, since: Option<i32>, log_ins: u32, today: i32) -> (bool, Option<u32>, Option<u32>) {
        let day = |ordinal: i32| Day::from_number(ordinal.saturating_sub(EPOCH));
        let left = self.grace.left(since.map(day), log_ins, day(today));
        (left.is_over, left.days, left.log_ins)
    }

    fn __repr__(&self) -> String {
        match self.grace {
            breachdex_policy::Grace::Until(day) => format!("<Grace until {day}>"),
            breachdex_policy::Grace::Each { days, log_ins } => {
                let limit = |limit: Option<u32>| {
                    limit.map_or_else(|| String::from("None"), |limit| limit.to_string())
                };
                format!("<Grace days={} log_ins={}>", limit(days), limit(log_ins))
            }
            _ => String::from("<Grace>"),
        }
    }
}
