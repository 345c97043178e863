//! Who knows which passwords are exposed.

#![forbid(unsafe_code)]

use breachdex::{Digest, Kind, LiveSet, Lookup, Origin, Sighting};

/// Who knows which passwords are exposed.
pub trait Oracle {
    /// Why there is no answer.
    type Error: From<breachdex::Error>;

    /// Which digest is asked for.
    fn kind(&self) -> Kind;

    /// What is known about a digest that is exposed: one that an overlay holds, or that was seen at least
    /// `min_count` times.
    ///
    /// # Errors
    /// When there is no answer that may be believed.
    fn find(&self, digest: &Digest, min_count: u64) -> Result<Option<Sighting>, Self::Error>;

    /// Whether any of some digests is exposed; one without an answer hides no other one.
    ///
    /// # Errors
    /// The first fault, where none is known to be exposed.
    fn find_any(&self, digests: &[Digest], min_count: u64) -> Result<bool, Self::Error> {
        let mut fault = None;
        for digest in digests {
            match self.find(digest, min_count) {
                Ok(Some(_)) => return Ok(true),
                Ok(None) => {}
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        fault.map_or(Ok(false), Err)
    }
}

/// An index with its overlays. A digest that one of them holds is found whatever is wrong with the others.
impl Oracle for LiveSet {
    type Error = breachdex::Error;

    fn kind(&self) -> Kind {
        Self::kind(self)
    }

    fn find(&self, digest: &Digest, min_count: u64) -> Result<Option<Sighting>, breachdex::Error> {
        Self::find(self, digest, min_count)
    }

    fn find_any(&self, digests: &[Digest], min_count: u64) -> Result<bool, breachdex::Error> {
        Self::find_any(self, digests, min_count)
    }
}

/// Anything else that looks digests up, as a client of a range server, taken for a base without overlays.
#[derive(Clone, Copy, Debug)]
pub struct Alone<'a, L>(pub &'a L);

impl<L: Lookup<Error: From<breachdex::Error>>> Oracle for Alone<'_, L> {
    type Error = L::Error;

    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn find(&self, digest: &Digest, min_count: u64) -> Result<Option<Sighting>, L::Error> {
        if min_count > 1 {
            self.0.require_counts()?;
        }
        Ok(match self.0.lookup(digest)? {
            breachdex::Answer::Present { count } if count.unwrap_or(1) >= min_count => {
                Some(Sighting { count, origin: Origin::Base })
            }
            _ => None,
        })
    }
}
