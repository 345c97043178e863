//! An index file taken apart, and put together again with every checksum right.
//!
//! Somebody who writes an index on purpose can do the same, so what a reader does with such files is tested
//! with this. Written from `docs/format.md`; nothing here is shared with the library.

#![forbid(unsafe_code)]

use std::ops::Range;

use breachdex::{Digest, Kind};
use crc32c::crc32c_append;
use fst::{Map, MapBuilder, Streamer};

/// Bytes of the header.
pub const HEADER: usize = 256;
const FILE_LENGTH: usize = 64;
const GROUP_COUNT: usize = 72;
const SECTION_TABLE: usize = 80;
const SECTIONS: usize = 5;
const UNIT_BITS: usize = 20;
const CONTENT_ID: usize = 200;
const HASH: usize = 32;
const PAGE: usize = 4096;
const HEADER_CHECKSUM: usize = 252;
/// Checksum, shape and length, before a group's records.
pub const GROUP_HEAD: usize = 9;

/// A group's key in the directory and its bytes.
#[derive(Clone)]
pub struct Group {
    /// Its prefix, shifted to the top of 16 bits.
    pub key: u16,
    /// From its checksum to the end of its last bucket.
    pub bytes: Vec<u8>,
    /// What lies before it, or `None` for the zeros that must.
    pub before: Option<Vec<u8>>,
}

/// Where a bucket's record and bytes lie in the bytes of its group.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The record: drift, entries, checksum.
    pub record: Range<usize>,
    /// The bucket's own bytes.
    pub bytes: Range<usize>,
    /// How many entries the record says there are.
    pub entries: u32,
}

/// A file in pieces.
#[derive(Clone)]
pub struct Parts {
    /// The header; what depends on the other parts is written by [`Parts::sign`].
    pub header: [u8; HEADER],
    /// The groups in the order of the file.
    pub groups: Vec<Group>,
    /// The directory's bytes, or `None` to make them from the groups.
    pub directory: Option<Vec<u8>>,
    /// The facts section.
    pub facts: Vec<u8>,
    /// The hashes section, or `None` to make it from the groups.
    pub hashes: Option<Vec<u8>>,
    /// The notes section.
    pub notes: Vec<u8>,
    /// Bytes to xor into the header after everything but its checksum has been computed.
    pub forged: Vec<(usize, u8)>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// Keys and the places in the file of a sound file's groups, with all zeros behind them.
fn places(file: &[u8]) -> Vec<(u16, Range<usize>)> {
    let [groups, directory, ..] = sections(file);
    let map = Map::new(&file[directory]).expect("a sound directory");
    let mut starts: Vec<(u16, usize)> = Vec::new();
    let mut stream = map.stream();
    while let Some((key, value)) = stream.next() {
        starts.push((u16::from_be_bytes([key[0], key[1]]), groups.start + (value >> 24) as usize));
    }
    let ends = starts.iter().skip(1).map(|(_, start)| *start).chain([groups.end]);
    starts.iter().zip(ends).map(|((key, start), end)| (*key, *start..end)).collect()
}

/// Where the groups, the directory, the facts, the hashes and the notes lie in a sound file.
pub fn sections(file: &[u8]) -> [Range<usize>; SECTIONS] {
    [0, 1, 2, 3, 4].map(|row| {
        let at = SECTION_TABLE + row * 24;
        let start = u64_at(file, at) as usize;
        start..start + u64_at(file, at + 8) as usize
    })
}

impl Parts {
    /// Takes a sound file apart.
    pub fn of(file: &[u8]) -> Self {
        let [_, _, facts, _, notes] = sections(file);
        let group = |(key, place): (u16, Range<usize>)| {
            let mut group = Group { key, bytes: file[place].to_vec(), before: None };
            group.bytes.truncate(head_length(&group.bytes) as usize + u32_at(&group.bytes, 5) as usize);
            group
        };
        Self {
            header: file[..HEADER].try_into().expect("a header"),
            groups: places(file).into_iter().map(group).collect(),
            directory: None,
            facts: file[facts].to_vec(),
            hashes: None,
            notes: file[notes].to_vec(),
            forged: Vec::new(),
        }
    }

    /// Flips one bit of the file that these parts were taken from, `file`, in the part where it lies.
    pub fn flip(&mut self, file: &[u8], bit: usize) {
        let (at, mask) = (bit / 8, 1_u8 << (bit % 8));
        self.change(file, at, |byte| *byte ^= mask);
    }

