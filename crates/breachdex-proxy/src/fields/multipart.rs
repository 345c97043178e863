//! Reads `multipart/form-data` (RFC 7578). A part with the name of a field is read whether it is a file or not: servers
//! differ in whether an empty `filename`, or `filename*` alone, makes one. They also differ in what ends a line and in whether
//! anything may follow the last boundary, so a boundary anywhere else is a fault: clients choose one that nothing contains.

#![forbid(unsafe_code)]

use memchr::memmem::{self, Finder};

use super::charset::Charset;
use super::content_type::{Parameter, parameter};
use super::{Fields, Unread, Value, Wanted};

/// Bytes of the heads of one part.
const MOST_HEAD: usize = 8 << 10;

/// Reads the fields of a form. A body without its last boundary is malformed; what came before is read. `charset` is the
/// declared character set.
pub(super) fn read(
    wanted: Wanted<'_>,
    boundary: &[u8],
    body: &[u8],
    charset: Option<Vec<u8>>,
    fields: &mut Fields,
) {
    let delimiter = [b"\r\n--", boundary].concat();
    let delimiter = Finder::new(&delimiter);
    // The first boundary may be the first line; what comes before it is no part.
    let first = delimiter.needle().strip_prefix(b"\r\n").unwrap_or_default();
    let at_lines = boundaries_at_lines(first, body);
    let mut known = 1;
    let mut rest = match body.strip_prefix(first) {
        Some(rest) => rest,
        None => match delimiter.find(body) {
            Some(at) => &body[at + delimiter.needle().len()..],
            None => return fields.fault(Unread::Malformed),
        },
    };
    let mut default_charset = charset;
    loop {
        if rest.starts_with(b"--") {
            if known != at_lines {
                fields.fault(Unread::Malformed);
            }
            return;
        }
        // Spaces may follow a boundary.
        let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let Some(part) = rest[padding..].strip_prefix(b"\r\n") else {
            return fields.fault(Unread::Malformed);
        };
        let Some(end) = delimiter.find(part) else { return fields.fault(Unread::Malformed) };
        if !read_part(wanted, &part[..end], &mut default_charset, fields) {
            fields.fault(Unread::Malformed);
        }
        rest = &part[end + delimiter.needle().len()..];
        known += 1;
    }
}

/// How many boundaries there are at the beginning of a line, whatever ends lines.
fn boundaries_at_lines(boundary: &[u8], body: &[u8]) -> usize {
    let is_at_line = |at: &usize| *at == 0 || matches!(body[*at - 1], b'\r' | b'\n');
    memmem::find_iter(body, boundary).filter(is_at_line).count()
}

/// Whether the part was understood.
fn read_part(
    wanted: Wanted<'_>,
    part: &[u8],
    default_charset: &mut Option<Vec<u8>>,
    fields: &mut Fields,
) -> bool {
    let Some(end) = memmem::find(part, b"\r\n\r\n").filter(|end| *end <= MOST_HEAD) else { return false };
    let (head, content) = (&part[..end], &part[end + 4..]);
    let (mut disposition, mut content_type) = (None, None);
    // A bare CR ends a line to some, and a line that begins with a space goes on with the one before it.
    let is_odd = |pair: &[u8]| {
        pair[0] == b'\r' && pair[1] != b'\n' || pair[0] == b'\n' && pair[1].is_ascii_whitespace()
    };
    if head.windows(2).any(is_odd) {
        return false;
    }
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-disposition") {
            if disposition.replace(value).is_some() {
                return false;
            }
        } else if name.eq_ignore_ascii_case(b"content-type") {
            content_type = Some(value);
        } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            let is_identity =
                [&b"8bit"[..], b"7bit", b"binary"].iter().any(|name| name.eq_ignore_ascii_case(value));
            if !is_identity {
                return false;
            }
        }
    }
    let Some(disposition) = disposition else { return false };
    // RFC 7578 does not allow name*, and servers differ in what they make of it.
    if parameter(disposition, b"name*") != Parameter::Absent {
        return false;
    }
    let Parameter::Once(name) = parameter(disposition, b"name") else { return false };
    // Some decode words of mail headers (RFC 2047).
    if memmem::find(&name, b"=?").is_some() {
        return false;
    }
    if name == b"_charset_" {
        *default_charset = Some(content.to_vec());
    }
    let own = match content_type.map(|value| parameter(value, b"charset")) {
        Some(Parameter::Once(charset)) => Some(charset),
        Some(Parameter::Repeated) => Some(Vec::new()),
        Some(Parameter::Absent) | None => None,
    };
    let charset = Charset::of(own.as_deref().or(default_charset.as_deref()));
    fields.add(wanted, &name, || Value::from(content), charset);
    true
}
