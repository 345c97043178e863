//! A file of a ZIP archive, found in the directory at the archive's end, with ZIP64 for what is larger than 4 GiB. The
//! directory decides; what a file's own header says besides has to agree with it.

#![forbid(unsafe_code)]

use std::io::{self, Read, Seek, SeekFrom, Take};

use super::archive::{Choose, Member, choose_among};
use super::error::{Problem, UnpackError, of_decoder};
use super::{BUFFER, Decompressor};
use crate::text::Packed;

/// The record at the end, without its comment, and with the longest comment.
const END: usize = 22;
const LONGEST_END: u64 = END as u64 + 0xFFFF;
/// The record before it that has the larger numbers, and where that one is said to be.
const WIDE_END: usize = 56;
const LOCATOR: u64 = 20;
/// A directory of more is not read: an archive with one file has a small one.
const MOST_DIRECTORY: u64 = 16 << 20;

const fn damaged() -> UnpackError {
    UnpackError::new(Packed::Zip, Problem::Damaged)
}

pub(super) fn open<F>(mut file: F, choose: Choose<'_>) -> io::Result<Member>
where
    F: Read + Seek + Send + 'static,
{
    let entries = directory(&mut file).map_err(|error| of_decoder(Packed::Zip, error))?;
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let entry = &entries[choose_among(Packed::Zip, &names, choose)?];
    if entry.flags & (ENCRYPTED | MASKED) != 0 {
        return Err(UnpackError::new(Packed::Zip, Problem::Encrypted).into());
    }
    let content = content_of(&mut file, entry).map_err(|error| of_decoder(Packed::Zip, error))?;
    file.seek(SeekFrom::Start(content))?;
    let raw = file.take(entry.packed_size);
    let decoder = match entry.method {
        0 => Decoder::Stored(raw),
        8 => {
            Decoder::Deflate(flate2::bufread::DeflateDecoder::new(io::BufReader::with_capacity(BUFFER, raw)))
        }
        12 => Decoder::Other(Decompressor::new(Packed::Bzip2, raw)?),
        93 => Decoder::Other(Decompressor::new(Packed::Zstd, raw)?),
        95 => Decoder::Other(Decompressor::new(Packed::Xz, raw)?),
        other => {
            let name = match other {
                9 => "Deflate64".to_owned(),
                14 => "LZMA".to_owned(),
                98 => "PPMd".to_owned(),
                99 => return Err(UnpackError::new(Packed::Zip, Problem::Encrypted).into()),
                other => format!("number {other}"),
            };
            return Err(UnpackError::new(Packed::Zip, Problem::Method(name)).into());
        }
    };
    let reader =
        Checked { decoder, left: entry.size, checksum: flate2::Crc::new(), expected: entry.checksum };
    Ok(Member { name: entry.name.clone(), reader: Box::new(reader) })
}

const ENCRYPTED: u16 = 1;
/// The directory itself is encrypted, and what it says of files is not true.
const MASKED: u16 = 1 << 13;

/// A file in the directory.
struct Entry {
    name: String,
    raw_name: Vec<u8>,
    flags: u16,
    method: u16,
    checksum: u32,
    packed_size: u64,
    size: u64,
    offset: u64,
}

/// Numbers in a piece of an archive, by their places. A piece that is too short is damaged.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes<const N: usize>(&self, place: usize) -> Result<[u8; N], UnpackError> {
        self.0.get(place..).and_then(|rest| rest.first_chunk()).copied().ok_or(damaged())
    }

    fn u16(&self, place: usize) -> Result<u16, UnpackError> {
        self.bytes(place).map(u16::from_le_bytes)
    }

    fn u32(&self, place: usize) -> Result<u32, UnpackError> {
        self.bytes(place).map(u32::from_le_bytes)
    }

    fn u64(&self, place: usize) -> Result<u64, UnpackError> {
        self.bytes(place).map(u64::from_le_bytes)
    }

    fn slice(&self, place: usize, length: usize) -> Result<&'a [u8], UnpackError> {
        self.0.get(place..).and_then(|rest| rest.get(..length)).ok_or(damaged())
    }

    fn is(&self, signature: &[u8; 4]) -> bool {
        self.0.starts_with(signature)
    }
}

