//! The small sections of a file that is read, and where its groups are.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::Path;

use super::reading::read_at;
use super::{GroupPlace, ReadMode};
use crate::error::{Fault, Result, Section};
use crate::format::checksum;
use crate::format::directory::Directory;
use crate::format::header::{Extent, Header};

/// Every prefix of `g` bits and its group, with all bytes up to the next one or to the section's end.
pub(super) fn groups(directory: &Directory, header: &Header) -> Box<[Option<GroupPlace>]> {
    let mut places = vec![None; 1 << header.layout.directory_bits];
    let list = directory.all();
    let ends = list.iter().skip(1).map(|(_, next)| next.offset()).chain([header.groups.length]);
    for ((prefix, locator), end) in list.iter().zip(ends) {
        places[*prefix as usize] = Some(GroupPlace { locator: *locator, length: end - locator.offset() });
    }
    places.into_boxed_slice()
}

/// Reads the small sections of a file.
pub(super) struct SectionReader<'a> {
    pub(super) file: &'a File,
    pub(super) path: &'a Path,
    pub(super) name: &'a str,
}

impl SectionReader<'_> {
    pub(super) fn read(&self, offset: u64, length: u64, section: Section) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length as usize];
        read_at(self.file, offset, &mut bytes, ReadMode::Blocking)
            .map_err(|unread| unread.explain(self.path, self.name, section, offset))?;
        Ok(bytes)
    }

    /// A section whose checksum holds.
    pub(super) fn section(&self, section: Section, extent: Extent) -> Result<Vec<u8>> {
        let fault = |reason| Fault::new(section, extent.offset, reason).named(self.name);
        let bytes = self.read(extent.offset, extent.length, section)?;
        if checksum::section(&bytes) == extent.checksum {
            Ok(bytes)
        } else {
            Err(fault("the section's checksum does not match"))
        }
    }
}