    /// Changes one byte of the file that these parts were taken from, `file`, in the part where it lies.
    pub fn change(&mut self, file: &[u8], at: usize, change: impl FnOnce(&mut u8)) {
        let [groups, directory, facts, hashes, notes] = sections(file);
        if at < groups.start {
            let before = self.header[at];
            change(&mut self.header[at]);
            let computed = (FILE_LENGTH..GROUP_COUNT).contains(&at)
                || (SECTION_TABLE..CONTENT_ID + HASH).contains(&at)
                || at == UNIT_BITS;
            if computed {
                self.forged.push((at, before ^ self.header[at]));
            }
        } else if at < groups.end {
            let places = places(file);
            let place = places.iter().rposition(|(_, place)| place.start <= at).expect("a group");
            let within = at - places[place].1.start;
            if let Some(byte) = self.groups[place].bytes.get_mut(within) {
                return change(byte);
            }
            let end = places[place].1.start + self.groups[place].bytes.len();
            let before =
                self.groups[place + 1].before.get_or_insert_with(|| file[end..places[place].1.end].to_vec());
            change(&mut before[at - end]);
        } else if at < directory.end {
            let bytes = self.directory.get_or_insert_with(|| file[directory.clone()].to_vec());
            change(&mut bytes[at - directory.start]);
        } else if at < facts.end {
            change(&mut self.facts[at - facts.start]);
        } else if at < hashes.end {
            let bytes = self.hashes.get_or_insert_with(|| file[hashes.clone()].to_vec());
            change(&mut bytes[at - hashes.start]);
        } else {
            change(&mut self.notes[at - notes.start]);
        }
    }

    /// Puts the parts together: checksums, section table, file length, hashes and content id computed.
    pub fn sign(mut self) -> Vec<u8> {
        for group in &mut self.groups {
            group.sign(&self.header);
        }
        let (groups, values) = self.place();
        let directory = match self.directory.take() {
            Some(bytes) => sign_directory(bytes),
            None => build_directory(&self.groups, &values),
        };
        let unit_bits = unit_bits(groups.len(), self.header[18]);
        self.header[UNIT_BITS] = unit_bits;
        let hashes = self.hashes.take().unwrap_or_else(|| self.unit_hashes(unit_bits));
        let mut start = HEADER;
        let sections = [&groups, &directory, &self.facts, &hashes, &self.notes];
        for (row, section) in sections.into_iter().enumerate() {
            let at = SECTION_TABLE + row * 24;
            let checksum = if row == 0 { 0 } else { crc32c_append(0, section) };
            self.header[at..at + 8].copy_from_slice(&(start as u64).to_le_bytes());
            self.header[at + 8..at + 16].copy_from_slice(&(section.len() as u64).to_le_bytes());
            self.header[at + 16..at + 20].copy_from_slice(&checksum.to_le_bytes());
            start += section.len();
        }
        self.header[FILE_LENGTH..GROUP_COUNT].copy_from_slice(&(start as u64).to_le_bytes());
        let id = self.content_id(&values, &hashes);
        self.header[CONTENT_ID..CONTENT_ID + HASH].copy_from_slice(&id);
        for (at, mask) in &self.forged {
            self.header[*at] ^= mask;
        }
        let checksum = crc32c_append(0, &self.header[..HEADER_CHECKSUM]);
        self.header[HEADER_CHECKSUM..].copy_from_slice(&checksum.to_le_bytes());
        [&self.header[..], &groups, &directory, &self.facts, &hashes, &self.notes].concat()
    }

    /// The groups section, and what the directory says of each group.
    fn place(&self) -> (Vec<u8>, Vec<u64>) {
        let (mut section, mut values) = (Vec::new(), Vec::new());
        for group in &self.groups {
            let left = PAGE - (HEADER + section.len()) % PAGE;
            let crosses = (left as u64 + 1..=PAGE as u64).contains(&head_length(&group.bytes));
            match &group.before {
                Some(bytes) => section.extend_from_slice(bytes),
                None if crosses => section.resize(section.len() + left, 0),
                None => {}
            }
            values.push((section.len() as u64) << 24 | u64::from(u32_at(&group.bytes, 0)) & 0xFF_FFFF);
            section.extend_from_slice(&group.bytes);
        }
        (section, values)
    }

    /// The hash of every unit: of the groups that share so many leading bits of their prefix.
    fn unit_hashes(&self, unit_bits: u8) -> Vec<u8> {
        let shift = u32::from(self.header[18].saturating_sub(unit_bits));
        let mut units = vec![Vec::new(); 1 << unit_bits];
        for group in &self.groups {
            let prefix = group.prefix(&self.header);
            if let Some(rows) = units.get_mut(prefix.checked_shr(shift).unwrap_or(0) as usize) {
                rows.extend_from_slice(&prefix.to_le_bytes());
                rows.extend_from_slice(blake3::hash(&group.bytes).as_bytes());
            }
        }
        units.iter().flat_map(|rows| *blake3::hash(rows).as_bytes()).collect()
    }

    fn content_id(&self, values: &[u64], hashes: &[u8]) -> [u8; HASH] {
        let mut hashed = self.header[8..64].to_vec();
        hashed.extend_from_slice(&(values.len() as u64).to_le_bytes());
        for (group, value) in self.groups.iter().zip(values) {
            hashed.extend_from_slice(&group.prefix(&self.header).to_le_bytes());
            hashed.extend_from_slice(&value.to_le_bytes());
        }
        hashed.extend_from_slice(&(self.facts.len() as u64).to_le_bytes());
        hashed.extend_from_slice(&self.facts);
        hashed.extend_from_slice(hashes);
        blake3::derive_key("breachdex index format 2, content id", &hashed)
    }
}

/// The largest number for which 2^h times 32 KiB are no more than the groups' bytes, at most the directory bits.
fn unit_bits(groups: usize, directory_bits: u8) -> u8 {
    (1..=directory_bits).take_while(|bits| 32_768_usize << bits <= groups).last().unwrap_or(0)
}

/// Bytes before a group's buckets.
fn head_length(group: &[u8]) -> u64 {
    let shape = group.get(4).copied().unwrap_or(0);
    GROUP_HEAD as u64 + ((if shape & 128 != 0 { 12 } else { 8 }) << (shape & 31))
}

impl Group {
    fn prefix(&self, header: &[u8; HEADER]) -> u32 {
        let directory_bits = u32::from(header[18]);
        u32::from(self.key).checked_shr(16_u32.saturating_sub(directory_bits)).unwrap_or(0)
    }

