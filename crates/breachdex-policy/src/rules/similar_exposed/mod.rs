//! Passwords that are a small change away from a leaked one.
//!
//! Which variations there are, and why, [`breachdex::for_each_variation`] says; the rule for exposed pairs asks the same.
//!
//! Cost: one lookup each for at most [`MOST_VARIATIONS`] variations, and for a password of eight code points and
//! more one walk through the list of common words.

#![forbid(unsafe_code)]

mod common;

use breachdex::{Digest, Kind, MOST_VARIATIONS, Question, for_each_variation};
use breachdex_messages::{Passwords, Reports, Words};

use super::{Code, Rule};
use crate::action::Action;
use crate::event::Event;
use crate::policy::{Candidate, Examination};
use crate::profile::Profile;
use crate::reason::Given;
use crate::requirements::Rules;

/// A variation of the password is exposed; never says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SimilarExposed;

impl Rule for SimilarExposed {
    const NAME: &'static str = "similar_exposed";

    fn is_on(_: Profile) -> bool {
        false
    }

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        // A milder word about an exposed password must not hide a severer one about its being similar.
        let action = examination.action(Code::SimilarExposed);
        let mut said = examination.reasons().iter();
        if said.any(|reason| reason.code() == Code::Exposed && reason.action >= action) {
            return None;
        }
        let password = examination.candidate.password;
        #[cfg(feature = "starter")]
        if common::is_near_a_common_word(password) {
            return Some(Self);
        }
        let digests = variations(examination.corpus.kind(), password);
        let asked = examination.corpus.find_any(&digests, examination.rules.min_count);
        examination.exposure(asked, Code::SimilarExposed).map(|_| Self)
    }

    fn questions(_: &Rules, kind: Kind, candidate: &Candidate<'_>) -> breachdex::Result<Vec<Question>> {
        Ok(variations(kind, candidate.password).into_iter().map(Question::from).collect())
    }

    fn from_facts(_: Given<'_>) -> Option<Self> {
        Some(Self)
    }

    fn message(&self, _: Event, _: Action, words: Words<Passwords>) -> String {
        words.similar_exposed().to_owned()
    }

    fn title(words: Words<Reports>) -> &'static str {
        words.rule_similar_exposed()
    }
}

/// The digests of a password's variations, each once.
fn variations(kind: Kind, password: &str) -> Vec<Digest> {
    let mut all = Vec::with_capacity(MOST_VARIATIONS);
    for_each_variation(password, |text| {
        let digest = match kind {
            Kind::Sha1 => Digest::sha1(text.as_bytes()),
            Kind::Ntlm => Digest::ntlm(text),
        };
        if !all.contains(&digest) {
            all.push(digest);
        }
    });
    all
}
