//! Reads `application/x-www-form-urlencoded`, as the URL Standard parses it.

#![forbid(unsafe_code)]

use zeroize::Zeroize as _;

use super::charset::Charset;
use super::{Fields, Value, Wanted};

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Reads the fields of a form. `charset` is the declared character set; a field `_charset_` declares one too.
pub(super) fn read(wanted: Wanted<'_>, body: &[u8], charset: Option<&[u8]>, fields: &mut Fields) {
    let in_form = pairs(body).find(|(name, _)| *name == b"_charset_").map(|(_, value)| value);
    let charset = Charset::of(charset.or(in_form.filter(|label| !label.is_empty())));
    let mut add = |(name, value): (&[u8], &[u8])| {
        let name: Value = percent_decoded_plus(name);
        fields.add(wanted, name.bytes(), || percent_decoded_plus(value), charset);
    };
    pairs(body).for_each(&mut add);
    if body.contains(&b';') {
        semicolon_pairs(body).for_each(&mut add);
    }
    // ASP.NET decodes `%u0070`, too.
    let is_escaped = |text: &[u8]| text.windows(2).any(|pair| pair.eq_ignore_ascii_case(b"%u"));
    for (name, value) in pairs(body).filter(|(name, value)| is_escaped(name) || is_escaped(value)) {
        let (name, value) = (utf16_escapes_as_utf8(name), utf16_escapes_as_utf8(value));
        add((name.bytes(), value.bytes()));
    }
}

/// Text whose `%uXXXX` are written as the `%XX` of UTF-8; those of no character stay.
fn utf16_escapes_as_utf8(text: &[u8]) -> Value {
    let mut value = Value::with_room(2 * text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let units = escaped_unit(text, at).into_iter().chain(escaped_unit(text, at + 6));
        let character = escaped_unit(text, at).and_then(|_| char::decode_utf16(units).next()?.ok());
        let Some(character) = character else {
            value.push(*byte);
            at += 1;
            continue;
        };
        let mut utf8 = [0; 4];
        for byte in character.encode_utf8(&mut utf8).bytes() {
            for part in [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]] {
                value.push(part);
            }
        }
        utf8.zeroize();
        at += 6 * character.len_utf16();
    }
    value
}

/// The number of `%uXXXX` at a place; characters beyond four digits have two.
fn escaped_unit(text: &[u8], at: usize) -> Option<u16> {
    let escape = text.get(at..at + 6).filter(|escape| escape[..2].eq_ignore_ascii_case(b"%u"))?;
    escape[2..].iter().try_fold(0_u16, |number, byte| {
        let digit = char::from(*byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok())?;
        Some(number << 4 | digit)
    })
}

/// Names and values as they are written.
fn pairs(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(pair)
}

/// Those that differ where a semicolon ends a field, too, as HTML 4 had it and some servers still have it. Browsers escape
/// semicolons in names and values.
fn semicolon_pairs(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let of_both = body.split(|byte| *byte == b'&').filter(|fields| fields.contains(&b';'));
    of_both.flat_map(|fields| fields.split(|byte| *byte == b';')).filter(|pair| !pair.is_empty()).map(pair)
}

fn pair(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b'=') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    }
}

fn percent_decoded_plus(text: &[u8]) -> Value {
    let mut value = Value::with_room(text.len());
    decode(text, |byte, is_escaped| value.push(if byte == b'+' && !is_escaped { b' ' } else { byte }));
    value
}

/// Text with its `%XX` decoded once; what is no escape stays.
pub(crate) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    decode(text, |byte, _| bytes.push(byte));
    bytes
}

/// Calls `push` with each byte, and whether it was escaped.
fn decode(text: &[u8], mut push: impl FnMut(u8, bool)) {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                push(u8::try_from(high * 16 + low).unwrap_or_default(), true);
                at += 3;
            }
            _ => {
                push(*byte, false);
                at += 1;
            }
        }
    }
}
