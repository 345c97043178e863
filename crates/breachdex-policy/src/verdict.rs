//! What becomes of a password, and why.

#![forbid(unsafe_code)]

use breachdex_messages::Language;

use crate::action::Action;
use crate::event::Event;
use crate::reason::Reason;
use crate::rules::Code;

/// What becomes of a password, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    event: Event,
    reasons: Vec<Reason>,
}

impl Verdict {
    /// A verdict of these reasons, in any order.
    pub fn new(event: Event, mut reasons: Vec<Reason>) -> Self {
        // What is known of this very account stands before what is known of the password.
        let is_general = |reason: &Reason| reason.code() != Code::ExposedPair;
        reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.action), is_general(reason), reason.code()));
        Self { event, reasons }
    }

    /// When the password was judged.
    pub fn event(&self) -> Event {
        self.event
    }

    /// Why it is not a plain yes: the severest first, then [`Code::ExposedPair`], then by code.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The severest of the reasons' actions; without any, [`Action::Accept`].
    pub fn action(&self) -> Action {
        self.reasons.first().map_or(Action::Accept, |reason| reason.action)
    }

    /// Whether the password may be used.
    pub fn accepted(&self) -> bool {
        self.action().accepts()
    }

    /// The same while grace lasts: what would be refused is let pass with a warning. What could not be checked has no grace.
    #[must_use]
    pub fn in_grace(&self) -> Self {
        let milder = |reason: &Reason| {
            let is_refused = !reason.action.accepts() && reason.code() != Code::IndexUnavailable;
            Reason { action: if is_refused { Action::Warn } else { reason.action }, ..*reason }
        };
        Self::new(self.event, self.reasons.iter().map(milder).collect())
    }

    /// What a person is told, one text a reason.
    pub fn messages(&self, language: Language) -> Vec<String> {
        self.reasons.iter().map(|reason| reason.message(self.event, language)).collect()
    }

    /// [`Self::messages`] that also say how often an exposed password was seen, where a base knows that; see
    /// [`Reason::message_with_count`].
    pub fn messages_with_counts(&self, language: Language) -> Vec<String> {
        self.reasons.iter().map(|reason| reason.message_with_count(self.event, language)).collect()
    }
}
