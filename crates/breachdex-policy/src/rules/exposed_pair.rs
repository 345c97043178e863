//! Passwords that were exposed together with the account's user name or e-mail address, in a list of pairs.
//!
//! Asked where the corpus has lists of pairs and something is known of the account. A user name that is in a list with
//! other passwords is no reason against this one.

#![forbid(unsafe_code)]

use breachdex::{Exposure, FormSet, PairMatch, PairQuestion};
use breachdex_messages::{Passwords, Reports, Words};

use super::{Code, Rule};
use crate::action::Action;
use crate::event::Event;
use crate::policy::{Examination, beyond_measure};
use crate::profile::Profile;
use crate::reason::{Fact, Facts, Given};

/// The password is exposed together with the account's user name or e-mail address; never says with which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExposedPair {
    /// Whether the pair itself is, or a similar one; never [`PairMatch::UserName`].
    pub found: PairMatch,
    /// Another list could not answer, and might have said more.
    pub is_partial: bool,
}

impl Rule for ExposedPair {
    const NAME: &'static str = "exposed_pair";

    /// As of an exposed password; so are settings, where they say nothing of pairs.
    fn action(profile: Profile, event: Event) -> Action {
        <Exposure as Rule>::action(profile, event)
    }

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        let Examination { rules, corpus, candidate, .. } = *examination;
        if corpus.pairs().is_empty() {
            return None;
        }
        let users: Vec<&str> = candidate.user_name.into_iter().chain(candidate.email).collect();
        let is_beyond = beyond_measure(rules, candidate.password).is_some();
        let forms = if is_beyond { FormSet::of(&[]) } else { rules.forms };
        let question = PairQuestion {
            users: &users,
            password: candidate.password.as_bytes(),
            stored: candidate.stored,
            forms,
        };
        let (found, is_partial) = examination.pair(corpus.find_pair(&question), Code::ExposedPair)?;
        Some(Self { found, is_partial })
    }

    fn facts(&self) -> Facts {
        let mut facts = vec![("match", Fact::Text(self.found.name()))];
        facts.extend(self.is_partial.then_some(("partial", Fact::Flag(true))));
        facts
    }

    fn from_facts(given: Given<'_>) -> Option<Self> {
        let matches = [PairMatch::SimilarPair, PairMatch::Pair];
        Some(Self {
            found: given.one_of("match", &matches, PairMatch::name)?,
            is_partial: given.flag("partial"),
        })
    }

    fn message(&self, event: Event, action: Action, words: Words<Passwords>) -> String {
        let text = match (event, self.found) {
            (Event::LogIn, PairMatch::Pair) if action.warns() => words.log_in_warning(),
            (_, PairMatch::Pair) if action.warns() => words.exposed_pair_warning(),
            (_, PairMatch::Pair) => words.exposed_pair(),
            // Says nothing of the name, which somebody else may have typed to find out about it.
            (_, PairMatch::SimilarPair | PairMatch::UserName) => words.similar_exposed(),
        };
        text.to_owned()
    }

    fn title(words: Words<Reports>) -> &'static str {
        words.rule_exposed_pair()
    }
}

#[cfg(test)]
#[path = "exposed_pair_tests.rs"]
mod tests;
