//! The entries of a corpus in order, all sources merged.

#![forbid(unsafe_code)]

use super::{Corpus, Source, SourceError, test_password};
use crate::coverage::{Coverage, Prefix};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::index::{Index, Range};

/// The indexes of a corpus at one moment, which no later reload changes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    bases: Vec<Index>,
    overlays: Vec<Index>,
}

impl Corpus {
    /// The corpus with every index as it is now: no later reload changes its answers. An index that cannot answer now
    /// stays as it is.
    #[must_use]
    pub fn fixed(&self) -> Self {
        let fix = |source: &Source| source.snapshot().map_or_else(|_| source.clone(), Source::from);
        Self {
            kind: self.kind,
            bases: self.bases.iter().map(fix).collect(),
            overlays: self.overlays.iter().map(fix).collect(),
            #[cfg(feature = "forms")]
            pairs: self.pairs.clone(),
            knows_test_password: self.knows_test_password,
            mode: self.mode,
        }
    }

    /// The indexes as they are now, to list their entries.
    ///
    /// # Errors
    /// Why an index cannot answer; [`Error::NotListable`] for a range server.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let all = |sources: &[Source]| sources.iter().map(Source::snapshot).collect::<Result<Vec<_>>>();
        Ok(Snapshot { bases: all(&self.bases)?, overlays: all(&self.overlays)? })
    }
}

impl Snapshot {
    /// The bases.
    pub fn bases(&self) -> &[Index] {
        &self.bases
    }

    /// Every index, bases first.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.bases.iter().chain(&self.overlays)
    }

    /// The entries under a prefix in order. Counts of bases add up; overlays add none, see
    /// [`Corpus::count`](super::Corpus::count). Indexes of different fingerprint bits give entries of their own.
    ///
    /// # Errors
    /// [`Error::NotCovered`] for the first 5-digit prefix that no base covers. The stream's items are errors where an
    /// index is damaged; it ends after one.
    pub fn range(&self, prefix: &Prefix) -> Result<MergedEntries<'_>> {
        let decisive = if self.bases.is_empty() { &self.overlays } else { &self.bases };
        let coverage: Option<Coverage> = decisive
            .iter()
            .map(|index| index.metadata().coverage.clone())
            .reduce(|all, next| all.union(&next));
        let (first, last) = prefix.covered_span();
        if let Some(gap) = coverage.and_then(|coverage| coverage.first_gap(first, last)) {
            return Err(Error::NotCovered { name: decisive[0].name().to_owned(), prefix: gap });
        }
        Ok(self.merged(|index| index.range_within_coverage(prefix)))
    }

    /// Every entry in order, as [`Snapshot::range`] gives them.
    pub fn iter(&self) -> MergedEntries<'_> {
        self.merged(Index::iter)
    }

    fn merged<'a>(&'a self, range: impl Fn(&'a Index) -> Range<'a>) -> MergedEntries<'a> {
        let bases = self.bases.iter().map(|index| (range(index), false));
        let overlays = self.overlays.iter().map(|index| (range(index), true));
        MergedEntries {
            sources: bases
                .chain(overlays)
                .map(|(range, is_overlay)| (range.peekable(), is_overlay))
                .collect(),
        }
    }
}

impl<'a> IntoIterator for &'a Snapshot {
    type Item = Result<Entry>;
    type IntoIter = MergedEntries<'a>;

    fn into_iter(self) -> MergedEntries<'a> {
        self.iter()
    }
}

/// The merged entries of several indexes, in order.
#[derive(Debug)]
pub struct MergedEntries<'a> {
    sources: Vec<(std::iter::Peekable<Range<'a>>, bool)>,
}

impl Iterator for MergedEntries<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut least: Option<Entry> = None;
        for (source, _) in &mut self.sources {
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
        let (mut count, mut overlay_count) = (0_u64, 0_u64);
        for (source, is_overlay) in &mut self.sources {
            if let Some(Ok(entry)) = source.next_if(|item| matches!(item, Ok(entry) if entry.key == key)) {
                match is_overlay {
                    false => count = count.saturating_add(entry.count),
                    true => overlay_count = overlay_count.max(entry.count),
                }
            }
        }
        // The lists of entries without counts have counts of 0 everywhere.
        Some(Ok(Entry { key, count: if count > 0 { count } else { overlay_count } }))
    }
}

impl Corpus {
    /// The entries under a prefix, exact and with counts, of all sources together, in order. A range server answers for
    /// 5-digit prefixes. A range that lacks the rows of a source would say "not exposed" about them, so any fault is an
    /// error.
    ///
    /// # Errors
    /// [`Error::NotExact`] and [`Error::CountsUnavailable`] for a source whose rows would say less than a range's do;
    /// [`Error::NotCovered`] where no base covers all of it; the fault of any source.
    pub fn range(&self, prefix: &Prefix) -> Result<Vec<Entry>, SourceError> {
        let mut entries = self.entries_of_sources(prefix)?;
        if self.knows_test_password
            && let Some(entry) = test_password::entry(self.kind, prefix)
            && let Err(at) = entries.binary_search_by_key(&entry.key, |entry| entry.key)
        {
            entries.insert(at, entry);
        }
        Ok(entries)
    }

    fn entries_of_sources(&self, prefix: &Prefix) -> Result<Vec<Entry>, SourceError> {
        if self.sources().all(|source| matches!(source, Source::Index(_))) {
            let snapshot = self.snapshot()?;
            for index in snapshot.indexes() {
                index.require_exact()?;
                crate::index::Lookup::require_counts(index)?;
            }
            return Ok(snapshot.range(prefix)?.collect::<Result<_>>()?);
        }
        let mut all: Vec<(Entry, bool)> = Vec::new();
        let sources = self.bases.iter().map(|source| (source, false));
        for (source, is_overlay) in sources.chain(self.overlays.iter().map(|source| (source, true))) {
            all.extend(source.entries(prefix)?.into_iter().map(|entry| (entry, is_overlay)));
        }
        all.sort_by_key(|(entry, is_overlay)| (entry.key, *is_overlay));
        let mut merged: Vec<(Entry, bool)> = Vec::with_capacity(all.len());
        for (entry, is_overlay) in all {
            match merged.last_mut() {
                Some((last, of_overlay)) if last.key == entry.key => match (*of_overlay, is_overlay) {
                    (false, true) => {}
                    (true, true) => last.count = last.count.max(entry.count),
                    (_, false) => last.count = last.count.saturating_add(entry.count),
                },
                _ => merged.push((entry, is_overlay)),
            }
        }
        Ok(merged.into_iter().map(|(entry, _)| entry).collect())
    }
}
