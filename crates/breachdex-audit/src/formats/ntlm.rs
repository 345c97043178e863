//! NTLM dumps: `user:rid:lm:nt:::` as pwdump and impacket's secretsdump write it, and `user:hash`.
//!
//! secretsdump appends ` (pwdLastSet=...)` and ` (status=Enabled)` or ` (status=Disabled)` behind the last colon, names
//! old passwords `user_history0`, and machine accounts end in `$`.

#![forbid(unsafe_code)]

use breachdex::{Digest, Kind};

use super::{Request, Spec, Unit};
use crate::account::{Record, Secret, Sink, Standing};
use crate::error::{AuditError, LineFault, Result};
use crate::read::input::Opened;
use crate::read::text::{Lines, Text};

/// The NTLM digest of the empty password.
const EMPTY_NT: &str = "31d6cfe0d16ae931b73c59d7e0c089c0";
/// What stands in place of an LM hash where there is none.
const EMPTY_LM: &str = "aad3b435b51404eeaad3b435b51404ee";
/// The same in dumps of old tools, with asterisks behind.
const NO_PASSWORD: &str = "NO PASSWORD";

pub(super) static FORMAT: Spec = Spec {
    name: "ntlm",
    help: "user:rid:lm:nt::: (secretsdump, pwdump) or user:hash; asks an NTLM index",
    describe: |words| words.format_ntlm().to_owned(),
    unit: Unit::Line,
    extensions: &[],
    recognises: |_, start| is_dump_line(start.first_line),
    headers: &[],
    has_encoding: true,
    takes_column: false,
    takes_delimiter: false,
    holds_digests: true,
    read,
};

fn read(input: Opened, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    if request.kind != Kind::Ntlm {
        return Err(AuditError::OtherKind { input: input.name, found: Kind::Ntlm, held: request.kind });
    }
    let failed = Opened::failed(&input.name);
    let mut lines = Lines::new(Text::new(input.reader, request.options.encoding).map_err(&failed)?);
    while let Some(line) = lines.next().map_err(&failed)? {
        match line.content.and_then(|content| parse(line.number, content)) {
            Ok(Some(record)) => sink.record(record)?,
            Ok(None) => {}
            Err(fault) => sink.malformed(line.number, fault)?,
        }
    }
    Ok(())
}

/// Whether this can be nothing but a line of a dump: of the long form, with both hashes.
fn is_dump_line(line: &str) -> bool {
    let mut fields = line.split(':');
    let (Some(user), Some(rid), Some(lm), Some(nt)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return false;
    };
    !user.is_empty()
        && is_rid(rid)
        && is_no_password_or(lm, is_hash)
        && is_no_password_or(nt, is_hash)
        && fields.count() >= 3
}

/// `None` for a line with nothing on it.
fn parse(number: u64, line: &str) -> Result<Option<Record<'_>>, LineFault> {
    let line = line.trim_end();
    if line.is_empty() {
        return Ok(None);
    }
    let (user, rest) = line.split_once(':').filter(|(user, _)| !user.is_empty()).ok_or(LineFault::NotNtlm)?;
    let (nt, lm, remarks) = match rest.split_once(':') {
        None => (rest, EMPTY_LM, ""),
        Some((rid, rest)) => {
            let mut fields = rest.splitn(3, ':');
            match (fields.next(), fields.next(), fields.next()) {
                (Some(lm), Some(nt), Some(remarks)) if is_rid(rid) => (nt, lm, remarks),
                _ => return Err(LineFault::NotNtlm),
            }
        }
    };
    if !is_no_password_or(lm, is_hash) {
        return Err(LineFault::NotAHash("LM"));
    }
    let secret = match () {
        () if nt.eq_ignore_ascii_case(EMPTY_NT) || nt.starts_with(NO_PASSWORD) => Secret::Empty,
        () => Secret::Digest(
            Digest::from_hex(Kind::Ntlm, nt.as_bytes()).map_err(|_| LineFault::NotAHash("NT"))?,
        ),
    };
    Ok(Some(Record {
        standing: standing_of(user),
        is_disabled: remarks.contains("(status=Disabled)"),
        has_lm: !lm.eq_ignore_ascii_case(EMPTY_LM) && !lm.starts_with(NO_PASSWORD),
        ..Record::new(number, user, secret)
    }))
}

fn standing_of(user: &str) -> Standing {
    let is_history = user
        .rsplit_once("_history")
        .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    match () {
        () if is_history => Standing::Former,
        () if user.ends_with('$') => Standing::Machine,
        () => Standing::Account,
    }
}

fn is_rid(field: &str) -> bool {
    !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hash(field: &str) -> bool {
    field.len() == Kind::Ntlm.hex_digits() && field.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_no_password_or(field: &str, otherwise: impl Fn(&str) -> bool) -> bool {
    field.starts_with(NO_PASSWORD) || otherwise(field)
}
