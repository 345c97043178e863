//! The command `breachdex`. Everything it does is in the library of the same package.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(breachdex_cli::run(std::env::args_os()))
}
