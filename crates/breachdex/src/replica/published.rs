//! What a published index says of itself, held against its content id before anything else of it is believed.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::error::{Error, Fault, Result, Section};
use crate::format::content::{self, HASH, Hash};
use crate::format::directory::{Directory, Locator};
use crate::format::facts::Facts;
use crate::format::group::Group;
use crate::format::header::{CONTENT_ID, Extent, Header, LENGTH};
use crate::format::placement::PAGE;
use crate::format::{Layout, checksum, notes};
use crate::index::{ContentId, Metadata};

/// A unit is in memory as a whole when it is checked. In a whole corpus one has half a megabyte.
const MOST_UNIT: u64 = 1 << 30;

/// Where the header has the number of unit bits.
const UNIT_BITS: u64 = 20;

/// The header of a published index.
#[derive(Clone, Debug)]
pub struct PublishedHead {
    name: String,
    bytes: [u8; LENGTH],
    header: Header,
}

impl PublishedHead {
    /// Bytes of a header.
    pub const LENGTH: u64 = LENGTH as u64;

    /// Checks the header of a file of `length` bytes. `name` is for messages.
    ///
    /// # Errors
    /// As [`Index::open`](crate::Index::open), without [`Error::Io`].
    pub fn decode(bytes: &[u8], length: u64, name: &str) -> Result<Self> {
        let header = Header::decode(bytes, length, name)?;
        let mut own = [0; LENGTH];
        own.copy_from_slice(&bytes[..LENGTH]);
        if header.unit_bits != content::unit_bits(header.groups.length, header.layout.directory_bits) {
            let reason = "the unit bits are not those of that many bytes of groups";
            return Err(Fault::new(Section::Header, UNIT_BITS, reason).named(name));
        }
        Ok(Self { name: name.to_owned(), bytes: own, header })
    }

    /// The header's bytes.
    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.bytes
    }

    /// Bytes of the whole file.
    pub fn file_length(&self) -> u64 {
        self.header.file_length()
    }

    /// What the header says the content id is.
    pub fn content_id(&self) -> ContentId {
        ContentId(self.header.content_id)
    }

    /// Where everything behind the groups is.
    pub fn tail(&self) -> Range<u64> {
        self.header.directory.offset..self.header.file_length()
    }
}

/// A published index whose header, directory, facts and hashes have its content id. Takes some 2 MB, and what its facts and
/// notes have.
#[derive(Debug)]
pub struct Published {
    head: PublishedHead,
    tail: Vec<u8>,
    metadata: Metadata,
    groups: Vec<(u32, Locator)>,
    /// For each unit the number of its first group, and then how many groups there are.
    firsts: Vec<u32>,
}

