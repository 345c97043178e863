//! Overlays that follow their files, whatever they are laid over: an index, several, or a range server.
//!
//! An overlay is somebody's own list of passwords that must not be used: whatever it holds is exposed, however often
//! it was seen, and what it does not hold is the base's to answer.

#![forbid(unsafe_code)]

use super::Answer;
use super::live::LiveIndex;
use crate::digest::{Digest, Kind};
use crate::error::{Error, Result};

/// Any number of overlays of one kind.
#[derive(Clone, Debug, Default)]
pub struct Overlays {
    members: Vec<LiveIndex>,
}

impl Overlays {
    /// Overlays over a base that holds digests of a kind and is called `base` in messages.
    ///
    /// # Errors
    /// [`Error::MixedKinds`] for an overlay of the other kind.
    pub fn new(base: &str, kind: Kind, members: Vec<LiveIndex>) -> Result<Self> {
        match members.iter().find(|overlay| overlay.kind() != kind) {
            None => Ok(Self { members }),
            Some(other) => Err(Error::MixedKinds {
                first: base.to_owned(),
                expected: kind,
                name: other.ask(|index| Ok::<_, Error>(index.name().to_owned()))?,
                found: other.kind(),
            }),
        }
    }

    /// The overlays.
    pub fn members(&self) -> &[LiveIndex] {
        &self.members
    }

    /// What the overlays that hold a digest know about it; `None` where none does. What an overlay does not cover
    /// it does not hold. One that cannot answer hides no other one.
    ///
    /// # Errors
    /// As [`Index::lookup`](super::Index::lookup), but for [`Error::NotCovered`], where none is known to hold it.
    pub fn find(&self, digest: &Digest) -> Result<Option<Overlaid>> {
        let mut fault = None;
        let answers = self.answers(digest).map(|answer| {
            answer.or_else(|error| match error {
                Error::NotCovered { .. } => Ok(Answer::Absent),
                error => {
                    fault.get_or_insert(error);
                    Ok(Answer::Absent)
                }
            })
        });
        match (known(answers)?, fault) {
            (Some(known), None) => Ok(Some(known)),
            (Some(known), Some(_)) => Ok(Some(Overlaid { is_known: false, is_partial: true, ..known })),
            (None, Some(fault)) => Err(fault),
            (None, None) => Ok(None),
        }
    }

    /// [`Overlays::find`] for a count that must be whole.
    ///
    /// # Errors
    /// As [`Overlays::find`], wherever any of them cannot answer.
    pub(super) fn sum(&self, digest: &Digest) -> Result<Option<Overlaid>> {
        known(self.answers(digest))
    }

    fn answers(&self, digest: &Digest) -> impl Iterator<Item = Result<Answer>> {
        self.members.iter().map(|overlay| overlay.ask(|index| index.lookup(digest)))
    }
}

/// What overlays know together; `None` where none holds the digest.
pub(super) fn known(answers: impl Iterator<Item = Result<Answer>>) -> Result<Option<Overlaid>> {
    let mut known: Option<Overlaid> = None;
    for answer in answers {
        match answer {
            Err(Error::NotCovered { .. }) | Ok(Answer::Absent) => {}
            answer => {
                known = Some(
                    known.unwrap_or(Overlaid { count: 0, is_known: true, is_partial: false }).and(answer?),
                )
            }
        }
    }
    Ok(known)
}

/// What overlays know about a digest that one of them holds, which is therefore exposed.
#[derive(Clone, Copy, Debug)]
pub struct Overlaid {
    count: u64,
    /// Whether all of them say how often.
    is_known: bool,
    /// Whether one of them could not answer.
    is_partial: bool,
}

impl Overlaid {
    /// How often they have seen it; one that does not say has seen it once.
    pub fn count(self) -> u64 {
        self.count
    }

    /// Whether one of them could not answer.
    pub fn is_partial(self) -> bool {
        self.is_partial
    }

    /// How often they and the base have seen it, for display only; `None` where one does not say, or where the base
    /// gave no answer, which changes nothing about the finding.
    pub fn count_with(self, base: Option<Answer>) -> Option<u64> {
        let all = self.and(base?);
        all.is_known.then_some(all.count)
    }

    fn and(self, answer: Answer) -> Self {
        match answer {
            Answer::Absent => self,
            Answer::Present { count } => Self {
                count: self.count.saturating_add(count.unwrap_or(1)),
                is_known: self.is_known && count.is_some(),
                is_partial: self.is_partial,
            },
        }
    }
}
