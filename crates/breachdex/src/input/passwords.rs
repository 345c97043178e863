//! Passwords, one a line: a line ends at LF, one CR before it is dropped, the empty line is the empty
//! password, and any length is hashed in constant memory. A line with a NUL is no text.

#![forbid(unsafe_code)]

use super::faults::LineFault;
use crate::digest::{Kind, PasswordHasher};
use crate::digest_list::DigestList;
use crate::entry::Entry;
use crate::text::is_hex_notation;

/// Lines that are hashed together: enough for many rounds of the lanes, and little memory.
const TOGETHER: usize = 256;

/// The digests of a text of whole lines, each a password seen once.
pub(crate) struct Passwords<'a> {
    rest: &'a [u8],
    /// The digests of the lines that were hashed last, and how many of them were given.
    hashed: DigestList,
    given: usize,
    /// What is wrong with the line behind them.
    fault: Option<LineFault>,
    lines: u64,
    /// Whether a line may hold a NUL.
    has_nul: bool,
    /// Whether a line was in hashcat's notation.
    in_notation: bool,
}

impl<'a> Passwords<'a> {
    pub(crate) fn new(text: &'a [u8], kind: Kind) -> Self {
        let hashed = DigestList::new(kind);
        let has_nul = text.contains(&0);
        Self { rest: text, hashed, given: 0, fault: None, lines: 0, has_nul, in_notation: false }
    }

    /// Whether one of the lines read so far is written as hashcat does, `$HEX[...]`.
    pub(crate) fn in_notation(&self) -> bool {
        self.in_notation
    }

    /// Lines read so far, the one just returned included.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Hashes the next lines, up to the first that is no password.
    fn hash_more(&mut self) {
        self.hashed.clear();
        self.given = 0;
        while !self.rest.is_empty() && self.hashed.len() < TOGETHER && self.fault.is_none() {
            let length = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
            let line = &self.rest[..length];
            self.rest = &self.rest[(length + 1).min(self.rest.len())..];
            let line_fault = if self.has_nul && line.contains(&0) {
                Some(LineFault::NulInPassword)
            } else {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                self.in_notation |= is_hex_notation(line);
                let added = self.hashed.add_password(line);
                added.err().map(|_| LineFault::NotUtf8)
            };
            self.fault = line_fault;
        }
        self.hashed.finish();
    }
}

impl Iterator for Passwords<'_> {
    type Item = Result<Entry, LineFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.given == self.hashed.len() && self.fault.is_none() {
            self.hash_more();
        }
        let next = match self.hashed.finish().get(self.given) {
            Some(digest) => Ok(Entry::new(digest, 1)),
            None => Err(self.fault.take()?),
        };
        self.given += usize::from(next.is_ok());
        self.lines += 1;
        Some(next)
    }
}

/// Hashes a line that comes in pieces, because it is longer than a block.
pub(crate) struct LongPassword {
    hasher: PasswordHasher,
    /// A CR whose meaning the next byte decides.
    pending_return: bool,
    has_nul: bool,
}

impl LongPassword {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { hasher: PasswordHasher::new(kind), pending_return: false, has_nul: false }
    }

    /// Adds a piece of the line, which holds no line feed.
    pub(crate) fn update(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        self.has_nul |= piece.contains(&0);
        if self.pending_return {
            self.hasher.update(b"\r");
        }
        let body = piece.strip_suffix(b"\r");
        self.pending_return = body.is_some();
        self.hasher.update(body.unwrap_or(piece));
    }

    /// The entry, now that the line has ended.
    pub(crate) fn finish(mut self) -> Result<Entry, LineFault> {
        if self.has_nul { Err(LineFault::NulInPassword) } else { finish(&mut self.hasher) }
    }
}

fn finish(hasher: &mut PasswordHasher) -> Result<Entry, LineFault> {
    let digest = hasher.finish_in_bulk().map_err(|_| LineFault::NotUtf8)?;
    Ok(Entry::new(&digest, 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn lines_end_at_a_line_feed_and_lose_one_return() {
        let text = b"password\nwith return\r\n\n\r\r\n\xff\n";
        let found: Vec<Entry> = Passwords::new(text, Kind::Sha1).map(Result::unwrap).collect();
        let expected = [&b"password"[..], b"with return", b"", b"\r", b"\xff"];
        assert!(found.iter().map(|entry| entry.digest(Kind::Sha1)).eq(expected.map(Digest::sha1)));
    }

    #[test]
    fn an_ntlm_password_must_be_utf8() {
        let mut passwords = Passwords::new(b"gr\xc3\xbcn\n\xff\n", Kind::Ntlm);
        assert!(passwords.next().unwrap().unwrap().digest(Kind::Ntlm) == Digest::ntlm("grün"));
        assert_eq!(passwords.next().unwrap().err(), Some(LineFault::NotUtf8));
        assert_eq!(passwords.lines(), 2);
    }

    #[test]
    fn a_line_with_a_nul_is_no_password() {
        let mut passwords = Passwords::new(b"first\nse\0cond\nthird\n", Kind::Sha1);
        assert!(passwords.next().unwrap().is_ok());
        assert_eq!(passwords.next().unwrap().err(), Some(LineFault::NulInPassword));
        assert_eq!(passwords.lines(), 2);
        let mut long = LongPassword::new(Kind::Sha1);
        for piece in [&b"a"[..], b"\0", b"b"] {
            long.update(piece);
        }
        assert_eq!(long.finish().err(), Some(LineFault::NulInPassword));
    }

    #[test]
    fn a_long_password_may_come_in_any_pieces() {
        for text in [&b"a\r\rb\r"[..], b"\r", b"", b"\r\r\r", b"abc"] {
            let whole = text.strip_suffix(b"\r").unwrap_or(text);
            for cut in 0..=text.len() {
                for second in cut..=text.len() {
                    let mut long = LongPassword::new(Kind::Sha1);
                    long.update(&text[..cut]);
                    long.update(&text[cut..second]);
                    long.update(&text[second..]);
                    assert!(long.finish().unwrap().digest(Kind::Sha1) == Digest::sha1(whole));
                }
            }
        }
    }
}
