//! Passwords that are one character over and over.

#![forbid(unsafe_code)]

use breachdex_messages::{Passwords, Words};

use super::Rule;
use crate::action::Action;
use crate::event::Event;
use crate::policy::Examination;
use crate::profile::Profile;
use crate::reason::{Fact, Facts, Given};

/// The password is one character over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OneCharacter {
    /// How often it is there.
    pub times: usize,
}

impl Rule for OneCharacter {
    const NAME: &'static str = "one_character";

    fn is_on(_: Profile) -> bool {
        false
    }

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        let mut characters = examination.candidate.password.chars();
        let first = characters.next()?;
        let times = examination.candidate.password.chars().count();
        (times > 1 && characters.all(|character| character == first)).then_some(Self { times })
    }

    fn facts(&self) -> Facts {
        vec![("times", Fact::Number(Some(self.times as u64)))]
    }

    fn from_facts(given: Given<'_>) -> Option<Self> {
        Some(Self { times: given.length("times")? })
    }

    fn message(&self, _: Event, _: Action, words: Words<Passwords>) -> String {
        words.repetitive().to_owned()
    }
}
