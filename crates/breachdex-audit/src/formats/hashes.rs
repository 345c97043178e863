//! Lists of digests: one in hex a line, of the index's kind, alone, behind a user (`user:hash`) or before a count
//! (`hash:count`, as the downloads of Pwned Passwords have it).

#![forbid(unsafe_code)]

use breachdex::{Digest, Kind};

use super::{Request, Spec};
use crate::account::{Record, Secret, Sink};
use crate::error::{LineFault, Result};
use crate::read::digest;
use crate::read::input::Opened;
use crate::read::text::{Lines, Text};

pub(super) static FORMAT: Spec = Spec {
    name: "hashes",
    help: "one hash in hex a line, of the index's kind, or user:hash",
    describe: |words| words.format_hashes().to_owned(),
    read,
    ..Spec::HASHES
};

fn read(input: Opened<'_>, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let failed = Opened::failed(&input.name);
    let text = Text::new(input.reader, request.options.encoding).map_err(&failed)?;
    super::assume(&text, sink);
    let mut lines = Lines::new(text);
    while let Some(line) = lines.next().map_err(&failed)? {
        let content = match line.content.map(str::trim) {
            Ok("") => continue,
            content => content,
        };
        match content.and_then(|content| parse(request.kind, content)) {
            Ok((user, digest)) => {
                sink.record(Record::new(line.number, user, Secret::of_digest(digest)))?;
            }
            Err(fault) => sink.malformed(line.number, fault)?,
        }
    }
    Ok(())
}

fn parse(kind: Kind, line: &str) -> Result<(&str, Digest), LineFault> {
    let is_count = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((digits, count)) = line.split_once(':')
        && digits.len() == kind.hex_digits()
        && is_count(count)
    {
        return digest(kind, digits.as_bytes()).map(|digest| ("", digest));
    }
    let (user, digits) = line.rsplit_once(':').unwrap_or(("", line));
    digest(kind, digits.trim().as_bytes()).map(|digest| (user, digest))
}
