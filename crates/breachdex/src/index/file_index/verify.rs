//! Checking all of a file that is read: a group at a time for each thread.

#![forbid(unsafe_code)]

use super::sections::SectionReader;
use super::{FileIndex, ReadMode};
use crate::error::{Fault, Result, Section};
use crate::format::directory::Locator;
use crate::format::limits::MOST_GROUP;
use crate::format::notes;
use crate::index::core::within;
use crate::index::parts::Parts;
use crate::index::verify::{GroupBytes, VerifyOptions, Walk, check_notes};
use crate::monitor::Monitor;
use crate::storage::{Source, WINDOW, Windows};

impl FileIndex {
    /// Checks every byte, by positioned reads: what [`Index::verify`](crate::Index::verify) checks, on all processors.
    /// Each thread holds a group at a time, half a megabyte in a whole corpus.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged) with the first fault; [`Error::Io`](crate::Error::Io);
    /// [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn verify(&self, monitor: &dyn Monitor) -> Result<()> {
        self.verify_with(VerifyOptions::default(), monitor)
    }

    /// [`FileIndex::verify`] with options.
    ///
    /// # Errors
    /// As [`FileIndex::verify`].
    pub fn verify_with(&self, options: VerifyOptions, monitor: &dyn Monitor) -> Result<()> {
        let places = (0..).zip(&self.groups);
        let parts = Parts::new(
            places.filter_map(|(prefix, place)| Some((prefix, place.as_ref()?.locator))).collect(),
            self.header.groups.length,
            WINDOW,
        );
        let source = match &self.resident {
            None => Some(Source::file(&self.file)),
            Some(resident) => resident.source(),
        };
        let windows = Windows::new(source, parts.bounds(&self.header));
        let reader = SectionReader { file: &self.file, path: &self.path, name: &self.name };
        let hashes = reader.section(Section::Hashes, self.header.hashes)?;
        let walk = Walk {
            header: &self.header,
            metadata: &self.metadata,
            kernel: self.kernel,
            name: &self.name,
            hashes: &hashes,
            groups: self,
        };
        walk.run(&parts, &windows, options, monitor)?;
        let section = reader.section(Section::Notes, self.header.notes)?;
        let notes = notes::decode(&section)
            .map_err(|fault| within(Section::Notes, self.header.notes, fault).named(&self.name))?;
        check_notes(&self.header, &notes).map_err(|fault| fault.named(&self.name))
    }
}

impl GroupBytes for FileIndex {
    fn bytes<'a>(&'a self, prefix: u32, locator: Locator, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        let length = self.groups.get(prefix as usize).copied().flatten().map_or(0, |place| place.length);
        if length > MOST_GROUP {
            let at = self.header.groups.offset + locator.offset();
            let reason = "the group is longer than any can be";
            return Err(Fault::new(Section::Groups, at, reason).named(&self.name));
        }
        self.read(locator.offset(), length, ReadMode::Blocking, buffer)?;
        Ok(buffer)
    }
}
