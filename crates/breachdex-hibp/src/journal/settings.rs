//! What a run was asked to do, as the first record of its journal says it.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::{Coverage, Kind};
use serde::{Deserialize, Serialize};

/// What a run was asked to do; another run goes on from its journal only if it was asked the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// `download` or `update`.
    pub(crate) job: String,
    /// Names this journal; the index that is made of it has it in its notes.
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) bits: u32,
    pub(crate) counts: bool,
    pub(crate) min_count: u64,
    pub(crate) prefixes: Vec<(u32, u32)>,
    /// The folder for range files.
    pub(crate) text: Option<PathBuf>,
    /// The content id of the index that is updated.
    pub(crate) base: Option<String>,
}

impl Settings {
    /// New settings with an id of their own.
    pub(crate) fn new(job: &str, kind: Kind, coverage: &Coverage) -> Self {
        Self {
            job: job.into(),
            id: format!("{:032x}", rand::random::<u128>()),
            kind: kind.name().into(),
            bits: kind.bits(),
            counts: true,
            min_count: 1,
            prefixes: coverage.ranges().to_vec(),
            text: None,
            base: None,
        }
    }

    /// Whether a run with these goes on from one with the others.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.difference(other).is_none()
    }

    /// The first setting that differs, as a user would say it; the ids of journals always do.
    pub(super) fn difference(&self, other: &Self) -> Option<&'static str> {
        let differences = [
            (self.job != other.job, "another command"),
            (self.base != other.base, "another state of the index"),
            (self.kind != other.kind, "another kind of digest"),
            (self.bits != other.bits, "another number of bits"),
            (self.counts != other.counts, "with or without counts"),
            (self.min_count != other.min_count, "another minimum count"),
            (self.prefixes != other.prefixes, "other prefixes"),
            (self.text != other.text, "another folder for text"),
        ];
        differences.into_iter().find_map(|(differs, what)| differs.then_some(what))
    }
}
