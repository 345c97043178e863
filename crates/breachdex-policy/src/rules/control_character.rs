//! Passwords with a control character, such as NUL, a tab or a line end, at which some programs cut them off.

#![forbid(unsafe_code)]

use breachdex_messages::{Passwords, Reports, Words};

use super::Rule;
use crate::action::Action;
use crate::event::Event;
use crate::policy::Examination;
use crate::reason::Given;

/// The password has a control character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ControlCharacter;

impl Rule for ControlCharacter {
    const NAME: &'static str = "control_character";

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        examination.candidate.password.chars().any(char::is_control).then_some(Self)
    }

    fn from_facts(_: Given<'_>) -> Option<Self> {
        Some(Self)
    }

    fn message(&self, _: Event, _: Action, words: Words<Passwords>) -> String {
        words.control_character().to_owned()
    }

    fn title(words: Words<Reports>) -> &'static str {
        words.rule_control_character()
    }
}
