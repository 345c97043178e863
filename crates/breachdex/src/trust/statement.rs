//! What is signed: a small text that names an index by its content id and says what it is, for people to read.
//!
//! An index has one statement and a statement one text: what does not encode to the bytes that were read is refused.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

use crate::digest::Kind;
use crate::index::{ContentId, Metadata};

/// The first line; another version will have another number.
const TITLE: &str = "breachdex index statement 1";

/// The names of the other lines, in order.
const NAMES: [&str; 6] = ["content-id", "kind", "bits", "entries", "source", "corpus-date"];

/// Bytes of a statement at most.
pub(super) const LONGEST: usize = 64 << 10;

/// What a signature of an index says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Names the entries and facts.
    pub content_id: ContentId,
    /// Which digest it holds.
    pub kind: Kind,
    /// Leading bits kept of every digest.
    pub bits: u32,
    /// Number of entries.
    pub entries: u64,
    /// Where the entries come from; may be empty.
    pub source: String,
    /// The corpus date, `YYYY-MM-DD` or empty.
    pub corpus_date: String,
}

/// Why a text is not a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", line.map(|line| format!(" (line {line})")).unwrap_or_default())]
#[non_exhaustive]
pub struct StatementFault {
    /// The line, from 1, where the fault has one.
    pub line: Option<u32>,
    /// What is wrong.
    pub reason: &'static str,
}

impl Statement {
    /// What is to be said of an index.
    pub fn of(metadata: &Metadata, content_id: ContentId) -> Self {
        Self {
            content_id,
            kind: metadata.kind,
            bits: metadata.bits,
            entries: metadata.entries,
            source: metadata.source.clone(),
            corpus_date: metadata.corpus_date.clone(),
        }
    }

    /// The text: seven lines, each ended by LF.
    ///
    /// # Errors
    /// [`StatementFault`] where the source is too long to be signed.
    pub fn encode(&self) -> Result<String, StatementFault> {
        let text = self.text();
        if text.len() > LONGEST {
            return Err(fault(
                None,
                "the source of the index is longer than 64 KiB; build it with a shorter one",
            ));
        }
        Ok(text)
    }

    fn text(&self) -> String {
        let values = [
            self.content_id.to_string(),
            self.kind.name().to_owned(),
            self.bits.to_string(),
            self.entries.to_string(),
            escaped(&self.source),
            self.corpus_date.clone(),
        ];
        let mut text = format!("{TITLE}\n");
        for (name, value) in NAMES.iter().zip(values) {
            let gap = if value.is_empty() { "" } else { " " };
            let _ = writeln!(text, "{name}:{gap}{value}");
        }
        text
    }

    /// Reads a text, strictly.
    ///
    /// # Errors
    /// [`StatementFault`] with the first line that is wrong.
    pub fn decode(text: &[u8]) -> Result<Self, StatementFault> {
        if text.len() > LONGEST {
            return Err(fault(None, "it is longer than 64 KiB"));
        }
        let text = std::str::from_utf8(text).map_err(|_| fault(None, "it is not UTF-8"))?;
        let body = text.strip_suffix('\n').ok_or(fault(None, "its last line has no line feed"))?;
        let mut lines = body.split('\n');
        match lines.next() {
            Some(TITLE) => {}
            Some(title) if title.ends_with('\r') => {
                return Err(fault(Some(1), "its lines end with CR LF, not with LF; copy it as binary data"));
            }
            Some(title) if title.starts_with("breachdex index statement ") => {
                return Err(fault(Some(1), "it has a version that this breachdex does not read"));
            }
            _ => return Err(fault(Some(1), "it is not the statement of an index")),
        }
        let mut number = 1;
        let mut value = || {
            number += 1;
            let name = NAMES[number as usize - 2];
            let line = lines.next().ok_or(fault(Some(number), "a line is missing"))?;
            let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(':'));
            let value = value.ok_or(fault(Some(number), "another line was expected here"))?;
            Ok((number, value.strip_prefix(' ').unwrap_or(value)))
        };
        let id = value()?;
        let content_id =
            content_id(id.1).ok_or(fault(Some(id.0), "it is not 64 hex digits in lower case"))?;
        let kind = value()?;
        let kind = [Kind::Sha1, Kind::Ntlm].into_iter().find(|known| known.name() == kind.1);
        let kind = kind.ok_or(fault(Some(3), "it is neither sha1 nor ntlm"))?;
        let mut number = || {
            let (line, text) = value()?;
            text.parse::<u64>().map_err(|_| fault(Some(line), "it is not a number"))
        };
        let (bits, entries) = (number()?, number()?);
        let source = value()?;
        let source = unescaped(source.1)
            .ok_or(fault(Some(source.0), "a character in it is not escaped as it must be"))?;
        let corpus_date = value()?.1.to_owned();
        let bits = u32::try_from(bits).map_err(|_| fault(Some(4), "it is too large"))?;
        let statement = Self { content_id, kind, bits, entries, source, corpus_date };
        if statement.text() == text {
            Ok(statement)
        } else {
            Err(fault(None, "it is not written as it must be"))
        }
    }
}

