//! Text as it comes: decoded to UTF-8 in which no fault is repaired, and cut into lines.
//!
//! What cannot be decoded becomes the byte FF, which no UTF-8 holds, so that whoever takes a line or a cell as text
//! meets the fault there, and knows which line it is.

#![forbid(unsafe_code)]

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, SHIFT_JIS, UTF_16BE, UTF_16LE};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::LineFault;

/// Text is read in pieces of this size.
const PIECE: usize = 1 << 18;
/// No line of a dump or list is as long.
const LONGEST_LINE: usize = 1 << 16;
/// What stands for bytes that are not text.
const FAULT: u8 = 0xFF;

/// How text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows' Japanese code page 932, Shift_JIS with Microsoft's additions.
    Cp932,
    /// UTF-16, little-endian unless a byte order mark says otherwise.
    Utf16,
}

impl Encoding {
    /// For sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Cp932 => "CP932",
            Self::Utf16 => "UTF-16",
        }
    }
}

/// The text of an input as UTF-8.
pub(crate) struct Text {
    reader: Box<dyn Read>,
    /// Read and not yet decoded, or handed on as it is.
    raw: Zeroizing<Vec<u8>>,
    raw_at: usize,
    /// Decoded and not yet handed on.
    decoded: Zeroizing<Vec<u8>>,
    decoded_at: usize,
    decoder: Option<Decoder>,
    /// The reader has nothing more.
    ended: bool,
    /// Nor has the decoder, which must not be asked again.
    finished: bool,
    encoding: Encoding,
}

impl Text {
    /// Looks for a byte order mark and drops it.
    pub(crate) fn new(mut reader: Box<dyn Read>, encoding: Option<Encoding>) -> io::Result<Self> {
        let mut start = Zeroizing::new(Vec::with_capacity(4));
        reader.by_ref().take(3).read_to_end(&mut start)?;
        let (marked, mark) = match start.as_slice() {
            [0xEF, 0xBB, 0xBF] => (Some(Encoding::Utf8), 3),
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => (Some(Encoding::Utf16), 2),
            _ => (None, 0),
        };
        let encoding = encoding.or(marked).unwrap_or(Encoding::Utf8);
        let mark = if marked == Some(encoding) { mark } else { 0 };
        let decoder = match encoding {
            Encoding::Utf8 => None,
            Encoding::Cp932 => Some(SHIFT_JIS.new_decoder_without_bom_handling()),
            Encoding::Utf16 if start.starts_with(&[0xFE, 0xFF]) => {
                Some(UTF_16BE.new_decoder_without_bom_handling())
            }
            Encoding::Utf16 => Some(UTF_16LE.new_decoder_without_bom_handling()),
        };
        let decoded = Zeroizing::new(Vec::new());
        Ok(Self {
            reader,
            raw: start,
            raw_at: mark,
            decoded,
            decoded_at: 0,
            decoder,
            ended: false,
            finished: false,
            encoding,
        })
    }

    /// What a cell or line that is not text is told.
    pub(crate) fn fault(&self) -> LineFault {
        LineFault::Undecodable(self.encoding.name())
    }

    /// Decodes the next piece, which may be of no characters.
    fn decode_more(&mut self, decoder: &mut Decoder) -> io::Result<()> {
        if self.raw_at == self.raw.len() && !self.ended {
            self.raw.zeroize();
            self.raw.resize(PIECE, 0);
            let read = read_some(&mut self.reader, &mut self.raw)?;
            self.raw.truncate(read);
            self.raw_at = 0;
            self.ended = read == 0;
        }
        self.decoded.zeroize();
        self.decoded.resize(PIECE, 0);
        self.decoded_at = 0;
        let mut written = 0;
        loop {
            // One byte is kept for a fault, which must not be lost for want of room.
            let (result, took, gave) = decoder.decode_to_utf8_without_replacement(
                &self.raw[self.raw_at..],
                &mut self.decoded[written..PIECE - 1],
                self.ended,
            );
            self.raw_at += took;
            written += gave;
            match result {
                DecoderResult::Malformed(..) => {
                    self.decoded[written] = FAULT;
                    written += 1;
                    if written + 8 > PIECE {
                        break;
                    }
                }
                DecoderResult::InputEmpty => {
                    self.finished = self.ended;
                    break;
                }
                DecoderResult::OutputFull => break,
            }
        }
        self.decoded.truncate(written);
        Ok(())
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut decoder) = self.decoder.take() else {
            if self.raw_at < self.raw.len() {
                let took = hand_on(&self.raw[self.raw_at..], buffer);
                self.raw_at += took;
                return Ok(took);
            }
            return read_some(&mut self.reader, buffer);
        };
        let mut decoded = Ok(());
        while self.decoded_at == self.decoded.len() && !self.finished && decoded.is_ok() {
            decoded = self.decode_more(&mut decoder);
        }
        self.decoder = Some(decoder);
        decoded?;
        let took = hand_on(&self.decoded[self.decoded_at..], buffer);
        self.decoded_at += took;
        Ok(took)
    }
}

fn hand_on(from: &[u8], to: &mut [u8]) -> usize {
    let took = from.len().min(to.len());
    to[..took].copy_from_slice(&from[..took]);
    took
}

fn read_some(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Lines that end at LF or CRLF.
pub(crate) struct Lines {
    text: Text,
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
    number: u64,
    ended: bool,
}

/// A line without its end.
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) content: Result<&'a str, LineFault>,
}

impl Lines {
    pub(crate) fn new(text: Text) -> Self {
        let buffer = Zeroizing::new(vec![0; PIECE]);
        Self { text, buffer, start: 0, end: 0, number: 0, ended: false }
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &unread[searched..]) {
                let line = self.start..self.start + searched + at;
                self.start = line.end + 1;
                return Ok(Some(self.line(line)));
            }
            searched = unread.len();
            if self.ended {
                let line = self.start..self.end;
                self.start = self.end;
                return Ok((!line.is_empty()).then(|| self.line(line)));
            }
            if searched > LONGEST_LINE {
                return self.skip_line().map(Some);
            }
            self.fill()?;
        }
    }

    fn line(&mut self, range: std::ops::Range<usize>) -> Line<'_> {
        self.number += 1;
        let bytes = &self.buffer[range];
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let content = match bytes.len() {
            0..=LONGEST_LINE => std::str::from_utf8(bytes).map_err(|_| self.text.fault()),
            _ => Err(LineFault::TooLong(LONGEST_LINE)),
        };
        Line { number: self.number, content }
    }

    /// Moves what is left to the front and reads behind it.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let read = self.text.read(&mut self.buffer[self.end..])?;
        self.end += read;
        self.ended = read == 0;
        Ok(())
    }

    /// Passes over a line that is too long to be held.
    fn skip_line(&mut self) -> io::Result<Line<'static>> {
        self.number += 1;
        loop {
            match memchr::memchr(b'\n', &self.buffer[self.start..self.end]) {
                Some(at) => {
                    self.start += at + 1;
                    break;
                }
                None if self.ended => {
                    self.start = self.end;
                    break;
                }
                None => {
                    self.start = self.end;
                    self.fill()?;
                }
            }
        }
        Ok(Line { number: self.number, content: Err(LineFault::TooLong(LONGEST_LINE)) })
    }
}
