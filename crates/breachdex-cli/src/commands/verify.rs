//! `verify`: every byte of indexes against their checksums, and their signatures.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::trust::Trust;
use breachdex::{Error, Index};

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{ProgressName, VerifyFlags};
use crate::messages;
use crate::output::Output;
use crate::printable::printable;
use crate::progress::Reporter;
use crate::trust;

pub(crate) fn run(flags: &VerifyFlags) -> Result<Exit, Failure> {
    let trusted = trust::of_keys(&flags.public_key, flags.max_age)?;
    let mut damaged = 0;
    for file in &flags.files {
        match verify(file, &trusted, flags.progress.progress) {
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
fn verify(file: &Path, trusted: &Trust, progress: ProgressName) -> Result<String, Error> {
    let index = Index::open_with(file, trust::mapped(trusted))?;
    let reporter = Reporter::start(progress).map_err(|failure| Error::Unbuildable(failure.to_string()))?;
    index.verify(&reporter)?;
    let (name, metadata) = (printable(index.name()), index.metadata());
    let signed = index.signed().map(|signed| format!(", signed with key {}", signed.key)).unwrap_or_default();
    Ok(format!("{name}: sound, {} entries, {} bytes{signed}\n", metadata.entries, metadata.file_length))
}
