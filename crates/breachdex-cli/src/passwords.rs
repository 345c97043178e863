//! Lines of passwords or digests from a stream, in constant memory however long a line is.
//!
//! A line is handed on in pieces as they are read. The one buffer they pass through is overwritten when the reader is
//! dropped. What needs a line whole puts it together in a [`Line`], up to 1 MiB.

#![forbid(unsafe_code)]

use std::io::{self, Read};

use breachdex::{Digest, Error, Kind, PasswordHasher};
use zeroize::Zeroizing;

/// Larger than the buffer inside the standard library's `Stdin`, which is bypassed by reads of this size
/// and so never holds a password.
const BUFFER: usize = 1 << 16;

/// No password is longer. Such a line is refused, where it would have to be kept whole.
const LONGEST_LINE: usize = 1 << 20;

/// What ends a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terminator {
    /// LF; one CR before it belongs to the line's end.
    Newline,
    /// NUL; every other byte belongs to the line.
    Nul,
}

impl Terminator {
    fn byte(self) -> u8 {
        match self {
            Self::Newline => b'\n',
            Self::Nul => 0,
        }
    }
}

/// What happens while a line is read.
pub(crate) enum Event<'a> {
    /// The next bytes of the line.
    Piece(&'a [u8]),
    /// The stream will be read, which may take as long as somebody types.
    Waiting,
}

/// Splits a stream into lines. The last line counts without its terminator too, if it has any byte.
pub(crate) struct Lines<R> {
    input: R,
    terminator: Terminator,
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
}

impl<R: Read> Lines<R> {
    /// Lines of `input`.
    pub(crate) fn new(input: R, terminator: Terminator) -> Self {
        Self::with_buffer(input, terminator, BUFFER)
    }

    fn with_buffer(input: R, terminator: Terminator, size: usize) -> Self {
        Self { input, terminator, buffer: Zeroizing::new(vec![0; size]), start: 0, end: 0 }
    }

