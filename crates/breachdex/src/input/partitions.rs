//! Rows by the part of the digests that they fall into: what a task of a cluster makes of its share of the input, for others
//! to build segments of.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::{self, Write};

use zeroize::Zeroize as _;

use super::faults::{LineFault, RowShape};
use super::lines::Rows;
use super::packed::{LONGEST_RECORD, PackedRows, Piece};
use super::passwords::Passwords;
use crate::digest::Kind;
use crate::entry::Entry;
use crate::error::{Error, InputError, Result};
use crate::kernels::{ActiveKernel, BitOperations, Kernel, Task};
use crate::text;

/// Leading bits of a digest that decide about its part: those of the groups of a large index.
const GROUP_BITS: u32 = 16;

/// Bytes of a list's beginning that are looked at, enough for some lines.
const LOOKED_AT: usize = 1 << 12;

/// Bytes of a piece, unless it is said otherwise.
const MOST_BYTES: usize = 1 << 28;

/// What lines of text are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRows {
    /// `HEX:COUNT`; a digest without a count is a row where counts are not kept.
    Hashes {
        /// Whether a digest without a count is a row.
        bare: bool,
    },
    /// One password a line.
    Passwords,
}

/// Where a text is, for errors.
#[derive(Clone, Copy, Debug)]
pub struct TextPlace<'a> {
    /// The file.
    pub name: &'a str,
    /// The number of the text's first line in it, from 1.
    pub first_line: u64,
}

/// Rows in parts, each a range of 16-bit prefixes.
///
/// ```
/// use breachdex::{Kind, Partitions, TextPlace, TextRows};
/// let mut partitions = Partitions::new(Kind::Sha1, &[0, 0x8000])?;
/// let text = b"AF8978B1797B72ACFFF9595A5A2A373EC3D9106D:7\n";
/// let place = TextPlace { name: "hashes.txt", first_line: 1 };
/// partitions.add_text(text, TextRows::Hashes { bare: false }, place)?;
/// assert_eq!(partitions.sizes(), [0, 1]);
/// # Ok::<(), breachdex::Error>(())
/// ```
pub struct Partitions {
    kind: Kind,
    kernel: ActiveKernel,
    part_of: Vec<u32>,
    parts: Vec<Piece>,
    /// Pieces that are full.
    full: Vec<(usize, PackedRows)>,
    /// Bytes of a full one.
    most: usize,
    rows: u64,
    notes: BTreeMap<String, ListNotes>,
}

/// What of a list of passwords is probably not what was meant, as a build's report has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListNotes {
    /// Its first lines look like digests of this kind.
    pub like_digests: Option<Kind>,
    /// Its first lines all are an e-mail address, a colon and a password.
    pub with_users: bool,
    /// Some passwords are written as hashcat does, `$HEX[...]`.
    pub in_notation: bool,
    /// Some passwords are not UTF-8, and their bytes were hashed.
    pub not_utf8: bool,
}

impl ListNotes {
    /// Looks at one password.
    #[inline]
    pub fn see(&mut self, password: &[u8]) {
        self.in_notation |= text::is_hex_notation(password);
        self.not_utf8 |= std::str::from_utf8(password).is_err();
    }

    /// Adds what is known of the same list.
    pub fn add(&mut self, other: Self) {
        self.like_digests = self.like_digests.or(other.like_digests);
        self.with_users |= other.with_users;
        self.in_notation |= other.in_notation;
        self.not_utf8 |= other.not_utf8;
    }
}

impl Partitions {
    /// Parts without rows. Each border is the first 16-bit prefix of a part; they ascend, and the first is 0.
    ///
    /// # Errors
    /// [`Error::Unbuildable`] for borders that are not like that.
    pub fn new(kind: Kind, borders: &[u32]) -> Result<Self> {
        let is_sound = borders.first() == Some(&0)
            && borders.is_sorted_by(|a, b| a < b)
            && borders.last().is_some_and(|last| *last < 1 << GROUP_BITS);
        if !is_sound {
            return Err(Error::Unbuildable("borders are ascending 16-bit prefixes, from 0 on".into()));
        }
        let part_of = (0..1 << GROUP_BITS)
            .map(|group: u32| borders.partition_point(|border| *border <= group) as u32 - 1)
            .collect();
        let parts = borders.iter().map(|_| Piece::default()).collect();
        let kernel = ActiveKernel::choose(Kernel::Auto);
        let (full, notes) = (Vec::new(), BTreeMap::new());
        Ok(Self { kind, kernel, part_of, parts, full, most: MOST_BYTES, rows: 0, notes })
    }

    /// Has pieces of about so many bytes at most, and of a row at least.
    #[must_use]
    pub fn pieces_of(self, bytes: usize) -> Self {
        Self { most: bytes.min(MOST_BYTES), ..self }
    }

