//! `count`: how many entries an index has.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::Index;
use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::output::Output;

/// Print how many entries an index has
#[derive(Args)]
pub(crate) struct Flags {
    /// The index to read
    index: PathBuf,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let mut output = Output::open();
        output.write(format!("{}\n", Index::map(&self.index)?.len()).as_bytes())?;
        output.flush()?;
        Ok(Exit::Success)
    }
}
