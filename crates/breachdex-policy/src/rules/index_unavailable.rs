//! No answer of the index, where [`crate::Rules::on_error`] refuses a password for that. No setting switches it.

#![forbid(unsafe_code)]

use breachdex_messages::{Passwords, Words};

use super::Rule;
use crate::action::Action;
use crate::event::Event;
use crate::policy::Examination;
use crate::profile::Profile;
use crate::reason::Given;

/// The index gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IndexUnavailable;

impl Rule for IndexUnavailable {
    const NAME: &'static str = "index_unavailable";

    fn action(_: Profile, _: Event) -> Action {
        Action::Accept
    }

    fn examine(_: &mut Examination<'_>) -> Option<Self> {
        // Found when all others were asked.
        None
    }

    fn from_facts(_: Given<'_>) -> Option<Self> {
        Some(Self)
    }

    fn message(&self, _: Event, _: Action, words: Words<Passwords>) -> String {
        words.index_unavailable().to_owned()
    }
}
