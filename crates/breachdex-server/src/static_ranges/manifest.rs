//! The manifest of a folder of ranges: text, so that any program can read it.
//!
//! ```text
//! breachdex ranges 1
//! kind SHA-1
//! content-id 2f5c…
//! corpus-date 2026-11-20
//! encodings gzip br
//! lower-case no
//! 00000 69121 9c2f… 51d8…
//! ```
//! A line for each prefix: the bytes of the plain body, its BLAKE3 hash, and the entity tag that the server sends with it, without its
//! quotation marks. The last line ends with a line feed, too.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use breachdex::{Index, files};
use xxhash_rust::xxh3::xxh3_128;

use super::{RangeEncoding, StaticError, StaticOptions};

/// The name of the file in a folder of ranges.
pub(super) const MANIFEST: &str = "manifest";
const FIRST_LINE: &str = "breachdex ranges 1";

/// Bytes of the longest line.
const LONGEST: u64 = 256;

/// What a manifest says of all its ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RangesHead {
    /// The kind of the digests.
    pub kind: String,
    /// The content id of the index.
    pub content_id: String,
    /// The date of its corpus, or `unknown`.
    pub corpus_date: String,
    /// `none`, or `gzip`, `br`, or both.
    pub encodings: String,
    /// `yes` or `no`.
    pub lower_case: String,
}

impl RangesHead {
    pub(super) fn of(index: &Index, options: &StaticOptions) -> Self {
        let encodings = [(options.gzip, "gzip"), (options.brotli, "br")];
        let named = encodings.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, name)| name);
        let (metadata, names) = (index.metadata(), Vec::from_iter(named).join(" "));
        Self {
            kind: metadata.kind.to_string(),
            content_id: index.content_id().to_string(),
            corpus_date: or_unknown(&metadata.corpus_date),
            encodings: if names.is_empty() { String::from("none") } else { names },
            lower_case: String::from(if options.lower_case { "yes" } else { "no" }),
        }
    }

    /// Reads that of the ranges in a folder, without the lines of its ranges; `None` where the folder has no manifest.
    ///
    /// # Errors
    /// [`StaticError::Manifest`], [`StaticError::Io`].
    pub fn read(folder: &Path) -> Result<Option<Self>, StaticError> {
        let path = &folder.join(MANIFEST);
        let reader = match open(path) {
            Err(StaticError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        Self::parse(&mut Lines { reader, path, line: String::new(), number: 0 }).map(Some)
    }

    fn parse<R: BufRead>(lines: &mut Lines<'_, R>) -> Result<Self, StaticError> {
        let path = lines.path.to_owned();
        let fault = |line, reason| StaticError::Manifest { path: path.clone(), line, reason };
        if lines.next()?.is_none_or(|line| line != FIRST_LINE) {
            return Err(fault(1, "it is not a manifest of ranges that this version reads"));
        }
        let mut head = Self::default();
        for (name, value) in head.fields() {
            let number = lines.number + 1;
            let given = lines.next()?.and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            given
                .ok_or_else(|| fault(number, "the lines in front of the ranges are not complete"))?
                .clone_into(value);
        }
        Ok(head)
    }

    fn fields(&mut self) -> [(&'static str, &mut String); 5] {
        [
            ("kind", &mut self.kind),
            ("content-id", &mut self.content_id),
            ("corpus-date", &mut self.corpus_date),
            ("encodings", &mut self.encodings),
            ("lower-case", &mut self.lower_case),
        ]
    }

    /// Its lines, the first ones of a manifest.
    pub fn encode(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        for (name, value) in self.clone().fields() {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name} {value}");
        }
        text
    }

    /// Whether what it describes has files of the same names as `other` wants.
    pub fn has_files_of(&self, other: &Self) -> bool {
        (&self.encodings, &self.lower_case) == (&other.encodings, &other.lower_case)
    }

    /// Whether ranges have a file in an encoding.
    pub fn has(&self, encoding: RangeEncoding) -> bool {
        encoding.content_encoding().is_none_or(|name| self.encodings.split(' ').any(|listed| listed == name))
    }
}

fn or_unknown(date: &str) -> String {
    if date.is_empty() { String::from("unknown") } else { date.to_owned() }
}

/// What a manifest says of a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RangeFacts {
    /// Bytes of the plain body.
    pub length: u64,
    /// Its BLAKE3 hash.
    pub hash: [u8; 32],
    /// The entity tag that the server sends with it, as a number: 32 hexadecimal digits.
    pub tag: u128,
}

impl RangeFacts {
    /// Those of a plain body.
    pub fn of(rows: &[u8]) -> Self {
        Self { length: rows.len() as u64, hash: *blake3::hash(rows).as_bytes(), tag: xxh3_128(rows) }
    }

