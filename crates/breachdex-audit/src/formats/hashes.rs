//! Lists of digests: one in hex a line, of the index's kind, and nothing besides.

#![forbid(unsafe_code)]

use super::{Request, Spec, Unit};
use crate::account::{Record, Secret, Sink};
use crate::error::Result;
use crate::read::digest;
use crate::read::input::Opened;
use crate::read::text::{Lines, Text};

pub(super) static FORMAT: Spec = Spec {
    name: "hashes",
    help: "one hash in hex a line, of the index's kind",
    describe: |words| words.format_hashes().to_owned(),
    unit: Unit::Line,
    extensions: &[],
    recognises: |_, _| false,
    headers: &[],
    has_encoding: true,
    takes_column: false,
    takes_delimiter: false,
    holds_digests: true,
    read,
};

fn read(input: Opened, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let failed = Opened::failed(&input.name);
    let mut lines = Lines::new(Text::new(input.reader, request.options.encoding).map_err(&failed)?);
    while let Some(line) = lines.next().map_err(&failed)? {
        let content = match line.content.map(str::trim) {
            Ok("") => continue,
            content => content,
        };
        match content.and_then(|digits| digest(request.kind, digits.as_bytes())) {
            Ok(digest) => sink.record(Record::new(line.number, "", Secret::Digest(digest)))?,
            Err(fault) => sink.malformed(line.number, fault)?,
        }
    }
    Ok(())
}
