//! One answer to "is this password exposed?", whatever the sources: any number of bases and overlays, and at most one
//! range server.
//!
//! `finding` says what an answer is and `evidence` holds the table that makes one of what the sources say; `source` asks
//! each kind of source, `snapshot` lists entries, `range` renders ranges. `question` is what is asked,
//! in the `forms` of a password.
//! `on_error` applies what a caller wants done about a fault, and `test_password` is the
//! password that is exposed on request. `pairs` asks the lists of exposed pairs of a user name and a password, and
//! `variations` has the small variations of a password.

#![forbid(unsafe_code)]

mod evidence;
mod finding;
#[cfg(feature = "forms")]
mod forms;
#[cfg(feature = "forms")]
mod invisible;
mod on_error;
#[cfg(feature = "forms")]
mod pairs;
mod question;
mod range;
mod snapshot;
mod source;
mod test_password;
#[cfg(test)]
mod tests;
#[cfg(feature = "forms")]
mod variations;

pub use finding::{Exposure, Finding, Form, Origin};
#[cfg(feature = "forms")]
pub use forms::{FormSet, each_form, fold_case};
#[cfg(feature = "forms")]
pub use invisible::is_invisible;
pub use on_error::{Decision, OnError};
#[cfg(feature = "forms")]
pub use pairs::{PairFinding, PairList, PairMatch, PairQuestion};
pub use question::Question;
pub use snapshot::{MergedEntries, Snapshot};
pub use source::{RangeServer, RemoteError, Source, SourceError};
pub use test_password::TEST_PASSWORD;
#[cfg(feature = "forms")]
pub use variations::{MOST_VARIATIONS, for_each_variation};

use std::sync::Arc;

use self::evidence::Evidence;
use self::source::Bulk;
use crate::digest::{Digest, Kind};
use crate::error::{Error, Result};
use crate::index::{Answer, LiveIndex};
use crate::storage::ReadMode;

/// Sources that are asked as one. `Send + Sync`; a clone shares the sources.
///
/// | the sources | the answer |
/// | --- | --- |
/// | one that can be read holds it: a base at or above the threshold, or an overlay | [`Finding::Exposed`], partial where another source failed |
/// | none holds it, every one answered, and at least one covers it | [`Finding::NotExposed`] |
/// | none holds it, and one failed or none covers it | [`Finding::Unknown`], with the fault |
///
/// Counts add up over bases; overlays add none. An overlay that does not cover a prefix does not hold it, and covers
/// nothing for the bases; in a corpus of overlays alone, they are what covers.
///
/// ```
/// use breachdex::{Corpus, Digest, Index};
/// let corpus = Corpus::from(Index::starter()?);
/// let finding = corpus.find(&Digest::sha1(b"password"), 1)?;
/// assert!(finding.exposure().is_some());
/// # Ok::<(), breachdex::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Corpus {
    kind: Kind,
    bases: Arc<[Source]>,
    overlays: Arc<[Source]>,
    #[cfg(feature = "forms")]
    pairs: Arc<[Arc<dyn PairList>]>,
    knows_test_password: bool,
    mode: ReadMode,
}

/// The sources of a [`Corpus`] to be.
#[derive(Debug, Default)]
#[must_use]
pub struct CorpusBuilder {
    bases: Vec<Source>,
    overlays: Vec<Source>,
    server: Option<Source>,
    #[cfg(feature = "forms")]
    pairs: Vec<Arc<dyn PairList>>,
}

impl CorpusBuilder {
    /// Adds a base: breached passwords, counted.
    pub fn base(mut self, source: impl Into<Source>) -> Self {
        self.bases.push(source.into());
        self
    }

    /// Adds several bases.
    pub fn bases<S: Into<Source>>(mut self, sources: impl IntoIterator<Item = S>) -> Self {
        self.bases.extend(sources.into_iter().map(Into::into));
        self
    }

    /// Adds an overlay: whatever it holds is exposed.
    pub fn overlay(mut self, source: impl Into<Source>) -> Self {
        self.overlays.push(source.into());
        self
    }

    /// Adds several overlays.
    pub fn overlays<S: Into<Source>>(mut self, sources: impl IntoIterator<Item = S>) -> Self {
        self.overlays.extend(sources.into_iter().map(Into::into));
        self
    }

    /// Sets the range server, which is a base too; the last one counts.
    pub fn server(mut self, server: Arc<dyn RangeServer>) -> Self {
        self.server = Some(Source::Remote(server));
        self
    }

