//! A stream as lines, in constant memory however long a line is.

#![forbid(unsafe_code)]

use std::io::{self, Read};

use breachdex::memory::LockedBuffer;
use breachdex::text::{HEAD, NotText};

use super::oddities::Oddities;
use super::{Content, start};

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

/// What a stream holds.
#[derive(Clone, Copy)]
pub(crate) struct Listing {
    /// For messages: `standard input`, `the file`.
    pub(crate) name: &'static str,
    pub(crate) terminator: Terminator,
    pub(crate) content: Content,
    /// Whether the command has --hash, for digests.
    pub(crate) takes_hash: bool,
    /// Whether passwords may be any bytes, which are hashed as they are.
    pub(crate) hashes_bytes: bool,
    /// Whether a line is a password and nothing else.
    pub(crate) are_passwords: bool,
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
    listing: Listing,
    buffer: LockedBuffer,
    start: usize,
    end: usize,
    has_begun: bool,
    /// Whether a line in the buffer may hold a NUL that is not text.
    may_hold_nul: bool,
    /// Whether the line that was handed on last does.
    held_nul: bool,
    oddities: Oddities,
}

impl<R: Read> Lines<R> {
    /// Lines of `input`.
    pub(crate) fn new(input: R, listing: Listing) -> Self {
        Self::with_buffer(input, listing, BUFFER)
    }

    fn with_buffer(input: R, listing: Listing, size: usize) -> Self {
        Self {
            input,
            listing,
            buffer: LockedBuffer::new(size),
            start: 0,
            end: 0,
            has_begun: false,
            may_hold_nul: false,
            held_nul: false,
            oddities: Oddities::default(),
        }
    }

    /// Whether the line that was handed on last holds a NUL though lines end at LF: it is not text.
    pub(crate) fn held_nul(&self) -> bool {
        self.held_nul
    }

    /// Whether everything that was read was handed on, so that the next line waits for the stream.
    pub(crate) fn is_read_up(&self) -> bool {
        self.start == self.end
    }

    /// Hands on the pieces of the next line; `false` when there is none.
    ///
    /// # Errors
    /// What the stream or `on_event` fails with, the former through `From`; [`NotText`] before the first line.
    pub(crate) fn next_line<E: From<io::Error> + From<NotText>>(
        &mut self,
        mut on_event: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        // A CR at the end of the buffer is part of the line unless LF follows, which is not known yet.
        let mut held_cr = false;
        let mut any = false;
        self.held_nul = false;
        loop {
            if self.start == self.end {
                self.buffer.erase(self.end);
                on_event(Event::Waiting)?;
                if self.has_begun {
                    self.fill(0)?;
                } else {
                    self.begin::<E>()?;
                }
                if self.start == self.end {
                    if held_cr {
                        self.oddities.update(b"\r");
                        on_event(Event::Piece(b"\r"))?;
                    }
                    if any {
                        self.oddities.end_line();
                    } else {
                        self.oddities.tell(self.listing);
                    }
                    return Ok(any);
                }
            }
            any = true;
            let unread = &self.buffer[self.start..self.end];
            let found = memchr::memchr(self.listing.terminator.byte(), unread);
            let piece = &unread[..found.unwrap_or(unread.len())];
            self.held_nul |= self.may_hold_nul && piece.contains(&0);
            self.start += piece.len() + usize::from(found.is_some());
            if held_cr && !piece.is_empty() {
                self.oddities.update(b"\r");
                on_event(Event::Piece(b"\r"))?;
            }
            held_cr = match piece.last() {
                Some(last) => *last == b'\r' && self.listing.terminator == Terminator::Newline,
                None => held_cr,
            };
            // With an empty piece a held CR is the one before LF: it is dropped.
            let piece = &piece[..piece.len() - usize::from(held_cr && !piece.is_empty())];
            self.oddities.update(piece);
            on_event(Event::Piece(piece))?;
            if found.is_some() {
                self.oddities.end_line();
                return Ok(true);
            }
        }
    }

