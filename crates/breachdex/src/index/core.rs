//! An open index: its small sections, checked when it was opened, and what is asked of it but its groups, which `touch`
//! finds and checks. Everything here and above is the same for a file that is read, a mapping and bytes in memory.

#![forbid(unsafe_code)]

use std::sync::OnceLock;

use super::failure::Failure;
use super::metadata::{ContentId, Metadata};
use super::places::Places;
use super::sections;
use super::units::Units;
#[cfg(feature = "signatures")]
use super::units::Word;
use super::verified::Verified;
use super::{Answer, Range};
use crate::coverage::Prefix;
use crate::digest::{Digest, Key};
use crate::error::{Error, Fault, Result, Section};
use crate::format::directory::{Directory, Locator};
use crate::format::facts::Facts;
use crate::format::group;
use crate::format::header::{Extent, Header};
use crate::format::{Layout, notes};
use crate::kernels::{ActiveKernel, Kernel, Task};
use crate::storage::{ReadMode, Reading, Source, Storage};

/// How often a part of an index is held against its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checks {
    /// When it is touched for the first time. Right for bytes that do not change: of a file that is only ever replaced
    /// by rename, or a copy in memory.
    Once,
    /// For every answer, so that what somebody changed in place since is an error, or the answer from before.
    Always,
}

/// An open index without the handle's extras.
pub(crate) struct Core {
    name: String,
    pub(super) storage: Storage,
    pub(super) header: Header,
    metadata: Metadata,
    whole: bool,
    directory: Directory,
    pub(super) verified: Verified,
    pub(super) places: Places,
    /// As most groups are split.
    pub(super) likely_extra_bits: u32,
    /// Where the content id is trusted, or groups get places in other files.
    pub(super) units: OnceLock<Units>,
    #[cfg(feature = "signatures")]
    signed: Option<crate::trust::Signed>,
    kernel: ActiveKernel,
}

impl Core {
    /// Checks the header, the directory and the facts of a file of `length` bytes.
    pub(super) fn open(
        storage: Storage,
        length: u64,
        name: String,
        kernel: Kernel,
        checks: Checks,
    ) -> Result<Self> {
        let head = sections::head(&storage, length).map_err(|failure| failure.named(&name))?;
        let header = Header::decode(&head, length, &name)?;
        drop(head);
        let section =
            |section, extent| sections::section(&storage, section, extent).map_err(|f| f.named(&name));
        let directory = section(Section::Directory, header.directory)?;
        let directory = Directory::open(&directory, header.layout, header.group_count, header.groups.length)
            .map_err(|fault| within(Section::Directory, header.directory, fault).named(&name))?;
        let facts = section(Section::Facts, header.facts)?;
        let facts = Facts::decode(&facts)
            .map_err(|fault| within(Section::Facts, header.facts, fault).named(&name))?;
        let (verified, places) = match checks {
            Checks::Once => {
                (Verified::new(header.layout.directory_bits, header.groups.length), Places::new(&header))
            }
            Checks::Always => (Verified::never(), Places::never()),
        };
        Ok(Self {
            name,
            whole: facts.coverage.is_whole(),
            metadata: Metadata::new(&header, facts),
            likely_extra_bits: group::extra_bits(
                header.layout.bits,
                header.entries / header.group_count.max(1),
            ),
            storage,
            header,
            directory,
            verified,
            places,
            units: OnceLock::new(),
            #[cfg(feature = "signatures")]
            signed: None,
            kernel: ActiveKernel::choose(kernel),
        })
    }

    /// Takes the content id for trusted: what was read at open must have it, and from now on every unit its hash.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    #[cfg(feature = "signatures")]
    pub(super) fn trust_content_id(&mut self, signed: crate::trust::Signed) -> Result<()> {
        let units =
            Units::prove(Word::Signature, &self.header, &self.metadata, self.all_groups(), &self.hashes()?)
                .map_err(|fault| self.damaged(fault))?;
        (self.units, self.signed) = (OnceLock::from(units), Some(signed));
        Ok(())
    }

    #[cfg(feature = "signatures")]
    pub(super) fn signed(&self) -> Option<&crate::trust::Signed> {
        self.signed.as_ref()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    #[inline(always)]
    pub(super) fn layout(&self) -> Layout {
        self.header.layout
    }

    pub(super) fn content_id(&self) -> ContentId {
        ContentId(self.header.content_id)
    }

    pub(super) fn kernel(&self) -> &'static str {
        self.kernel.name()
    }

    #[inline]
    pub(super) fn run<T: Task>(&self, task: T) -> T::Output {
        self.kernel.run(task)
    }

    #[inline]
    pub(super) fn run_wide<T: Task>(&self, task: T) -> T::Output {
        self.kernel.run_wide(task)
    }

    pub(super) fn damaged(&self, fault: Fault) -> Error {
        fault.named(&self.name)
    }

