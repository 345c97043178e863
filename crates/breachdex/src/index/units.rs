//! Units of an index whose content id is trusted: each is checked against its hash when one of its groups is first touched.
//!
//! A CRC finds damage only. Here header, directory, facts and hashes are held against the content id once, at open, and
//! the groups of a unit against its hash, so that every byte that answers a question is one that was signed.

#![forbid(unsafe_code)]

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

use super::metadata::Metadata;
use crate::error::{Fault, Section};
use crate::format::content::{self, HASH, Hash};
use crate::format::directory::Locator;
use crate::format::facts::Facts;
use crate::format::header::{CONTENT_ID, Header};
use crate::storage::zeroed_words;

/// What is said of a group whose unit is not the one that was signed.
const OTHER: &str = "its unit does not have the hash that was signed, so it was changed or replaced";

/// The hashes of all units, and which units have theirs.
pub(super) struct Units {
    hashes: Box<[u8]>,
    /// Bits of a prefix that its unit does not say.
    shift: u32,
    /// One bit for each unit; relaxed, as in `verified`.
    checked: Box<[AtomicU64]>,
}

impl Units {
    /// Holds what was read at open, and the hashes section, against the content id.
    #[cfg_attr(
        not(feature = "signatures"),
        expect(dead_code, reason = "only a signed content id is worth it")
    )]
    pub(super) fn prove(
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
            let reason = "header, directory, facts and hashes do not have the content id that was signed";
            return Err(Fault::new(Section::Header, CONTENT_ID as u64, reason));
        }
        Ok(Self {
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

    /// Compares the unit of a group with its hash. `groups` are all groups of the unit, in order, each with the hash of its
    /// bytes.
    pub(super) fn check(&self, prefix: u32, groups: &[(u32, Hash)]) -> Result<(), &'static str> {
        let unit = (prefix >> self.shift) as usize;
        if self.hashes.get(unit * HASH..(unit + 1) * HASH) != Some(&content::unit(groups)) {
            return Err(OTHER);
        }
        if let Some(word) = self.checked.get(unit / 64) {
            word.fetch_or(1 << (unit % 64), Ordering::Relaxed);
        }
        Ok(())
    }
}