    /// Reads what the list begins with: enough to tell what it is, a line, or all there is.
    fn begin<E: From<io::Error> + From<NotText>>(&mut self) -> Result<(), E> {
        let wanted = HEAD.min(self.buffer.len());
        let mut is_whole = false;
        while self.end < wanted && !is_whole && memchr::memchr(b'\n', &self.buffer[..self.end]).is_none() {
            is_whole = self.fill(self.end)? == 0;
        }
        self.start = start::begin(&self.buffer[..self.end], is_whole, self.listing)?;
        self.has_begun = true;
        Ok(())
    }

    /// Reads behind the first `kept` bytes of the buffer. Returns the number of bytes read, 0 at the end.
    fn fill(&mut self, kept: usize) -> io::Result<usize> {
        (self.start, self.end) = (0, kept);
        loop {
            match self.input.read(&mut self.buffer[kept..]) {
                Ok(read) => {
                    self.end += read;
                    let is_text = self.listing.terminator == Terminator::Newline;
                    self.may_hold_nul = is_text && memchr::memchr(0, &self.buffer[..self.end]).is_some();
                    return Ok(read);
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

    /// What ends the reading of a test's lines.
    #[derive(Debug, PartialEq, Eq)]
    enum Fault {
        Input(io::ErrorKind),
        NotText(NotText),
    }

    impl From<io::Error> for Fault {
        fn from(error: io::Error) -> Self {
            Self::Input(error.kind())
        }
    }

    impl From<NotText> for Fault {
        fn from(found: NotText) -> Self {
            Self::NotText(found)
        }
    }

    fn listing(terminator: Terminator) -> Listing {
        Listing {
            name: "the test",
            terminator,
            content: Content::Passwords,
            takes_hash: true,
            hashes_bytes: true,
            are_passwords: true,
        }
    }

    fn split(text: &[u8], terminator: Terminator, buffer: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::with_buffer(text, listing(terminator), buffer);
        let mut found = Vec::new();
        loop {
            let mut line = Vec::new();
            let more = lines.next_line(|event| {
                if let Event::Piece(piece) = event {
                    line.extend_from_slice(piece);
                }
                Ok::<(), Fault>(())
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

    /// Hands out a few bytes at a time, as a pipe may.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        for step in 1..20 {
            let mut lines = Lines::new(
                Trickle(b"\xef\xbb\xbffirst\n\xef\xbb\xbfsecond\n", step),
                listing(Terminator::Newline),
            );
            let mut first = Vec::new();
            let more = lines.next_line(|event| {
                if let Event::Piece(piece) = event {
                    first.extend_from_slice(piece);
                }
                Ok::<(), Fault>(())
            });
            assert_eq!((more, &*first), (Ok(true), &b"first"[..]), "{step} bytes at a time");
        }
        assert_eq!(split(b"\xef\xbb\xbf\n", Terminator::Newline, 64), [b""]);
        assert_eq!(split(b"\xef\xbb\xbfa\0", Terminator::Nul, 64), [b"\xef\xbb\xbfa"], "taken exactly");
    }

    #[test]
    fn what_is_not_text_is_refused_before_the_first_line() {
        for step in 1..20 {
            for (bytes, found) in [
                (&b"\xff\xfep\0a\0\n\0"[..], NotText::Utf16),
                (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", NotText::Packed(breachdex::text::Packed::Gzip)),
            ] {
                let mut lines = Lines::new(Trickle(bytes, step), listing(Terminator::Newline));
                let mut any = 0;
                let more = lines.next_line(|event| {
                    any += usize::from(matches!(event, Event::Piece(_)));
                    Ok::<(), Fault>(())
                });
                assert_eq!((more, any), (Err(Fault::NotText(found)), 0), "{step} bytes at a time");
            }
        }
    }

    #[test]
    fn a_line_with_a_nul_is_marked() {
        for buffer in [1, 2, 3, 64] {
            let mut lines =
                Lines::with_buffer(&b"one\nt\0wo\nthree\n"[..], listing(Terminator::Newline), buffer);
            let mut marked = Vec::new();
            while lines.next_line(|_| Ok::<(), Fault>(())).unwrap() {
                marked.push(lines.held_nul());
            }
            assert_eq!(marked, [false, true, false], "buffer of {buffer}");
        }
    }
}
