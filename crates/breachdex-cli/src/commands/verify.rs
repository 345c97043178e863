//! `verify`: every byte of indexes against their checksums.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::{Error, Index};

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{ProgressName, VerifyFlags};
use crate::messages;
use crate::output::Output;
use crate::printable::printable;
use crate::progress::Reporter;

pub(crate) fn run(flags: &VerifyFlags) -> Result<Exit, Failure> {
    let mut damaged = 0;
    for file in &flags.files {
        match verify(file, flags.progress.progress) {
            Ok(line) => {
                let mut output = Output::open();
                output.write(line.as_bytes())?;
                output.flush()?;
            }
            Err(error @ Error::Cancelled) => return Err(error.into()),
            Err(error) => {
                damaged += 1;
                messages::error(&error);
            }
        }
    }
    Ok(if damaged == 0 { Exit::Success } else { Exit::Error })
}

/// What is said of a sound index.
fn verify(file: &Path, progress: ProgressName) -> Result<String, Error> {
    let index = Index::map(file)?;
    let reporter = Reporter::start(progress).map_err(|failure| Error::Unbuildable(failure.to_string()))?;
    index.verify(&reporter)?;
    let (name, metadata) = (printable(index.name()), index.metadata());
    Ok(format!("{name}: sound, {} entries, {} bytes\n", metadata.entries, metadata.file_length))
}