    /// Which digests.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Rows since the last [`Partitions::take`].
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What is to be said of each list of passwords so far, by its name.
    pub fn notes(&self) -> impl Iterator<Item = (&str, ListNotes)> + '_ {
        self.notes.iter().map(|(name, notes)| (name.as_str(), *notes))
    }

    /// Adds what is to be said of a list.
    pub fn note(&mut self, name: &str, found: ListNotes) {
        if found != ListNotes::default() {
            self.notes.entry(name.to_owned()).or_default().add(found);
        }
    }

    /// How many rows each part has.
    pub fn sizes(&self) -> Vec<u64> {
        let mut sizes: Vec<u64> = self.parts.iter().map(|part| part.rows().into()).collect();
        self.full.iter().for_each(|(part, piece)| sizes[*part] += u64::from(piece.rows()));
        sizes
    }

    /// Adds one row.
    #[inline]
    pub fn add(&mut self, entry: &Entry) {
        let group = entry.key.leading(GROUP_BITS) as usize;
        let part = self.part_of[group] as usize;
        let piece = &mut self.parts[part];
        piece.add(entry, self.kind.bytes());
        if piece.len() + LONGEST_RECORD > self.most {
            self.full.push((part, std::mem::take(piece).seal()));
        }
        self.rows += 1;
    }

    /// Adds the rows of whole lines, and returns how many lines there were. The last one need not end with a line feed.
    ///
    /// # Errors
    /// [`Error::Input`] with the first line that is no row. The rows before it are added.
    pub fn add_text(&mut self, text: &[u8], rows: TextRows, place: TextPlace<'_>) -> Result<u64> {
        let text = match rows {
            TextRows::Passwords if place.first_line == 1 => self.begin(text, place)?,
            _ => text,
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let (whole, last) = text.split_at(whole);
        let lines = self.add_lines(whole, rows, place)?;
        if last.is_empty() {
            return Ok(lines);
        }
        let mut last = [last, b"\n"].concat();
        let place = TextPlace { first_line: place.first_line + lines, ..place };
        let added = self.add_lines(&last, rows, place);
        last.zeroize();
        Ok(lines + added?)
    }

    /// A list of passwords without its byte order mark.
    fn begin<'a>(&mut self, text: &'a [u8], place: TextPlace<'_>) -> Result<&'a [u8]> {
        let mark = text::inspect(text)
            .map_err(|fault| InputError::new(place.name, None, format!("the list {fault}")))?;
        let text = &text[mark..];
        let start = &text[..text.len().min(LOOKED_AT)];
        let is_whole = start.len() == text.len();
        let like_digests = text::digest_lines(start, is_whole).map(|lines| lines.kind);
        let with_users = text::are_user_passwords(start, is_whole);
        self.note(place.name, ListNotes { like_digests, with_users, ..ListNotes::default() });
        Ok(text)
    }

    fn add_lines(&mut self, text: &[u8], rows: TextRows, place: TextPlace<'_>) -> Result<u64> {
        let shape =
            RowShape { kind: self.kind, named_digits: 0, bare: rows == TextRows::Hashes { bare: true } };
        let (lines, added) = match rows {
            TextRows::Hashes { .. } => {
                let mut rows = Rows::new(text, shape, place.first_line == 1).padded();
                let added = self.kernel.run(AddRows { partitions: self, rows: &mut rows });
                (rows.lines(), added)
            }
            TextRows::Passwords => {
                let mut passwords = Passwords::new(text, self.kind);
                let added = passwords.by_ref().try_for_each(|entry| {
                    self.add(&entry?);
                    Ok(())
                });
                // Of NTLM it is an error.
                let not_utf8 = self.kind == Kind::Sha1 && std::str::from_utf8(text).is_err();
                let in_notation = passwords.in_notation();
                self.note(place.name, ListNotes { in_notation, not_utf8, ..ListNotes::default() });
                (passwords.lines(), added)
            }
        };
        added.map(|()| lines).map_err(|fault: LineFault| {
            let line = Some(place.first_line + lines - 1);
            InputError::new(place.name, line, fault.describe(shape)).with(fault.remedy(shape)).into()
        })
    }

    /// The rows of all parts that have any, in pieces, with the part's number, in the order of parts. All parts are empty then.
    pub fn take(&mut self) -> Vec<(usize, PackedRows)> {
        self.rows = 0;
        let mut pieces = std::mem::take(&mut self.full);
        let begun = self.parts.iter_mut().map(std::mem::take).enumerate();
        pieces.extend(begun.filter(|(_, piece)| piece.rows() > 0).map(|(part, piece)| (part, piece.seal())));
        pieces.sort_by_key(|(part, _)| *part);
        pieces
    }

    /// Writes the rows of all parts, in pieces, in the order of parts, then where each part's pieces end: from 0 on, numbers of
    /// 64 bits, little-endian. All parts are empty then; their memory is kept for more rows.
    ///
    /// # Errors
    /// Those of `to`. The rows are kept.
    pub fn write_to(&mut self, to: &mut dyn Write) -> io::Result<()> {
        self.full.sort_by_key(|(part, _)| *part);
        let mut full = self.full.iter().peekable();
        let (mut end, mut ends) = (0_u64, vec![0; 8]);
        for (number, part) in self.parts.iter_mut().enumerate() {
            let mut write = |piece: &[u8]| {
                end += piece.len() as u64;
                to.write_all(piece)
            };
            while let Some((_, piece)) = full.next_if(|(of, _)| *of == number) {
                write(piece.as_ref())?;
            }
            if part.rows() > 0 {
                write(part.sealed())?;
            }
            ends.extend_from_slice(&end.to_le_bytes());
        }
        to.write_all(&ends)?;
        self.parts.iter_mut().for_each(Piece::clear);
        self.full.clear();
        self.rows = 0;
        Ok(())
    }
}

struct AddRows<'a, 'b> {
    partitions: &'a mut Partitions,
    rows: &'a mut Rows<'b>,
}

impl Task for AddRows<'_, '_> {
    type Output = Result<(), LineFault>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        while let Some(row) = self.rows.next_row::<O>() {
            self.partitions.add(&row?);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "partitions_tests.rs"]
mod tests;
