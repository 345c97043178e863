//! Text as it comes: decoded to UTF-8 in which no fault is repaired, and cut into lines.
//!
//! What cannot be decoded becomes the byte FF, which no UTF-8 holds, so that whoever takes a line or a cell as text
//! meets the fault there, and knows which line it is.

#![forbid(unsafe_code)]

use std::io::{self, Read};

use breachdex::text::{NotText, inspect};
use encoding_rs::{Decoder, DecoderResult};
use zeroize::{Zeroize as _, Zeroizing};

use super::assumption::Assumption;
use crate::error::LineFault;

/// Text is read in pieces of this size.
const PIECE: usize = 1 << 18;
/// No line of a dump or list is as long.
const LONGEST_LINE: usize = 1 << 16;
/// How much of the beginning is looked at to know the encoding.
const PEEK: usize = 256;
/// What stands for bytes that are not text.
const FAULT: u8 = 0xFF;

/// How text is encoded: any encoding of the web's standard (<https://encoding.spec.whatwg.org>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8, with or without a byte order mark.
    pub const UTF_8: Self = Self(&encoding_rs::UTF_8_INIT);
    /// Windows' Japanese code page 932, Shift_JIS with Microsoft's additions.
    pub const CP932: Self = Self(&encoding_rs::SHIFT_JIS_INIT);
    /// UTF-16, little-endian unless a byte order mark says otherwise.
    pub const UTF_16: Self = Self(&encoding_rs::UTF_16LE_INIT);
    /// UTF-16, big-endian unless a byte order mark says otherwise.
    pub const UTF_16_BE: Self = Self(&encoding_rs::UTF_16BE_INIT);

    /// The encoding of this name or one of its usual labels (`cp932`, `sjis`, `latin1`, `windows-1252`, `euc-kr`), in any
    /// case; `None` for a name that is not known.
    pub fn named(label: &str) -> Option<Self> {
        let windows = |page: &str| format!("windows-{page}");
        let label = label.trim().to_ascii_lowercase().replace('_', "-");
        let known = match label.as_str() {
            "cp932" | "ms932" | "shift-jis" => Some(encoding_rs::SHIFT_JIS),
            "cp936" => Some(encoding_rs::GBK),
            "cp949" => Some(encoding_rs::EUC_KR),
            "cp950" => Some(encoding_rs::BIG5),
            "utf16" => Some(encoding_rs::UTF_16LE),
            "utf16be" => Some(encoding_rs::UTF_16BE),
            other => match other.strip_prefix("cp125") {
                Some(page) => encoding_rs::Encoding::for_label(windows(&format!("125{page}")).as_bytes()),
                None => encoding_rs::Encoding::for_label(other.as_bytes()),
            },
        };
        // These decode nothing that anybody writes.
        let is_real = |found: &&'static encoding_rs::Encoding| {
            *found != encoding_rs::REPLACEMENT && *found != encoding_rs::X_USER_DEFINED
        };
        known.filter(is_real).map(Self)
    }

    /// For sentences.
    pub fn name(self) -> &'static str {
        match () {
            () if self == Self::CP932 => "CP932",
            () if self == Self::UTF_16 => "UTF-16",
            () => self.0.name(),
        }
    }

    fn is_utf_16(self) -> bool {
        self == Self::UTF_16 || self == Self::UTF_16_BE
    }
}

/// What the first bytes say about the encoding, and how many of them are a byte order mark.
fn recognised(start: &[u8]) -> (Option<Encoding>, usize) {
    match start {
        [0xEF, 0xBB, 0xBF, ..] => (Some(Encoding::UTF_8), 3),
        [0xFF, 0xFE, ..] => (Some(Encoding::UTF_16), 2),
        [0xFE, 0xFF, ..] => (Some(Encoding::UTF_16_BE), 2),
        _ => (by_zeros(&start[..start.len().min(PEEK)]), 0),
    }
}

/// Text in UTF-16 has many zero bytes, all at one side of ASCII characters. A few are of a text with a fault in it.
fn by_zeros(start: &[u8]) -> Option<Encoding> {
    if inspect(start) != Err(NotText::Utf16) {
        return None;
    }
    let is_little = start.iter().step_by(2).all(|byte| *byte != 0);
    Some(if is_little { Encoding::UTF_16 } else { Encoding::UTF_16_BE })
}

