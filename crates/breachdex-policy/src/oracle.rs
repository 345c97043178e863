//! Who knows which passwords are exposed.

#![forbid(unsafe_code)]

use breachdex::{Digest, Error, Kind, LiveSet, Sighting};

/// Who knows which passwords are exposed.
pub trait Oracle {
    /// Why there is no answer.
    type Error: From<Error>;

    /// Whether an error is a fault of its moment (input and output, damage, an answer that did not come), which a
    /// policy may be told to pass over. Anything else is wrong about the question or the set-up, and always raised.
    fn is_fault(error: &Self::Error) -> bool;

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
        any_of(self, digests, min_count)
    }
}

/// An index with its overlays. A digest that one of them holds is found whatever is wrong with the others.
impl Oracle for LiveSet {
    type Error = Error;

    fn is_fault(error: &Error) -> bool {
        matches!(
            error,
            Error::Io { .. } | Error::Damaged { .. } | Error::NotAnIndex { .. } | Error::NotCovered { .. }
        )
    }

    fn kind(&self) -> Kind {
        Self::kind(self)
    }

    fn find(&self, digest: &Digest, min_count: u64) -> Result<Option<Sighting>, Error> {
        Self::find(self, digest, min_count)
    }

    fn find_any(&self, digests: &[Digest], min_count: u64) -> Result<bool, Error> {
        if self.holds_none(digests, min_count) { Ok(false) } else { any_of(self, digests, min_count) }
    }
}

/// Asks one after another.
fn any_of<O: Oracle + ?Sized>(oracle: &O, digests: &[Digest], min_count: u64) -> Result<bool, O::Error> {
    let mut fault = None;
    for digest in digests {
        match oracle.find(digest, min_count) {
            Ok(Some(_)) => return Ok(true),
            Ok(None) => {}
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    fault.map_or(Ok(false), Err)
}
