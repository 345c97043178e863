//! A base and overlays that follow their files, asked as one.
//!
//! Unlike in an [`IndexSet`](super::IndexSet), whose members are parts of one corpus, an overlay is somebody's own
//! list of passwords that must not be used; [`Overlays`] says what that means.

#![forbid(unsafe_code)]

use super::live::LiveIndex;
use super::overlays::{Overlaid, Overlays, known};
use super::{Answer, Index, IndexSet, Lookup};
use crate::corpus::Origin;
use crate::coverage::Prefix;
use crate::digest::{Digest, Kind};
use crate::entry::Entry;
use crate::error::{Error, Result};

/// A base and any number of overlays of the same kind.
#[derive(Clone, Debug)]
pub struct LiveSet {
    base: LiveIndex,
    overlays: Overlays,
}

/// A digest that a set holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// How often it was seen, in all indexes together; `None` where one does not say.
    pub count: Option<u64>,
    /// Which index knows it.
    pub origin: Origin,
    /// Whether another member could not answer.
    pub is_partial: bool,
}

impl LiveSet {
    /// A base with overlays over it.
    ///
    /// # Errors
    /// [`Error::MixedKinds`] when an overlay holds another kind of digest than the base.
    pub fn new(base: LiveIndex, overlays: Vec<LiveIndex>) -> Result<Self> {
        let name = base.ask(|index| Ok::<_, Error>(index.name().to_owned()));
        let overlays = Overlays::new(&name.unwrap_or_default(), base.kind(), overlays)?;
        Ok(Self { base, overlays })
    }

    /// The base.
    pub fn base(&self) -> &LiveIndex {
        &self.base
    }

    /// The overlays.
    pub fn overlays(&self) -> &[LiveIndex] {
        self.overlays.members()
    }

    /// The base, then the overlays.
    pub fn members(&self) -> impl Iterator<Item = &LiveIndex> {
        std::iter::once(&self.base).chain(self.overlays.members())
    }

    /// Which digest the set holds.
    pub fn kind(&self) -> Kind {
        self.base.kind()
    }

    /// What is known about a digest that is exposed: one that an overlay holds, or that the base has seen at least
    /// `min_count` times. A member that cannot answer hides no other one: what any is known to hold is exposed.
    ///
    /// # Errors
    /// As [`Index::lookup`], of the base or, but for [`Error::NotCovered`], an overlay, where no other member is known
    /// to hold it; [`Error::CountsUnavailable`] for a `min_count` above 1 and a base without counts.
    pub fn find(&self, digest: &Digest, min_count: u64) -> Result<Option<Sighting>> {
        let overlaid = self.overlays.find(digest);
        if let Ok(Some(overlaid)) = overlaid {
            let base = self.base.ask(|index| index.lookup(digest));
            let is_partial = overlaid.is_partial() || base.is_err();
            let count = overlaid.count_with(base.ok());
            return Ok(Some(Sighting { count, origin: Origin::Overlay, is_partial }));
        }
        let answer = self.base.ask(|index| {
            require(index, min_count)?;
            index.lookup(digest)
        });
        match (answer, overlaid) {
            (Ok(Answer::Present { count }), overlaid) if count.unwrap_or(1) >= min_count => {
                Ok(Some(Sighting {
                    count: count.filter(|_| overlaid.is_ok()),
                    origin: Origin::Base,
                    is_partial: overlaid.is_err(),
                }))
            }
            (_, Err(fault)) | (Err(fault), _) => Err(fault),
            (Ok(_), Ok(_)) => Ok(None),
        }
    }

    /// Whether certainly none of some digests is exposed: faster than [`LiveSet::find`] for each, which says more where
    /// this is false, because one may be or because a member cannot answer.
    pub fn holds_none(&self, digests: &[Digest], min_count: u64) -> bool {
        let mut answers = vec![Answer::Absent; digests.len()];
        let asked = self.base.ask(|index| {
            require(index, min_count)?;
            index.lookup_many(digests, &mut answers)
        });
        let is_exposed =
            |answer: &Answer| matches!(answer, Answer::Present { count } if count.unwrap_or(1) >= min_count);
        asked.is_ok()
            && !answers.iter().any(is_exposed)
            && digests.iter().all(|digest| matches!(self.overlays.find(digest), Ok(None)))
    }

