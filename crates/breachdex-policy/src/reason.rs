//! Why a verdict is not a plain yes. Nothing here holds a password, a word or a digest.

#![forbid(unsafe_code)]

use breachdex_messages::Language;

use crate::action::Action;
use crate::event::Event;
use crate::rules::{Code, Finding};

/// What a reason says besides its code and action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact<'a> {
    /// A number; `None` where it is not known.
    Number(Option<u64>),
    /// One of a few names.
    Text(&'a str),
    /// Whether it is so.
    Flag(bool),
}

/// Facts with their names.
pub(crate) type Facts = Vec<(&'static str, Fact<'static>)>;

/// Facts that are to be made a finding again.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a>(pub(crate) &'a [(&'a str, Fact<'a>)]);

impl<'a> Given<'a> {
    fn get(self, name: &str) -> Option<Fact<'a>> {
        self.0.iter().find(|(given, _)| *given == name).map(|(_, fact)| *fact)
    }

    /// A number that may not be known.
    pub(crate) fn number(self, name: &str) -> Option<Option<u64>> {
        if let Fact::Number(number) = self.get(name)? { Some(number) } else { None }
    }

    /// A number of code points.
    pub(crate) fn length(self, name: &str) -> Option<usize> {
        usize::try_from(self.number(name)??).ok()
    }

    /// The one of these that has the name.
    pub(crate) fn one_of<T: Copy>(self, name: &str, all: &[T], name_of: fn(T) -> &'static str) -> Option<T> {
        let Fact::Text(found) = self.get(name)? else { return None };
        all.iter().copied().find(|known| name_of(*known) == found)
    }

    /// Whether a flag is among them and set.
    pub(crate) fn flag(self, name: &str) -> bool {
        self.get(name) == Some(Fact::Flag(true))
    }
}

/// One reason of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// What the policy does about it.
    pub action: Action,
    /// What was found.
    pub finding: Finding,
}

impl Reason {
    /// Which rule found it.
    pub const fn code(&self) -> Code {
        self.finding.code()
    }

    /// What a person is told of it at an event.
    pub fn message(&self, event: Event, language: Language) -> String {
        let words = language.passwords();
        match (event, self.action) {
            // Whoever logs in did not choose anything, and may be somebody else.
            (Event::LogIn, Action::ForceReset) => words.force_reset().to_owned(),
            _ => self.finding.message(event, self.action, words),
        }
    }

    /// [`Self::message`], followed by how often an exposed password was seen. A hit in an overlay and a lower bound say
    /// nothing, and neither does a forced reset, which is no answer about a password.
    pub fn message_with_count(&self, event: Event, language: Language) -> String {
        let text = self.message(event, language);
        match self.finding.sightings().filter(|_| self.action != Action::ForceReset) {
            Some(count) => {
                let sentences = [text, language.passwords().exposed_count(count)];
                sentences.join(language.sentence_separator())
            }
            None => text,
        }
    }
}