    /// Makes the corpus.
    ///
    /// # Errors
    /// [`Error::NoSource`]; [`Error::MixedKinds`] where sources hold different kinds of digest.
    pub fn build(self) -> Result<Corpus> {
        let Self { mut bases, overlays, server, .. } = self;
        bases.extend(server);
        let first = bases.first().or(overlays.first()).ok_or(Error::NoSource)?;
        let kind = first.kind();
        if let Some(other) = bases.iter().chain(&overlays).find(|source| source.kind() != kind) {
            return Err(Error::MixedKinds {
                first: first.name(),
                expected: kind,
                name: other.name(),
                found: other.kind(),
            });
        }
        Ok(Corpus {
            kind,
            bases: bases.into(),
            overlays: overlays.into(),
            #[cfg(feature = "forms")]
            pairs: self.pairs.into(),
            knows_test_password: false,
            mode: ReadMode::Blocking,
        })
    }
}

impl Corpus {
    /// Starts a corpus without sources.
    pub fn builder() -> CorpusBuilder {
        CorpusBuilder::default()
    }

    /// The same sources, to which [`TEST_PASSWORD`] is exposed as if an overlay held it; no source holds it otherwise. For
    /// trying what a site does about an exposed password. Ranges have it with a count of 1, snapshots do not have it.
    ///
    /// ```
    /// use breachdex::{Corpus, Index, Kind, Question, TEST_PASSWORD};
    /// let corpus = Corpus::from(Index::starter()?);
    /// let question = Question::exact(Kind::Sha1, TEST_PASSWORD.as_bytes())?;
    /// assert!(corpus.ask(&question, 1)?.exposure().is_none());
    /// assert!(corpus.with_test_password().ask(&question, 1)?.exposure().is_some());
    /// # Ok::<(), breachdex::Error>(())
    /// ```
    pub fn with_test_password(self) -> Self {
        Self { knows_test_password: true, ..self }
    }

    /// The same sources, which do not wait for the disk with [`ReadMode::Cached`]: a source that would have to answers with
    /// [`Error::WouldBlock`], to which no [`OnError`] applies, and so does a range server always. Ask a corpus that waits
    /// on another thread then. An exposure that another source knows is partial.
    ///
    /// Digests and pairs are looked up so ([`Corpus::find`], [`Corpus::ask`] and their kin, `Corpus::find_pair`); ranges and
    /// snapshots say themselves whether they wait.
    pub fn with_read_mode(self, mode: ReadMode) -> Self {
        Self { mode, ..self }
    }

    /// Which digest it is asked for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The bases, a range server last.
    pub fn bases(&self) -> &[Source] {
        &self.bases
    }

    /// The overlays.
    pub fn overlays(&self) -> &[Source] {
        &self.overlays
    }