    /// How often a digest was seen, in all indexes together; an overlay without counts has seen it once.
    ///
    /// # Errors
    /// As [`LiveSet::find`]; [`Error::CountsUnavailable`] for a base without counts.
    pub fn count(&self, digest: &Digest) -> Result<u64> {
        if self.overlays.members().is_empty() {
            return self.base.ask(|index| index.count(digest));
        }
        let overlaid = self.overlays.sum(digest)?;
        with_overlaid(self.base.ask(|index| index.count(digest)), overlaid)
    }

    /// The indexes that answer now, to be kept for longer work.
    ///
    /// # Errors
    /// As [`LiveIndex::snapshot`].
    pub fn snapshot(&self) -> Result<SetSnapshot> {
        let overlays = self.overlays.members().iter().map(LiveIndex::snapshot).collect::<Result<_>>()?;
        Ok(SetSnapshot { base: self.base.snapshot()?, overlays })
    }
}

/// Refuses a threshold that an index cannot judge by.
fn require(index: &Index, min_count: u64) -> Result<()> {
    if min_count > 1 { Lookup::require_counts(index) } else { Ok(()) }
}

/// The base's count and the overlays', which answer for a base that does not cover what they hold.
fn with_overlaid(base: Result<u64>, overlaid: Option<Overlaid>) -> Result<u64> {
    match (base, overlaid) {
        (Err(Error::NotCovered { .. }), Some(overlaid)) => Ok(overlaid.count()),
        (base, overlaid) => Ok(base?.saturating_add(overlaid.map_or(0, Overlaid::count))),
    }
}

impl From<LiveIndex> for LiveSet {
    fn from(base: LiveIndex) -> Self {
        Self { base, overlays: Overlays::default() }
    }
}

/// The indexes of a set at one moment.
#[derive(Clone, Debug)]
pub struct SetSnapshot {
    base: Index,
    overlays: Vec<Index>,
}

impl SetSnapshot {
    /// The base.
    pub fn base(&self) -> &Index {
        &self.base
    }

    /// The base, then the overlays.
    pub fn members(&self) -> impl Iterator<Item = &Index> {
        std::iter::once(&self.base).chain(&self.overlays)
    }

    /// [`LiveSet::count`] of many digests, interleaved on the calling thread, added to what `counts` holds, which
    /// must be as long as `digests`.
    ///
    /// # Errors
    /// As [`LiveSet::count`], for the first digest that has one.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn count_many(&self, digests: &[Digest], counts: &mut [u64]) -> Result<()> {
        assert_eq!(digests.len(), counts.len(), "as many counts as digests");
        Lookup::require_counts(&self.base)?;
        let all_cover_all = self.members().all(|index| index.metadata().coverage.is_whole());
        if !self.overlays.is_empty() && !all_cover_all {
            for (digest, count) in digests.iter().zip(counts) {
                let overlaid = known(self.overlays.iter().map(|overlay| overlay.lookup(digest)))?;
                *count = count.saturating_add(with_overlaid(self.base.count(digest), overlaid)?);
            }
            return Ok(());
        }
        let mut answers = vec![Answer::Absent; digests.len()];
        for index in self.members() {
            index.lookup_many(digests, &mut answers)?;
            for (sum, answer) in counts.iter_mut().zip(&answers) {
                if let Answer::Present { count } = answer {
                    *sum = sum.saturating_add(count.unwrap_or(1));
                }
            }
        }
        Ok(())
    }

    /// The entries under a prefix in order, equal digests as one entry with the sum of their counts.
    ///
    /// # Errors
    /// [`Error::NotExact`] and [`Error::CountsUnavailable`] for a member whose rows would say less than a range's
    /// do; [`Error::NotCovered`] where the base does not cover all of it; [`Error::Damaged`].
    pub fn range(&self, prefix: &Prefix) -> Result<Vec<Entry>> {
        for index in self.members() {
            index.require_exact()?;
            Lookup::require_counts(index)?;
        }
        // Asks for the coverage; reads nothing yet.
        self.base.range(prefix)?;
        IndexSet::new(self.base.clone(), self.overlays.clone())?.range(prefix)?.collect()
    }
}
