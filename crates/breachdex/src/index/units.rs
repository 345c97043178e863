//! Units of an index: each is checked against its hash when one of its groups is first touched, where the content id is
//! trusted, and without a signature by jobs that make files of whole indexes.
//!
//! A CRC finds damage only. Here header, directory, facts and hashes are held against the content id once, at open, and
//! the groups of a unit against its hash, so that every byte that answers a question is one that was signed. Without a
//! signature whoever wrote the file may have made all of it; then an entry that was changed since in a way that no
//! checksum shows gets no place in another file, whose hashes would be right.

#![forbid(unsafe_code)]

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

use super::core::Core;
use super::failure::Failure;
use super::metadata::Metadata;
use super::touch::{BucketAt, SEQUENTIAL};
use crate::error::{Fault, Result as IndexResult, Section};
use crate::format::content::{self, HASH, Hash};
use crate::format::directory::Locator;
use crate::format::facts::Facts;
use crate::format::group::Group;
use crate::format::header::{CONTENT_ID, Header};
use crate::storage::{Access, Buffer, ReadMode, zeroed_words};

/// Who says which hashes are right, and what is said where they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A signature of a trusted key.
    #[cfg(feature = "signatures")]
    Signature,
    /// The file itself.
    File,
}

impl Word {
    const fn other_id(self) -> &'static str {
        match self {
            #[cfg(feature = "signatures")]
            Self::Signature => {
                "header, directory, facts and hashes do not have the content id that was signed"
            }
            Self::File => "the content id does not match the content",
        }
    }

    const fn other_hash(self) -> &'static str {
        match self {
            #[cfg(feature = "signatures")]
            Self::Signature => {
                "its unit does not have the hash that was signed, so it was changed or replaced"
            }
            Self::File => "its unit does not have its hash, though all checksums match, so it was changed",
        }
    }
}

/// The hashes of all units, and which units have theirs.
pub(super) struct Units {
    word: Word,
    hashes: Box<[u8]>,
    /// Bits of a prefix that its unit does not say.
    shift: u32,
    /// One bit for each unit; relaxed, as in `verified`.
    checked: Box<[AtomicU64]>,
}

impl Units {
    /// Holds what was read at open, and the hashes section, against the content id.
    pub(super) fn prove(
        word: Word,
        header: &Header,
        metadata: &Metadata,
        groups: Vec<(u32, Locator)>,
        hashes: &[u8],
    ) -> Result<Self, Fault> {
        let facts = Facts {
            coverage: metadata.coverage.clone(),
            source: metadata.source.clone(),
            date: metadata.corpus_date.clone(),
        };
        if content::id(header, groups.into_iter(), &facts.encode(), hashes) != header.content_id {
            return Err(Fault::new(Section::Header, CONTENT_ID as u64, word.other_id()));
        }
        Ok(Self {
            word,
            hashes: hashes.into(),
            shift: header.layout.directory_bits.saturating_sub(header.unit_bits),
            checked: zeroed_words((1_usize << header.unit_bits).div_ceil(64)).unwrap_or_default(),
        })
    }

    /// Whether the unit of a group was found to have its hash.
    pub(super) fn is_checked(&self, prefix: u32) -> bool {
        let unit = prefix >> self.shift;
        self.checked
            .get(unit as usize / 64)
            .is_some_and(|word| word.load(Ordering::Relaxed) >> (unit % 64) & 1 == 1)
    }

    /// The prefixes whose groups make the unit of a group.
    pub(super) fn prefixes(&self, prefix: u32) -> RangeInclusive<u32> {
        let first = prefix >> self.shift << self.shift;
        first..=first + ((1 << self.shift) - 1)
    }

    /// Whether the unit of a group has its hash. `groups` are all groups of the unit, in order, each with the hash of its
    /// bytes.
    fn check(&self, prefix: u32, groups: &[(u32, Hash)]) -> bool {
        let unit = (prefix >> self.shift) as usize;
        if self.hashes.get(unit * HASH..(unit + 1) * HASH) != Some(&content::unit(groups)) {
            return false;
        }
        if let Some(word) = self.checked.get(unit / 64) {
            word.fetch_or(1 << (unit % 64), Ordering::Relaxed);
        }
        true
    }
}