/// Reads the directory.
fn directory<F: Read + Seek>(file: &mut F) -> io::Result<Vec<Entry>> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail_at = length.saturating_sub(LONGEST_END);
    let tail = read_at(file, tail_at, length - tail_at)?;
    let place = (0..(tail.len() + 1).saturating_sub(END))
        .rev()
        .find(|place| {
            let end = Fields(&tail[*place..]);
            let comment = end.u16(END - 2).map(usize::from);
            end.is(b"PK\x05\x06") && comment.is_ok_and(|comment| place + END + comment == tail.len())
        })
        // An archive that is cut has lost it.
        .ok_or(UnpackError::new(Packed::Zip, Problem::Cut))?;
    let end = Fields(&tail[place..]);
    let end_at = tail_at + place as u64;
    let mut disks = (u32::from(end.u16(4)?), u32::from(end.u16(6)?));
    let mut count = u64::from(end.u16(10)?);
    let mut size = u64::from(end.u32(12)?);
    let mut offset = u64::from(end.u32(16)?);
    let mut directory_end = end_at;
    // The larger numbers may be there though all of them would fit.
    if let Some(locator_at) = end_at.checked_sub(LOCATOR) {
        let locator = read_at(file, locator_at, LOCATOR)?;
        if Fields(&locator).is(b"PK\x06\x07") {
            directory_end = Fields(&locator).u64(8)?;
            let wide = read_at(file, directory_end, WIDE_END as u64)?;
            let wide = Fields(&wide);
            if !wide.is(b"PK\x06\x06") {
                return Err(damaged().into());
            }
            disks = (wide.u32(16)?, wide.u32(20)?);
            (count, size, offset) = (wide.u64(32)?, wide.u64(40)?, wide.u64(48)?);
        }
    }
    if disks != (0, 0) {
        return Err(UnpackError::new(Packed::Zip, Problem::Method("several volumes".into())).into());
    }
    if size > MOST_DIRECTORY {
        return Err(UnpackError::new(Packed::Zip, Problem::SeveralFiles(count, Vec::new())).into());
    }
    // Nothing may lie between: it would be a second directory that other programs read instead.
    if offset.checked_add(size) != Some(directory_end) {
        return Err(damaged().into());
    }
    let bytes = read_at(file, offset, size)?;
    let mut rest = Fields(&bytes);
    let mut entries = Vec::new();
    while !rest.0.is_empty() {
        let (entry, length) = Entry::parse(&rest)?;
        entries.push(entry);
        rest = Fields(&rest.0[length..]);
    }
    if entries.len() as u64 != count {
        return Err(damaged().into());
    }
    Ok(entries)
}

impl Entry {
    /// The first entry, and its length.
    fn parse(fields: &Fields<'_>) -> Result<(Self, usize), UnpackError> {
        const FIXED: usize = 46;
        if !fields.is(b"PK\x01\x02") {
            return Err(damaged());
        }
        let lengths = [fields.u16(28)?, fields.u16(30)?, fields.u16(32)?].map(usize::from);
        let raw_name = fields.slice(FIXED, lengths[0])?.to_vec();
        let extra = fields.slice(FIXED + lengths[0], lengths[1])?;
        let length = FIXED + lengths.iter().sum::<usize>();
        fields.slice(0, length)?;
        let mut wide = wide_numbers(extra)?;
        // Numbers that do not fit are in the extra field, in this order.
        let mut number = |narrow: u32| match narrow {
            u32::MAX => {
                let (first, rest) = wide.split_first_chunk().ok_or(damaged())?;
                wide = rest;
                Ok::<u64, UnpackError>(u64::from_le_bytes(*first))
            }
            narrow => Ok(u64::from(narrow)),
        };
        let size = number(fields.u32(24)?)?;
        let packed_size = number(fields.u32(20)?)?;
        let offset = number(fields.u32(42)?)?;
        let entry = Self {
            name: String::from_utf8_lossy(&raw_name).into_owned(),
            raw_name,
            flags: fields.u16(8)?,
            method: fields.u16(10)?,
            checksum: fields.u32(16)?,
            packed_size,
            size,
            offset,
        };
        Ok((entry, length))
    }
}

/// The extra field with the large numbers; empty where there is none.
fn wide_numbers(mut extra: &[u8]) -> Result<&[u8], UnpackError> {
    while extra.len() >= 4 {
        let length = usize::from(Fields(extra).u16(2)?);
        let field = Fields(extra).slice(4, length)?;
        if Fields(extra).u16(0)? == 1 {
            return Ok(field);
        }
        extra = &extra[4 + length..];
    }
    Ok(&[])
}

/// Where the bytes of a file begin, behind its own header.
fn content_of<F: Read + Seek>(file: &mut F, entry: &Entry) -> io::Result<u64> {
    const FIXED: u64 = 30;
    let header = read_at(file, entry.offset, FIXED)?;
    let header = Fields(&header);
    let (name, extra) = (u64::from(header.u16(26)?), u64::from(header.u16(28)?));
    let same_name = read_at(file, entry.offset.saturating_add(FIXED), name)? == entry.raw_name;
    let same_facts = header.u16(8)? == entry.method && header.u16(6)? & ENCRYPTED == 0;
    if !header.is(b"PK\x03\x04") || !same_name || !same_facts {
        return Err(damaged().into());
    }
    entry.offset.checked_add(FIXED + name + extra).ok_or_else(|| damaged().into())
}

fn read_at<F: Read + Seek>(file: &mut F, place: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(place))?;
    let mut bytes = Vec::new();
    if file.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

enum Decoder<F: Read> {
    Stored(Take<F>),
    Deflate(flate2::bufread::DeflateDecoder<io::BufReader<Take<F>>>),
    Other(Decompressor<Take<F>>),
}

/// A file whose length and checksum are compared at its end.
struct Checked<F: Read> {
    decoder: Decoder<F>,
    left: u64,
    checksum: flate2::Crc,
    expected: u32,
}

impl<F: Read> Read for Checked<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.decoder {
            Decoder::Stored(decoder) => decoder.read(buffer),
            Decoder::Deflate(decoder) => decoder.read(buffer),
            Decoder::Other(decoder) => decoder.read(buffer),
        };
        let length = read.map_err(|error| of_decoder(Packed::Zip, error))?;
        if length == 0 && !buffer.is_empty() && (self.left != 0 || self.checksum.sum() != self.expected) {
            let problem = if self.left == 0 { Problem::Damaged } else { Problem::Cut };
            return Err(UnpackError::new(Packed::Zip, problem).into());
        }
        // More than was said is not handed on: a checksum at the end would come too late.
        self.left = self.left.checked_sub(length as u64).ok_or(damaged())?;
        self.checksum.update(&buffer[..length]);
        Ok(length)
    }
}
