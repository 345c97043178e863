//! The fixed header: the file's facts in 256 bytes and the places of the sections.

#![forbid(unsafe_code)]

use super::content::{HASH, Hash};
use super::{
    KNOWN_FLAGS, Layout, MAGIC, MAX_DIRECTORY_BITS, MIN_BITS, OverlayMark, VERSION, checksum, limits, u32_at,
    u64_at,
};
use crate::digest::Kind;
use crate::error::{Error, Fault, Result, Section};

/// Length of the header in bytes.
pub(crate) const LENGTH: usize = 256;
const TABLE: usize = 80;
const ROW: usize = 24;
const UNIT_BITS: usize = 20;
/// Where the content id is.
pub(crate) const CONTENT_ID: usize = 200;
const RESERVED: std::ops::Range<usize> = CONTENT_ID + HASH..252;
const CHECKSUM: usize = 252;

/// A section's place in the file and, but for the groups, its checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) checksum: u32,
}

impl Extent {
    /// The section that follows this one.
    pub(crate) fn next(&self, length: u64, checksum: u32) -> Self {
        Self { offset: self.offset + self.length, length, checksum }
    }

    pub(crate) fn end(&self) -> u64 {
        self.offset + self.length
    }
}

/// Everything the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) layout: Layout,
    pub(crate) entries: u64,
    pub(crate) total_count: u64,
    pub(crate) max_count: u64,
    pub(crate) floor: u64,
    pub(crate) collisions: u64,
    pub(crate) group_count: u64,
    pub(crate) groups: Extent,
    pub(crate) directory: Extent,
    pub(crate) facts: Extent,
    pub(crate) hashes: Extent,
    pub(crate) notes: Extent,
    /// `h`: leading bits of a prefix that tell its unit.
    pub(crate) unit_bits: u32,
    pub(crate) content_id: Hash,
}

impl Header {
    /// The length of the whole file.
    pub(crate) fn file_length(&self) -> u64 {
        self.notes.end()
    }

    /// The sections in the order of the table, which is that of the file.
    fn extents(&self) -> [Extent; 5] {
        [self.groups, self.directory, self.facts, self.hashes, self.notes]
    }

