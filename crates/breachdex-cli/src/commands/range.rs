//! `range`: the entries under a prefix as the Pwned Passwords service words them.

#![forbid(unsafe_code)]

use breachdex::{Lookup as _, Prefix, rows};

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::RangeFlags;
use crate::output::Output;
use crate::{indexes, trust};

pub(crate) fn run(flags: &RangeFlags) -> Result<Exit, Failure> {
    let index = indexes::open(flags.index.as_slice(), &trust::of(&flags.trust)?)?.remove(0);
    let kind = index.kind();
    index.require_exact()?;
    index.require_counts()?;
    let prefix = Prefix::from_hex(kind, &flags.prefix)?;
    let mut output = Output::open();
    let mut row = Vec::new();
    for entry in index.range(&prefix)? {
        if !row.is_empty() {
            row.clear();
            row.extend_from_slice(b"\r\n");
        }
        rows::write_row(&mut row, &entry?, kind, prefix.digits(), true);
        output.write(&row)?;
    }
    if row.is_empty() {
        // No client of the service survives an empty body; a row with count 0 is padding to all of them.
        row.resize(kind.hex_digits() - prefix.digits(), b'0');
        row.extend_from_slice(b":0");
        output.write(&row)?;
    }
    output.flush()?;
    Ok(Exit::Success)
}
