//! `man`: the manual page of the command or of one subcommand.

#![forbid(unsafe_code)]

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{Arguments, ManFlags};
use crate::output::Output;

pub(crate) fn run(flags: &ManFlags) -> Result<Exit, Failure> {
    let mut command = Arguments::command();
    command.build();
    if let Some(name) = &flags.command {
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