    /// A failure as the error that callers get.
    #[cold]
    pub(super) fn failed(&self, failure: Failure) -> Error {
        failure.named(&self.name)
    }

    pub(super) fn changed_in_place(&self) -> Error {
        self.damaged(self.changed_in_place_fault())
    }

    pub(super) fn changed_in_place_fault(&self) -> Fault {
        Fault::new(Section::Header, 0, "the file was changed in place while it was open")
    }

    /// Whether lookups find the bytes in memory instead of reading them.
    #[cfg(feature = "live")]
    pub(super) fn is_in_memory(&self) -> bool {
        self.storage.bytes().is_some()
    }

    /// The bytes, for those who may wait and those who may not.
    pub(super) fn reading(&self, mode: ReadMode) -> Reading<'_> {
        self.storage.reading(mode)
    }

    /// What reads ahead in the file.
    pub(super) fn source(&self) -> Option<Source<'_>> {
        self.storage.source()
    }

    pub(super) fn release_pages(&self) {
        self.storage.release();
    }

    /// Every group, in order.
    pub(super) fn all_groups(&self) -> Vec<(u32, Locator)> {
        self.directory.all()
    }

    /// How many groups the directory has.
    pub(super) fn group_count(&self) -> usize {
        self.directory.len()
    }

    /// The groups whose prefixes lie between two of `g` bits (inclusive).
    pub(super) fn groups_between(&self, first: u32, last: u32) -> Vec<(u32, Locator)> {
        self.directory.between(first, last)
    }

    /// The group of a prefix of `g` bits.
    #[inline(always)]
    pub(super) fn locate(&self, prefix: u32) -> Option<Locator> {
        self.directory.find(prefix)
    }

    /// Bytes from a group's start up to where the next one starts, where that is easily told.
    pub(super) fn room(&self, prefix: u32, locator: Locator) -> Option<u64> {
        self.directory.next_offset(prefix)?.checked_sub(locator.offset())
    }

    /// The hashes of units, where their checksum holds.
    pub(super) fn hashes(&self) -> Result<std::borrow::Cow<'_, [u8]>> {
        let section = sections::section(&self.storage, Section::Hashes, self.header.hashes);
        section.map_err(|failure| self.failed(failure))
    }

    pub(super) fn notes(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let section = sections::section(&self.storage, Section::Notes, self.header.notes);
        let section = section.map_err(|failure| self.failed(failure))?;
        notes::decode(&section)
            .map_err(|fault| self.damaged(within(Section::Notes, self.header.notes, fault)))
    }

    pub(super) fn range(&self, prefix: &Prefix) -> Result<Range<'_>> {
        let (first, last) = prefix.covered_span();
        if let Some(prefix) = self.metadata.coverage.first_gap(first, last) {
            return Err(self.not_covered(prefix));
        }
        let (first, last) = prefix.bounds();
        Ok(Range::new(self, first, last))
    }

    pub(super) fn iter(&self) -> Range<'_> {
        Range::new(self, Key::default(), Key { words: [u64::MAX; 3] })
    }

    /// Refuses a question of the wrong kind or outside the coverage.
    #[inline(always)]
    pub(super) fn admit(&self, digest: &Digest) -> Result<()> {
        let held = self.header.layout.kind;
        if digest.kind() != held {
            return Err(Error::WrongKind { held, asked: digest.kind() });
        }
        let prefix = digest.key().leading(20) as u32;
        if !self.whole && !self.metadata.coverage.contains(prefix) {
            return Err(self.not_covered(prefix));
        }
        Ok(())
    }

    #[cold]
    pub(super) fn not_covered(&self, prefix: u32) -> Error {
        Error::NotCovered { name: self.name.clone(), prefix }
    }

    /// Refuses where whole digests are needed and not kept.
    pub(super) fn require_exact(&self) -> Result<()> {
        if self.metadata.is_exact() {
            return Ok(());
        }
        let Layout { bits, kind, .. } = self.header.layout;
        Err(Error::NotExact { name: self.name.clone(), bits, full: kind.bits() })
    }

    /// Refuses where counts are needed and not stored.
    pub(super) fn require_counts(&self) -> Result<()> {
        if self.metadata.has_counts {
            return Ok(());
        }
        Err(Error::CountsUnavailable { name: self.name.clone() })
    }

    /// What a stored count means.
    #[inline(always)]
    pub(super) fn answer(&self, found: Option<u64>) -> Answer {
        match found {
            None => Answer::Absent,
            Some(count) => Answer::Present { count: self.header.layout.counts.then_some(count) },
        }
    }
}

/// A fault at an offset within a section.
fn within(section: Section, extent: Extent, (offset, reason): (u64, &'static str)) -> Fault {
    Fault::new(section, extent.offset + offset, reason)
}
