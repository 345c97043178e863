//! Whatever can be asked about one digest: an index, several as one, or a service that holds the corpus.

#![forbid(unsafe_code)]

use super::Answer;
use crate::digest::{Digest, Kind};

/// A source that knows how often a digest was seen: an [`Index`](crate::Index), or a client of a range server.
///
/// What cannot be answered is an error, never [`Answer::Absent`].
pub trait Lookup {
    /// Why a question has no answer.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Which digest is known.
    fn kind(&self) -> Kind;

    /// What is known about a digest.
    ///
    /// # Errors
    /// When the digest is of another kind, outside of what is known, or the answer cannot be had or trusted.
    fn lookup(&self, digest: &Digest) -> Result<Answer, Self::Error>;

    /// Refuses where counts are not known.
    ///
    /// # Errors
    /// When an answer may lack its count.
    fn require_counts(&self) -> Result<(), Self::Error>;

    /// How often the digest was seen: 0 when it is absent.
    ///
    /// # Errors
    /// As [`Lookup::require_counts`] and [`Lookup::lookup`].
    fn count(&self, digest: &Digest) -> Result<u64, Self::Error> {
        self.require_counts()?;
        Ok(match self.lookup(digest)? {
            Answer::Absent => 0,
            Answer::Present { count } => count.unwrap_or(1),
        })
    }

    /// Whether the digest was seen at least `min_count` times (inclusive; 0 is taken as 1).
    ///
    /// # Errors
    /// As [`Lookup::lookup`], and as [`Lookup::count`] for a `min_count` above 1.
    fn contains(&self, digest: &Digest, min_count: u64) -> Result<bool, Self::Error> {
        if min_count <= 1 {
            Ok(self.lookup(digest)?.is_present())
        } else {
            Ok(self.count(digest)? >= min_count)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::coverage::Coverage;
    use crate::digest::Key;
    use crate::entry::Entry;
    use crate::format::Layout;
    use crate::index::Index;
    use crate::testing::{assemble, digest, layout};

    fn index(name: &str, counts: bool) -> Index {
        let layout = Layout { counts, ..layout(Kind::Sha1, 160, 0) };
        let entry = Entry { key: Key { words: [7 << 40, 1, 2] }.truncated(160), count: 5 };
        Index::from_bytes(assemble(layout, &[entry], Coverage::whole()), name).unwrap()
    }

    /// What anybody sees who asks through the trait alone.
    fn ask<L: Lookup>(source: &L) -> [Result<u64, String>; 4] {
        let held = digest(Kind::Sha1, Key { words: [7 << 40, 1, 2] }.truncated(160));
        let other = digest(source.kind(), Key::default());
        let words = |error: L::Error| error.to_string();
        [
            source.count(&held).map_err(words),
            source.contains(&held, 5).map(u64::from).map_err(words),
            source.contains(&held, 6).map(u64::from).map_err(words),
            source.contains(&other, 0).map(u64::from).map_err(words),
        ]
    }

    #[test]
    fn an_index_answers_through_the_trait() {
        let (with, without) = (index("with.bdx", true), index("without.bdx", false));
        assert_eq!(ask(&with), [Ok(5), Ok(1), Ok(0), Ok(0)]);
        let refused =
            "without.bdx was built without counts: it can only say whether a password is exposed".to_owned();
        let expected = [Err(refused.clone()), Err(refused.clone()), Err(refused), Ok(0)];
        assert_eq!(ask(&without), expected);
    }
}
