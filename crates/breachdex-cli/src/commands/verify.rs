//! `verify`: every byte of an index against its checksums.

#![forbid(unsafe_code)]

use breachdex::Index;

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::VerifyFlags;
use crate::output::Output;
use crate::progress::Reporter;

pub(crate) fn run(flags: &VerifyFlags) -> Result<Exit, Failure> {
    let index = Index::map(&flags.file)?;
    let reporter = Reporter::start()?;
    index.verify(&reporter)?;
    drop(reporter);
    let mut output = Output::open();
    let (name, metadata) = (index.name(), index.metadata());
    let line = format!("{name}: sound, {} entries, {} bytes\n", metadata.entries, metadata.file_length);
    output.write(line.as_bytes())?;
    output.flush()?;
    Ok(Exit::Success)
}
