//! Reads JSON (RFC 8259) strictly, and keeps nothing of it but the fields that are wanted.
//!
//! Every value of a repeated member is read, because parsers differ in which one they take. The elements of an array
//! are values of its name. A number is its text.

#![forbid(unsafe_code)]

use encoding_rs::{Encoding, UTF_8};
use zeroize::Zeroize as _;

use super::{Fields, Unread, Value, Wanted};

/// Values within values.
const DEEPEST: usize = 64;

/// Reads the fields of an object, or of objects in an array.
pub(super) fn read(wanted: Wanted<'_>, body: &[u8], charset: Option<&[u8]>, fields: &mut Fields) {
    let encoding = charset.map_or(Some(UTF_8), Encoding::for_label);
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let is_plain = encoding
        .is_some_and(|encoding| encoding == UTF_8 || (encoding.is_ascii_compatible() && body.is_ascii()));
    if !is_plain {
        // Many servers read it as UTF-8 all the same.
        fields.fault(Unread::Charset);
    }
    if std::str::from_utf8(body).is_err() {
        fields.fault(Unread::Charset);
        return;
    }
    let mut reader = Reader { rest: body, wanted, fields };
    let start = Path { user: Some(0), password: Some(0) };
    let is_whole = reader.value(start, 0).is_some() && reader.skip_space().is_empty();
    if !is_whole {
        fields.fault(Unread::Malformed);
    }
}

/// How many words of each wanted name are known; `None` where the path leads elsewhere.
#[derive(Clone, Copy)]
struct Path {
    user: Option<usize>,
    password: Option<usize>,
}

struct Reader<'a, 'b> {
    rest: &'a [u8],
    wanted: Wanted<'a>,
    fields: &'b mut Fields,
}

impl<'a> Reader<'a, '_> {
    fn skip_space(&mut self) -> &'a [u8] {
        let space = self.rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.rest = &self.rest[space..];
        self.rest
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.rest = self.skip_space().strip_prefix(&[byte])?;
        Some(())
    }

    fn is_next(&mut self, byte: u8) -> bool {
        self.take(byte).is_some()
    }

    /// Reads a value; `None` where it is none.
    fn value(&mut self, path: Path, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match self.skip_space().first()? {
            b'{' => self.object(path, depth),
            b'[' => self.array(path, depth),
            b'"' => {
                let text = self.string()?;
                self.found(path, |text| text, text)
            }
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => {
                let number = self.number()?;
                self.found(path, Value::from, number)
            }
        }
    }

    /// Keeps a value where its path is a wanted one.
    fn found<T>(&mut self, path: Path, value: impl FnOnce(T) -> Value, of: T) -> Option<()> {
        let is_user = self.wanted.user.is_some_and(|user| path.user == Some(user.len()));
        let is_password = path.password == Some(self.wanted.password.len());
        if !is_user && !is_password {
            return Some(());
        }
        let value = value(of);
        if value.is_empty() {
            return Some(());
        }
        if is_user {
            self.fields.add_user(value.clone());
        }
        if is_password {
            self.fields.add_password(value);
        }
        Some(())
    }

    fn object(&mut self, path: Path, depth: usize) -> Option<()> {
        self.take(b'{')?;
        if self.is_next(b'}') {
            return Some(());
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.take(b':')?;
            let next = Path {
                user: self.wanted.user.and_then(|user| user.after(path.user?, name.bytes())),
                password: path.password.and_then(|known| self.wanted.password.after(known, name.bytes())),
            };
            self.value(next, depth + 1)?;
            if !self.is_next(b',') {
                return self.take(b'}');
            }
        }
    }

    fn array(&mut self, path: Path, depth: usize) -> Option<()> {
        self.take(b'[')?;
        if self.is_next(b']') {
            return Some(());
        }
        loop {
            self.value(path, depth + 1)?;
            if !self.is_next(b',') {
                return self.take(b']');
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    fn number(&mut self) -> Option<&'a [u8]> {
        let text = self.rest;
        let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut at = usize::from(text.first() == Some(&b'-'));
        let whole = digits(at);
        if whole == 0 || (whole > 1 && text[at] == b'0') {
            return None;
        }
        at += whole;
        if text.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            at += 1 + Some(fraction).filter(|digits| *digits > 0)?;
        }
        if matches!(text.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(at + 1 + sign);
            at += 1 + sign + Some(exponent).filter(|digits| *digits > 0)?;
        }
        self.rest = &text[at..];
        Some(&text[..at])
    }

    /// Reads a string. A surrogate without its other half is no text.
    fn string(&mut self) -> Option<Value> {
        let text = self.rest.strip_prefix(b"\"")?;
        // No escape is shorter than what it stands for.
        let longest = text.len().min(self.end_of_string(text)?);
        let mut value = Value::with_room(longest);
        let mut at = 0;
        loop {
            let plain = text[at..].iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count();
            value.extend(&text[at..at + plain]);
            at += plain;
            match text.get(at)? {
                b'"' => {
                    self.rest = &text[at + 1..];
                    return Some(value);
                }
                b'\\' => {
                    let escape = *text.get(at + 1)?;
                    at += 2;
                    match escape {
                        b'"' | b'\\' | b'/' => value.push(escape),
                        b'b' => value.push(0x08),
                        b'f' => value.push(0x0c),
                        b'n' => value.push(b'\n'),
                        b'r' => value.push(b'\r'),
                        b't' => value.push(b'\t'),
                        b'u' => at += unicode(&text[at..], &mut value)?,
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
    }

    /// Where a string ends that begins here, not counting escapes of anything but quotation marks.
    fn end_of_string(&self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            at += memchr::memchr2(b'"', b'\\', &text[at..])?;
            if text[at] == b'"' {
                return Some(at);
            }
            at = (at + 2).min(text.len());
        }
    }
}

/// Reads what follows `\u`, and returns how many bytes that took.
fn unicode(text: &[u8], value: &mut Value) -> Option<usize> {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 4)?;
        digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
    };
    let first = unit(0)?;
    let (code, taken) = match first {
        0xd800..0xdc00 => {
            let second = text.get(4..6).filter(|escape| *escape == b"\\u").and_then(|_| unit(6))?;
            let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            (0x10000 + ((first - 0xd800) << 10) + low, 10)
        }
        code => (code, 4),
    };
    let mut bytes = [0; 4];
    value.extend(char::from_u32(code)?.encode_utf8(&mut bytes).as_bytes());
    bytes.zeroize();
    Some(taken)
}