const fn fault(line: Option<u32>, reason: &'static str) -> StatementFault {
    StatementFault { line, reason }
}

fn content_id(text: &str) -> Option<ContentId> {
    let mut id = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(ContentId(id))
}

/// Text on one line: a backslash is doubled, and control characters are `\u{HEX}`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('\\') {
            out.push('\\');
            rest = behind;
        } else {
            let (hex, behind) = rest.strip_prefix("u{")?.split_once('}')?;
            out.push(u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)?);
            rest = behind;
        }
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn statement(source: &str, date: &str) -> Statement {
        Statement {
            content_id: ContentId([0xA5; 32]),
            kind: Kind::Sha1,
            bits: 160,
            entries: 2_073_000_000,
            source: source.to_owned(),
            corpus_date: date.to_owned(),
        }
    }

    #[test]
    fn the_text_is_seven_lines() {
        let text = statement("https://api.pwnedpasswords.com", "2026-07-02").encode().unwrap();
        let id = "a5".repeat(32);
        assert_eq!(
            text,
            format!(
                "breachdex index statement 1\ncontent-id: {id}\nkind: sha1\nbits: 160\nentries: 2073000000\n\
                 source: https://api.pwnedpasswords.com\ncorpus-date: 2026-07-02\n"
            )
        );
        assert!(statement("", "").encode().unwrap().ends_with("\nsource:\ncorpus-date:\n"));
    }

    #[test]
    fn what_is_written_is_read() {
        for source in ["", "a", " a ", "  ", "a\nkind: ntlm", "\r\n\0\u{1b}[2J", "\\n\\", "日本語", "\u{85}"]
        {
            let statement = statement(source, "2026-07-02");
            let text = statement.encode().unwrap();
            assert_eq!(text.lines().count(), 7);
            assert_eq!(Statement::decode(text.as_bytes()), Ok(statement));
        }
        let long = "a".repeat(LONGEST);
        assert_eq!(
            statement(&long, "").encode().unwrap_err().to_string(),
            "the source of the index is longer than 64 KiB; build it with a shorter one"
        );
    }

    #[test]
    fn every_other_text_is_refused() {
        let text = statement("a\\b", "2026-07-02").encode().unwrap();
        let refusal = |text: &str| Statement::decode(text.as_bytes()).unwrap_err().to_string();
        for (from, to, expected) in [
            ("statement 1", "statement 2", "it has a version that this breachdex does not read (line 1)"),
            ("breachdex index", "breachdex", "it is not the statement of an index (line 1)"),
            ("content-id", "content id", "another line was expected here (line 2)"),
            ("a5a5", "A5A5", "it is not written as it must be"),
            ("content-id: a5", "content-id: +5", "it is not 64 hex digits in lower case (line 2)"),
            ("sha1", "md5", "it is neither sha1 nor ntlm (line 3)"),
            ("160", "0160", "it is not written as it must be"),
            ("160", "+160", "it is not written as it must be"),
            ("160", "", "it is not a number (line 4)"),
            ("160", "4294967296", "it is too large (line 4)"),
            ("2073000000", "many", "it is not a number (line 5)"),
            ("a\\\\b", "a\\b", "a character in it is not escaped as it must be (line 6)"),
            ("a\\\\b", "a\\u{61}b", "it is not written as it must be"),
            ("source: ", "source:", "it is not written as it must be"),
            ("2026-07-02\n", "2026-07-02", "its last line has no line feed"),
            ("corpus-date: 2026-07-02\n", "", "a line is missing (line 7)"),
            ("2026-07-02\n", "2026-07-02\nmore\n", "it is not written as it must be"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert_eq!(refusal(&changed), expected, "{from} to {to}");
        }
        assert_eq!(
            refusal(&text.replace('\n', "\r\n")),
            "its lines end with CR LF, not with LF; copy it as binary data (line 1)"
        );
        assert_eq!(Statement::decode(b"\xff\n").unwrap_err().to_string(), "it is not UTF-8");
        let long = vec![b'a'; LONGEST + 1];
        assert_eq!(Statement::decode(&long).unwrap_err().to_string(), "it is longer than 64 KiB");
    }
}
