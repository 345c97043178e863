//! Makes UTF-8 of values in other character sets.

#![forbid(unsafe_code)]

use encoding_rs::{Encoding, REPLACEMENT, UTF_8};
use zeroize::Zeroize as _;

use super::{Fields, Unread, Value};

/// The character set of a form.
#[derive(Clone, Copy)]
pub(super) enum Charset {
    Utf8,
    Other(&'static Encoding),
    Unknown,
}

impl Charset {
    pub(super) fn of(label: Option<&[u8]>) -> Self {
        match label.map(Encoding::for_label) {
            None => Self::Utf8,
            Some(Some(encoding)) if encoding == UTF_8 => Self::Utf8,
            Some(Some(encoding)) => Self::Other(encoding),
            Some(None) => Self::Unknown,
        }
    }

    /// A name in it, where bytes in ASCII can be other text, as in UTF-16. Where they can be and it cannot be decoded, as in
    /// UTF-7 or EBCDIC, that is a fault.
    pub(super) fn decode_name(self, name: &[u8], fields: &mut Fields) -> Option<Value> {
        match self {
            Self::Utf8 => None,
            Self::Other(encoding) if encoding.is_ascii_compatible() => None,
            Self::Other(encoding) if encoding != REPLACEMENT => {
                let decoded = encoding.decode_without_bom_handling_and_without_replacement(name);
                if decoded.is_none() {
                    fields.fault(Unread::Charset);
                }
                decoded.map(taken)
            }
            Self::Other(_) | Self::Unknown => {
                fields.fault(Unread::Charset);
                None
            }
        }
    }

    /// The value as UTF-8, if it is something else as it came. One that cannot be decoded is a fault.
    pub(super) fn decode(self, value: &Value, fields: &mut Fields) -> Option<Value> {
        let decoded = match self {
            Self::Utf8 if value.text().is_some() => return None,
            Self::Utf8 | Self::Unknown => None,
            Self::Other(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(value.bytes())
            }
        };
        let Some(text) = decoded else {
            // ASCII is the same in most character sets.
            let is_ascii_other = matches!(self, Self::Other(encoding) if !encoding.is_ascii_compatible());
            if is_ascii_other || !value.bytes().is_ascii() {
                fields.fault(Unread::Charset);
            }
            return None;
        };
        Some(taken(text)).filter(|decoded| decoded != value)
    }
}

/// The value of a decoded text, of which no copy stays.
fn taken(text: std::borrow::Cow<'_, str>) -> Value {
    let mut text = text.into_owned();
    let value = Value::from(text.as_bytes());
    text.zeroize();
    value
}
