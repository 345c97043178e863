//! Parses `Content-Type` (RFC 9110, section 8.3).

#![forbid(unsafe_code)]

/// How a body is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    UrlEncoded,
    /// With its boundary.
    Multipart(Vec<u8>),
    Json,
    /// There is no label, there are several, or another one.
    Other,
}

pub(super) struct ContentType {
    pub(super) kind: Kind,
    pub(super) charset: Option<Vec<u8>>,
}

impl ContentType {
    const NONE: Self = Self { kind: Kind::Other, charset: None };

    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Self::parse(value),
            _ => Self::NONE,
        }
    }

    fn parse(value: &[u8]) -> Self {
        let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
        let (media_type, parameters) = value.split_at(end);
        let media_type = media_type.trim_ascii().to_ascii_lowercase();
        let kind = match &*media_type {
            b"application/x-www-form-urlencoded" => Kind::UrlEncoded,
            b"multipart/form-data" => match parameter(parameters, b"boundary") {
                Parameter::Once(boundary) if !boundary.is_empty() && boundary.len() <= 70 => {
                    Kind::Multipart(boundary)
                }
                _ => Kind::Other,
            },
            b"application/json" | b"text/json" => Kind::Json,
            other if other.ends_with(b"+json") => Kind::Json,
            _ => Kind::Other,
        };
        let charset = match parameter(parameters, b"charset") {
            Parameter::Absent => None,
            Parameter::Once(charset) => Some(charset),
            // No character set has this name.
            Parameter::Repeated => Some(Vec::new()),
        };
        Self { kind, charset }
    }
}

/// The parameters of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    Absent,
    Once(Vec<u8>),
    /// Parsers differ in which of them they take.
    Repeated,
}

/// The value of a parameter in `; name=value; name="value"`.
pub(super) fn parameter(parameters: &[u8], wanted: &[u8]) -> Parameter {
    let mut rest = parameters;
    let mut found = Parameter::Absent;
    loop {
        let Some(at) = rest.iter().position(|byte| *byte == b';') else { return found };
        rest = rest[at + 1..].trim_ascii_start();
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
        let name = rest[..end].trim_ascii();
        let is_wanted = name.eq_ignore_ascii_case(wanted);
        if rest.get(end) != Some(&b'=') {
            continue;
        }
        rest = rest[end + 1..].trim_ascii_start();
        let value;
        (value, rest) = match rest.strip_prefix(b"\"") {
            Some(quoted) => unquote(quoted),
            None => {
                let end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
                (rest[..end].trim_ascii().to_vec(), &rest[end..])
            }
        };
        match (is_wanted, &found) {
            (false, _) => {}
            (true, Parameter::Absent) => found = Parameter::Once(value),
            (true, _) => return Parameter::Repeated,
        }
    }
}

/// A quoted string without its first quotation mark, and what follows it.
fn unquote(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, text.get(at + 1)) {
            (b'"', _) => return (value, &text[at + 1..]),
            // Browsers send Windows paths with single backslashes; only these two are ever escaped.
            (b'\\', Some(next @ (b'"' | b'\\'))) => {
                value.push(*next);
                at += 2;
            }
            (byte, _) => {
                value.push(*byte);
                at += 1;
            }
        }
    }
    (value, &[])
}
