//! `man`: the manual page of the command or of one subcommand.

#![forbid(unsafe_code)]

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::Arguments;
use crate::output::Output;

/// Print a manual page
#[derive(Args)]
#[command(after_long_help = "\
Examples:
      breachdex man | man -l -
      breachdex man check > breachdex-check.1")]
pub(crate) struct Flags {
    /// The page of one command [default: the page of breachdex]
    command: Option<String>,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let mut command = Arguments::command();
        command.build();
        if let Some(name) = &self.command {
            let found = command.find_subcommand(name).cloned();
            command = found.ok_or_else(|| Failure::Usage(format!("breachdex has no command {name}")))?;
            command = command.version(env!("CARGO_PKG_VERSION"));
        }
        let mut page = Vec::new();
        Man::new(command).render(&mut page).map_err(Failure::output)?;
        let mut output = Output::open();
        output.write(&page)?;
        output.flush()?;
        Ok(Exit::Success)
    }
}
