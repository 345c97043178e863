//! The command `breachdex`, for the wheel's entry point.

#![forbid(unsafe_code)]

use std::ffi::OsString;

use pyo3::prelude::*;

/// `run_command(arguments: Sequence[str]) -> int`
///
/// Runs the command with its arguments, the program's name first; returns its exit code.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| breachdex_cli::run(arguments))
}
