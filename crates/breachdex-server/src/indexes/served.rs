//! Holds the sources of a kind: an index that can be served (exact, with counts, and whole unless partial indexes are
//! allowed) and its overlays.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use breachdex::trust::Trust;
use breachdex::{
    Checks, Corpus, Day, Error, Index, Kind, Metadata, OpenOptions, RangeScratch, ReadMode, Residency,
};
use hyper::header::HeaderValue;

use super::permission::OverlayRule;
use crate::cache::Generation;
use crate::error::ServeError;

/// What may be served.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) allow_partial: bool,
    pub(crate) overlays: OverlayRule,
    pub(crate) residency: Residency,
    pub(crate) trust: Trust,
    /// Whether ranges have the test password.
    pub(crate) test_password: bool,
}

/// A part of what answers for a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Base,
    /// The overlay with that position.
    Overlay(usize),
}

/// An open index, the overlays over it, and what answers say about them.
#[derive(Debug)]
pub(crate) struct Served {
    /// Decides what is in a range.
    corpus: Corpus,
    base: Index,
    overlays: Vec<Index>,
    test_password: bool,
    modified: Option<(SystemTime, HeaderValue)>,
    loaded: SystemTime,
    generation: Generation,
}

/// Opens the index that is to be a part, and refuses one that a range server cannot answer from.
///
/// # Errors
/// [`ServeError::Index`], [`ServeError::Truncated`], [`ServeError::WithoutCounts`]; of a base
/// [`ServeError::Partial`]; as [`OverlayRule::require`].
pub(crate) fn open(path: &Path, part: Part, rules: &Rules) -> Result<Index, ServeError> {
    if part != Part::Base {
        rules.overlays.require(path)?;
    }
    let residency = if part == Part::Base { rules.residency } else { Residency::OnDemand };
    // Read and not mapped, and checked for every answer, even from a copy in memory: whatever becomes of the file or the
    // memory, a server answers right or says that it cannot.
    let mut options = OpenOptions::new().residency(residency).checks(Checks::Always);
    if part == Part::Base {
        options = options.trust(rules.trust.clone());
    }
    let index = Index::open_with(path, options)?;
    if index.metadata().holds_overlay {
        rules.overlays.require(path)?;
    }
    // What an overlay does not cover it does not hold.
    check(index.metadata(), path, rules.allow_partial || part != Part::Base)?;
    Ok(index)
}

impl Served {
    /// A base and its overlays.
    ///
    /// # Errors
    /// [`ServeError::Index`] where an overlay holds another kind of digest.
    pub(crate) fn new(base: Index, overlays: Vec<Index>, rules: &Rules) -> Result<Self, ServeError> {
        Ok(Self::of(base, overlays, rules.test_password)?)
    }

    fn of(base: Index, overlays: Vec<Index>, test_password: bool) -> Result<Self, Error> {
        let corpus = Corpus::builder().base(base.clone()).overlays(overlays.iter().cloned()).build()?;
        let corpus = if test_password { corpus.with_test_password() } else { corpus };
        // The corpus date does not move with an overlay or the test password, so clients that ask by it would not see
        // a change.
        let date = Some(&base.metadata().corpus_date).filter(|_| overlays.is_empty() && !test_password);
        let modified = date.and_then(|date| Day::parse(date)?.start());
        let modified = modified.and_then(|time| Some((time, header_value(time)?)));
        Ok(Self {
            corpus,
            base,
            overlays,
            test_password,
            modified,
            loaded: SystemTime::now(),
            generation: Generation::new(),
        })
    }

    /// The same with another file for one part.
    ///
    /// # Errors
    /// [`ServeError::Index`] where it holds another kind of digest.
    pub(crate) fn with(&self, part: Part, fresh: Index) -> Result<Self, ServeError> {
        let (mut base, mut overlays) = (self.base.clone(), self.overlays.clone());
        match part {
            Part::Base => base = fresh,
            Part::Overlay(number) => overlays[number] = fresh,
        }
        Ok(Self::of(base, overlays, self.test_password)?.in_place_of(self))
    }

