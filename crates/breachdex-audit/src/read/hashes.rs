//! Lists of digests: one in hex a line, of the index's kind, and nothing besides.

#![forbid(unsafe_code)]

use breachdex::{Digest, Error, Kind};

use super::input::Opened;
use super::text::{Encoding, Lines, Text};
use crate::account::{Record, Secret, Sink};
use crate::error::{LineFault, Result};

pub(super) fn read(input: Opened, encoding: Option<Encoding>, kind: Kind, sink: &mut dyn Sink) -> Result<()> {
    let failed = Opened::failed(&input.name);
    let mut lines = Lines::new(Text::new(input.reader, encoding).map_err(&failed)?);
    while let Some(line) = lines.next().map_err(&failed)? {
        let content = match line.content.map(str::trim) {
            Ok("") => continue,
            content => content,
        };
        match content.and_then(|digits| digest(kind, digits.as_bytes())) {
            Ok(digest) => sink.record(Record::new(line.number, "", Secret::Digest(digest)))?,
            Err(fault) => sink.malformed(line.number, fault)?,
        }
    }
    Ok(())
}

/// A digest from its digits.
pub(super) fn digest(kind: Kind, digits: &[u8]) -> Result<Digest, LineFault> {
    Digest::from_hex(kind, digits).map_err(|error| match error {
        Error::InvalidDigest { found, .. } => LineFault::Width { expected: kind.hex_digits(), found },
        _ => LineFault::NotHex,
    })
}
