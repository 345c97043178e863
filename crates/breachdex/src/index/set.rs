//! Several indexes asked as one: a base and the overlays laid over it.

#![forbid(unsafe_code)]

use super::{Answer, Index, Lookup, Range};
use crate::coverage::Prefix;
use crate::digest::{Digest, Kind};
use crate::entry::Entry;
use crate::error::{Error, Result};

/// A base and overlays of one kind. Covered where any of them is; counts add up.
#[derive(Clone, Debug)]
pub struct IndexSet {
    /// The base first; never empty.
    indexes: Vec<Index>,
}

impl IndexSet {
    /// A set of a base and any number of overlays.
    ///
    /// # Errors
    /// [`Error::MixedKinds`] when one holds another kind of digest than the base.
    pub fn new(base: Index, overlays: Vec<Index>) -> Result<Self> {
        if let Some(other) = overlays.iter().find(|overlay| overlay.kind() != base.kind()) {
            return Err(Error::MixedKinds {
                first: base.name().to_owned(),
                expected: base.kind(),
                name: other.name().to_owned(),
                found: other.kind(),
            });
        }
        let mut indexes = vec![base];
        indexes.extend(overlays);
        Ok(Self { indexes })
    }

    /// The indexes, the base first.
    pub fn indexes(&self) -> &[Index] {
        &self.indexes
    }

    /// Which digest the set holds.
    pub fn kind(&self) -> Kind {
        self.indexes[0].kind()
    }

    /// Whether all of them store counts.
    pub fn has_counts(&self) -> bool {
        self.indexes.iter().all(|index| index.metadata().has_counts)
    }

    /// Whether all of them keep full digests.
    pub fn is_exact(&self) -> bool {
        self.indexes.iter().all(|index| index.metadata().is_exact())
    }

    /// Every password seen at least this often, all sources together, is in one of them: below each index's
    /// own floor it may have been seen once less than that, so the floors' excesses add up.
    pub fn floor(&self) -> u64 {
        self.indexes.iter().fold(1, |floor, index| floor.saturating_add(index.metadata().floor - 1))
    }

    /// What the set knows about a digest. The count is the sum where all indexes that hold it store counts,
    /// and unknown otherwise.
    ///
    /// # Errors
    /// As [`Index::lookup`]; [`Error::NotCovered`] only where no index of the set covers the prefix.
    pub fn lookup(&self, digest: &Digest) -> Result<Answer> {
        let mut answer = None;
        let mut not_covered = None;
        for index in &self.indexes {
            match index.lookup(digest) {
                Ok(next) => answer = Some(answer.map_or(next, |sum| add(sum, next))),
                Err(error @ Error::NotCovered { .. }) => not_covered = not_covered.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match (answer, not_covered) {
            (Some(answer), _) => Ok(answer),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(Answer::Absent),
        }
    }

    /// The sum of all counts; 0 when no index holds the digest.
    ///
    /// # Errors
    /// As [`IndexSet::lookup`]; [`Error::CountsUnavailable`] where an index of the set has none.
    pub fn count(&self, digest: &Digest) -> Result<u64> {
        Lookup::count(self, digest)
    }

    /// Whether the digest was seen at least `min_count` times, all indexes together.
    ///
    /// # Errors
    /// As [`IndexSet::lookup`], and as [`IndexSet::count`] for a `min_count` above 1.
    pub fn contains(&self, digest: &Digest, min_count: u64) -> Result<bool> {
        Lookup::contains(self, digest, min_count)
    }

    /// The entries under a prefix in order, equal digests as one entry with the sum of their counts.
    /// Indexes of different fingerprint bits give entries of their own.
    ///
    /// # Errors
    /// [`Error::NotCovered`] for the first 5-digit prefix of the range that no index covers.
    pub fn range(&self, prefix: &Prefix) -> Result<SetRange<'_>> {
        let coverage = self
            .indexes
            .iter()
            .map(|index| index.metadata().coverage.clone())
            .reduce(|all, next| all.union(&next));
        let (first, last) = prefix.covered_span();
        if let Some(gap) = coverage.and_then(|coverage| coverage.first_gap(first, last)) {
            return Err(Error::NotCovered { name: self.indexes[0].name().to_owned(), prefix: gap });
        }
        Ok(SetRange::new(self.indexes.iter().map(|index| index.range_within_coverage(prefix))))
    }

    /// Every entry in order, as [`IndexSet::range`] gives them.
    pub fn iter(&self) -> SetRange<'_> {
        SetRange::new(self.indexes.iter().map(Index::iter))
    }
}

impl Lookup for IndexSet {
    type Error = Error;

    fn kind(&self) -> Kind {
        Self::kind(self)
    }

    fn lookup(&self, digest: &Digest) -> Result<Answer> {
        Self::lookup(self, digest)
    }

    fn require_counts(&self) -> Result<()> {
        self.indexes.iter().try_for_each(Lookup::require_counts)
    }
}

/// The sum of what two indexes know.
fn add(left: Answer, right: Answer) -> Answer {
    match (left, right) {
        (Answer::Absent, other) | (other, Answer::Absent) => other,
        (Answer::Present { count: a }, Answer::Present { count: b }) => {
            Answer::Present { count: a.zip(b).map(|(a, b)| a.saturating_add(b)) }
        }
    }
}

/// The merged entries of several indexes, in order.
#[derive(Debug)]
pub struct SetRange<'a> {
    sources: Vec<std::iter::Peekable<Range<'a>>>,
}

impl<'a> SetRange<'a> {
    fn new(ranges: impl Iterator<Item = Range<'a>>) -> Self {
        Self { sources: ranges.map(Iterator::peekable).collect() }
    }
}

impl Iterator for SetRange<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut least: Option<Entry> = None;
        for source in &mut self.sources {
            match source.peek() {
                Some(Ok(entry)) => {
                    least = Some(match least {
                        Some(least) if least.key <= entry.key => least,
                        _ => *entry,
                    });
                }
                Some(Err(_)) => {
                    let error = source.next();
                    self.sources.clear();
                    return error;
                }
                None => {}
            }
        }
        let key = least?.key;
        let mut count = 0_u64;
        for source in &mut self.sources {
            if let Some(Ok(entry)) = source.next_if(|item| matches!(item, Ok(entry) if entry.key == key)) {
                count = count.saturating_add(entry.count);
            }
        }
        Some(Ok(Entry { key, count }))
    }
}
