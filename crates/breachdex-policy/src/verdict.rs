//! What becomes of a password, and why.

#![forbid(unsafe_code)]

use crate::action::Action;
use crate::event::Event;
use crate::forms::Form;
use crate::messages::{Language, messages};
use crate::reason::{Finding, Reason};

/// What becomes of a password, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    event: Event,
    reasons: Vec<Reason>,
}

impl Verdict {
    /// A verdict of these reasons.
    pub(crate) fn new(event: Event, mut reasons: Vec<Reason>) -> Self {
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
}

impl Reason {
    /// What a person is told of it at an event.
    pub fn message(&self, event: Event, language: Language) -> String {
        let words = messages(language);
        let text = &words[self.message_code(event)];
        match self.finding {
            Finding::TooLong { length, max_length } => {
                fill(text, &[("length", length), ("max_length", max_length)])
            }
            Finding::TooShort { length, min_length } => {
                fill(text, &[("length", length), ("min_length", min_length)])
            }
            _ => text.clone(),
        }
    }

    /// Which message says it: most often the one of its code.
    pub fn message_code(&self, event: Event) -> &'static str {
        match (event, self.action, self.finding) {
            // Whoever logs in did not choose anything, and may be somebody else.
            (Event::LogIn, Action::ForceReset, _) => "force_reset",
            (Event::LogIn, Action::Warn | Action::Notify, Finding::Exposed(_)) => "log_in_warning",
            (_, Action::Warn | Action::Notify, Finding::Exposed(_)) => "exposed_warning",
            (_, Action::Warn | Action::Notify, Finding::ContextWord(_)) => "context_word_warning",
            (_, _, Finding::Exposed(exposure)) if matches!(exposure.form, Form::Nfkc | Form::Casefold) => {
                "exposed_form"
            }
            _ => self.code().name(),
        }
    }
}

/// Puts numbers in the places of a message.
fn fill(text: &str, values: &[(&str, usize)]) -> String {
    let put = |text: String, (name, value): &(&str, usize)| {
        text.replace(&format!("%({name})d"), &value.to_string())
    };
    values.iter().fold(text.to_owned(), put)
}
