//! The command as the tests run it: the same thin `main`, in this package so that Cargo builds it for them.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(breachdex_cli::run(std::env::args_os()))
}