    /// Appends its line of a manifest.
    pub fn encode(&self, prefix: u32, text: &mut String) {
        let hash = blake3::Hash::from_bytes(self.hash);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{prefix:05X} {} {hash} {:032x}", self.length, self.tag);
    }

    fn decode(line: &str) -> Option<(u32, Self)> {
        let fields: Vec<&str> = line.split(' ').collect();
        let [prefix, length, hash, tag] = fields[..] else { return None };
        let is_number = prefix.len() == 5 && tag.len() == 32 && !line.contains('+');
        let prefix = u32::from_str_radix(prefix, 16).ok().filter(|_| is_number)?;
        let hash = *blake3::Hash::from_hex(hash).ok()?.as_bytes();
        Some((prefix, Self { length: length.parse().ok()?, hash, tag: u128::from_str_radix(tag, 16).ok()? }))
    }
}

/// A manifest that was read.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct RangesManifest {
    /// What it says of all of them.
    pub head: RangesHead,
    /// What it says of each, in ascending order of prefixes.
    pub records: Vec<(u32, RangeFacts)>,
}

impl RangesManifest {
    /// Reads a whole one from a file.
    pub(super) fn read(path: &Path) -> Result<Self, StaticError> {
        Self::parse(open(path)?, path, false)
    }

    /// Reads one that may end in the middle of a line, or have lines of which a loss of power left a part: what is behind the last
    /// whole one is left out.
    pub(super) fn read_unfinished(path: &Path) -> Result<Self, StaticError> {
        Self::parse(open(path)?, path, true)
    }

    /// Reads a whole one from what has it; errors name it by `name`.
    ///
    /// # Errors
    /// [`StaticError::Manifest`], [`StaticError::Io`].
    pub fn read_from(reader: impl BufRead, name: &Path) -> Result<Self, StaticError> {
        Self::parse(reader, name, false)
    }

    fn parse(reader: impl BufRead, path: &Path, may_be_torn: bool) -> Result<Self, StaticError> {
        let fault = |line, reason| StaticError::Manifest { path: path.to_owned(), line, reason };
        let mut lines = Lines { reader, path, line: String::new(), number: 0 };
        let mut manifest = Self { head: RangesHead::parse(&mut lines)?, ..Self::default() };
        loop {
            let number = lines.number + 1;
            match lines.next() {
                Ok(None) => return Ok(manifest),
                Ok(Some(line)) => match RangeFacts::decode(line) {
                    Some(record) if manifest.records.last().is_none_or(|(last, _)| *last < record.0) => {
                        manifest.records.push(record);
                    }
                    // Its length was on disk before all of its bytes.
                    _ if may_be_torn => return Ok(manifest),
                    _ => {
                        return Err(fault(
                            number,
                            "it is not a prefix behind the one before, a length, a hash and a tag",
                        ));
                    }
                },
                Err(StaticError::Manifest { .. }) if may_be_torn => return Ok(manifest),
                Err(error) => return Err(error),
            }
        }
    }
}

fn open(path: &Path) -> Result<BufReader<File>, StaticError> {
    files::open_regular(path).map(|(file, _)| BufReader::new(file)).map_err(StaticError::io("open", path))
}

/// Whole lines, without their ends.
struct Lines<'a, R> {
    reader: R,
    path: &'a Path,
    line: String,
    number: u64,
}

impl<R: BufRead> Lines<'_, R> {
    fn next(&mut self) -> Result<Option<&str>, StaticError> {
        use std::io::Read as _;
        self.line.clear();
        let fault = |line, reason| StaticError::Manifest { path: self.path.to_owned(), line, reason };
        let read = self.reader.by_ref().take(LONGEST).read_line(&mut self.line);
        let read = match read {
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(fault(self.number + 1, "it is not text"));
            }
            read => read.map_err(StaticError::io("read", self.path))?,
        };
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        match self.line.strip_suffix('\n') {
            Some(line) => Ok(Some(line)),
            None => Err(fault(self.number, "the line does not end")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_and_nothing_else_does() {
        let record = RangeFacts::of(b"0123456789ABCDEF0123456789ABCDEF012:7");
        let mut text = String::new();
        record.encode(0xABCDE, &mut text);
        let line = text.trim_end();
        assert_eq!(RangeFacts::decode(line), Some((0xABCDE, record)));
        for bad in [&line[1..], &line[..line.len() - 1], &format!("{line} "), &line.replace("37", "+37"), ""]
        {
            assert_eq!(RangeFacts::decode(bad), None, "{bad}");
        }
    }
}