    /// Hands on the pieces of the next line; `false` when there is none.
    ///
    /// # Errors
    /// What the stream or `on_event` fails with, the former through `From`.
    pub(crate) fn next_line<E: From<io::Error>>(
        &mut self,
        mut on_event: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        // A CR at the end of the buffer is part of the line unless LF follows, which is not known yet.
        let mut held_cr = false;
        let mut any = false;
        loop {
            if self.start == self.end {
                on_event(Event::Waiting)?;
                self.fill()?;
                if self.start == self.end {
                    if held_cr {
                        on_event(Event::Piece(b"\r"))?;
                    }
                    return Ok(any);
                }
            }
            any = true;
            let unread = &self.buffer[self.start..self.end];
            let found = memchr::memchr(self.terminator.byte(), unread);
            let piece = &unread[..found.unwrap_or(unread.len())];
            self.start += piece.len() + usize::from(found.is_some());
            if held_cr && !piece.is_empty() {
                on_event(Event::Piece(b"\r"))?;
            }
            held_cr = match piece.last() {
                Some(last) => *last == b'\r' && self.terminator == Terminator::Newline,
                None => held_cr,
            };
            // With an empty piece a held CR is the one before LF: it is dropped.
            on_event(Event::Piece(&piece[..piece.len() - usize::from(held_cr && !piece.is_empty())]))?;
            if found.is_some() {
                return Ok(true);
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        (self.start, self.end) = (0, 0);
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(read) => {
                    self.end = read;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A line that is being put together, overwritten when it is dropped.
#[derive(Default)]
pub(crate) struct Line {
    bytes: Zeroizing<Vec<u8>>,
    is_too_long: bool,
}

impl Line {
    /// Adds the next bytes.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let length = self.bytes.len() + piece.len();
        if self.is_too_long || length > LONGEST_LINE {
            self.is_too_long = true;
            self.bytes = Zeroizing::default();
            return;
        }
        if length > self.bytes.capacity() {
            // Into a new place, so that the old one is overwritten.
            let mut grown = Zeroizing::new(Vec::with_capacity(length.next_power_of_two().max(256)));
            grown.extend_from_slice(&self.bytes);
            self.bytes = grown;
        }
        self.bytes.extend_from_slice(piece);
    }

    /// The whole line; `None` where it is longer than 1 MiB.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        (!self.is_too_long).then_some(&self.bytes)
    }
}

/// What a line holds, and so how it becomes a digest.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// A password, to be hashed.
    Passwords,
    /// A digest in hexadecimal.
    Digests,
}

/// Turns the pieces of one line into a digest.
pub(crate) enum Question {
    Password(PasswordHasher),
    Digest { kind: Kind, digits: Zeroizing<[u8; 40]>, length: usize },
}

impl Question {
    /// A line of which nothing was read yet.
    pub(crate) fn new(content: Content, kind: Kind) -> Self {
        match content {
            Content::Passwords => Self::Password(PasswordHasher::new(kind)),
            Content::Digests => Self::Digest { kind, digits: Zeroizing::new([0; 40]), length: 0 },
        }
    }

    /// Adds the next bytes of the line.
    pub(crate) fn update(&mut self, piece: &[u8]) {
        match self {
            Self::Password(hasher) => hasher.update(piece),
            Self::Digest { digits, length, .. } => {
                // Beyond the widest digest only the length matters, for the error.
                if let Some(free) = digits.get_mut(*length..) {
                    let kept = piece.len().min(free.len());
                    free[..kept].copy_from_slice(&piece[..kept]);
                }
                *length += piece.len();
            }
        }
    }

    /// The digest to look up.
    pub(crate) fn finish(self) -> Result<Digest, Error> {
        match self {
            Self::Password(hasher) => hasher.finish(),
            Self::Digest { kind, length, .. } if length != kind.hex_digits() => {
                Err(Error::InvalidDigest { kind, found: length, unit: "hex digits" })
            }
            Self::Digest { kind, digits, length } => Digest::from_hex(kind, &digits[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn split(text: &[u8], terminator: Terminator, buffer: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::with_buffer(text, terminator, buffer);
        let mut found = Vec::new();
        loop {
            let mut line = Vec::new();
            let more = lines.next_line(|event| {
                if let Event::Piece(piece) = event {
                    line.extend_from_slice(piece);
                }
                io::Result::Ok(())
            });
            if !more.unwrap() {
                return found;
            }
            found.push(line);
        }
    }

    #[test]
    fn lines_are_the_same_wherever_the_buffer_ends() {
        let text = b"one\r\n\r\n\ntwo\r\r\nthr\ree\n\r\rx\r\nlast\r";
        let expected: [&[u8]; 7] = [b"one", b"", b"", b"two\r", b"thr\ree", b"\r\rx", b"last\r"];
        for buffer in 1..=text.len() + 1 {
            assert_eq!(split(text, Terminator::Newline, buffer), expected, "buffer of {buffer}");
        }
    }

    #[test]
    fn nul_terminated_lines_keep_every_other_byte() {
        let text = b"a\r\n\0\0\r\0b\n";
        let expected: [&[u8]; 4] = [b"a\r\n", b"", b"\r", b"b\n"];
        for buffer in 1..=text.len() + 1 {
            assert_eq!(split(text, Terminator::Nul, buffer), expected, "buffer of {buffer}");
        }
    }

    #[test]
    fn an_empty_stream_has_no_line_and_a_terminator_ends_the_last() {
        assert_eq!(split(b"", Terminator::Newline, 4), Vec::<Vec<u8>>::new());
        assert_eq!(split(b"\n", Terminator::Newline, 4), [b""]);
        assert_eq!(split(b"a\n", Terminator::Newline, 4), [b"a"]);
        assert_eq!(split(b"\r", Terminator::Newline, 4), [b"\r"]);
        assert_eq!(split(b"\r\n", Terminator::Newline, 1), [b""]);
    }

    #[test]
    fn a_digest_of_any_wrong_length_is_refused_with_that_length() {
        for length in (0..100).filter(|length| *length != 40) {
            let mut question = Question::new(Content::Digests, Kind::Sha1);
            question.update(&vec![b'A'; length]);
            let error = question.finish().unwrap_err().to_string();
            assert_eq!(error, format!("a SHA-1 digest has 40 hex digits, found {length}"));
        }
    }
}
