//! `completions`: a script for the shell.

#![forbid(unsafe_code)]

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::Arguments;
use crate::output::Output;

/// Print a shell's completion script
#[derive(Args)]
#[command(after_long_help = "\
Examples:
      breachdex completions bash > ~/.local/share/bash-completion/completions/breachdex
      breachdex completions fish > ~/.config/fish/completions/breachdex.fish")]
pub(crate) struct Flags {
    /// The shell
    shell: Shell,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        // Into memory first: the generator panics where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "breachdex", &mut script);
        let mut output = Output::open();
        output.write(&script)?;
        output.flush()?;
        Ok(Exit::Success)
    }
}
