//! Passwords with too many code points.

#![forbid(unsafe_code)]

use breachdex_messages::{Passwords, Reports, Words};

use super::Rule;
use crate::action::Action;
use crate::event::Event;
use crate::policy::Examination;
use crate::profile::Profile;
use crate::reason::{Fact, Facts, Given};

/// The password has more code points than are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TooLong {
    /// How many there are.
    pub length: usize,
    /// How many there may be.
    pub max_length: usize,
}

impl Rule for TooLong {
    const NAME: &'static str = "too_long";

    /// What nobody may type at any length is no question of how strict a site is.
    fn action(_: Profile, event: Event) -> Action {
        if event == Event::LogIn { Action::Accept } else { Action::Reject }
    }

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        let (length, max_length) = (examination.length, examination.rules.max_length);
        (length > max_length).then_some(Self { length, max_length })
    }

    fn facts(&self) -> Facts {
        let number = |length: usize| Fact::Number(Some(length as u64));
        vec![("length", number(self.length)), ("max_length", number(self.max_length))]
    }

    fn from_facts(given: Given<'_>) -> Option<Self> {
        Some(Self { length: given.length("length")?, max_length: given.length("max_length")? })
    }

    fn message(&self, _: Event, _: Action, words: Words<Passwords>) -> String {
        words.too_long(self.max_length as u64)
    }

    fn title(words: Words<Reports>) -> &'static str {
        words.rule_too_long()
    }
}
