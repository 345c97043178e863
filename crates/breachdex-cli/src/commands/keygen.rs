//! `keygen`: a pair of keys for signing indexes.

#![forbid(unsafe_code)]

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::KeygenFlags;
use crate::output::Output;
use crate::signing;

pub(crate) fn run(flags: &KeygenFlags) -> Result<Exit, Failure> {
    let key = signing::generate(&flags.secret_key, &flags.public_key, !flags.no_password)?;
    let mut output = Output::open();
    let line = format!(
        "key {key}: {} (secret), {} (public)\n",
        flags.secret_key.display(),
        flags.public_key.display()
    );
    output.write(line.as_bytes())?;
    output.flush()?;
    Ok(Exit::Success)
}
