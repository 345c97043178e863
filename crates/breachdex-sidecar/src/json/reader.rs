//! Reads an object of strings and decodes them in their place.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::fault::Fault;

/// How messages call what is no value.
const NAME: &str = "the name of a field";

/// A value that is taken.
pub(super) enum Value {
    /// Where its decoded text is.
    Text(Range<usize>),
    Null,
}

/// Reads UTF-8.
pub(super) struct Reader<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Decoded bytes.
    pub(super) fn bytes(&self, place: &Range<usize>) -> &[u8] {
        self.bytes.get(place.clone()).unwrap_or_default()
    }

    /// Reads what begins an object. Returns whether a field follows.
    pub(super) fn begin_object(&mut self) -> Result<bool, Fault> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.at += 1,
            Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => return Err(Fault::NotAnObject),
            _ => return Err(Fault::Syntax),
        }
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads a name and the colon behind it.
    pub(super) fn name(&mut self) -> Result<Range<usize>, Fault> {
        let name = self.string(NAME)?;
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(name)
    }

    /// Reads the value of a field.
    pub(super) fn value(&mut self, field: &'static str) -> Result<Value, Fault> {
        match self.peek() {
            Some(b'"') => self.string(field).map(Value::Text),
            Some(b'n') => self.word(b"null").map(|()| Value::Null),
            Some(b'{' | b'[') => Err(Fault::Nested(field)),
            Some(b't') => self.word(b"true").and(Err(Fault::NotAString(field))),
            Some(b'f') => self.word(b"false").and(Err(Fault::NotAString(field))),
            Some(b'-' | b'0'..=b'9') => Err(Fault::NotAString(field)),
            _ => Err(Fault::Syntax),
        }
    }

    /// Reads what is behind a value. Returns whether a field follows.
    pub(super) fn next_field(&mut self) -> Result<bool, Fault> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                Ok(true)
            }
            Some(b'}') => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(Fault::Syntax),
        }
    }

    /// Refuses what is behind the object.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.at == self.bytes.len() { Ok(()) } else { Err(Fault::Trailing) }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(Fault::Syntax);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(Fault::Syntax);
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads a string and decodes it to where it begins.
    fn string(&mut self, what: &'static str) -> Result<Range<usize>, Fault> {
        self.expect(b'"')?;
        let start = self.at;
        let mut end = start;
        loop {
            match self.peek() {
                None => return Err(Fault::Syntax),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..end);
                }
                Some(b'\\') => end = self.escape(end, what)?,
                Some(..0x20) => return Err(Fault::ControlCharacter),
                Some(byte) => {
                    self.bytes[end] = byte;
                    end += 1;
                    self.at += 1;
                }
            }
        }
    }

    /// Decodes an escape to `end`, which is before it. Returns the new end.
    fn escape(&mut self, end: usize, what: &'static str) -> Result<usize, Fault> {
        self.at += 1;
        let byte = match self.peek().ok_or(Fault::Syntax)? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.at += 1;
                let character = self.character(what)?;
                let length = character.encode_utf8(&mut self.bytes[end..]).len();
                return Ok(end + length);
            }
            _ => return Err(Fault::Syntax),
        };
        self.at += 1;
        self.bytes[end] = byte;
        Ok(end + 1)
    }

    /// The character that one or two escapes in UTF-16 stand for.
    fn character(&mut self, what: &'static str) -> Result<char, Fault> {
        let lone = Fault::LoneSurrogate(what);
        let first = self.four_digits()?;
        let code = match first {
            0 => return Err(Fault::Nul(what)),
            0xd800..0xdc00 => {
                if !self.bytes[self.at..].starts_with(b"\\u") {
                    return Err(lone);
                }
                self.at += 2;
                let second = self.four_digits()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err(lone);
                }
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            other => other,
        };
        char::from_u32(code).ok_or(lone)
    }

    fn four_digits(&mut self) -> Result<u32, Fault> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(Fault::Syntax)?;
        let mut code = 0;
        for digit in digits {
            code = code * 16 + char::from(*digit).to_digit(16).ok_or(Fault::Syntax)?;
        }
        self.at += 4;
        Ok(code)
    }
}
