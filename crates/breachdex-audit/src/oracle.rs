//! Who answers: indexes that are parts of one corpus, and overlays over them.

#![forbid(unsafe_code)]

use breachdex::{Answer, Digest, Error, Index, IndexSet, Kind, Lookup as _};
use rayon::ThreadPool;

use crate::error::Result;

/// What the indexes say about one digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Seen as often as asked for, or held by an overlay.
    pub(crate) is_exposed: bool,
    /// An overlay holds it.
    pub(crate) in_overlay: bool,
    /// No index covers it, so that nothing is known.
    pub(crate) is_unanswered: bool,
    /// Seen this often, in all indexes together; `None` where one that holds it does not say.
    pub(crate) count: Option<u64>,
}

/// The indexes that an audit asks.
#[derive(Debug)]
pub struct Indexes {
    bases: IndexSet,
    overlays: Vec<Index>,
    min_count: u64,
}

impl Indexes {
    /// Indexes that are asked together, their counts added up, and overlays, of which whatever they hold is exposed.
    /// `min_count` is how often the former must have seen a password for it to be exposed; inclusive.
    ///
    /// # Errors
    /// [`Error::MixedKinds`] unless all hold one kind of digest; [`Error::CountsUnavailable`] for a `min_count` above
    /// 1 and an index without counts.
    pub fn new(base: Index, others: Vec<Index>, overlays: Vec<Index>, min_count: u64) -> Result<Self> {
        let bases = IndexSet::new(base, others)?;
        if min_count > 1 {
            bases.require_counts()?;
        }
        let base = bases.indexes()[0].clone();
        let overlays = IndexSet::new(base, overlays)?.indexes()[1..].to_vec();
        Ok(Self { bases, overlays, min_count: min_count.max(1) })
    }

    /// Which digest they hold.
    pub fn kind(&self) -> Kind {
        self.bases.kind()
    }

    /// The indexes, without the overlays.
    pub fn bases(&self) -> &IndexSet {
        &self.bases
    }

    /// The overlays.
    pub fn overlays(&self) -> &[Index] {
        &self.overlays
    }

    /// How often a password must have been seen.
    pub fn min_count(&self) -> u64 {
        self.min_count
    }

    /// Asks about many digests, quickest in ascending order.
    ///
    /// Afterwards no page of the indexes is resident, so that what an audit touches of them does not add up.
    pub(crate) fn ask(&self, digests: &[Digest], pool: &ThreadPool) -> Result<Vec<Outcome>> {
        let members = || self.bases.indexes().iter().chain(&self.overlays);
        let outcomes = if members().all(|index| index.metadata().coverage.is_whole()) {
            self.ask_together(digests, pool)
        } else {
            digests.iter().map(|digest| self.ask_one(digest)).collect()
        };
        members().for_each(Index::release_pages);
        outcomes
    }

    /// All of them in one go, for no question can be refused.
    fn ask_together(&self, digests: &[Digest], pool: &ThreadPool) -> Result<Vec<Outcome>> {
        let mut known = vec![Known::default(); digests.len()];
        let mut answers = vec![Answer::Absent; digests.len()];
        let bases = self.bases.indexes().iter().map(|index| (index, false));
        for (index, is_overlay) in bases.chain(self.overlays.iter().map(|index| (index, true))) {
            index.par_lookup_many(digests, &mut answers, pool)?;
            for (known, answer) in known.iter_mut().zip(&answers) {
                known.add(*answer, is_overlay);
            }
        }
        Ok(known.into_iter().map(|known| known.outcome(self.min_count)).collect())
    }

    fn ask_one(&self, digest: &Digest) -> Result<Outcome> {
        let mut known = Known::default();
        let mut is_covered = true;
        match self.bases.lookup(digest) {
            Ok(answer) => known.add(answer, false),
            Err(Error::NotCovered { .. }) => is_covered = false,
            Err(error) => return Err(error.into()),
        }
        for overlay in &self.overlays {
            match overlay.lookup(digest) {
                Ok(answer) => known.add(answer, true),
                // What an overlay does not cover it does not hold.
                Err(Error::NotCovered { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let outcome = known.outcome(self.min_count);
        // Exposed it is all the same where an overlay holds it; only how often is not known then.
        Ok(match (is_covered, outcome.is_exposed) {
            (true, _) => outcome,
            (false, true) => Outcome { count: None, ..outcome },
            (false, false) => Outcome { is_unanswered: true, count: None, ..outcome },
        })
    }
}

/// What several indexes know together.
#[derive(Clone, Copy, Default)]
struct Known {
    count: u64,
    /// At least one of the holders stores no counts.
    is_uncounted: bool,
    in_base: bool,
    in_overlay: bool,
}

impl Known {
    fn add(&mut self, answer: Answer, is_overlay: bool) {
        if let Answer::Present { count } = answer {
            self.count = self.count.saturating_add(count.unwrap_or(1));
            self.is_uncounted |= count.is_none();
            self.in_base |= !is_overlay;
            self.in_overlay |= is_overlay;
        }
    }

    /// A count that the base has seen and the overlay lifts over the threshold is exposed by the overlay anyway.
    fn outcome(self, min_count: u64) -> Outcome {
        Outcome {
            is_exposed: self.in_overlay || self.in_base && self.count >= min_count,
            in_overlay: self.in_overlay,
            is_unanswered: false,
            count: (!self.is_uncounted).then_some(self.count),
        }
    }
}
