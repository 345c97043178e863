//! `completions`: a script for the shell.

#![forbid(unsafe_code)]

use clap::CommandFactory as _;

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{Arguments, CompletionsFlags};
use crate::output::Output;

pub(crate) fn run(flags: &CompletionsFlags) -> Result<Exit, Failure> {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut Arguments::command(), "breachdex", &mut script);
    let mut output = Output::open();
    output.write(&script)?;
    output.flush()?;
    Ok(Exit::Success)
}