    /// Where the buckets of this group lie; empty where its shape does not fit its bytes.
    pub fn buckets(&self) -> Vec<Bucket> {
        if self.bytes.len() < GROUP_HEAD {
            return Vec::new();
        }
        let (split_bits, wide) = (self.bytes[4] & 31, self.bytes[4] & 128 != 0);
        let (count, size) = (1_usize << split_bits, if wide { 12 } else { 8 });
        let first = GROUP_HEAD + count * size;
        let length = i64::from(u32_at(&self.bytes, 5));
        if first > self.bytes.len() {
            return Vec::new();
        }
        let record = |i: usize| GROUP_HEAD + i * size..GROUP_HEAD + (i + 1) * size;
        let start = |i: usize| {
            let bytes = &self.bytes[record(i)];
            let drift = if wide {
                i64::from(u32_at(bytes, 0) as i32)
            } else {
                i64::from(i16::from_le_bytes([bytes[0], bytes[1]]))
            };
            i as i64 * length / count as i64 + drift
        };
        let fits = 0..=(self.bytes.len() - first) as i64;
        let mut buckets = Vec::new();
        for i in 0..count {
            let (from, to) = (start(i), if i + 1 < count { start(i + 1) } else { length });
            let at = record(i);
            let bytes = &self.bytes[at.clone()];
            let entries =
                if wide { u32_at(bytes, 4) } else { u32::from(u16::from_le_bytes([bytes[2], bytes[3]])) };
            if from <= to && fits.contains(&from) && fits.contains(&to) {
                buckets.push(Bucket {
                    record: at,
                    bytes: first + from as usize..first + to as usize,
                    entries,
                });
            }
        }
        buckets
    }

    /// Computes the bucket checksums where a bucket lies inside the group, then the group's own.
    fn sign(&mut self, header: &[u8; HEADER]) {
        if self.bytes.len() < GROUP_HEAD {
            return;
        }
        let split_bits = self.bytes[4] & 31;
        let size = if self.bytes[4] & 128 != 0 { 12 } else { 8 };
        let prefix = self.prefix(header);
        let (kind, bits, directory_bits, flags) = (header[16], header[17], header[18], header[19]);
        for bucket in self.buckets().into_iter().filter(|bucket| bucket.entries > 0) {
            let number = (bucket.record.start - GROUP_HEAD) / size;
            let content = &self.bytes[bucket.bytes];
            let mut place = vec![kind, bits, flags, directory_bits.wrapping_add(split_bits)];
            place.extend_from_slice(&(u64::from(prefix) << split_bits | number as u64).to_le_bytes());
            place.extend_from_slice(&bucket.entries.to_le_bytes());
            place.extend_from_slice(&(content.len() as u32).to_le_bytes());
            let checksum = crc32c_append(crc32c_append(0, &place), content);
            self.bytes[bucket.record.end - 4..bucket.record.end].copy_from_slice(&checksum.to_le_bytes());
        }
        let records_end = GROUP_HEAD + (1_usize << split_bits) * size;
        if let Some(signed) = self.bytes.get(4..records_end) {
            let mut place = vec![kind, bits, directory_bits, flags];
            place.extend_from_slice(&prefix.to_le_bytes());
            let checksum = crc32c_append(crc32c_append(0, &place), signed);
            self.bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        }
    }
}

fn build_directory(groups: &[Group], values: &[u64]) -> Vec<u8> {
    let mut builder = MapBuilder::memory();
    for (group, value) in groups.iter().zip(values) {
        builder.insert(group.key.to_be_bytes(), *value).expect("ascending keys");
    }
    builder.into_inner().expect("a map in memory")
}

/// The FST's own checksum: a rotated and shifted CRC-32C over all bytes before it.
fn sign_directory(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.len().checked_sub(4) {
        let masked = crc32c_append(0, &bytes[..end]).rotate_right(15).wrapping_add(0xA282_EAD8);
        bytes[end..].copy_from_slice(&masked.to_le_bytes());
    }
    bytes
}

/// The digest whose leading bytes are given, zeros after them.
pub fn digest_from(kind: Kind, leading: &[u8]) -> Digest {
    let mut bytes = vec![0; kind.bytes()];
    let taken = leading.len().min(bytes.len());
    bytes[..taken].copy_from_slice(&leading[..taken]);
    Digest::from_bytes(kind, &bytes).expect("the kind's width")
}