/// The beginning of a text, for telling what it is; faults are replaced.
pub(crate) fn lossy(start: &[u8]) -> Zeroizing<String> {
    let (encoding, mark) = recognised(start);
    let Encoding(encoding) = encoding.unwrap_or(Encoding::UTF_8);
    Zeroizing::new(encoding.decode_without_bom_handling(&start[mark..]).0.into_owned())
}

/// What bytes that are not UTF-8 say in the encodings in which they are whole, the likeliest first.
pub(crate) fn readable_in(bytes: &[u8]) -> Vec<(&'static str, String)> {
    const LIKELY: [Encoding; 6] = [
        Encoding::CP932,
        Encoding(&encoding_rs::EUC_JP_INIT),
        Encoding(&encoding_rs::EUC_KR_INIT),
        Encoding(&encoding_rs::GBK_INIT),
        Encoding(&encoding_rs::BIG5_INIT),
        Encoding(&encoding_rs::WINDOWS_1252_INIT),
    ];
    let decoded = |encoding: &Encoding| {
        let text = encoding.0.decode_without_bom_handling_and_without_replacement(bytes)?;
        Some((encoding.name(), text.into_owned()))
    };
    LIKELY.iter().filter_map(decoded).collect()
}

/// The text of an input as UTF-8.
pub(crate) struct Text<'m> {
    reader: Box<dyn Read + 'm>,
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
    assumed: Option<Assumption>,
}

impl<'m> Text<'m> {
    /// Looks for a byte order mark and drops it.
    pub(crate) fn new(mut reader: Box<dyn Read + 'm>, encoding: Option<Encoding>) -> io::Result<Self> {
        let mut start = Zeroizing::new(Vec::with_capacity(PEEK));
        reader.by_ref().take(PEEK as u64).read_to_end(&mut start)?;
        let (found, mark) = recognised(&start);
        let named = encoding.unwrap_or_else(|| found.unwrap_or(Encoding::UTF_8));
        // A byte order mark says which UTF-16 it is.
        let used = match found {
            Some(found) if mark > 0 && named.is_utf_16() && found.is_utf_16() => found,
            _ => named,
        };
        let mark = if found == Some(used) { mark } else { 0 };
        let decoder = (used != Encoding::UTF_8).then(|| used.0.new_decoder_without_bom_handling());
        let decoded = Zeroizing::new(Vec::new());
        let is_assumed = encoding.is_none() && used.is_utf_16();
        Ok(Self {
            reader,
            raw: start,
            raw_at: mark,
            decoded,
            decoded_at: 0,
            decoder,
            ended: false,
            finished: false,
            encoding: if used.is_utf_16() { Encoding::UTF_16 } else { used },
            assumed: is_assumed.then(|| Assumption::Encoding(used.0.name())),
        })
    }

    /// The encoding, where the text itself says so.
    pub(crate) fn assumed(&self) -> Option<Assumption> {
        self.assumed
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

impl Read for Text<'_> {
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

/// Lines that end at LF, CR LF or CR.
pub(crate) struct Lines<'m> {
    text: Text<'m>,
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

impl<'m> Lines<'m> {
    pub(crate) fn new(text: Text<'m>) -> Self {
        let buffer = Zeroizing::new(vec![0; PIECE]);
        Self { text, buffer, start: 0, end: 0, number: 0, ended: false }
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr2(b'\n', b'\r', &unread[searched..]) {
                let line = self.start..self.start + searched + at;
                // A CR at the end of what was read may have its LF behind it.
                if self.buffer[line.end] == b'\n' || line.end + 1 < self.end || self.ended {
                    let is_pair = self.buffer[line.end] == b'\r'
                        && line.end + 1 < self.end
                        && self.buffer[line.end + 1] == b'\n';
                    self.start = line.end + 1 + usize::from(is_pair);
                    return Ok(Some(self.line(line)));
                }
                searched += at;
            } else {
                searched = unread.len();
            }
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
        let content = match bytes.len() {
            0..=LONGEST_LINE if memchr::memchr(0, bytes).is_some() => Err(LineFault::Nul),
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
            match memchr::memchr2(b'\n', b'\r', &self.buffer[self.start..self.end]) {
                Some(at) => {
                    let is_return = self.buffer[self.start + at] == b'\r';
                    self.start += at + 1;
                    if is_return && self.start == self.end && !self.ended {
                        self.fill()?;
                    }
                    let has_feed = self.start < self.end && self.buffer[self.start] == b'\n';
                    self.start += usize::from(is_return && has_feed);
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
