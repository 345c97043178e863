//! A stream as lines, in constant memory however long a line is.

#![forbid(unsafe_code)]

use std::io::{self, Read};

use breachdex::memory::LockedBuffer;

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 16;

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
///
/// Bytes that were handed on are overwritten before the stream is read again.
pub(crate) struct Lines<R> {
    input: R,
    terminator: Terminator,
    buffer: LockedBuffer,
    start: usize,
    end: usize,
}

impl<R: Read> Lines<R> {
    /// Lines of `input`.
    pub(crate) fn new(input: R, terminator: Terminator) -> Self {
        Self::with_buffer(input, terminator, BUFFER)
    }

    fn with_buffer(input: R, terminator: Terminator, size: usize) -> Self {
        Self { input, terminator, buffer: LockedBuffer::new(size), start: 0, end: 0 }
    }

    /// Whether everything that was read was handed on, so that the next line waits for the stream.
    pub(crate) fn is_read_up(&self) -> bool {
        self.start == self.end
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
                self.buffer.erase(self.end);
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
}