impl Core {
    /// Holds every unit against its hash from now on, by the word of the file where no signature gave one.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged), [`Error::Io`](crate::Error::Io).
    pub(super) fn hold_to_hashes(&self) -> IndexResult<()> {
        if self.units.get().is_some() {
            return Ok(());
        }
        let (header, metadata) = (self.header(), self.metadata());
        let units = Units::prove(Word::File, header, metadata, self.all_groups(), &self.hashes()?);
        // Another thread's are the same.
        let _ = self.units.set(units.map_err(|fault| self.damaged(fault))?);
        self.verified.forget_groups();
        Ok(())
    }

    /// Reads all groups of a group's unit and compares them with its hash: one group of half a megabyte in a whole corpus.
    /// `false` where it has another and a checksum says more exactly what is damaged, to whoever reads on.
    #[cold]
    pub(super) fn check_unit<'b, A: Access<'b>>(
        &self,
        access: A,
        units: &Units,
        prefix: u32,
        locator: Locator,
    ) -> Result<bool, Failure> {
        let (mut buffer, mut hashes) = (A::Buffer::default(), Vec::new());
        let span = units.prefixes(prefix);
        let groups = self.groups_between(*span.start(), *span.end());
        if let [(_, first), .., (_, last)] = groups[..] {
            // One request for all groups but the last, whose end is in its head.
            let length = last.offset().saturating_sub(first.offset()).min(self.header.groups.length);
            self.will_need(first.offset(), length as usize);
        }
        for (at, (prefix, locator)) in groups.iter().enumerate() {
            let is_asked_for = at + 1 < groups.len();
            match self.group_hash(access, *locator, is_asked_for, &mut buffer) {
                Err(Failure::Damaged(_)) if units.word == Word::File => return Ok(false),
                hash => hashes.push((*prefix, hash?)),
            }
        }
        if units.check(prefix, &hashes) {
            return Ok(true);
        }
        if units.word == Word::File {
            for (prefix, locator) in groups {
                if !self.has_its_checksums(prefix, locator)? {
                    return Ok(false);
                }
            }
        }
        Err(self.group_fault(locator, units.word.other_hash()).into())
    }

    /// The hash of a group's bytes, which are read in pieces.
    fn group_hash<'b, A: Access<'b>>(
        &self,
        access: A,
        locator: Locator,
        is_asked_for: bool,
        buffer: &mut A::Buffer,
    ) -> Result<Hash, Failure> {
        let fault = |reason| self.group_fault(locator, reason);
        let room = self.header.groups.length.saturating_sub(locator.offset());
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if A::READS {
            self.load_head(access, locator, room, 0, buffer)?;
        }
        let at = self.header.groups.offset + locator.offset();
        let end = Group::from_head(access.loaded(at, buffer), room).map_err(fault)?.end();
        if !is_asked_for {
            self.will_need(locator.offset(), end);
        }
        let (mut hasher, mut done) = (content::GroupHasher::default(), 0);
        while done < end {
            let (at, length) = (at + done as u64, (end - done).min(SEQUENTIAL));
            access.load(at, length, 0, buffer).map_err(|unread| Failure::of(unread, Section::Groups, at))?;
            let piece = access.loaded(at, buffer).get(..length);
            hasher.update(piece.ok_or_else(|| fault("the group is cut short"))?);
            done += length;
        }
        Ok(hasher.finish())
    }

    /// Whether a group's head and buckets have their checksums.
    fn has_its_checksums(&self, prefix: u32, locator: Locator) -> Result<bool, Failure> {
        let access = self.reading(ReadMode::Blocking);
        let (mut head, mut bytes) = (Buffer::default(), Buffer::default());
        let group = self.unchecked_group(access, locator, SEQUENTIAL, &mut head)?;
        if group.check(self.layout(), prefix, locator).is_err() {
            return Ok(false);
        }
        for bucket in 0..group.buckets() {
            let record = self.record(locator, &group, bucket)?;
            let place = BucketAt { prefix, locator, group: &group, bucket };
            match self.bucket_checked_now(access, place, &record, SEQUENTIAL, &mut bytes) {
                Err(Failure::Damaged(_)) => return Ok(false),
                checked => checked.map(drop)?,
            }
        }
        Ok(true)
    }
}
