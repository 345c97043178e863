//! What several sources say about one digest, and the one table that makes a finding of it.
//!
//! | the sources | the finding |
//! | --- | --- |
//! | a base holds it at or above the threshold, or an overlay holds it | exposed; partial where another source failed |
//! | none does, every source answered, and at least one covers it | not exposed |
//! | none does, and one failed | unknown, with the first fault |
//! | none does, and none covers it | unknown: not covered |
//!
//! Counts add up over bases. An overlay adds none: what it holds is exposed however often it was seen.

#![forbid(unsafe_code)]

use super::{Exposure, Finding, Form, Origin, SourceError};
use crate::error::Error;
use crate::index::Answer;

/// What was said about one digest so far.
#[derive(Debug)]
pub(super) struct Evidence {
    count: u64,
    overlay_count: u64,
    in_base: bool,
    in_overlay: bool,
    /// A source that holds it stores no counts.
    is_uncounted: bool,
    is_covered: bool,
    fault: Option<Box<SourceError>>,
    not_covered: Option<Box<SourceError>>,
}

impl Evidence {
    /// Nothing was said yet.
    pub(super) const fn new() -> Self {
        Self {
            count: 0,
            overlay_count: 0,
            in_base: false,
            in_overlay: false,
            is_uncounted: false,
            is_covered: false,
            fault: None,
            not_covered: None,
        }
    }

    /// Adds what a source said. `decides` says whether it is one that the corpus needs: a base, or an overlay where
    /// there is no base. Only such a source covers anything.
    pub(super) fn add(&mut self, origin: Origin, decides: bool, answer: Result<Answer, SourceError>) {
        match answer {
            Ok(Answer::Absent) => self.is_covered |= decides,
            Ok(Answer::Present { count }) => {
                self.is_covered |= decides;
                self.is_uncounted |= count.is_none();
                let count = count.unwrap_or(1);
                match origin {
                    Origin::Base => {
                        self.in_base = true;
                        self.count = self.count.saturating_add(count);
                    }
                    Origin::Overlay => {
                        self.in_overlay = true;
                        self.overlay_count = self.overlay_count.max(count);
                    }
                }
            }
            Err(error @ SourceError::Index(Error::NotCovered { .. })) => {
                if decides {
                    self.not_covered.get_or_insert_with(|| Box::new(error));
                }
            }
            Err(error) => {
                self.fault.get_or_insert_with(|| Box::new(error));
            }
        }
    }

    /// The finding; `min_count` is how often bases must have seen a digest for it to be exposed (inclusive).
    pub(super) fn finding(self, min_count: u64) -> Finding {
        let is_exposed = self.in_overlay || self.in_base && self.count >= min_count;
        if is_exposed {
            let count = if self.in_base { self.count } else { self.overlay_count };
            return Finding::Exposed(Exposure {
                count: (!self.is_uncounted).then_some(count),
                origin: if self.in_overlay { Origin::Overlay } else { Origin::Base },
                form: Form::Raw,
                is_partial: self.fault.is_some(),
            });
        }
        match (self.fault, self.not_covered) {
            (Some(fault), _) => Finding::Unknown(fault),
            (None, Some(gap)) if !self.is_covered => Finding::Unknown(gap),
            (None, _) => Finding::NotExposed { count: self.count },
        }
    }

    /// How often it was seen, where every source answered: the bases' sum, else the largest count of an overlay.
    pub(super) fn count(self) -> Result<u64, Box<SourceError>> {
        match (self.fault, self.not_covered) {
            (Some(fault), _) => Err(fault),
            (None, Some(gap)) if !self.is_covered && !self.in_overlay => Err(gap),
            (None, _) => Ok(if self.in_base { self.count } else { self.overlay_count }),
        }
    }
}