    /// The base.
    pub(crate) fn index(&self) -> &Index {
        &self.base
    }

    /// What bodies that are kept of it are kept under.
    pub(crate) fn generation(&self) -> &Generation {
        &self.generation
    }

    /// The base's path.
    pub(crate) fn path(&self) -> PathBuf {
        self.base.path().map(Path::to_owned).unwrap_or_default()
    }

    pub(crate) fn overlays(&self) -> &[Index] {
        &self.overlays
    }

    /// All parts, the base first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Part, &Index)> {
        let overlays = self.overlays.iter().enumerate();
        let overlays = overlays.map(|(number, index)| (Part::Overlay(number), index));
        std::iter::once((Part::Base, &self.base)).chain(overlays)
    }

    pub(crate) fn part(&self, part: Part) -> &Index {
        match part {
            Part::Base => &self.base,
            Part::Overlay(number) => &self.overlays[number],
        }
    }

    /// Whether digests from an overlay are among the answers.
    pub(crate) fn holds_overlay(&self) -> bool {
        !self.overlays.is_empty() || self.base.metadata().holds_overlay
    }

    /// Whether a cache has to ask each time: an overlay changes at any moment, and the test password is to be gone as soon
    /// as the server stops saying it.
    pub(crate) fn is_asked_each_time(&self) -> bool {
        self.holds_overlay() || self.test_password
    }

    /// Whether the test password is among the answers.
    pub(crate) fn has_test_password(&self) -> bool {
        self.test_password
    }

    /// Appends the rows of a range, of the base and the overlays together, and returns their number.
    ///
    /// # Errors
    /// As [`Corpus::write_range`].
    pub(crate) fn write_range(
        &self,
        prefix: u32,
        waiting: ReadMode,
        scratch: &mut RangeScratch,
        rows: &mut Vec<u8>,
    ) -> Result<usize, Error> {
        self.corpus.write_range(prefix, waiting, scratch, rows)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.base.metadata().kind
    }

    /// The corpus date; `None` where the index has none, or where it tells nothing.
    pub(crate) fn modified(&self) -> Option<SystemTime> {
        self.modified.as_ref().map(|(time, _)| *time)
    }

    /// The corpus date as `Last-Modified` has it.
    pub(crate) fn last_modified(&self) -> Option<&HeaderValue> {
        self.modified.as_ref().map(|(_, value)| value)
    }

    /// The corpus date, whether or not answers may say it.
    pub(crate) fn corpus_date(&self) -> Option<SystemTime> {
        Day::parse(&self.base.metadata().corpus_date)?.start()
    }

    /// When it was opened.
    pub(crate) fn loaded(&self) -> SystemTime {
        self.loaded
    }

    /// Takes the place of `old`. A date that did not move with the content would let clients that ask by date
    /// keep old ranges, so it is not given out.
    #[must_use]
    fn in_place_of(mut self, old: &Self) -> Self {
        let same_date = self.base.metadata().corpus_date == old.base.metadata().corpus_date;
        if same_date && (old.modified.is_none() || self.base.content_id() != old.base.content_id()) {
            self.modified = None;
        }
        self
    }
}

fn check(metadata: &Metadata, path: &Path, allow_partial: bool) -> Result<(), ServeError> {
    let path = path.to_owned();
    if !metadata.is_exact() {
        return Err(ServeError::Truncated { path, bits: metadata.bits });
    }
    if !metadata.has_counts {
        return Err(ServeError::WithoutCounts { path });
    }
    if !metadata.coverage.is_whole() && !allow_partial {
        return Err(ServeError::Partial { path, prefixes: metadata.coverage.prefixes() });
    }
    Ok(())
}

fn header_value(time: SystemTime) -> Option<HeaderValue> {
    HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
}
