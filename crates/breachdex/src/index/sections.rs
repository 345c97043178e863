//! The header and the sections that are taken as a whole, with their checksums.

#![forbid(unsafe_code)]

use std::borrow::Cow;

use super::failure::Failure;
use crate::error::{Fault, Section};
use crate::format::checksum;
use crate::format::header::{Extent, LENGTH};
use crate::storage::{Access as _, Buffer, ReadMode, Storage};

/// Bytes of a section that are read at a time before its checksum is known.
const PIECE: usize = 1 << 20;

/// The first bytes of a file of `length` bytes: the header, where there is a whole one.
pub(super) fn head(storage: &Storage, length: u64) -> Result<Cow<'_, [u8]>, Failure> {
    let extent = Extent { offset: 0, length: length.min(LENGTH as u64), checksum: 0 };
    bytes(storage, Section::Header, extent)
}

/// A section whose checksum holds.
pub(super) fn section(storage: &Storage, section: Section, extent: Extent) -> Result<Cow<'_, [u8]>, Failure> {
    let mismatch = || Fault::new(section, extent.offset, "the section's checksum does not match");
    // What a header says of a length takes no memory before the file was found to have it, and the right bytes there.
    if storage.bytes().is_none() && extent.length > PIECE as u64 {
        let (reading, mut buffer) = (storage.reading(ReadMode::Blocking), Buffer::default());
        let (mut sum, mut at) = (checksum::section(&[]), extent.offset);
        while at < extent.end() {
            let length = (extent.end() - at).min(PIECE as u64) as usize;
            reading.load(at, length, 0, &mut buffer).map_err(|unread| Failure::of(unread, section, at))?;
            sum = checksum::append(sum, reading.loaded(at, &buffer).get(..length).unwrap_or_default());
            at += length as u64;
        }
        if sum != extent.checksum {
            return Err(mismatch().into());
        }
    }
    let bytes = bytes(storage, section, extent)?;
    if checksum::section(&bytes) == extent.checksum { Ok(bytes) } else { Err(mismatch().into()) }
}

fn bytes(storage: &Storage, section: Section, extent: Extent) -> Result<Cow<'_, [u8]>, Failure> {
    let beyond = || Fault::new(section, extent.offset, "the section reaches beyond the file");
    let length = usize::try_from(extent.length).map_err(|_| beyond())?;
    let Some(whole) = storage.bytes() else {
        let (reading, mut buffer) = (storage.reading(ReadMode::Blocking), Buffer::default());
        reading
            .load(extent.offset, length, 0, &mut buffer)
            .map_err(|unread| Failure::of(unread, section, extent.offset))?;
        return Ok(Cow::Owned(buffer.into_bytes(length)));
    };
    let range = extent.offset as usize..extent.end() as usize;
    // A section is read as a whole, and without this a page at a time.
    storage.will_need(range.clone());
    whole.get(range).map(Cow::Borrowed).ok_or_else(|| beyond().into())
}
