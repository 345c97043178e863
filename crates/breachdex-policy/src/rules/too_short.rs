//! Passwords with too few code points.

#![forbid(unsafe_code)]

use breachdex_messages::{Passwords, Reports, Words};

use super::Rule;
use crate::action::Action;
use crate::event::Event;
use crate::policy::Examination;
use crate::reason::{Fact, Facts, Given};

/// The password has fewer code points than are demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TooShort {
    /// How many there are.
    pub length: usize,
    /// How many there must be.
    pub min_length: usize,
}

impl Rule for TooShort {
    const NAME: &'static str = "too_short";

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        let (length, min_length) = (examination.length, examination.rules.min_length);
        (length < min_length).then_some(Self { length, min_length })
    }

    fn facts(&self) -> Facts {
        let number = |length: usize| Fact::Number(Some(length as u64));
        vec![("length", number(self.length)), ("min_length", number(self.min_length))]
    }

    fn from_facts(given: Given<'_>) -> Option<Self> {
        Some(Self { length: given.length("length")?, min_length: given.length("min_length")? })
    }

    fn message(&self, _: Event, _: Action, words: Words<Passwords>) -> String {
        words.too_short(self.min_length as u64, self.length as u64)
    }

    fn title(words: Words<Reports>) -> &'static str {
        words.rule_too_short()
    }
}