impl Published {
    /// Checks what lies behind the groups, which [`PublishedHead::tail`] says, and all of it against the content id.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn new(head: PublishedHead, tail: Vec<u8>) -> Result<Self> {
        let PublishedHead { name, header, .. } = &head;
        let section =
            |section, extent| self::section(header, &tail, section, extent).map_err(|f| f.named(name));
        let within = |section, extent: Extent| {
            move |(offset, reason): (u64, &'static str)| {
                Fault::new(section, extent.offset + offset, reason).named(name)
            }
        };
        let directory = section(Section::Directory, header.directory)?;
        let directory = Directory::open(directory, header.layout, header.group_count, header.groups.length)
            .map_err(within(Section::Directory, header.directory))?;
        let facts_bytes = section(Section::Facts, header.facts)?;
        let facts = Facts::decode(facts_bytes).map_err(within(Section::Facts, header.facts))?;
        let hashes = section(Section::Hashes, header.hashes)?;
        notes::decode(section(Section::Notes, header.notes)?)
            .map_err(within(Section::Notes, header.notes))?;
        let groups = directory.all();
        if content::id(header, groups.iter().copied(), facts_bytes, hashes) != header.content_id {
            let reason = "header, directory, facts and hashes do not have the content id";
            return Err(Fault::new(Section::Header, CONTENT_ID as u64, reason).named(name));
        }
        let starts_at = groups.first().map_or(header.groups.length, |(_, locator)| locator.offset());
        if starts_at != 0 {
            let reason = "the first group does not start where the groups do";
            return Err(Fault::new(Section::Directory, header.directory.offset, reason).named(name));
        }
        let shift = header.layout.directory_bits - header.unit_bits;
        let firsts = (0..=1_u32 << header.unit_bits)
            .map(|unit| groups.partition_point(|(prefix, _)| prefix >> shift < unit) as u32)
            .collect();
        let metadata = Metadata::new(header, facts);
        let published = Self { metadata, groups, firsts, head, tail };
        let length = |unit: u32| {
            let extent = published.extent(unit);
            extent.end - extent.start
        };
        match (0..published.units()).find(|unit| length(*unit) > MOST_UNIT) {
            Some(unit) => {
                let at = published.extent(unit).start;
                let reason = "the groups from here on are longer than can be checked at once";
                Err(Fault::new(Section::Groups, at, reason).named(&published.head.name))
            }
            None => Ok(published),
        }
    }

    /// What it says of itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The content id, which everything but the units was found to have.
    pub fn content_id(&self) -> ContentId {
        self.head.content_id()
    }

    /// The header.
    pub fn head(&self) -> &PublishedHead {
        &self.head
    }

    /// What lies behind the groups.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// How many units there are, with and without groups.
    pub fn units(&self) -> u32 {
        1 << self.head.header.unit_bits
    }

    /// Where a unit is in the file: from its first group to where the next unit's first group starts. Empty where it has no
    /// group. Units lie one behind the other and fill the place between header and tail.
    pub fn extent(&self, unit: u32) -> Range<u64> {
        let groups = self.numbers(unit);
        if groups.is_empty() {
            return 0..0;
        }
        self.start_of(groups.start)..self.start_of(groups.end)
    }

    /// Checks the bytes of a unit: the checksum and place of each of its groups, the zeros behind them, and its hash.
    ///
    /// # Errors
    /// [`UnitMismatch`](super::UnitMismatch) with what is wrong.
    pub fn check_unit(&self, unit: u32, bytes: &[u8]) -> Result<(), super::UnitMismatch> {
        self.hash_unit(unit, bytes).map_err(super::UnitMismatch)
    }

    /// The error of a unit that the published file itself has with other bytes.
    pub fn damaged(&self, unit: u32, mismatch: super::UnitMismatch) -> Error {
        Fault::new(Section::Groups, self.extent(unit).start, mismatch.0).named(&self.head.name)
    }

    fn hash_unit(&self, unit: u32, bytes: &[u8]) -> Result<(), &'static str> {
        let extent = self.extent(unit);
        if bytes.len() as u64 != extent.end - extent.start {
            return Err("the groups from here on have another length");
        }
        let layout = self.layout();
        let mut hashes = Vec::new();
        for number in self.numbers(unit) {
            let (prefix, locator) = self.groups[number as usize];
            let place = self.group_extent(number);
            let room = bytes
                .get((place.start - extent.start) as usize..(place.end - extent.start) as usize)
                .ok_or("the groups from here on have another length")?;
            let group = Group::new(room, room.len())?;
            group.check(layout, prefix, locator)?;
            let (group, zeros) =
                room.split_at_checked(group.end()).ok_or("a group reaches beyond its place")?;
            if zeros.len() as u64 >= PAGE || zeros.iter().any(|byte| *byte != 0) {
                return Err("there is something else than zeros between groups");
            }
            hashes.push((prefix, content::group(group)));
        }
        if self.hash(unit) == content::unit(&hashes) {
            Ok(())
        } else {
            Err("the groups from here on do not have their hash")
        }
    }

    pub(super) fn layout(&self) -> Layout {
        self.head.header.layout
    }

    pub(super) fn unit_bits(&self) -> u32 {
        self.head.header.unit_bits
    }

    /// The hash of a unit.
    pub(super) fn hash(&self, unit: u32) -> Hash {
        let header = &self.head.header;
        let start = (header.hashes.offset - header.directory.offset) as usize + unit as usize * HASH;
        self.tail.get(start..start + HASH).and_then(|hash| hash.try_into().ok()).unwrap_or_default()
    }

    /// The numbers of a unit's groups.
    pub(super) fn numbers(&self, unit: u32) -> Range<u32> {
        let unit = unit as usize;
        match self.firsts.get(unit..unit + 2) {
            Some(two) => two[0]..two[1],
            None => 0..0,
        }
    }

    /// The prefix of a group and what the directory says of it.
    pub(super) fn group(&self, number: u32) -> (u32, Locator) {
        self.groups[number as usize]
    }

    /// Where a group is in the file, with the zeros behind it.
    pub(super) fn group_extent(&self, number: u32) -> Range<u64> {
        self.start_of(number)..self.start_of(number + 1)
    }

    fn start_of(&self, number: u32) -> u64 {
        let groups = self.head.header.groups;
        self.groups.get(number as usize).map_or(groups.end(), |(_, locator)| groups.offset + locator.offset())
    }
}

/// A section whose checksum holds, of what lies behind the groups.
fn section<'t>(header: &Header, tail: &'t [u8], section: Section, extent: Extent) -> Result<&'t [u8], Fault> {
    let start = (extent.offset - header.directory.offset) as usize;
    let bytes = tail
        .get(start..start + extent.length as usize)
        .ok_or_else(|| Fault::new(section, extent.offset, "the section is cut short"))?;
    if checksum::section(bytes) == extent.checksum {
        Ok(bytes)
    } else {
        Err(Fault::new(section, extent.offset, "the section's checksum does not match"))
    }
}