    /// The header's bytes, its checksum included.
    pub(crate) fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
        put(0, &MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(12, &(LENGTH as u32).to_le_bytes());
        let layout = self.layout;
        put(16, &[layout.kind_byte(), layout.bits as u8, layout.directory_bits as u8, layout.flags()]);
        put(UNIT_BITS, &[self.unit_bits as u8]);
        let numbers = [self.entries, self.total_count, self.max_count, self.floor, self.collisions];
        for (i, number) in numbers.into_iter().chain([self.file_length(), self.group_count]).enumerate() {
            put(24 + i * 8, &number.to_le_bytes());
        }
        for (i, extent) in self.extents().iter().enumerate() {
            let at = TABLE + i * ROW;
            put(at, &extent.offset.to_le_bytes());
            put(at + 8, &extent.length.to_le_bytes());
            put(at + 16, &extent.checksum.to_le_bytes());
        }
        put(CONTENT_ID, &self.content_id);
        let checksum = checksum::section(&bytes[..CHECKSUM]);
        bytes[CHECKSUM..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads and checks the header of a file of `actual` bytes that begins with `bytes`.
    pub(crate) fn decode(bytes: &[u8], actual: u64, name: &str) -> Result<Self> {
        let fault = |offset, reason| Fault::new(Section::Header, offset, reason).named(name);
        recognise(bytes, name)?;
        let Some(bytes) = bytes.first_chunk::<LENGTH>() else {
            return Err(fault(0, "the file is cut short inside the header"));
        };
        if u32_at(bytes, CHECKSUM) != Some(checksum::section(&bytes[..CHECKSUM])) {
            return Err(fault(CHECKSUM as u64, "the checksum does not match"));
        }
        let header = Self::parse(bytes).map_err(|(offset, reason)| fault(offset, reason))?;
        let recorded = u64_at(bytes, 64).unwrap_or_default();
        if actual < recorded {
            return Err(fault(64, "the file is cut short"));
        }
        if actual > recorded {
            return Err(fault(64, "there are bytes behind the end of the index"));
        }
        Ok(header)
    }

    fn parse(bytes: &[u8; LENGTH]) -> Result<Self, (u64, &'static str)> {
        let number = |at: usize| u64_at(bytes, at).unwrap_or_default();
        let layout = parse_layout(bytes)?;
        if u32_at(bytes, 12) != Some(LENGTH as u32) {
            return Err((12, "the header length is not one of this version"));
        }
        check_zeros(bytes)?;
        let mut content_id = [0; HASH];
        content_id.copy_from_slice(&bytes[CONTENT_ID..CONTENT_ID + HASH]);
        let header = Self {
            layout,
            entries: number(24),
            total_count: number(32),
            max_count: number(40),
            floor: number(48),
            collisions: number(56),
            group_count: number(72),
            groups: extent(bytes, 0),
            directory: extent(bytes, 1),
            facts: extent(bytes, 2),
            hashes: extent(bytes, 3),
            notes: extent(bytes, 4),
            unit_bits: u32::from(bytes[UNIT_BITS]),
            content_id,
        };
        header.check(number(64))?;
        Ok(header)
    }

    /// Checks what can be checked without the rest of the file.
    fn check(&self, file_length: u64) -> Result<(), (u64, &'static str)> {
        let mut end = LENGTH as u64;
        for (i, extent) in self.extents().iter().enumerate() {
            let at = (TABLE + i * ROW) as u64;
            if extent.offset != end {
                return Err((at, "a section does not start where the one before it ends"));
            }
            end = end.checked_add(extent.length).ok_or((at + 8, "a section's length cannot be"))?;
        }
        self.check_sizes()?;
        if end != file_length {
            return Err((64, "the sections do not add up to the file's length"));
        }
        if self.unit_bits > self.layout.directory_bits {
            return Err((UNIT_BITS as u64, "the unit bits are more than the directory bits"));
        }
        if self.hashes.length != (HASH as u64) << self.unit_bits {
            return Err((TABLE as u64 + 3 * ROW as u64 + 8, "there is not one hash for each unit"));
        }
        if self.floor == 0 {
            return Err((48, "the floor is zero"));
        }
        if self.collisions != 0 && self.layout.bits == self.layout.kind.bits() {
            return Err((56, "full digests cannot collide"));
        }
        let layout = self.layout;
        let is_plain = layout.bits == layout.kind.bits() && layout.counts && !layout.cut && self.floor == 1;
        if layout.overlay == OverlayMark::Overlay && !is_plain {
            return Err((
                19,
                "an overlay keeps full digests with counts and leaves nothing out, this one does not",
            ));
        }
        if layout.overlay == OverlayMark::Pairs && !(is_plain && layout.kind == Kind::Sha1) {
            return Err((
                19,
                "a file of pairs keeps 160 bits with counts and leaves nothing out, this one does not",
            ));
        }
        if self.group_count > 1 << self.layout.directory_bits
            || (self.group_count == 0) != (self.entries == 0)
        {
            return Err((72, "the number of groups cannot be"));
        }
        Ok(())
    }

    /// Checks that no section is larger than any can be, and that there is room for so many entries.
    fn check_sizes(&self) -> Result<(), (u64, &'static str)> {
        let lengths = self.extents().map(|extent| extent.length);
        let too_large =
            SECTIONS.iter().zip(lengths).position(|(section, length)| length > limits::most(*section));
        if let Some(row) = too_large {
            return Err(((TABLE + row * ROW + 8) as u64, "a section is larger than any can be"));
        }
        if self.entries > limits::most_entries(self.groups.length) {
            return Err((24, "there are more entries than fit into the groups"));
        }
        Ok(())
    }
}

/// The sections in the order of the table.
const SECTIONS: [Section; 5] =
    [Section::Groups, Section::Directory, Section::Facts, Section::Hashes, Section::Notes];

/// Checks what is zero in this version: the reserved bytes, the groups' checksum among them.
fn check_zeros(bytes: &[u8; LENGTH]) -> Result<(), (u64, &'static str)> {
    let rows = (0..SECTIONS.len()).map(|row| TABLE + row * ROW + 20..TABLE + (row + 1) * ROW);
    let zeros = [UNIT_BITS + 1..24, TABLE + 16..TABLE + 20, RESERVED].into_iter().chain(rows);
    match zeros.flatten().find(|at| bytes[*at] != 0) {
        Some(at) => Err((at as u64, "a reserved byte is not zero")),
        None => Ok(()),
    }
}

fn parse_layout(bytes: &[u8; LENGTH]) -> Result<Layout, (u64, &'static str)> {
    let kind = match bytes[16] {
        1 => Kind::Sha1,
        2 => Kind::Ntlm,
        _ => return Err((16, "the kind is not one of this version")),
    };
    let layout = Layout {
        kind,
        bits: u32::from(bytes[17]),
        directory_bits: u32::from(bytes[18]),
        counts: bytes[19] & 1 != 0,
        cut: bytes[19] & 2 != 0,
        overlay: OverlayMark::of_flags(bytes[19]).map_err(|reason| (19, reason))?,
    };
    if !(MIN_BITS..=kind.bits()).contains(&layout.bits) {
        return Err((17, "the fingerprint bits are outside the kind's width"));
    }
    if layout.directory_bits > MAX_DIRECTORY_BITS {
        return Err((18, "the directory bits are more than 16"));
    }
    if bytes[19] & !KNOWN_FLAGS != 0 {
        return Err((19, "there are flags that this version does not know"));
    }
    Ok(layout)
}

fn extent(bytes: &[u8; LENGTH], row: usize) -> Extent {
    let at = TABLE + row * ROW;
    Extent {
        offset: u64_at(bytes, at).unwrap_or_default(),
        length: u64_at(bytes, at + 8).unwrap_or_default(),
        checksum: u32_at(bytes, at + 16).unwrap_or_default(),
    }
}

/// Refuses what is no index, or one of a version this library does not know, with the reason.
fn recognise(bytes: &[u8], name: &str) -> Result<()> {
    let refused = |reason| Error::NotAnIndex { name: name.to_owned(), reason };
    let Some((magic, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(refused(if bytes.is_empty() { "it is empty" } else { "it is too short" }));
    };
    if *magic != MAGIC {
        return Err(refused(guess(bytes)));
    }
    match u32_at(rest, 0) {
        Some(VERSION) => Ok(()),
        Some(0) => Err(Fault::new(Section::Header, 8, "there is no format version 0").named(name)),
        Some(found) => Err(Error::UnsupportedVersion { name: name.to_owned(), found, supported: VERSION }),
        None => Err(refused("it is too short")),
    }
}

/// What a file that is no index looks like, for the message.
fn guess(bytes: &[u8]) -> &'static str {
    let start = &bytes[..bytes.len().min(64)];
    if start[1..].starts_with(b"BDX") {
        "its first bytes are damaged, as by a transfer that takes it for text"
    } else if start.starts_with(b"\x1f\x8b") || start.starts_with(b"\x28\xb5\x2f\xfd") {
        "it is a compressed file; `breachdex build` reads those"
    } else if start.iter().take(32).all(u8::is_ascii_hexdigit) {
        "it is a list of hashes; make an index of it with `breachdex build`"
    } else if start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        "it is a text file"
    } else {
        "its first bytes are not those of an index"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::layout;

    /// A header of sections so long, one behind the other.
    fn header(lengths: [u64; 5], entries: u64) -> Header {
        let first = Extent { offset: LENGTH as u64, length: lengths[0], checksum: 0 };
        let directory = first.next(lengths[1], 1);
        let facts = directory.next(lengths[2], 2);
        let hashes = facts.next(lengths[3], 3);
        Header {
            layout: layout(Kind::Sha1, 160, 16),
            entries,
            total_count: 0,
            max_count: 0,
            floor: 1,
            collisions: 0,
            group_count: 1,
            groups: first,
            directory,
            facts,
            hashes,
            notes: hashes.next(lengths[4], 4),
            unit_bits: lengths[3].checked_ilog2().unwrap_or(5) - 5,
            content_id: [0; HASH],
        }
    }

    fn said(header: &Header) -> Option<String> {
        Header::decode(&header.encode(), header.file_length(), "big.bdx").err().map(|error| error.to_string())
    }

    #[test]
    fn every_section_has_a_largest_length() {
        let most = SECTIONS.map(limits::most);
        assert_eq!(said(&header(most, 1)), None);
        for (row, at) in [88, 112, 136, 160, 184].into_iter().enumerate() {
            let mut lengths = most;
            lengths[row] += 1;
            assert_eq!(
                said(&header(lengths, 1)).unwrap(),
                format!(
                    "big.bdx is damaged: header at byte {at}: a section is larger than any can be; restore it from a \
                     copy or build it again"
                )
            );
        }
    }

    #[test]
    fn there_are_no_more_entries_than_bits_for_them() {
        assert_eq!(said(&header([1 << 30, 40, 40, 32, 40], 1 << 32)), None);
        for entries in [(1 << 32) + 1, u64::MAX] {
            assert_eq!(
                said(&header([1 << 30, 40, 40, 32, 40], entries)).unwrap(),
                "big.bdx is damaged: header at byte 24: there are more entries than fit into the groups; restore it \
                 from a copy or build it again"
            );
        }
    }
}
