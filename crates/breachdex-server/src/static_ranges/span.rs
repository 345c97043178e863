//! Prefixes from one to another, as the notes of runs have them: `00000 01FFF`.

#![forbid(unsafe_code)]

/// The first and the last prefix.
pub type PrefixSpan = (u32, u32);

/// Five hexadecimal digits of each.
#[must_use]
pub fn span_text((first, last): PrefixSpan) -> String {
    format!("{first:05X} {last:05X}")
}

/// Reads what [`span_text`] writes; `None` for anything else.
#[must_use]
pub fn read_span(text: &str) -> Option<PrefixSpan> {
    let (first, last) = text.split_once(' ')?;
    let prefix = |text: &str| {
        let is_prefix = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_prefix.then(|| u32::from_str_radix(text, 16).ok())?
    };
    let span = (prefix(first)?, prefix(last)?);
    (span.0 <= span.1).then_some(span)
}