    /// Every source, bases first.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.bases.iter().chain(&*self.overlays)
    }

    /// The indexes that may follow their files, bases first.
    pub fn live_indexes(&self) -> impl Iterator<Item = &LiveIndex> {
        self.sources().filter_map(|source| match source {
            Source::Index(index) => Some(index),
            Source::Remote(_) => None,
        })
    }

    /// Refuses a threshold above 1 that a base without counts cannot decide.
    ///
    /// # Errors
    /// [`Error::CountsUnavailable`], and why a base cannot say.
    pub fn require_counts(&self) -> Result<()> {
        self.bases.iter().try_for_each(Source::require_counts)
    }

    /// What is known about a digest; `min_count` is how often the bases must have seen it for it to be exposed
    /// (inclusive; 0 is taken as 1). Asks every source.
    ///
    /// # Errors
    /// [`Error::WrongKind`]. What a source cannot answer is in the finding.
    pub fn find(&self, digest: &Digest, min_count: u64) -> Result<Finding> {
        let mut evidence = [Evidence::new()];
        self.gather(std::slice::from_ref(digest), min_count, &Bulk::HERE, &mut evidence)?;
        let [evidence] = evidence;
        Ok(evidence.finding(min_count.max(1)))
    }

    /// [`Corpus::find`] of many digests in their order, interleaved on the calling thread. A range server is asked for
    /// all of them at once.
    ///
    /// # Errors
    /// As [`Corpus::find`], for the first digest that has one.
    pub fn find_many(&self, digests: &[Digest], min_count: u64) -> Result<Vec<Finding>> {
        self.find_all(digests, min_count, &Bulk::HERE)
    }

    /// [`Corpus::find_many`] on the threads of a pool.
    ///
    /// # Errors
    /// As [`Corpus::find`], for the first digest that has one.
    #[cfg(feature = "parallel")]
    pub fn par_find_many(
        &self,
        digests: &[Digest],
        min_count: u64,
        pool: &rayon::ThreadPool,
    ) -> Result<Vec<Finding>> {
        self.find_all(digests, min_count, &Bulk::On(pool))
    }

    /// The finding about several digests of one password or its variations, as [`Finding::or`] joins them: exposed
    /// where any is, unknown where any might be.
    ///
    /// # Errors
    /// As [`Corpus::find`].
    pub fn find_any(&self, digests: &[Digest], min_count: u64) -> Result<Finding> {
        let all = self.find_many(digests, min_count)?;
        Ok(all.into_iter().reduce(Finding::or).unwrap_or(Finding::NotExposed { count: 0 }))
    }

    /// How often a digest was seen: the bases' counts added up; of one that only overlays hold, the largest of theirs,
    /// so that 0 always means that no source holds it.
    ///
    /// # Errors
    /// [`Error::WrongKind`], [`Error::CountsUnavailable`] of a base; the fault of any source, for a part of a count is
    /// none; [`Error::NotCovered`] where no source covers it.
    pub fn count(&self, digest: &Digest) -> Result<u64, SourceError> {
        let mut counts = [0];
        self.count_many(std::slice::from_ref(digest), &mut counts)?;
        Ok(counts[0])
    }

    /// [`Corpus::count`] of many digests, interleaved on the calling thread, into `counts`.
    ///
    /// # Errors
    /// As [`Corpus::count`], for the first digest that has one.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn count_many(&self, digests: &[Digest], counts: &mut [u64]) -> Result<(), SourceError> {
        assert_eq!(digests.len(), counts.len(), "as many counts as digests");
        self.require_counts()?;
        // What one index says, and nobody else, is the count. Where it has an error, all are asked as if there were more.
        if let ([Source::Index(index)], []) = (&*self.bases, &*self.overlays) {
            let mut answers = vec![Answer::Absent; digests.len()];
            if index.ask(|index| index.lookup_many(digests, &mut answers)).is_ok() {
                for (answer, count) in answers.iter().zip(counts) {
                    *count = match answer {
                        Answer::Absent => 0,
                        Answer::Present { count } => count.unwrap_or(1),
                    };
                }
                return Ok(());
            }
        }
        let mut evidence: Vec<Evidence> = digests.iter().map(|_| Evidence::new()).collect();
        self.gather(digests, 1, &Bulk::HERE, &mut evidence)?;
        for (evidence, count) in evidence.into_iter().zip(counts) {
            *count = evidence.count().map_err(|fault| *fault)?;
        }
        Ok(())
    }

    /// Takes touched pages of mapped indexes out of the process's resident memory; see
    /// [`Index::release_pages`](crate::Index::release_pages).
    pub fn release_pages(&self) {
        for index in self.live_indexes() {
            let _: Result<()> = index.ask(|index| {
                index.release_pages();
                Ok(())
            });
        }
    }

    fn find_all(&self, digests: &[Digest], min_count: u64, bulk: &Bulk<'_>) -> Result<Vec<Finding>> {
        let mut evidence: Vec<Evidence> = digests.iter().map(|_| Evidence::new()).collect();
        self.gather(digests, min_count, bulk, &mut evidence)?;
        Ok(evidence.into_iter().map(|evidence| evidence.finding(min_count.max(1))).collect())
    }

    fn gather(
        &self,
        digests: &[Digest],
        min_count: u64,
        bulk: &Bulk<'_>,
        evidence: &mut [Evidence],
    ) -> Result<()> {
        if let Some(other) = digests.iter().find(|digest| digest.kind() != self.kind) {
            return Err(Error::WrongKind { held: self.kind, asked: other.kind() });
        }
        for base in &*self.bases {
            base.look_up(digests, min_count > 1, self.mode, bulk, |number, answer| {
                evidence[number].add(Origin::Base, true, answer);
            });
        }
        let decides = self.bases.is_empty();
        for overlay in &*self.overlays {
            overlay.look_up(digests, false, self.mode, bulk, |number, answer| {
                evidence[number].add(Origin::Overlay, decides, answer);
            });
        }
        if self.knows_test_password {
            for (digest, evidence) in digests.iter().zip(evidence) {
                evidence.add(Origin::Overlay, false, Ok(test_password::answer(digest)));
            }
        }
        Ok(())
    }
}

impl<S: Into<Source>> From<S> for Corpus {
    fn from(source: S) -> Self {
        let source = source.into();
        Self {
            kind: source.kind(),
            bases: Arc::new([source]),
            overlays: Arc::new([]),
            #[cfg(feature = "forms")]
            pairs: Arc::new([]),
            knows_test_password: false,
            mode: ReadMode::Blocking,
        }
    }
}

/// Sources are asked from many threads.
const _: fn() = || {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Corpus>();
};
