//! What becomes of a password, and why.

#![forbid(unsafe_code)]

use breachdex::{Exposure, Form, Origin};
use breachdex_messages::Language;

use crate::action::Action;
use crate::event::Event;
use crate::reason::{Finding, Reason};

/// What becomes of a password, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    event: Event,
    reasons: Vec<Reason>,
}

impl Verdict {
    /// A verdict of these reasons, in any order.
    pub fn new(event: Event, mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.action), reason.code()));
        Self { event, reasons }
    }

    /// When the password was judged.
    pub fn event(&self) -> Event {
        self.event
    }

    /// Why it is not a plain yes: the severest first, then by code.
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

impl Reason {
    /// What a person is told of it at an event.
    pub fn message(&self, event: Event, language: Language) -> String {
        let words = language.passwords();
        let text = match (event, self.action, self.finding) {
            // Whoever logs in did not choose anything, and may be somebody else.
            (Event::LogIn, Action::ForceReset, _) => words.force_reset(),
            (Event::LogIn, Action::Warn | Action::Notify, Finding::Exposed(_)) => words.log_in_warning(),
            (_, Action::Warn | Action::Notify, Finding::Exposed(_)) => words.exposed_warning(),
            (_, Action::Warn | Action::Notify, Finding::ContextWord(_)) => words.context_word_warning(),
            (_, _, Finding::Exposed(exposure)) => match exposure.form {
                Form::Nfkc | Form::Casefold => words.exposed_form(),
                Form::Trimmed | Form::Visible => words.exposed_invisible(),
                Form::Raw | Form::Nfc | Form::Stored => words.exposed(),
            },
            (_, _, Finding::ContextWord(_)) => words.context_word(),
            (_, _, Finding::ControlCharacter) => words.control_character(),
            (_, _, Finding::IndexUnavailable) => words.index_unavailable(),
            (_, _, Finding::Repetitive) => words.repetitive(),
            (_, _, Finding::SimilarExposed) => words.similar_exposed(),
            (_, _, Finding::TooLong { max_length, .. }) => return words.too_long(max_length as u64),
            (_, _, Finding::TooShort { length, min_length }) => {
                return words.too_short(min_length as u64, length as u64);
            }
        };
        text.to_owned()
    }

    /// [`Self::message`], followed by how often an exposed password was seen. A hit in an overlay and a lower bound say
    /// nothing, and neither does a forced reset, which is no answer about a password.
    pub fn message_with_count(&self, event: Event, language: Language) -> String {
        let text = self.message(event, language);
        match self.finding {
            Finding::Exposed(Exposure {
                count: Some(count @ 1..),
                origin: Origin::Base,
                is_partial: false,
                ..
            }) if self.action != Action::ForceReset => {
                let sentences = [text, language.passwords().exposed_count(count)];
                sentences.join(language.sentence_separator())
            }
            _ => text,
        }
    }
}
