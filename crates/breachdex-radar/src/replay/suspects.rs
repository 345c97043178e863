//! The sources that came with an attack: while it ran the radar could not know what else they would do; the whole file does.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use crate::answer::State;
use crate::attempt::Attempt;

/// The sources that were suspected during an attack.
#[derive(Debug, Default)]
pub(super) struct Suspects(HashMap<u64, Suspect>);

/// What a suspected source did during attacks.
#[derive(Clone, Copy, Debug, Default)]
struct Suspect {
    /// The source or its network has evidence of its own against it: not only that it came with an attack on the site.
    is_by_itself: bool,
    failures: u64,
    successes: u64,
    /// The account of its failed attempts; `None` before the first and after those on several.
    only: Option<u64>,
}

impl Suspects {
    /// Takes a source that the radar suspects, in this state.
    pub(super) fn insert(&mut self, source: Option<u64>, state: State) {
        let Some(source) = source else { return };
        self.0.entry(source).or_default().is_by_itself |= state != State::Quiet;
    }

    /// Adds an attempt during an attack, if it is of such a source.
    pub(super) fn note(&mut self, source: Option<u64>, account: Option<u64>, attempt: &Attempt<'_>) {
        let Some(suspect) = source.and_then(|source| self.0.get_mut(&source)) else { return };
        if !attempt.has_failed() {
            suspect.successes += 1;
            return;
        }
        suspect.only =
            if suspect.failures == 0 { account } else { suspect.only.filter(|_| suspect.only == account) };
        suspect.failures += 1;
    }

    /// Whether a source is still suspected. One that only came with an attack on the site is not if most of its log-ins
    /// succeed, as at an address that honest users share: an attacker's fail.
    pub(super) fn is_one(&self, source: u64) -> bool {
        self.0
            .get(&source)
            .is_some_and(|suspect| suspect.is_by_itself || suspect.failures >= suspect.successes)
    }

    /// Whether a source failed with no other account than this one: then a log-in to it is its owner's, who typed another
    /// password first.
    pub(super) fn has_only_tried(&self, source: u64, account: u64) -> bool {
        self.0.get(&source).is_some_and(|suspect| !suspect.is_by_itself && suspect.only == Some(account))
    }
}
