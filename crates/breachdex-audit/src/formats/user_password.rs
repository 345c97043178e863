//! Lists of users and passwords as leaks have them: `user:password`, one a line. The first colon ends the user, and all behind
//! it is the password. Never detected: any list of passwords may have colons.

#![forbid(unsafe_code)]

use super::{Request, Spec};
use crate::account::{Record, Sink};
use crate::error::{LineFault, Result};
use crate::read::input::Opened;
use crate::read::text::{Lines, Text};

pub(super) static FORMAT: Spec = Spec {
    name: "user-password",
    help: "user:password a line: never auto-detected",
    describe: |words| words.format_user_password().to_owned(),
    has_encoding: true,
    read,
    ..Spec::BASE
};

fn read(input: Opened<'_>, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let failed = Opened::failed(&input.name);
    let text = Text::new(input.reader, request.options.encoding).map_err(&failed)?;
    super::assume(&text, sink);
    let mut lines = Lines::new(text);
    while let Some(line) = lines.next().map_err(&failed)? {
        let number = line.number;
        if line.content.is_ok_and(|content| content.trim().is_empty()) {
            continue;
        }
        match line.content.and_then(|content| content.split_once(':').ok_or(LineFault::NoColon)) {
            Ok((user, password)) => {
                sink.record(Record::with_password(number, user, password.as_bytes()))?;
            }
            Err(fault) => sink.malformed(number, fault)?,
        }
    }
    Ok(())
}
