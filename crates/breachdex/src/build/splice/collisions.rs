//! How many digests of each range a truncated index folded into others. Its entries no longer show that, so
//! the numbers are kept in a note: when a range is replaced, its own is taken from the header's sum.

#![forbid(unsafe_code)]

use super::prefixes::PrefixSet;
use crate::error::{Result, Section};
use crate::format::notes::{self, Note};
use crate::index::Index;

/// The name of the note.
pub(super) const NOTE: &str = notes::COLLISIONS_BY_RANGE;

/// Prefixes in ascending order and how many digests under each were folded, 1 or more.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Collisions(Vec<(u32, u32)>);

/// How many digests a truncated index folded into others of the same fingerprint: ascending prefixes of 20 bits,
/// each with its number of 1 or more. `None` where the index does not say of which ranges they are.
///
/// # Errors
/// [`Error::Damaged`](crate::Error::Damaged).
pub fn collisions_by_range(index: &Index) -> Result<Option<Vec<(u32, u32)>>> {
    Ok(Collisions::of(index)?.map(|collisions| collisions.0))
}

impl Collisions {
    /// Those of an index; `None` where it does not say of which ranges they are.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged).
    pub(super) fn of(index: &Index) -> Result<Option<Self>> {
        let sum = index.metadata().collisions;
        if sum == 0 {
            return Ok(Some(Self::default()));
        }
        // Of several notes of one name the last counts.
        let note = index.notes()?.into_iter().rev().find(|(name, _)| name == NOTE);
        let Some((_, value)) = note else { return Ok(None) };
        match Self::decode(&value).filter(|collisions| collisions.sum() == sum) {
            Some(collisions) => Ok(Some(collisions)),
            None => Err(index.damaged(Section::Notes, "the collisions by range are not those of the header")),
        }
    }

    fn decode(value: &[u8]) -> Option<Self> {
        notes::collisions(value).map(Self)
    }

    /// The note, where there is anything to say.
    pub(super) fn note(&self) -> Option<Note> {
        let value: Vec<u8> = self
            .0
            .iter()
            .flat_map(|(prefix, number)| [prefix.to_le_bytes(), number.to_le_bytes()])
            .flatten()
            .collect();
        (!value.is_empty()).then(|| (NOTE.to_owned(), value))
    }

    pub(super) fn sum(&self) -> u64 {
        self.0.iter().map(|(_, number)| u64::from(*number)).sum()
    }

    /// Adds those of a range behind all others.
    pub(super) fn push(&mut self, prefix: u32, number: u32) {
        if number > 0 {
            self.0.push((prefix, number));
        }
    }

    /// Ascending prefixes and their numbers.
    pub(super) fn into_pairs(self) -> Vec<(u32, u32)> {
        self.0
    }

    /// Adds those of ranges behind all others.
    pub(super) fn append(&mut self, mut later: Self) {
        self.0.append(&mut later.0);
    }

    /// These, where ranges were replaced that now have others.
    pub(super) fn replaced(mut self, replaced: &PrefixSet, by: Self) -> Self {
        self.0.retain(|(prefix, _)| !replaced.contains(*prefix));
        self.append(by);
        self.0.sort_unstable();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_nothing_else() {
        let written = Collisions(vec![(0, 1), (7, 300), (0xfffff, 2)]);
        let Some((_, mut value)) = written.note() else { panic!("there is something to say") };
        assert_eq!(Collisions::decode(&value), Some(written));
        assert_eq!(Collisions::default().note(), None);
        for (at, byte) in [(0, 8), (4, 0), (20, 0)] {
            let right = std::mem::replace(&mut value[at], byte);
            assert_eq!(Collisions::decode(&value), None, "byte {at}");
            value[at] = right;
        }
        value.pop();
        assert_eq!(Collisions::decode(&value), None);
    }
}
