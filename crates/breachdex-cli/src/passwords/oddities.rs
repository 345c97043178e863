//! Lines of a list of passwords that are probably not what was meant, counted while the list is read: hashcat's notation, and bytes
//! that are not UTF-8. They are looked up as they are, and a note at the end says how many there were.

#![forbid(unsafe_code)]

use breachdex::text::{self, Places};
use zeroize::Zeroize as _;

use super::{Content, Listing, Terminator};
use crate::messages;

/// The longest UTF-8 sequence.
const LONGEST: usize = 4;

/// Looks at lines, which come in pieces.
#[derive(Default)]
pub(super) struct Oddities {
    line: u64,
    notation: Notation,
    encoding: Encoding,
    in_notation: Places,
    not_utf8: Places,
}

impl Oddities {
    /// The next bytes of a line.
    pub(super) fn update(&mut self, piece: &[u8]) {
        self.notation.update(piece);
        self.encoding.update(piece);
    }

    /// The end of a line.
    pub(super) fn end_line(&mut self) {
        self.line += 1;
        if std::mem::take(&mut self.notation).is_whole() {
            self.in_notation.add(self.line);
        }
        if std::mem::take(&mut self.encoding).is_invalid() {
            self.not_utf8.add(self.line);
        }
    }

    /// Says at the end of the list what was found, once.
    pub(super) fn tell(&mut self, listing: Listing) {
        if listing.content != Content::Passwords || listing.terminator != Terminator::Newline {
            return;
        }
        let (notation, other) = (std::mem::take(&mut self.in_notation), std::mem::take(&mut self.not_utf8));
        if notation.count > 0 {
            messages::note(&format!("{}: {}", listing.name, text::hex_notation(Some(notation))));
        }
        if other.count > 0 && listing.hashes_bytes {
            messages::note(&format!("{}: {}", listing.name, text::not_utf8(Some(other))));
        }
    }
}

/// `$HEX[` and pairs of hexadecimal digits and `]`, as far as it came.
#[derive(Default)]
struct Notation {
    length: usize,
    is_closed: bool,
    is_other: bool,
}

impl Notation {
    const START: &[u8] = b"$HEX[";

    fn update(&mut self, piece: &[u8]) {
        for byte in piece {
            if self.is_other {
                return;
            }
            let fits = match Self::START.get(self.length) {
                Some(expected) => byte == expected,
                None => !self.is_closed && (byte.is_ascii_hexdigit() || *byte == b']'),
            };
            self.is_closed |= *byte == b']';
            self.is_other = !fits;
            self.length += 1;
        }
    }

    fn is_whole(&self) -> bool {
        let digits = self.length.saturating_sub(Self::START.len() + 1);
        self.is_closed && !self.is_other && digits > 0 && digits.is_multiple_of(2)
    }
}

/// Whether a line is UTF-8, as far as it came.
#[derive(Default)]
struct Encoding {
    /// The beginning of a character whose end is in the next piece.
    begun: Vec<u8>,
    is_invalid: bool,
}

impl Encoding {
    fn update(&mut self, mut piece: &[u8]) {
        while !self.is_invalid && !self.begun.is_empty() && !piece.is_empty() {
            self.begun.push(piece[0]);
            piece = &piece[1..];
            match std::str::from_utf8(&self.begun) {
                Ok(_) => self.forget(),
                Err(error) => self.is_invalid = error.error_len().is_some() || self.begun.len() >= LONGEST,
            }
        }
        if self.is_invalid || piece.is_empty() {
            return;
        }
        if let Err(error) = std::str::from_utf8(piece) {
            match error.error_len() {
                Some(_) => self.is_invalid = true,
                None => self.begun.extend_from_slice(&piece[error.valid_up_to()..]),
            }
        }
    }

    fn is_invalid(&self) -> bool {
        self.is_invalid || !self.begun.is_empty()
    }

    fn forget(&mut self) {
        self.begun.zeroize();
    }
}

impl Drop for Encoding {
    fn drop(&mut self) {
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &[&[u8]], piece: usize) -> (u64, u64) {
        let mut oddities = Oddities::default();
        for line in lines {
            line.chunks(piece).for_each(|piece| oddities.update(piece));
            oddities.end_line();
        }
        (oddities.in_notation.count, oddities.not_utf8.count)
    }

    #[test]
    fn lines_are_told_however_they_are_cut() {
        for piece in 1..12 {
            for line in [
                "$HEX[61]",
                "$HEX[]",
                "$HEX[6]",
                "$HEX[6g]",
                "$HEX[61]x",
                "x$HEX[61]",
                "$HEX[61",
                "$HEX[61]]",
                "",
            ] {
                let expected = u64::from(text::is_hex_notation(line.as_bytes()));
                assert_eq!(counted(&[line.as_bytes()], piece), (expected, 0), "{line} {piece}");
            }
            for line in [
                &b"p\xe4ssword"[..],
                b"\xff",
                b"caf\xe9",
                b"\xc3",
                b"\xe3\x83",
                b"\xf0\x9f\x92x",
                "pässword".as_bytes(),
                "パスワード".as_bytes(),
                "💩".as_bytes(),
                b"plain",
            ] {
                let expected = u64::from(std::str::from_utf8(line).is_err());
                assert_eq!(counted(&[line], piece), (0, expected), "{line:?} {piece}");
            }
            assert_eq!(counted(&[b"\xff", b"ok", b"$HEX[ff]", b"\xff"], piece), (1, 2));
        }
    }
}
